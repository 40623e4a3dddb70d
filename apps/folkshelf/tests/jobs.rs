//! What hosts do by the clock, as administrators see it: begun, watched and cancelled by hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use support::{Host, Person, Place, command_line, round};
use testkit::{eventually, eventually_within};

async fn change(place: &Place, context: &str, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&place.database.pool(context)).await.unwrap();
}

async fn job(admin: &Person, host: &Host, name: &str) -> Value {
    admin.get(host, &format!("/admin/jobs/{name}")).await.expect(200).data().clone()
}

/// Lets it be done, and returns the run.
async fn done(admin: &Person, host: &Host, name: &str) -> Value {
    let before = job(admin, host, name).await["runs"].as_array().unwrap().len();
    admin.post(host, &format!("/admin/jobs/{name}/run"), json!({})).await.expect(202);
    let ended = async || job(admin, host, name).await["runs"].as_array().unwrap().len() > before;
    eventually_within(Duration::from_secs(30), name, ended).await;
    let run = job(admin, host, name).await["runs"][0].clone();
    assert_eq!(run["outcome"], "done", "{run:#}");
    run
}

#[tokio::test]
async fn each_job_is_listed_and_done_when_an_administrator_asks_for_it() {
    let (_place, host) = Host::start().await;
    let ada = round::admin(&host).await;
    let listed = ada.get(&host, "/admin/jobs").await.expect(200);
    let names: Vec<&str> = listed.data().as_array().unwrap().iter().map(|job| job["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "auth.forget_ended",
            "books.forget_imports",
            "books.forget_words",
            "borrowing.forget_messages",
            "commands.forget_answers",
            "community.count_month",
            "members.reconcile",
            "notifications.forget_letters",
            "notifications.forget_old",
            "users.forget_reports",
        ]
    );
    for name in names {
        assert!(job(&ada, &host, name).await["dueAt"].is_string(), "{name}");
        let run = done(&ada, &host, name).await;
        assert_eq!(run["askedBy"], json!({"kind": "user", "id": ada.id}), "{name}");
        assert!(job(&ada, &host, name).await["succeededAt"].is_string(), "{name}");
    }
    ada.get(&host, "/admin/jobs/books.nothing").await.expect(404);
    ada.post(&host, "/admin/jobs/books.nothing/run", json!({})).await.expect(404);
    ada.post(&host, "/admin/jobs/books.nothing/cancel", json!({})).await.expect(404);
    ada.post(&host, "/admin/jobs/books.forget_words/cancel", json!({})).await.expect(202);
    let metrics = host.get("/metrics").await.expect(200).body;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("job_runs_total{job=\"books.forget_words\",outcome=\"done\"} 1"), "{metrics}");
    assert!(metrics.contains("job_overdue_seconds{job=\"books.forget_words\"} 0"), "{metrics}");
}

