//! Members who tell the moderators about others, as people and programs meet it.

mod support;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use support::{Host, Person, Place, Reply, command_line};

struct They {
    olga: Person,
    finn: Person,
    mo: Person,
    /// Finn asked Olga for “Emma”.
    borrow: String,
}

async fn a_moderator(place: &Place, host: &Host, name: &str) -> Person {
    let mo = host.register(name).await;
    assert!(command_line(place, &["users", "promote", &mo.email, "--role", "moderator"]).status.success());
    mo
}

impl They {
    async fn on(place: &Place, host: &Host) -> Self {
        let mo = a_moderator(place, host, "Mo").await;
        let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
        let borrow = finn.asks_for(host, &olga.lists(host, "Emma").await).await;
        Self { olga, finn, mo, borrow }
    }

    /// Olga reports Finn about their borrow.
    async fn report(&self, host: &Host) -> String {
        let about = json!({"userId": self.finn.id, "borrowId": self.borrow});
        let body = json!({"about": about, "reason": "insults", "text": "He called me marzipan"});
        let reply = self.olga.post(host, "/reports", body).await.expect(201);
        reply.data()["id"].as_str().expect("an id").to_owned()
    }

    fn messages(&self) -> String {
        format!("/borrows/{}/messages", self.borrow)
    }
}

async fn answer(host: &Host, by: &Person, report: &str, body: Value) -> Reply {
    by.post(host, &format!("/reports/{report}/answer"), body).await
}

fn warned() -> Value {
    json!({"outcome": "warned", "text": "We told him, nougat", "warning": "Do not say praline"})
}

/// The notifications of a type, as they are read.
async fn told(host: &Host, person: &Person, kind: &str) -> Vec<Value> {
    let reply = person.get(host, "/notifications?limit=100").await.expect(200);
    let items = reply.data().as_array().expect("a list").clone();
    items.into_iter().filter(|item| item["type"] == kind).collect()
}

async fn told_once(host: &Host, person: &Person, kind: &str) -> Value {
    testkit::eventually("they are told", async || told(host, person, kind).await.len() == 1).await;
    told(host, person, kind).await.remove(0)
}

#[tokio::test]
async fn a_member_reports_another_and_a_moderator_reads_the_thread_and_warns_them() {
    let place = Place::new().await;
    let (one, other) = (Host::start_in(&place), Host::start_in(&place));
    let they = They::on(&place, &one).await;
    they.finn.post(&one, &they.messages(), json!({"text": "Sugar!"})).await.expect(201);
    they.mo.get(&other, &they.messages()).await.expect(404);
    assert_eq!(they.finn.borrow(&one, &they.borrow).await["hasModerators"], false);

    let report = they.report(&one).await;
    let told = told_once(&other, &they.mo, "user.reported").await;
    assert_eq!((&told["title"], &told["data"]["reportId"]), (&json!("Olga has reported Finn"), &json!(report)));
    assert!(!told.to_string().contains("marzipan"));
    let seen = they.mo.get(&other, &format!("/reports/{report}")).await.expect(200);
    assert_eq!(seen.data()["text"], "He called me marzipan");
    assert_eq!((&seen.data()["reporter"]["name"], &seen.data()["about"]["name"]), (&json!("Olga"), &json!("Finn")));
    let list = they.mo.get(&other, "/reports?state=open").await.expect(200);
    assert_eq!(list.ids(), std::slice::from_ref(&report));
    let thread = they.mo.get(&other, &they.messages()).await.expect(200);
    assert_eq!(thread.data()[0]["text"], "Sugar!");
    for party in [&they.olga, &they.finn] {
        assert_eq!(party.borrow(&other, &they.borrow).await["hasModerators"], true, "the page says so");
    }
    they.mo.post(&other, &they.messages(), json!({"text": "Please be polite."})).await.expect(201);

    answer(&other, &they.mo, &report, warned()).await.expect(200);
    assert_eq!(answer(&one, &they.mo, &report, warned()).await.expect(409).code(), "REPORT_CLOSED");
    let own = they.olga.get(&one, "/profile/reports").await.expect(200);
    assert_eq!(
        (&own.data()[0]["state"], &own.data()[0]["answer"]),
        (&json!("answered"), &json!("We told him, nougat"))
    );
    assert!(!own.data()[0].to_string().contains("praline"), "what Finn was told is not hers to read");
    told_once(&one, &they.olga, "user.report_answered").await;
    let warning = told_once(&one, &they.finn, "user.report_answered").await;
    assert!(warning["body"].as_str().unwrap().contains("Do not say praline"), "{warning}");
    assert!(!warning.to_string().contains("Olga") && !warning.to_string().contains(&they.borrow), "{warning}");
    they.mo.get(&one, &they.messages()).await.expect(200);
}

