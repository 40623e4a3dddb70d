//! Letters over SMTP, to a real mail server in the moods that mail servers have.

mod support;

use std::time::{Duration, Instant};

use support::mail_server::MailServer;
use support::{Host, Person, Place};

/// A host that sends its letters to `server`, with settings of its own beside.
fn host(place: &Place, server: &MailServer, encryption: &str, own: &[(&str, &str)]) -> Host {
    let mut environment = place.environment();
    environment.extend(server.environment(encryption));
    environment.extend(own.iter().map(|(name, value)| (format!("FOLKSHELF_{name}"), (*value).to_owned())));
    Host::start_with(&environment)
}

async fn waiting(place: &Place) -> i64 {
    let pool = sqlx::PgPool::connect_with(place.database.options("auth")).await.expect("a connection");
    sqlx::query_scalar("select count(*) from auth.mail").fetch_one(&pool).await.expect("a count")
}

/// As if all waiting had come to its end.
async fn all_are_due(place: &Place) {
    let pool = sqlx::PgPool::connect_with(place.database.options("auth")).await.expect("a connection");
    sqlx::query("update auth.mail set next_attempt_at = created_at").execute(&pool).await.expect("due");
}

async fn until_taken(server: &MailServer, person: &Person, copies: usize) {
    testkit::eventually("the letter is taken", || async { server.letters_to(&person.email).len() >= copies }).await;
}

/// The log holds none of the address, of the token in a letter and of the password.
fn assert_discreet(host: &Host, secrets: &[&str]) {
    for line in host.log() {
        for secret in secrets {
            assert!(!line.contains(secret), "{secret:?} is in the log: {line}");
        }
    }
}

#[tokio::test]
async fn a_letter_comes_as_text_and_html_through_a_connection_that_nobody_reads() {
    let (place, server) = (Place::new().await, MailServer::start());
    for encryption in ["starttls", "tls"] {
        let host = host(&place, &server, encryption, &[]);
        let ada = host.register(&format!("Ada{encryption}")).await;
        until_taken(&server, &ada, 1).await;
        let letter = server.letters_to(&ada.email).pop().expect("a letter");
        assert_eq!((&letter.envelope["tls"], &letter.envelope["user"]), (&true.into(), &"shelf".into()), "{letter:?}");
        assert_eq!(letter.envelope["from"], "shelf@xn--bcher-kva.example");
        assert_eq!(letter.envelope["hello"], "shelf.example");
        assert_eq!(letter.header("To"), ada.email);
        assert!(letter.header("From").ends_with("<shelf@xn--bcher-kva.example>"), "{letter:?}");
        assert_eq!(letter.header("Subject"), "Please confirm your mail address");
        assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
        assert_eq!(letter.header("Content-Language"), "en");
        assert!(letter.header("Message-ID").ends_with("@xn--bcher-kva.example>"), "{letter:?}");
        assert!(letter.header("Date").ends_with("+0000"), "{letter:?}");
        assert!(letter.header("Content-Type").starts_with("multipart/alternative"), "{letter:?}");
        let parts = ["Content-Type: text/plain; charset=utf-8", "Content-Type: text/html; charset=utf-8"];
        let places = parts.map(|part| letter.content.find(part).unwrap_or_else(|| panic!("no {part} in {letter:?}")));
        assert!(places[0] < places[1], "the best comes last");
        let whole = letter.content.replace("=\r\n", "").replace("=3D", "=");
        let (_, rest) = whole.split_once("https://shelf.example/verify-email?token=").expect("a link");
        let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(token.len() > 20, "{whole}");
        testkit::eventually("the letter is struck", || async { waiting(&place).await == 0 }).await;
        assert_discreet(&host, &[&ada.email, &token, "0123456789"]);
    }
}

