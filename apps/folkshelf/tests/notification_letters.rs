//! Letters for notifications over SMTP, to a real mail server.

mod support;

use std::time::{Duration, Instant};

use reqwest::{Method, header};
use serde_json::json;
use sqlx::PgPool;
use support::mail_server::{MailServer, Taken};
use support::{Host, Person, Place, Reply};

fn host(place: &Place, server: &MailServer) -> Host {
    let mut environment = place.environment();
    environment.extend(server.environment("starttls"));
    environment.push(("FOLKSHELF_MAIL__NOTIFICATION_DELAY_SECONDS".to_owned(), "0".to_owned()));
    Host::start_with(&environment)
}

/// The schema of a context, as its owner.
fn tables(place: &Place, schema: &str) -> PgPool {
    place.database.owner_pool(schema)
}

/// Somebody who has proved their address, and whose letters about the account are over.
async fn proved(place: &Place, server: &MailServer, host: &Host, name: &str) -> Person {
    let person = host.register(name).await;
    testkit::eventually("the letter about the account", || async { !server.letters_to(&person.email).is_empty() })
        .await;
    let pool = tables(place, "auth");
    sqlx::query("update auth.account set verified_at = now() where email = $1")
        .bind(&person.email)
        .execute(&pool)
        .await
        .expect("proved");
    person
}

/// The letters about notifications that somebody got.
fn news(server: &MailServer, person: &Person) -> Vec<Taken> {
    let letters = server.letters_to(&person.email).into_iter();
    letters.filter(|letter| letter.content.contains("\r\nList-Unsubscribe:")).collect()
}

async fn until_news(server: &MailServer, person: &Person, count: usize) -> Vec<Taken> {
    let most = Duration::from_secs(90);
    testkit::eventually_within(most, "the letter", || async { news(server, person).len() >= count }).await;
    news(server, person)
}

async fn count(place: &Place, state: &str) -> i64 {
    sqlx::query_scalar("select count(*) from notifications.delivery where state = $1")
        .bind(state)
        .fetch_one(&tables(place, "notifications"))
        .await
        .expect("a count")
}

/// As if all waiting had come to its end.
async fn all_are_due(place: &Place) {
    sqlx::query("update notifications.delivery set next_try_at = queued_at where state = 'pending'")
        .execute(&tables(place, "notifications"))
        .await
        .expect("due");
}

/// Without the line ends of its encoding.
fn whole(letter: &Taken) -> String {
    letter.content.replace("=\r\n", "").replace("=3D", "=")
}