#[tokio::test]
async fn bad_input_is_named_and_nobody_learns_what_they_may_not_see() {
    let (place, host) = Host::start().await;
    let they = They::on(&place, &host).await;
    let unknown = "01936f8e-0000-7000-8000-0000000000d1";
    let about = json!({"userId": they.finn.id});
    for (body, field) in [
        (json!({"reason": "other", "text": "x"}), "about"),
        (json!({"about": {}, "reason": "other", "text": "x"}), "about.userId"),
        (json!({"about": {"userId": "Finn"}, "reason": "other", "text": "x"}), "about.userId"),
        (json!({"about": {"userId": they.finn.id, "borrowId": 7}, "reason": "other", "text": "x"}), "about.borrowId"),
        (json!({"about": {"userId": they.olga.id}, "reason": "other", "text": "x"}), "about.userId"),
        (json!({"about": about, "reason": "boredom", "text": "x"}), "reason"),
        (json!({"about": about, "reason": "other", "text": " "}), "text"),
        (json!({"about": about, "reason": "other", "text": "x".repeat(1001)}), "text"),
        (json!({"about": about, "reason": "other", "text": "x", "urgent": true}), "urgent"),
    ] {
        let reply = they.olga.post(&host, "/reports", body.clone()).await.expect(400);
        assert_eq!(reply.fields(), [field], "{body}");
    }
    // A stranger gets of others' borrow what there is of an unknown one.
    let stan = host.register("Stan").await;
    let ask = async |borrow: &str| {
        let body = json!({"about": {"userId": they.finn.id, "borrowId": borrow}, "reason": "other", "text": "x"});
        stan.post(&host, "/reports", body).await.expect(404).body["error"].clone()
    };
    assert_eq!(ask(&they.borrow).await, ask(unknown).await);
    let body = json!({"about": {"userId": unknown}, "reason": "other", "text": "x"});
    assert_eq!(stan.post(&host, "/reports", body).await.expect(404).code(), "USER_NOT_FOUND");

    let report = they.report(&host).await;
    for (path, code) in
        [(format!("/reports/{report}"), "REPORT_NOT_FOUND"), (format!("/reports/{unknown}"), "REPORT_NOT_FOUND")]
    {
        for person in [&they.finn, &stan] {
            assert_eq!(person.get(&host, &path).await.expect(404).code(), code);
        }
    }
    for (body, field) in [
        (json!({"outcome": "warned", "text": "x"}), "warning"),
        (json!({"outcome": "answered", "text": "x", "warning": "y"}), "warning"),
        (json!({"outcome": "deactivated", "text": "x", "warning": "y"}), "warning"),
        (json!({"outcome": "shot", "text": "x"}), "outcome"),
        (json!({"outcome": "answered"}), "text"),
    ] {
        assert_eq!(answer(&host, &they.mo, &report, body).await.expect(400).fields(), [field]);
    }
    for query in ["cursor=nonsense", "state=any", "sort=text", "fields=secret", "limit=0"] {
        they.mo.get(&host, &format!("/reports?{query}")).await.expect(400);
    }
    for query in ["cursor=open-7", "state=open", "order=asc"] {
        they.olga.get(&host, &format!("/profile/reports?{query}")).await.expect(400);
    }
}