#[tokio::test]
async fn one_whom_the_server_refuses_is_given_up_and_others_are_tried_again() {
    let (place, server) = (Place::new().await, MailServer::start());
    let host = host(&place, &server, "none", &[]);
    let refused = host.register("Refused").await;
    let unwanted = host.register("Unwanted").await;
    testkit::eventually("both are given up", || async { waiting(&place).await == 0 }).await;
    let given_up = host.log().iter().filter(|line| line.contains("a mail was given up")).count();
    assert_eq!(given_up, 2);
    let listed = support::command_line(&place, &["mails", "list"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("  r…@example.org  1 tries, given up "), "{listed}");
    assert!(listed.contains("the mail is refused: the mail server answered 550 5.1.1\n"), "{listed}");
    assert!(listed.contains("the mail server answered 554 5.6.0\n") && listed.contains("2 in all"), "{listed}");

    let mut later = Vec::new();
    for name in ["FirstBusy", "FirstHang", "FirstDies"] {
        later.push(host.register(name).await);
    }
    let untroubled = host.register("Ada").await;
    until_taken(&server, &untroubled, 1).await;
    testkit::eventually("all others were tried", || async {
        host.log().iter().filter(|line| line.contains("a mail was not sent yet")).count() == 3
    })
    .await;
    assert_eq!(waiting(&place).await, 3);
    all_are_due(&place).await;
    for (person, copies) in later.iter().zip([1, 1, 2]) {
        until_taken(&server, person, copies).await;
    }
    testkit::eventually("nothing waits", || async { waiting(&place).await == 0 }).await;
    // The server had taken it and could not say so. A mail program sees that the second is the same letter.
    let copies = server.letters_to(&later[2].email);
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[0].header("Message-ID"), copies[1].header("Message-ID"));
    assert_discreet(&host, &[&refused.email, &unwanted.email, &later[0].email, &later[1].email, &later[2].email]);
}

#[tokio::test]
async fn nothing_is_sent_in_clear_or_to_a_server_that_is_not_known_and_a_wrong_password_loses_nothing() {
    let (place, server) = (Place::new().await, MailServer::start());
    let plain = server.environment("none").into_iter().find(|(name, _)| name.ends_with("__PORT")).expect("a port").1;
    let mut settings = vec![
        // A server, or somebody before it, that offers no STARTTLS.
        ("starttls", vec![("MAIL__PORT", plain.as_str())], "STARTTLS is not supported"),
        ("starttls", vec![("MAIL__HOST", "127.0.0.1")], "certificate"),
        ("tls", vec![("MAIL__PASSWORD", "123456789")], "the mail server answered 535"),
    ];
    let first = host(&place, &server, settings[0].0, &settings.remove(0).1);
    let ada = first.register("Ada").await;
    let failed = |host: &Host, why: &str| {
        host.log().iter().any(|line| line.contains("a mail was not sent yet") && line.contains(why))
    };
    testkit::eventually("it is tried", || async { failed(&first, "STARTTLS is not supported") }).await;
    drop(first);
    for (encryption, own, why) in settings {
        let host = host(&place, &server, encryption, &own);
        all_are_due(&place).await;
        testkit::eventually("it is tried", || async { failed(&host, why) }).await;
        assert_eq!(waiting(&place).await, 1, "{why}");
        assert!(server.letters().is_empty(), "{why}");
    }
    let _right = host(&place, &server, "starttls", &[]);
    all_are_due(&place).await;
    until_taken(&server, &ada, 1).await;
}

#[tokio::test]
async fn what_was_given_up_is_sent_once_an_operator_has_mended_the_cause() {
    let (place, server) = (Place::new().await, MailServer::start());
    let host = host(&place, &server, "none", &[]);
    let admin = host.register("Ada").await;
    assert!(support::command_line(&place, &["users", "promote", &admin.email]).status.success());
    let (one, other) = (host.register("FirstRefused").await, host.register("FirstUnwanted").await);
    testkit::eventually("both are given up", || async {
        admin.get(&host, "/admin/mails?state=given_up").await.expect(200).ids().len() == 2
    })
    .await;
    let page = admin.get(&host, "/admin/mails").await.expect(200);
    assert_eq!(page.data()[0]["recipient"], "f…@example.org", "{:#}", page.body);
    assert!(page.data()[0]["error"].as_str().is_some_and(|error| error.contains("answered 5")), "{:#}", page.body);
    admin.post(&host, &format!("/admin/mails/{}/retry", page.ids()[0]), serde_json::json!({})).await.expect(204);
    until_taken(&server, &other, 2).await;
    let retried = support::command_line(&place, &["mails", "retry"]);
    assert!(String::from_utf8_lossy(&retried.stdout).starts_with("1 will be tried again"), "{retried:?}");
    until_taken(&server, &one, 1).await;
    testkit::eventually("nothing is left", || async {
        admin.get(&host, "/admin/mails").await.expect(200).ids().is_empty()
    })
    .await;
}

