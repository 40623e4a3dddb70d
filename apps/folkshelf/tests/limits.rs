//! A caller who asks too often is told to wait, on every host; nobody else is.

mod support;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use support::{Host, PASSWORD, Person, Place, Reply, command_line};

/// A host in a place, with settings of its own.
fn host(place: &Place, settings: &[(&str, &str)]) -> Host {
    let own = settings.iter().map(|(name, value)| (format!("FOLKSHELF_{name}"), (*value).to_owned()));
    Host::start_with(&place.environment().into_iter().chain(own).collect::<Vec<_>>())
}

const STRICT: (&str, &str) = ("LIMITS__PROFILE", "strict");
/// The test is the proxy: it says where a request came from.
const PROXIED: (&str, &str) = ("HTTP__TRUSTED_PROXIES", "127.0.0.0/8");

async fn from(host: &Host, address: &str, path: &str) -> Reply {
    Reply::to(host.request(Method::GET, path).header("x-forwarded-for", address)).await
}

#[track_caller]
fn is_told_to_wait(reply: &Reply, limit: &str) {
    assert_eq!((reply.status, reply.code()), (429, "RATE_LIMITED"), "{reply:?}");
    let wait: u64 = reply.header("retry-after").parse().expect("seconds");
    assert!((1..=86_400).contains(&wait), "{reply:?}");
    assert_eq!(reply.header("ratelimit-reset"), reply.header("retry-after"));
    assert_eq!((reply.header("ratelimit-limit"), reply.header("ratelimit-remaining")), (limit, "0"));
    assert!(reply.header("ratelimit-policy").starts_with(&format!("{limit};w=")), "{reply:?}");
    assert_eq!(reply.header("cache-control"), "no-store");
    let message = reply.body["error"]["message"].as_str().expect("a message");
    assert_eq!(message, format!("Too many requests. Try again in {wait} s."));
}

/// Logs in from another address of this machine.
async fn log_in_from(host: &Host, address: &str, email: &str, password: &str) -> Reply {
    let address: IpAddr = address.parse().expect("an address");
    let client = reqwest::Client::builder().local_address(address).build().expect("a client");
    let body = json!({"email": email, "password": password});
    Reply::to(client.post(host.url("/auth/login")).json(&body)).await
}

/// The answers to wrong passwords, until one is told to wait.
async fn guesses(host: &Host, email: &str) -> (usize, Reply) {
    for nth in 0..25 {
        let reply = host.log_in(email, &format!("wrong password {nth}")).await;
        if reply.status != 401 {
            return (nth, reply);
        }
    }
    panic!("25 wrong passwords for {email} and nobody said stop");
}

#[tokio::test]
async fn twenty_five_wrong_passwords_end_in_a_wait_and_the_right_one_works_elsewhere() {
    let (_place, host) = Host::start().await;
    let ada = host.register("Ada").await;
    let (tried, reply) = guesses(&host, &ada.email).await;
    assert_eq!(tried, 20);
    is_told_to_wait(&reply, "20");
    // Here not even the right one is looked at, however the address is spelt: nobody learns that it is right.
    host.log_in(&ada.email, PASSWORD).await.expect(429);
    host.log_in(&ada.email.to_uppercase(), PASSWORD).await.expect(429);
    log_in_from(&host, "127.0.0.2", &ada.email, PASSWORD).await.expect(200);
    // Her session goes on, and others log in from here.
    ada.get(&host, "/users/me").await.expect(200);
    let finn = host.register("Finn").await;
    host.log_in(&finn.email, PASSWORD).await.expect(200);
    // An address that nobody has is treated alike.
    let (tried, reply) = guesses(&host, "nobody@example.org").await;
    assert_eq!(tried, 20);
    is_told_to_wait(&reply, "20");
    let metrics = host.get("/metrics").await;
    let text = metrics.body.as_str().expect("text");
    assert!(text.contains("rate_limited_total{class=\"log_in_account\"} 4"), "{text}");
}

#[tokio::test]
async fn a_right_password_costs_nothing() {
    let place = Place::new().await;
    let host = host(&place, &[("LIMITS__LOG_IN_ACCOUNT", "3 per 24h")]);
    let ada = host.register("Ada").await;
    for _ in 0..10 {
        host.log_in(&ada.email, PASSWORD).await.expect(200);
    }
    for _ in 0..3 {
        host.log_in(&ada.email, "wrong password").await.expect(401);
    }
    is_told_to_wait(&host.log_in(&ada.email, PASSWORD).await, "3");
}

