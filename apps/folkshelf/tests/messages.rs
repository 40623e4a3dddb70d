//! What the two of a borrow write to each other, as people and programs meet it.

mod support;

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use support::{Host, Person, Place, Reply, command_line};

struct Two {
    olga: Person,
    finn: Person,
    /// Finn asked Olga for “Emma”.
    borrow: String,
}

impl Two {
    async fn on(host: &Host) -> Self {
        let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
        let borrow = finn.asks_for(host, &olga.lists(host, "Emma").await).await;
        Self { olga, finn, borrow }
    }

    fn path(&self) -> String {
        format!("/borrows/{}/messages", self.borrow)
    }

    async fn write(&self, host: &Host, by: &Person, text: &str) -> Reply {
        by.post(host, &self.path(), json!({"text": text})).await
    }

    async fn texts(&self, host: &Host, by: &Person) -> Vec<String> {
        let reply = by.get(host, &format!("{}?limit=100", self.path())).await.expect(200);
        let items = reply.data().as_array().expect("a list").clone();
        items.iter().map(|item| item["text"].as_str().expect("a text").to_owned()).collect()
    }

    async fn unread(&self, host: &Host, by: &Person) -> Value {
        by.borrow(host, &self.borrow).await["unreadMessages"].clone()
    }
}

/// The unread notifications about messages, as they are read.
async fn told(host: &Host, person: &Person) -> Vec<String> {
    let reply = person.get(host, "/notifications?unread=true&limit=100").await.expect(200);
    let items = reply.data().as_array().expect("a list").clone();
    let messages = items.iter().filter(|item| item["type"] == "borrow.message_sent");
    let part = |item: &Value, name: &str| item[name].as_str().expect("a text").to_owned();
    messages.map(|item| format!("{} {}", part(item, "title"), part(item, "body"))).collect()
}

/// A burst is one entry: what is folded may be shown for a moment.
async fn told_once(host: &Host, person: &Person) -> Vec<String> {
    testkit::eventually("a conversation is one entry", async || told(host, person).await.len() == 1).await;
    told(host, person).await
}