#[tokio::test]
async fn a_letter_is_in_its_readers_language_as_text_and_html_and_one_click_stops_its_like() {
    let (place, server) = (Place::new().await, MailServer::start());
    let host = host(&place, &server);
    let ada = proved(&place, &server, &host, "Ada").await;
    let book = ada.lists(&host, "Emma").await;
    let (finn, olga) = (host.register("Finn").await, host.register("Olga").await);
    let borrow = finn.asks_for(&host, &book).await;
    let letter = until_news(&server, &ada, 1).await.remove(0);
    assert_eq!((letter.header("Content-Language").as_str(), &letter.envelope["tls"]), ("en", &true.into()));
    let text = whole(&letter);
    for part in ["Content-Type: text/plain", "Content-Type: text/html", ">Answer</a>", "Finn", "<html lang=\"en\">"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(text.contains(&format!("https://shelf.example/loans/{borrow}")), "{text}");
    assert_eq!(letter.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let link = letter.header("List-Unsubscribe");
    let path =
        link.trim().strip_prefix("<https://shelf.example").and_then(|path| path.strip_suffix('>')).expect("a link");

    let french = json!({"name": "Ada", "language": "fr", "timeZone": "Europe/Paris"});
    ada.put(&host, "/profile", french).await.expect(200);
    olga.asks_for(&host, &ada.lists(&host, "Dracula").await).await;
    let letter = until_news(&server, &ada, 2).await.remove(1);
    assert_eq!(letter.header("Content-Language"), "fr");
    let text = whole(&letter);
    assert!(text.contains("Bonjour Ada,") && text.contains("<html lang=\"fr\">"), "{text}");

    // Whoever follows the link is led to the page that asks; a scanner of links changes nothing.
    let plain = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let url = format!("http://{}{path}", host.address());
    let seen = plain.get(&url).send().await.expect("an answer");
    assert_eq!(seen.status(), 303);
    let page = seen.headers()[header::LOCATION].to_str().expect("a place").to_owned();
    assert!(page.starts_with("/unsubscribe?token=request."), "{page}");
    assert!(text.contains(&format!("https://shelf.example{page}")), "{text}");
    let mail_of = async |topic: &str| {
        let chosen = ada.get(&host, "/notifications/preferences").await.expect(200);
        let topics = chosen.data()["topics"].as_array().expect("a list").clone();
        topics.into_iter().find(|it| it["topic"] == topic).expect("the topic")["mail"].clone()
    };
    assert_eq!(mail_of("request").await, "at_once");
    let one_click = plain
        .post(&url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click")
        .send()
        .await
        .expect("an answer");
    assert_eq!(one_click.status(), 204);
    assert_eq!((mail_of("request").await, mail_of("late").await), (json!("off"), json!("at_once")));
    let forged = host.at(Method::POST, &path.replace("request.", "late."));
    assert_eq!(Reply::to(forged).await.expect(404).code(), "LINK_NOT_FOUND");

    host.register("Nora").await.asks_for(&host, &ada.lists(&host, "Persuasion").await).await;
    ada.does(&host, &borrow, "approve", json!({})).await;
    finn.does(&host, &borrow, "cancel", json!({})).await;
    testkit::eventually("nothing waits", || async { count(&place, "pending").await == 0 }).await;
    assert_eq!(news(&server, &ada).len(), 2, "no more");
    for line in host.log() {
        assert!(!line.contains(&ada.email) && !line.contains(path), "the log tells: {line}");
    }
}

#[tokio::test]
async fn a_host_that_is_killed_while_it_sends_loses_no_letter_and_doubles_none() {
    let (place, server) = (Place::new().await, MailServer::start());
    let mut first = host(&place, &server);
    let ada = proved(&place, &server, &first, "Ada").await;
    let (book, finn) = (ada.lists(&first, "Emma").await, first.register("Finn").await);
    testkit::eventually("no letter is under way", || async { server.letters_to(&finn.email).len() == 1 }).await;
    server.signal("STOP");
    finn.asks_for(&first, &book).await;
    let tried = "select count(*) from notifications.delivery where tries = 1 and error is null and state = 'pending'";
    let pool = tables(&place, "notifications");
    testkit::eventually("it is being sent", || async {
        sqlx::query_scalar::<_, i64>(tried).fetch_one(&pool).await.expect("a count") == 1
    })
    .await;
    first.kill();
    server.signal("CONT");
    let _others = [host(&place, &server), host(&place, &server)];
    all_are_due(&place).await;
    until_news(&server, &ada, 1).await;
    testkit::eventually("it is settled", || async { count(&place, "sent").await == 1 }).await;
    assert_eq!(news(&server, &ada).len(), 1);
}

/// A short hour.
#[tokio::test]
async fn a_mail_server_that_is_away_slows_no_request_and_all_letters_come_once_when_it_is_back() {
    let (place, mut server) = (Place::new().await, MailServer::start());
    let hosts = [host(&place, &server), host(&place, &server)];
    let ada = proved(&place, &server, &hosts[0], "Ada").await;
    let mut asked = Vec::new();
    for nth in 0..12 {
        asked.push((
            ada.lists(&hosts[0], &format!("Book {nth}")).await,
            hosts[0].register(&format!("Finn{nth}x")).await,
        ));
    }
    testkit::eventually("letters about accounts went", || async { server.letters().len() == 13 }).await;
    server.stop();
    let mut slowest = Duration::ZERO;
    for (nth, (book, finn)) in asked.iter().enumerate() {
        let begun = Instant::now();
        finn.asks_for(&hosts[nth % 2], book).await;
        slowest = slowest.max(begun.elapsed());
    }
    testkit::eventually("a host has noticed", || async {
        hosts.iter().any(|host| host.log().iter().any(|line| line.contains("a letter was not sent yet")))
    })
    .await;
    assert!(slowest < Duration::from_secs(2), "a request took {slowest:?}");
    assert_eq!((count(&place, "pending").await, count(&place, "sent").await), (12, 0));
    server.start_again();
    until_news(&server, &ada, 12).await;
    testkit::eventually("all are settled", || async { count(&place, "sent").await == 12 }).await;
    let letters = news(&server, &ada);
    let mut ids: Vec<String> = letters.iter().map(|letter| letter.header("Message-ID")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((letters.len(), ids.len()), (12, 12), "each once");
    let metrics = hosts[0].get("/metrics").await;
    let sent = "mail_sent_total{context=\"notifications\",kind=\"request\",outcome=";
    assert!(metrics.body.as_str().is_some_and(|text| text.contains(sent)), "{metrics:?}");
}

#[tokio::test]
async fn a_letter_that_is_refused_is_shown_to_administrators_with_its_notification_and_tried_again() {
    let (place, server) = (Place::new().await, MailServer::start());
    let host = host(&place, &server);
    let admin = host.register("Ada").await;
    assert!(support::command_line(&place, &["users", "promote", &admin.email]).status.success());
    let olga = host.register("Refused").await;
    sqlx::query("update auth.account set verified_at = now() where email = $1")
        .bind(&olga.email)
        .execute(&tables(&place, "auth"))
        .await
        .expect("proved");
    let book = olga.lists(&host, "Emma").await;
    host.register("Finn").await.asks_for(&host, &book).await;
    testkit::eventually("it is given up", || async { count(&place, "failed").await == 1 }).await;
    let notification = olga.get(&host, "/notifications").await.expect(200).ids().remove(0);
    let path = format!("/admin/deliveries?notification={notification}");
    let page = admin.get(&host, &path).await.expect(200);
    let delivery = &page.data()[0];
    assert_eq!(
        (&delivery["state"], &delivery["tries"], &delivery["channel"]),
        (&json!("failed"), &json!(1), &json!("mail"))
    );
    assert!(delivery["error"].as_str().is_some_and(|error| error.contains("550 5.1.1")), "{delivery:#}");
    assert!(!page.body.to_string().contains(&olga.email));
    let listed = support::command_line(&place, &["mails", "list"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("borrow.created") && listed.contains("550 5.1.1"), "{listed}");

    sqlx::query("update auth.account set email = 'olga@example.org', email_key = 'olga@example.org' where email = $1")
        .bind(&olga.email)
        .execute(&tables(&place, "auth"))
        .await
        .expect("another address");
    let id = delivery["id"].as_str().expect("an id");
    let retried = support::command_line(&place, &["mails", "retry", id]);
    assert!(String::from_utf8_lossy(&retried.stdout).starts_with("1 will be tried again"), "{retried:?}");
    testkit::eventually("it went", || async { count(&place, "sent").await == 1 }).await;
    assert_eq!(server.letters_to("olga@example.org").len(), 1);
    admin.post(&host, &format!("/admin/deliveries/{id}/retry"), json!({})).await.expect(404);
}