#[tokio::test]
async fn a_report_sent_again_under_its_key_is_one_report() {
    let (place, host) = Host::start().await;
    let they = They::on(&place, &host).await;
    let send = async || {
        let request = they.olga.request(&host, reqwest::Method::POST, "/reports").header("Idempotency-Key", "first");
        let body = json!({"about": {"userId": they.finn.id}, "reason": "spam", "text": "Pills"});
        Reply::to(request.json(&body)).await
    };
    let (a, b) = tokio::join!(send(), send());
    assert_eq!(a.expect(201).data(), b.expect(201).data());
    let again = json!({"about": {"userId": they.finn.id}, "reason": "spam", "text": "Pills"});
    assert_eq!(they.olga.post(&host, "/reports", again).await.expect(409).code(), "ALREADY_REPORTED");
}

#[tokio::test]
async fn a_moderator_deactivates_who_is_reported_and_they_are_out_at_once() {
    let (place, host) = Host::start().await;
    let they = They::on(&place, &host).await;
    let report = they.report(&host).await;
    let body = json!({"outcome": "deactivated", "text": "He is out."});
    answer(&host, &they.mo, &report, body).await.expect(200);
    they.finn.get(&host, "/users/me").await.expect(401);
    assert_eq!(they.olga.get(&host, &format!("/users/{}", they.finn.id)).await.expect(404).code(), "USER_NOT_FOUND");
    // Whoever looks after others is an administrator's to deactivate.
    let max = a_moderator(&place, &host, "Max").await;
    let about = json!({"about": {"userId": max.id}, "reason": "threats", "text": "He shouts"});
    let report = they.olga.post(&host, "/reports", about).await.expect(201);
    let report = report.data()["id"].as_str().expect("an id");
    let body = json!({"outcome": "deactivated", "text": "He is out."});
    assert_eq!(answer(&host, &they.mo, report, body).await.expect(403).code(), "MEMBER_IS_STAFF");
    assert_eq!(answer(&host, &max, report, warned()).await.expect(404).code(), "REPORT_NOT_FOUND");
    assert!(told(&host, &max, "user.reported").await.iter().all(|told| told["data"]["reportId"] != report));
}

#[tokio::test]
async fn a_report_and_its_answer_are_kept_in_one_table_and_nowhere_else() {
    let (place, host) = Host::start().await;
    let they = They::on(&place, &host).await;
    let report = they.report(&host).await;
    told_once(&host, &they.mo, "user.reported").await;
    they.mo.get(&host, &format!("/reports/{report}")).await.expect(200);
    let request = they.mo.request(&host, reqwest::Method::POST, &format!("/reports/{report}/answer"));
    Reply::to(request.header("Idempotency-Key", "answer").json(&warned())).await.expect(200);
    let warning = told_once(&host, &they.finn, "user.report_answered").await;
    assert!(warning.to_string().contains("praline"));
    let read = format!("/notifications/{}/read", warning["id"].as_str().expect("an id"));
    let request = they.finn.request(&host, reqwest::Method::POST, &read).header("Idempotency-Key", "read");
    Reply::to(request.json(&json!({}))).await.expect(200);

    let pool = PgPool::connect_with(place.database.owner_options()).await.expect("a connection");
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema') order by 1",
    )
    .fetch_all(&pool)
    .await
    .expect("the tables");
    for word in ["marzipan", "nougat", "praline"] {
        let mut holding = Vec::new();
        for table in &tables {
            let rows = format!("select count(*) from {table} t where t::text ilike '%{word}%'");
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&pool).await.expect("a count");
            if rows > 0 {
                holding.push((table.as_str(), rows));
            }
        }
        assert_eq!(holding, [("users.report", 1)], "{word}");
        let log = host.log();
        assert!(!log.is_empty() && !log.iter().any(|line| line.contains(word)), "{log:?}");
    }
}