/// A short hour.
#[tokio::test]
async fn a_mail_server_that_is_away_loses_no_letter_doubles_none_and_slows_no_request() {
    let (place, mut server) = (Place::new().await, MailServer::start());
    let hosts = [host(&place, &server, "starttls", &[]), host(&place, &server, "starttls", &[])];
    // Each has a connection that is open.
    let first = hosts[0].register("Ada").await;
    until_taken(&server, &first, 1).await;
    server.stop();
    let (begun, mut people, mut slowest) = (Instant::now(), Vec::new(), Duration::ZERO);
    for nth in 0..40 {
        let asked = Instant::now();
        people.push(hosts[nth % 2].register(&format!("Finn{nth}x")).await);
        slowest = slowest.max(asked.elapsed());
    }
    testkit::eventually("both hosts have noticed", || async {
        hosts.iter().all(|host| host.log().iter().any(|line| line.contains("no mail can be sent")))
    })
    .await;
    assert!(slowest < Duration::from_secs(2), "a request took {slowest:?}");
    assert_eq!(waiting(&place).await, 40, "after {:?}", begun.elapsed());
    let metrics = hosts[0].get("/metrics").await;
    assert!(metrics.body.as_str().is_some_and(|text| text.contains("outcome=\"away\"")), "{metrics:?}");
    server.start_again();
    // Senders pause up to a minute when no mail can be sent.
    let most = Duration::from_secs(90);
    testkit::eventually_within(most, "nothing waits", || async { waiting(&place).await == 0 }).await;
    let taken = server.letters();
    assert_eq!(taken.len(), 41, "each once");
    for person in &people {
        assert_eq!(server.letters_to(&person.email).len(), 1, "{}", person.email);
    }
    assert!(hosts.iter().all(|host| !host.log().iter().any(|line| line.contains("a mail was given up"))));
}

#[tokio::test]
async fn a_letter_is_in_the_language_of_its_reader_and_what_they_wrote_is_no_markup() {
    let (place, server) = (Place::new().await, MailServer::start());
    let host = host(&place, &server, "none", &[("COMMUNITY__LANGUAGE", "fr")]);
    let ada = host.register("Ada").await;
    until_taken(&server, &ada, 1).await;
    let letter = server.letters_to(&ada.email).pop().expect("a letter");
    assert_eq!(letter.header("Content-Language"), "fr");
    assert!(letter.header("Subject").contains("Merci de confirmer votre adresse"), "{letter:?}");
    assert!(letter.content.contains("lang=3D\"fr\"") || letter.content.contains("lang=\"fr\""), "{letter:?}");
}

#[tokio::test]
async fn the_doctor_says_whether_the_mail_server_lets_this_host_in() {
    let (place, server) = (Place::new().await, MailServer::start());
    let doctor = |own: &[(&str, &str)]| {
        let mut environment = place.environment();
        environment.extend(server.environment("starttls"));
        environment.extend(own.iter().map(|(name, value)| (format!("FOLKSHELF_{name}"), (*value).to_owned())));
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_folkshelf"));
        let output = command.arg("doctor").envs(environment).output().expect("it runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let fine = doctor(&[]);
    assert!(fine.lines().any(|line| line.starts_with("ok    mails: localhost:")), "{fine}");
    let wrong = doctor(&[("MAIL__PASSWORD", "wrong")]);
    assert!(wrong.lines().any(|line| line.starts_with("WRONG mails: ") && line.contains("535")), "{wrong}");
    assert!(server.letters().is_empty());
}