#[tokio::test]
async fn the_command_line_lists_jobs_and_lets_a_host_begin_one() {
    let (place, host) = Host::start().await;
    let ada = round::admin(&host).await;
    let said = |arguments: &[&str]| {
        let output = command_line(&place, arguments);
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (fine, list) = said(&["jobs", "list"]);
    assert!(fine && list.contains("books.forget_words") && list.contains("30 3 * * *"), "{list}");
    assert_eq!(said(&["jobs", "run", "books.forget_words"]), (true, "a running host begins it\n".to_owned()));
    let ended = async || job(&ada, &host, "books.forget_words").await["last"]["outcome"] == "done";
    eventually("a host does it", ended).await;
    let by = job(&ada, &host, "books.forget_words").await["last"]["askedBy"].clone();
    assert_eq!(by, json!({"kind": "system", "name": "command line"}));
    assert!(said(&["jobs", "list"]).1.contains("done at"));
    assert_eq!(said(&["jobs", "cancel", "books.forget_words"]).1, "it does not run, or is ending\n");
    assert!(!said(&["jobs", "run", "books.nothing"]).0);
}

#[tokio::test]
async fn a_schedule_that_is_none_is_refused_by_its_name_before_the_host_starts() {
    let place = Place::new().await;
    for (name, value, fault) in [
        ("BOOKS_FORGET_WORDS", "daily", "jobs.books_forget_words must have five fields"),
        ("COMMUNITY_COUNT_MONTH", "0 25 * * *", "jobs.community_count_month must be a cron pattern"),
        ("AUTH_FORGET_ENDED", "off", "jobs.auth_forget_ended must not be off"),
    ] {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_folkshelf"));
        program.args(["config", "check"]).envs(place.environment()).env(format!("FOLKSHELF_JOBS__{name}"), value);
        let told = String::from_utf8_lossy(&program.output().unwrap().stderr).into_owned();
        assert!(told.contains(fault), "{told}");
    }
}

#[tokio::test]
async fn a_month_is_counted_by_every_context_and_hidden_books_are_not_named() {
    let (place, host) = Host::start().await;
    let ada = round::admin(&host).await;
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    let (emma, secret) = (olga.lists(&host, "=Emma").await, olga.lists(&host, "Secret").await);
    finn.asks_for(&host, &emma).await;
    finn.asks_for(&host, &secret).await;
    let hide = json!({"lending": "off"});
    olga.put(&host, &format!("/books/{secret}"), hide).await.expect(200);
    // As if all of it had been ten days before this month, and Finn had had the book for too long.
    let then = "date_trunc('month', now()) - interval '10 days'";
    change(&place, "users", &format!("update users.member set created_at = {then} where name <> 'Ada'")).await;
    change(&place, "books", &format!("update books.book set created_at = {then}")).await;
    let lent = format!(
        "update borrowing.borrow set requested_at = {then}, handed_over_at = {then}, due_at = {then} + interval '2 days',
            returned_at = {then} + interval '5 days' where book_id = '{emma}';
        update borrowing.borrow set requested_at = {then} where book_id = '{secret}'"
    );
    change(&place, "borrowing", &lent).await;
    assert_eq!(ada.get(&host, "/admin/months").await.expect(200).data(), &json!([]));
    assert_eq!(done(&ada, &host, "community.count_month").await["counts"]["months"], 12);

    let months = ada.get(&host, "/admin/months").await.expect(200);
    let month = &months.data()[0];
    let key = month["month"].as_str().unwrap();
    let mut figures = month.clone();
    for name in ["month", "madeAt"] {
        figures.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(
        figures,
        json!({
            "books": 1, "newBooks": 1, "requests": 2, "loans": 1, "given": 0, "returned": 1, "late": 1, "members": 2,
            "newMembers": 2, "mostAsked": [{"title": "=Emma", "author": "Somebody", "requests": 1}],
        }),
    );
    assert_eq!(ada.get(&host, &format!("/admin/months/{key}")).await.expect(200).data(), month);
    ada.get(&host, "/admin/months/2001-01").await.expect(404);
    let file = ada.get(&host, &format!("/admin/months/{key}/csv")).await.expect(200);
    assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"folkshelf-{key}.csv\""));
    let file = file.body.as_str().unwrap();
    assert!(file.contains("late,,,1\r\n") && file.ends_with("mostAsked,'=Emma,Somebody,1\r\n"), "{file}");
    assert!(!file.contains("Secret"));
    // Again: the last one alone.
    assert_eq!(done(&ada, &host, "community.count_month").await["counts"]["months"], 1);
}

#[tokio::test]
async fn what_a_context_knows_wrongly_of_members_is_found_and_told_again() {
    let (place, host) = Host::start().await;
    let ada = round::admin(&host).await;
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    let book = olga.lists(&host, "Emma").await;
    // His profile has been told in its second version.
    ada.put(&host, &format!("/users/{}", finn.id), json!({"active": true})).await.expect(200);
    change(&place, "books", "update books.member set name = 'Eve' where name = 'Olga'").await;
    change(&place, "borrowing", "update borrowing.member set closed_at = now() where name = 'Finn'").await;
    change(&place, "notifications", "delete from notifications.member where name = 'Finn'").await;
    let counts = done(&ada, &host, "members.reconcile").await["counts"].clone();
    assert_eq!(counts, json!({"members": 3, "different": 3, "mended": 2, "late": 0}));
    eventually("the books context knows her name", async || {
        let shown = host.get(&format!("/books/{book}")).await.expect(200);
        shown.data()["owner"]["name"] == "Olga"
    })
    .await;
    finn.asks_for(&host, &book).await;
    let counts = done(&ada, &host, "members.reconcile").await["counts"].clone();
    let left: BTreeSet<&str> = ["different", "late"].into_iter().filter(|name| counts[*name] != 0).collect();
    assert_eq!(left, BTreeSet::new(), "{counts}");
}
