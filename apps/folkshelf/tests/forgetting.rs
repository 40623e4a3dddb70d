//! Who leaves is forgotten: neither their name nor what they wrote is in any table, in the log, in Redis, or in what others
//! are shown.

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use support::{Host, PASSWORD, Person, Place, Reply, command_line};

/// The name of the member who leaves; their address begins with it.
const NAME: &str = "Quillfeather";
/// Is in everything that they write.
const WORD: &str = "marzipan";

fn says(what: &str) -> String {
    format!("{WORD} {what}")
}

async fn writes_profile(host: &Host, person: &Person, name: &str, language: &str, bio: Option<String>) {
    let location = bio.clone();
    let body = json!({"name": name, "bio": bio, "location": location, "showBio": true, "showLocation": true,
        "language": language, "timeZone": "Europe/Vienna"});
    person.put(host, "/profile", body).await.expect(200);
}

/// Every table in which a row holds one of the two, with what it holds: all schemas, the log too.
async fn found(place: &Place) -> Vec<(String, String)> {
    let pool = PgPool::connect_with(place.database.owner_options()).await.expect("a connection");
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema') order by 1",
    )
    .fetch_all(&pool)
    .await
    .expect("the tables");
    assert!(tables.len() > 30, "{tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let rows =
            format!("select t::text from {table} t where t::text ilike any(array['%{NAME}%', '%{WORD}%']) limit 3");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&pool).await.expect("its rows");
        found.extend(rows.into_iter().map(|row| (table.clone(), row)));
    }
    pool.close().await;
    found
}