#[tokio::test]
async fn two_people_agree_on_a_place_and_the_one_who_is_away_is_told_once() {
    let (_place, host) = Host::start().await;
    let two = Two::on(&host).await;
    for text in ["Is the cover red?", "Or is it blue?", "I like both."] {
        two.write(&host, &two.finn, text).await.expect(201);
    }
    let unread = told_once(&host, &two.olga).await;
    assert!(unread[0].starts_with("Finn wrote to you about “Emma”"), "{unread:?}");
    assert!(unread[0].ends_with("There are 2 earlier messages, too."), "{unread:?}");
    assert!(!unread[0].contains("cover"), "what was written is read where it was written");
    assert_eq!((two.unread(&host, &two.olga).await, two.unread(&host, &two.finn).await), (json!(3), json!(0)));

    let page = two.olga.get(&host, &two.path()).await.expect(200);
    let last = page.data()[2].clone();
    assert_eq!(
        (&last["text"], &last["author"]["name"], &last["readAt"]),
        (&json!("I like both."), &json!("Finn"), &Value::Null)
    );
    // One more comes while Olga reads.
    two.write(&host, &two.finn, "And green.").await.expect(201);
    let read = format!("{}/read", two.path());
    let marked = two.olga.post(&host, &read, json!({"upTo": last["id"]})).await.expect(200);
    assert_eq!(marked.data()["count"], 3);
    told_once(&host, &two.olga).await;
    two.olga.post(&host, &read, json!({})).await.expect(200);
    assert_eq!(told(&host, &two.olga).await, Vec::<String>::new());
    assert_eq!(two.olga.get(&host, "/notifications/unread-count").await.expect(200).data()["count"], 1, "the request");
    let seen = two.finn.get(&host, &two.path()).await.expect(200);
    assert!(seen.data().as_array().unwrap().iter().all(|message| message["readAt"].is_string()), "{seen:?}");

    two.write(&host, &two.olga, "Red. At the bakery, at six?").await.expect(201);
    told_once(&host, &two.finn).await;
    // What happened to the borrow is apart from what was said.
    let timeline = two.finn.get(&host, &format!("/borrows/{}/timeline", two.borrow)).await.expect(200);
    assert_eq!(timeline.data().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_is_live_at_once_on_the_other_host() {
    let place = Place::new().await;
    let (one, other) = (Host::start_in(&place), Host::start_in(&place));
    let two = Two::on(&one).await;
    let stream = two.olga.request(&other, Method::GET, "/notifications/stream").send().await.expect("a stream");
    let mut chunks = stream.bytes_stream();
    let mut seen = String::new();
    let reading = async {
        while !seen.contains("borrow.message_sent") {
            let chunk = chunks.next().await.expect("the stream goes on").expect("bytes");
            seen.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    };
    let writing = async { two.write(&one, &two.finn, "Is it heavy?").await.expect(201) };
    tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(reading, writing) }).await.expect("in time");
    assert!(seen.contains(&two.borrow) && !seen.contains("heavy"), "{seen}");
    assert_eq!(two.texts(&other, &two.olga).await, ["Is it heavy?"]);
    assert_eq!(two.unread(&other, &two.olga).await, 1);
    // Both write at once, on two hosts: each sees all, in one order.
    for round in 0..5 {
        let (theirs, ours) = (format!("Finn {round}"), format!("Olga {round}"));
        let (a, b) = tokio::join!(two.write(&one, &two.finn, &theirs), two.write(&other, &two.olga, &ours));
        a.expect(201);
        b.expect(201);
    }
    let texts = two.texts(&one, &two.finn).await;
    assert_eq!(texts.len(), 11);
    assert_eq!(texts, two.texts(&other, &two.olga).await);
    two.olga.post(&other, &format!("{}/read", two.path()), json!({})).await.expect(200);
    assert_eq!(two.unread(&one, &two.olga).await, 0);
}

#[tokio::test]
async fn a_message_sent_again_under_its_key_is_one_message() {
    let (_place, host) = Host::start().await;
    let two = Two::on(&host).await;
    let send = async |text: &str| {
        let request = two.finn.request(&host, Method::POST, &two.path()).header("Idempotency-Key", "first-try");
        Reply::to(request.json(&json!({"text": text}))).await
    };
    let (a, b) = tokio::join!(send("Hello"), send("Hello"));
    assert_eq!(a.expect(201).data(), b.expect(201).data());
    send("Hello").await.expect(201);
    assert_eq!(send("Hello there").await.expect(409).code(), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(two.texts(&host, &two.olga).await, ["Hello"]);
}

#[tokio::test]
async fn hostile_text_comes_back_as_it_was_or_is_refused_by_name() {
    let (_place, host) = Host::start().await;
    let two = Two::on(&host).await;
    let long = "ü".repeat(2000);
    let taken = [
        "<script>alert(1)</script> & \"quotes\" {{7*7}} '; drop table message; --",
        "\u{645}\u{631}\u{62d}\u{628}\u{627}\u{60c} \u{2067}Emma\u{2069} \u{5e9}\u{5dc}\u{5d5}\u{5dd}",
        "👨\u{200d}👩\u{200d}👧 🇺🇦 e\u{301}\u{302}\u{303}",
        "zero\u{200b}width\u{2060}joined",
        "one\n\n\ttwo",
        long.as_str(),
    ];
    for text in taken {
        two.write(&host, &two.finn, text).await.expect(201);
    }
    let shown = two.texts(&host, &two.olga).await;
    assert_eq!(shown.len(), taken.len());
    for (shown, sent) in shown.iter().zip(taken) {
        assert_eq!(shown.replace('é', "e\u{301}"), sent.replace('é', "e\u{301}"), "as it was");
    }
    // Trimmed, and every line break is a line feed.
    let trimmed = two.write(&host, &two.finn, "  \r\nHello\r\nOlga\u{a0}\n").await.expect(201);
    assert_eq!(trimmed.data()["text"], "Hello\nOlga");
    for refused in ["", " \n\t ", "\u{200b}\u{feff}", "a\u{0}b", "\u{202e}desrever", &"x".repeat(2001), "\u{fffe}"] {
        let reply = two.write(&host, &two.finn, refused).await.expect(400);
        assert_eq!((reply.code(), reply.fields()), ("VALIDATION_ERROR", vec!["text"]), "{refused:?}");
    }
    for (body, field) in [
        (json!({}), "text"),
        (json!({"text": 7}), "text"),
        (json!({"text": null}), "text"),
        (json!({"text": "Hello", "to": two.olga.id}), "to"),
    ] {
        assert_eq!(two.finn.post(&host, &two.path(), body).await.expect(400).fields(), [field]);
    }
    let read = format!("{}/read", two.path());
    assert_eq!(two.olga.post(&host, &read, json!({"upTo": "the last"})).await.expect(400).fields(), ["upTo"]);
    let unknown = "01936f8e-0000-7000-8000-0000000000d1";
    assert_eq!(two.olga.post(&host, &read, json!({"upTo": unknown})).await.expect(200).data()["count"], 0);
    for query in ["cursor=nonsense", "cursor=-1", "limit=0", "sort=text", "order=asc", "fields=secret", "since=1"] {
        two.olga.get(&host, &format!("{}?{query}", two.path())).await.expect(400);
    }
}

#[tokio::test]
async fn a_flood_ends_and_the_other_still_answers() {
    let (_place, host) = Host::start().await;
    let two = Two::on(&host).await;
    let mut sent = 0;
    let refused = loop {
        let reply = two.write(&host, &two.finn, &format!("Buy my pills! {sent}")).await;
        if reply.status != 201 {
            break reply;
        }
        sent += 1;
        assert!(sent < 200, "nothing ends it");
    };
    assert_eq!((sent, refused.code()), (60, "TOO_MANY_MESSAGES"), "{refused:?}");
    told_once(&host, &two.olga).await;
    two.write(&host, &two.olga, "Stop it.").await.expect(201);
    // By cursor, the newest first and each once.
    let (mut seen, mut cursor) = (0, String::new());
    loop {
        let page = two.olga.get(&host, &format!("{}?limit=25{cursor}", two.path())).await.expect(200);
        assert_eq!(page.body["pagination"]["total"], 61);
        seen += page.ids().len();
        match page.body["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, 61);
}

#[tokio::test]
async fn a_moderator_comes_with_the_dispute_is_named_as_one_and_is_answered() {
    let (place, host) = Host::start().await;
    let two = Two::on(&host).await;
    let (mo, stan) = (host.register("Mo").await, host.register("Stan").await);
    assert!(command_line(&place, &["users", "promote", &mo.email, "--role", "moderator"]).status.success());
    two.write(&host, &two.finn, "Hello").await.expect(201);
    two.olga.does(&host, &two.borrow, "approve", json!({})).await;
    two.olga.does(&host, &two.borrow, "hand-over", json!({})).await;
    for reply in [mo.get(&host, &two.path()).await, two.write(&host, &mo, "Hello").await] {
        assert_eq!(reply.expect(404).code(), "MESSAGES_NOT_FOUND");
    }
    two.finn.does(&host, &two.borrow, "declare-return", json!({})).await;
    two.olga.does(&host, &two.borrow, "not-received", json!({})).await;

    let asked = two.write(&host, &mo, "Where did you put it?").await.expect(201);
    assert_eq!(asked.data()["author"], json!({"id": mo.id, "name": "Mo", "moderator": true}));
    for party in [&two.olga, &two.finn] {
        let unread = told(&host, party).await;
        assert!(unread.iter().any(|text| text.starts_with("A moderator wrote to you about “Emma”")), "{unread:?}");
    }
    two.write(&host, &two.finn, "Into her letter box").await.expect(201);
    testkit::eventually("who asked is told of the answer", async || told(&host, &mo).await.len() == 1).await;
    assert_eq!(two.texts(&host, &mo).await, ["Hello", "Where did you put it?", "Into her letter box"]);
    let unknown = "/borrows/01936f8e-0000-7000-8000-0000000000d1/messages".to_owned();
    let read = |path: &str| format!("{path}/read");
    let said = |reply: Reply| reply.expect(404).body["error"].clone();
    for (here, nowhere) in [
        (stan.get(&host, &two.path()).await, stan.get(&host, &unknown).await),
        (two.write(&host, &stan, "Hi").await, stan.post(&host, &unknown, json!({"text": "Hi"})).await),
        (stan.post(&host, &read(&two.path()), json!({})).await, stan.post(&host, &read(&unknown), json!({})).await),
    ] {
        assert_eq!(here.code(), "BORROW_NOT_FOUND");
        assert_eq!(said(here), said(nowhere), "a stranger gets what there is of an unknown borrow");
    }
}

#[tokio::test]
async fn a_message_is_kept_in_one_table_and_nowhere_else() {
    let (place, host) = Host::start().await;
    let two = Two::on(&host).await;
    two.write(&host, &two.finn, "marzipan").await.expect(201);
    told_once(&host, &two.olga).await;
    assert_eq!(two.texts(&host, &two.olga).await, ["marzipan"]);
    two.olga.post(&host, &format!("{}/read", two.path()), json!({})).await.expect(200);
    let pool = PgPool::connect_with(place.database.owner_options()).await.expect("a connection");
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema') order by 1",
    )
    .fetch_all(&pool)
    .await
    .expect("the tables");
    let mut holding = Vec::new();
    for table in tables {
        let rows = format!("select count(*) from {table} t where t::text ilike '%marzipan%'");
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&pool).await.expect("a count");
        if rows > 0 {
            holding.push((table, rows));
        }
    }
    assert_eq!(holding, [("borrowing.message".to_owned(), 1)]);
    let log = host.log();
    assert!(!log.is_empty() && !log.iter().any(|line| line.contains("marzipan")), "{log:?}");
}

#[tokio::test]
async fn who_is_blocked_cannot_write_and_is_not_told_by_whom() {
    let place = Place::new().await;
    let (one, other) = (Host::start_in(&place), Host::start_in(&place));
    let two = Two::on(&one).await;
    two.olga.does(&one, &two.borrow, "approve", json!({})).await;
    two.write(&one, &two.finn, "At six?").await.expect(201);
    two.olga.post(&one, "/profile/blocks", json!({"userId": two.finn.id})).await.expect(201);
    let refusals = [
        two.write(&other, &two.finn, "Hello?").await.expect(409),
        two.write(&other, &two.olga, "Hello?").await.expect(409),
    ];
    assert_eq!(refusals[0].code(), "MESSAGES_NOT_POSSIBLE");
    let said = |reply: &Reply| reply.body["error"].clone();
    assert_eq!(said(&refusals[0]), said(&refusals[1]), "both are told the same");
    assert_eq!(two.texts(&other, &two.finn).await, ["At six?"]);
    two.olga.delete(&one, &format!("/profile/blocks/{}", two.finn.id)).await.expect(204);
    two.write(&other, &two.finn, "Hello?").await.expect(201);
}