#[tokio::test]
async fn one_account_is_not_guessed_from_many_networks_and_its_owner_is_not_locked_out() {
    let place = Place::new().await;
    let host = host(&place, &[PROXIED, ("LIMITS__LOG_IN_ANYWHERE", "5 per 24h")]);
    let ada = host.register("Ada").await;
    let log_in = |from: &str, password: &str| {
        let body = json!({"email": ada.email, "password": password});
        Reply::to(host.request(Method::POST, "/auth/login").header("x-forwarded-for", from).json(&body))
    };
    log_in("192.0.2.7", PASSWORD).await.expect(200);
    for nth in 0..5 {
        log_in(&format!("2001:db8:0:{nth:x}::1"), "wrong password").await.expect(401);
    }
    is_told_to_wait(&log_in("2001:db8:0:9::1", "wrong password").await, "5");
    is_told_to_wait(&log_in("2001:db8:0:9::1", PASSWORD).await, "5");
    // From where she logged in before she still does, and mistypes too.
    log_in("192.0.2.7", "wrong password").await.expect(401);
    log_in("192.0.2.7", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn one_network_does_not_guess_at_many_accounts() {
    if support::shape::one_process_only("nginx drops the header Forwarded") {
        return;
    }
    let place = Place::new().await;
    let host = host(&place, &[PROXIED, ("LIMITS__LOG_IN_NETWORK", "5 per 24h")]);
    let guess = |nth: u32, from: &str| {
        let body = json!({"email": format!("member{nth}@example.org"), "password": "wrong password"});
        Reply::to(host.request(Method::POST, "/auth/login").header("forwarded", format!("for={from}")).json(&body))
    };
    for nth in 0..5 {
        guess(nth, "192.0.2.7").await.expect(401);
    }
    is_told_to_wait(&guess(6, "192.0.2.7").await, "5");
    guess(6, "192.0.2.8").await.expect(401);
}

#[tokio::test]
async fn everything_that_can_be_guessed_at_or_sends_letters_is_limited() {
    let place = Place::new().await;
    let host = host(&place, &[STRICT]);
    let ada = host.register("Ada").await;
    let wrong = "wrong password";
    let tries: [(Method, &str, Value, &str); 6] = [
        (Method::POST, "/auth/register", json!({"email": ada.email, "password": PASSWORD, "name": "Eve"}), "3"),
        (Method::POST, "/auth/forgot-password", json!({"email": ada.email}), "3"),
        (Method::POST, "/auth/verify-email", json!({"token": "guessed"}), "5"),
        (Method::POST, "/auth/reset-password", json!({"token": "guessed too", "newPassword": PASSWORD}), "5"),
        (
            Method::POST,
            "/auth/change-password",
            json!({"currentPassword": wrong, "newPassword": "a new pass phrase"}),
            "10",
        ),
        // Of the same tries as the one before.
        (Method::DELETE, "/profile", json!({"password": wrong}), "10"),
    ];
    for (method, path, body, limit) in tries {
        let mut answers = Vec::new();
        let limited = loop {
            let reply = Reply::to(ada.request(&host, method.clone(), path).json(&body)).await;
            if reply.status == 429 {
                break reply;
            }
            answers.push(reply.status);
            assert!(answers.len() <= 10, "{path}: {answers:?}");
        };
        is_told_to_wait(&limited, limit);
    }
    let reply = host.post("/auth/register", json!({"email": "eve@example.org", "password": PASSWORD, "name": "Eve"}));
    reply.await.expect(201);
}

#[tokio::test]
async fn a_network_is_counted_over_all_hosts_and_by_the_64_it_has_of_ipv6() {
    let place = Place::new().await;
    let hosts = [host(&place, &[STRICT, PROXIED]), host(&place, &[STRICT, PROXIED])];
    for nth in 0..30 {
        // Each from another address of the one line, and with something made up before it.
        let address = format!("198.51.100.{nth}, 2001:db8:7:7::{nth:x}");
        from(&hosts[nth % 2], &address, "/books").await.expect(200);
    }
    for host in &hosts {
        is_told_to_wait(&from(host, "2001:db8:7:7::ffff", "/books").await, "30");
        is_told_to_wait(&from(host, "[2001:db8:7:7:1::]:4711", "/community").await, "30");
        from(host, "2001:db8:7:8::1", "/books").await.expect(200);
        // Straight from this machine: nobody is told from anybody.
        host.get("/health").await.expect(200);
    }
}

#[tokio::test]
async fn members_have_the_limit_of_their_role_on_every_route() {
    let place = Place::new().await;
    let host = host(&place, &[STRICT]);
    let (ada, finn, pia) = (host.register("Ada").await, host.register("Finn").await, host.register("Pia").await);
    for (who, role) in [(&ada, "admin"), (&pia, "premium")] {
        let done = command_line(&place, &["users", "promote", &who.email, "--role", role]);
        assert!(done.status.success(), "{done:?}");
        testkit::eventually("the role holds", || async { who.get(&host, "/users/me").await.data()["role"] == role })
            .await;
    }
    async fn granted(who: &Person, host: &Host, tries: usize) -> usize {
        let mut granted = 0;
        for nth in 0..tries {
            // From memory, and by the routes.
            let reply = who.get(host, if nth % 3 == 0 { "/users/me" } else { "/books" }).await;
            match reply.status {
                200 => granted += 1,
                _ => is_told_to_wait(&reply, if who.name == "Pia" { "500" } else { "100" }),
            }
        }
        granted
    }
    let began = std::time::Instant::now();
    let finns = granted(&finn, &host, 130).await;
    // One comes back every 3 s.
    let back = began.elapsed().as_secs() as usize / 3 + 1;
    assert!((100..=100 + back).contains(&finns), "{finns} granted");
    assert_eq!(granted(&pia, &host, 130).await, 130, "premium members may ask five times as often");
    assert_eq!(granted(&ada, &host, 130).await, 130, "an administrator is not limited");
    // A visitor of this machine is not held responsible for others.
    host.get("/books").await.expect(200);
}

#[tokio::test]
async fn nobody_meets_the_default_limits_who_uses_the_app() {
    let (_place, host) = Host::start().await;
    let ada = host.register("Ada").await;
    for _ in 0..400 {
        ada.get(&host, "/books").await.expect(200);
    }
}

#[tokio::test]
async fn without_redis_each_host_counts_for_itself() {
    let place = Place::new().await;
    let host = host(&place, &[STRICT, PROXIED, ("REDIS__URL", "redis://127.0.0.1:1")]);
    let mut granted = 0;
    while from(&host, "192.0.2.7", "/community").await.status == 200 {
        granted += 1;
        assert!(granted < 60, "nobody said stop");
    }
    assert!(granted >= 30, "{granted} granted");
    is_told_to_wait(&from(&host, "192.0.2.7", "/community").await, "30");
    from(&host, "192.0.2.8", "/community").await.expect(200);
}

#[tokio::test]
async fn without_redis_too_a_guesser_does_not_lock_the_owner_out() {
    let place = Place::new().await;
    let figures = [("LIMITS__LOG_IN_ACCOUNT", "3 per 24h"), ("LIMITS__LOG_IN_ANYWHERE", "8 per 24h")];
    let host = host(&place, &[PROXIED, ("REDIS__URL", "redis://127.0.0.1:1"), figures[0], figures[1]]);
    let ada = host.register("Ada").await;
    let log_in = |from: &str, password: &str| {
        let body = json!({"email": ada.email, "password": password});
        Reply::to(host.request(Method::POST, "/auth/login").header("x-forwarded-for", from).json(&body))
    };
    for nth in 0..20 {
        let status = log_in("192.0.2.7", "wrong password").await.status;
        assert_eq!(status, if nth < 3 { 401 } else { 429 });
    }
    log_in("192.0.2.8", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_wrong_figure_is_named_before_the_host_starts() {
    let place = Place::new().await;
    let mut environment = place.environment();
    for (name, value) in
        [("LIMITS__MEMBER", "many"), ("LIMITS__MEMBERS", "30 per 1m"), ("HTTP__TRUSTED_PROXIES", "10.0.0.0/8,proxy")]
    {
        environment.push((format!("FOLKSHELF_{name}"), value.to_owned()));
    }
    let checked = std::process::Command::new(env!("CARGO_BIN_EXE_folkshelf"))
        .args(["config", "check"])
        .envs(environment)
        .output()
        .expect("the command runs");
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(!checked.status.success());
    for expected in
        ["limits.member: \"many\" is no limit", "limits.members is no setting", "http.trusted_proxies: \"proxy\""]
    {
        assert!(said.contains(expected), "{said}");
    }
}

#[tokio::test]
async fn guesses_at_once_from_one_network_leave_a_log_in_from_another_at_the_front() {
    let place = Place::new().await;
    let slow = [("AUTH__HASHING_THREADS", "1"), ("AUTH__BCRYPT_COST", "11")];
    let host = Arc::new(host(&place, &[PROXIED, slow[0], slow[1]]));
    let ada = host.register("Ada").await;
    let answered = Arc::new(AtomicUsize::new(0));
    let mut guesses = tokio::task::JoinSet::new();
    // Each at another account: only the network tells that it is one guesser.
    for nth in 0..12 {
        let (host, answered) = (Arc::clone(&host), Arc::clone(&answered));
        guesses.spawn(async move {
            let body = json!({"email": format!("somebody{nth}@example.org"), "password": "wrong password"});
            let request = host.request(Method::POST, "/auth/login").header("x-forwarded-for", "192.0.2.7").json(&body);
            let status = Reply::to(request).await.status;
            answered.fetch_add(1, Ordering::SeqCst);
            status
        });
    }
    testkit::eventually("the first one is answered", async || answered.load(Ordering::SeqCst) > 0).await;
    let before = answered.load(Ordering::SeqCst);
    let body = json!({"email": ada.email, "password": PASSWORD});
    let request = host.request(Method::POST, "/auth/login").header("x-forwarded-for", "192.0.2.8").json(&body);
    Reply::to(request).await.expect(200);
    let meanwhile = answered.load(Ordering::SeqCst) - before;
    assert!(guesses.join_all().await.iter().all(|status| *status == 401));
    // The one at work, and those served while the session is opened and told to all hosts. In turn it would be all.
    assert!(meanwhile <= 8, "{meanwhile} guesses were served before it");
}