/// Looks through the values of all keys that begin with the argument; how many there are, and where one of the words is.
const LOOK: &str = r"
    local found, keys = {}, redis.call('KEYS', ARGV[1] .. '*')
    local read = {string = {'GET'}, hash = {'HGETALL'}, set = {'SMEMBERS'}, zset = {'ZRANGE', 0, -1},
        list = {'LRANGE', 0, -1}}
    for _, key in ipairs(keys) do
        local how = read[redis.call('TYPE', key).ok]
        local value = how and redis.call(how[1], key, unpack(how, 2)) or ''
        local text = string.lower(key .. ' ' .. (type(value) == 'table' and table.concat(value, ' ') or value))
        for nth = 2, #ARGV do
            if string.find(text, ARGV[nth], 1, true) then found[#found + 1] = key end
        end
    end
    return {tostring(#keys), unpack(found)}";

/// The keys of this place in Redis that hold one of the two as they lie there.
fn in_redis(place: &Place) -> Vec<String> {
    let words = [place.prefix.as_str(), &NAME.to_lowercase(), WORD];
    let output = Command::new("redis-cli")
        .args(["-u", &testkit::redis_url(), "--raw", "eval", LOOK, "0"])
        .args(words)
        .output()
        .expect("redis-cli runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = text.lines().map(str::to_owned);
    let keys: usize = lines.next().and_then(|count| count.parse().ok()).unwrap_or_default();
    assert!(keys > 20, "the canary: {keys} keys. {text} {output:?}");
    lines.collect()
}

/// What somebody is shown that holds one of the two.
async fn shown(host: &Host, person: &Person) -> Vec<(String, String)> {
    let mut paths: Vec<String> =
        ["/notifications?limit=100", "/books?limit=100", "/users?limit=100", "/profile"].map(str::to_owned).to_vec();
    for role in ["borrower", "owner"] {
        let list = format!("/borrows?role={role}&limit=100");
        for id in person.get(host, &list).await.expect(200).ids() {
            paths.extend(["", "/timeline", "/messages"].map(|part| format!("/borrows/{id}{part}")));
        }
        paths.push(list);
    }
    let mut found = Vec::new();
    for path in paths {
        let body = person.get(host, &path).await.body.to_string();
        let lower = body.to_lowercase();
        if lower.contains(&NAME.to_lowercase()) || lower.contains(WORD) {
            found.push((path, body));
        }
    }
    found
}

async fn bodies(host: &Host, person: &Person) -> Vec<String> {
    let reply = person.get(host, "/notifications?limit=100").await.expect(200);
    let items = reply.data().as_array().expect("a list").clone();
    items.iter().map(|item| item["body"].as_str().expect("a text").to_owned()).collect()
}

/// With a key, whose answer is kept.
async fn asks(host: &Host, borrower: &Person, book: &str, message: Option<String>) -> String {
    let body = json!({"bookId": book, "days": 21, "message": message});
    let request = borrower.request(host, Method::POST, "/borrows").header("Idempotency-Key", format!("ask-{book}"));
    let reply = Reply::to(request.json(&body)).await.expect(201);
    reply.data()["id"].as_str().expect("an id").to_owned()
}

/// With a key, whose answer is kept.
async fn writes(host: &Host, author: &Person, borrow: &str) {
    let message = author.request(host, Method::POST, &format!("/borrows/{borrow}/messages"));
    let message = message.header("Idempotency-Key", format!("write-{borrow}")).json(&json!({"text": says("message")}));
    Reply::to(message).await.expect(201);
}

/// Everything that a member may say and do on both sides of a loan, and as a moderator. Olga and Finn write nothing here.
async fn a_life_among_neighbours(host: &Host, leaver: &Person, olga: &Person, finn: &Person) {
    writes_profile(host, leaver, &format!("{NAME} the Elder"), "en", Some(says("bio"))).await;
    let key = json!({"currentPassword": PASSWORD, "name": says("key"), "scopes": ["write:book"]});
    leaver.post(host, "/auth/api-keys", key).await.expect(201);
    leaver
        .post(
            host,
            "/books",
            json!({"title": "Noted", "authors": ["A"], "lending": "lend", "notes": says("note"),
            "description": says("plot")}),
        )
        .await
        .expect(201);
    let csv = format!("title,authors,notes\nImported,Somebody,{}\n,Nobody,{}\n", says("row"), says("no title"));
    let part = Part::bytes(csv.into_bytes()).file_name(format!("{NAME}.csv")).mime_str("text/csv").expect("a type");
    let import = leaver.request(host, Method::POST, "/books/import").multipart(Form::new().part("file", part));
    Reply::to(import).await.expect(202);

    let ask = async |title: &str| asks(host, finn, &leaver.lists(host, title).await, None).await;
    let rejected = ask("Rejected").await;
    leaver.does(host, &rejected, "reject", json!({"reason": says("reason")})).await;
    let taken_back = ask("Taken back").await;
    leaver.does(host, &taken_back, "approve", json!({"place": says("corner")})).await;
    leaver.does(host, &taken_back, "cancel", json!({"reason": says("after all not")})).await;
    let returned = ask("Returned").await;
    leaver.does(host, &returned, "approve", json!({"place": says("corner")})).await;
    leaver.does(host, &returned, "hand-over", json!({})).await;
    finn.does(host, &returned, "request-extension", json!({"days": 7})).await;
    leaver.does(host, &returned, "answer-extension", json!({"approve": false, "reason": says("needed")})).await;
    finn.does(host, &returned, "declare-return", json!({})).await;
    leaver.does(host, &returned, "return", json!({"condition": "damaged", "note": says("stain")})).await;
    let waiting = ask("Waiting").await;
    for borrow in [&returned, &waiting] {
        writes(host, leaver, borrow).await;
        finn.post(host, &format!("/borrows/{borrow}/messages/read"), json!({})).await.expect(200);
    }

    let please = || Some(says("please"));
    let cancelled = asks(host, leaver, &olga.lists(host, "Cancelled").await, please()).await;
    olga.does(host, &cancelled, "approve", json!({})).await;
    leaver.does(host, &cancelled, "cancel", json!({"reason": says("found one")})).await;
    let lost = asks(host, leaver, &olga.lists(host, "Lost").await, please()).await;
    olga.does(host, &lost, "approve", json!({})).await;
    olga.does(host, &lost, "hand-over", json!({})).await;
    leaver.does(host, &lost, "report-lost", json!({"note": says("on the tram")})).await;
    asks(host, leaver, &olga.lists(host, "Asked for").await, please()).await;

    let disputed = asks(host, finn, &olga.lists(host, "Disputed").await, None).await;
    olga.does(host, &disputed, "approve", json!({})).await;
    olga.does(host, &disputed, "hand-over", json!({})).await;
    finn.does(host, &disputed, "declare-return", json!({})).await;
    olga.does(host, &disputed, "not-received", json!({})).await;
    writes(host, leaver, &disputed).await;
    leaver.does(host, &disputed, "resolve", json!({"outcome": "lost", "note": says("finding")})).await;
    let reports = async |by: &Person, about: &Person, text: String| {
        let body = json!({"about": {"userId": about.id}, "reason": "other", "text": text});
        by.post(host, "/reports", body).await.expect(201).data()["id"].as_str().expect("an id").to_owned()
    };
    reports(leaver, olga, says("report")).await;
    let report = reports(finn, olga, "She is loud.".to_owned()).await;
    let answer = leaver.request(host, Method::POST, &format!("/reports/{report}/answer"));
    let body = json!({"outcome": "warned", "text": says("answer"), "warning": says("warning")});
    Reply::to(answer.header("Idempotency-Key", "answer").json(&body)).await.expect(200);
    testkit::eventually("Olga is warned", async || bodies(host, olga).await.iter().any(|it| it.contains("writes: “")))
        .await;
    // What they read is kept as an answer for whoever asks again.
    for person in [olga, finn] {
        for id in person.get(host, "/notifications?limit=100").await.expect(200).ids() {
            let read = person.request(host, Method::POST, &format!("/notifications/{id}/read"));
            Reply::to(read.header("Idempotency-Key", format!("read-{id}"))).await.expect(200);
        }
    }
}

#[tokio::test]
async fn of_a_member_who_left_no_name_and_no_word_is_left_anywhere() {
    let (place, host) = Host::start().await;
    let (leaver, olga, finn) = (host.register(NAME).await, host.register("Olga").await, host.register("Finn").await);
    let ada = host.register("Ada").await;
    for (person, role) in [(&leaver, "moderator"), (&ada, "admin")] {
        let promoted = command_line(&place, &["users", "promote", &person.email, "--role", role]);
        assert!(promoted.status.success(), "{promoted:?}");
    }
    a_life_among_neighbours(&host, &leaver, &olga, &finn).await;

    // The canaries: each of these looks finds what is there.
    let before = found(&place).await;
    for table in [
        "event_bus.personal_field",
        "notifications.notification",
        "notifications.member",
        "users.member",
        "borrowing.borrow",
        "borrowing.message",
        "users.report",
        "borrowing.idempotency_key",
        "notifications.idempotency_key",
        "auth.account",
        "books.book",
    ] {
        assert!(before.iter().any(|(at, _)| at == table), "the canary: nothing in {table}");
    }
    assert_eq!(before.iter().filter(|(table, _)| table == "event_bus.log").count(), 0, "they stand beside the log");
    assert!(shown(&host, &finn).await.len() > 3 && shown(&host, &olga).await.len() > 3, "the canary: nothing is shown");
    let events = ada.get(&host, "/admin/events?limit=100").await.expect(200).body.to_string();
    assert!(events.contains(WORD), "the canary: who reads the log reads the fields beside it");

    writes_profile(&host, &olga, "Olga Today", "en", None).await;
    testkit::eventually("a new name is in what was told before", async || {
        bodies(&host, &finn).await.iter().any(|body| body.starts_with("Olga Today says that “Disputed”"))
    })
    .await;
    let leave = leaver.request(&host, Method::DELETE, "/profile").json(&json!({"password": PASSWORD}));
    Reply::to(leave).await.expect(204);

    nothing_is_left(&place, &host, &ada, [&olga, &finn]).await;
    reads_of_a_former_member(&host, &olga, &finn).await;

    let rebuilt = command_line(&place, &["rebuild"]);
    assert!(rebuilt.status.success(), "{rebuilt:?}");
    ada.post(&host, "/admin/cache/clear", json!({})).await.expect(204);
    nothing_is_left(&place, &host, &ada, [&olga, &finn]).await;

    for subscription in ["users", "auth", "books", "borrowing", "notifications"] {
        let replayed = command_line(&place, &["subscriptions", "replay", subscription, "0-0"]);
        assert!(replayed.status.success(), "{replayed:?}");
    }
    testkit::eventually_within(Duration::from_secs(60), "the replay has come to its end", async || {
        let all = ada.get(&host, "/admin/subscriptions").await.expect(200);
        all.data().as_array().expect("a list").iter().all(|one| one["behind"] == 0)
    })
    .await;
    nothing_is_left(&place, &host, &ada, [&olga, &finn]).await;
    let parked = ada.get(&host, "/admin/dead-letters").await.expect(200);
    assert!(parked.ids().is_empty(), "what lacks its personal fields is read all the same: {parked:?}");
}

/// Words that no book has any more are swept within some seconds.
async fn nothing_is_left(place: &Place, host: &Host, ada: &Person, others: [&Person; 2]) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let left = left(place, host, ada, others).await;
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "left: {left:#?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn left(place: &Place, host: &Host, ada: &Person, others: [&Person; 2]) -> Vec<(String, String)> {
    let mut left = found(place).await;
    for person in others {
        left.extend(shown(host, person).await);
    }
    for path in ["/admin/events?limit=100", "/admin/events?limit=100&page=2", "/admin/dead-letters"] {
        let body = ada.get(host, path).await.expect(200).body.to_string();
        if body.contains(NAME) || body.contains(WORD) {
            left.push((path.to_owned(), body));
        }
    }
    left.extend(in_redis(place).into_iter().map(|key| ("Redis".to_owned(), key)));
    left
}

/// The one in English, then in French.
async fn reads_of_a_former_member(host: &Host, olga: &Person, finn: &Person) {
    let english = bodies(host, finn).await;
    assert!(english.contains(&"A former member declined your request for “Rejected”.".to_owned()), "{english:#?}");
    assert!(
        bodies(host, olga).await.iter().any(|body| body.starts_with("A former member would like to borrow “Asked"))
    );
    writes_profile(host, finn, "Finn", "fr", None).await;
    let expected = "Un ancien membre a refusé votre demande pour «\u{a0}Rejected\u{a0}».".to_owned();
    testkit::eventually("the inbox is read in French", async || bodies(host, finn).await.contains(&expected)).await;
}
