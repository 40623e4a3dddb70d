//! Keys for programs, as a host answers them: what the table of `access/` does not say.

mod support;

use std::process::{Child, Command, Stdio};

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use support::{Host, PASSWORD, Person, Place, Reply, command_line};
use testkit::PrivateRedis;

/// A host in a place, with settings of its own.
fn host(place: &Place, settings: &[(&str, &str)]) -> Host {
    let own = settings.iter().map(|(name, value)| (format!("FOLKSHELF_{name}"), (*value).to_owned()));
    Host::start_with(&place.environment().into_iter().chain(own).collect::<Vec<_>>())
}

/// A key's id, and the key.
async fn make(host: &Host, person: &Person, scopes: &[&str]) -> (String, String) {
    let made = person
        .post(host, "/auth/api-keys", json!({"currentPassword": PASSWORD, "name": "Shelf scanner", "scopes": scopes}))
        .await
        .expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let text = |name: &str| made.data()[name].as_str().expect("a string").to_owned();
    assert!(text("key").starts_with(&text("beginning")));
    (text("id"), text("key"))
}

fn with(host: &Host, key: &str, method: Method, path: &str) -> RequestBuilder {
    host.request(method, path).header("x-api-key", key)
}

async fn get(host: &Host, key: &str, path: &str) -> Reply {
    Reply::to(with(host, key, Method::GET, path)).await
}

#[tokio::test]
async fn a_key_that_is_ended_stops_on_every_replica_at_once() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let ada = one.register("Ada").await;
    for _ in 0..5 {
        let (id, key) = make(&one, &ada, &[]).await;
        // In the memory of both, and the answers of a catalogue too.
        for host in [&one, &two] {
            for _ in 0..3 {
                get(host, &key, "/users/me").await.expect(200);
                get(host, &key, "/books").await.expect(200);
            }
        }
        ada.delete(&one, &format!("/auth/api-keys/{id}")).await.expect(204);
        for host in [&two, &one] {
            assert_eq!(get(host, &key, "/users/me").await.expect(401).code(), "UNAUTHENTICATED");
            get(host, &key, "/books").await.expect(401);
        }
    }
}

#[tokio::test]
async fn a_reset_ends_keys_on_every_replica_at_once() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let ada = one.register("Ada").await;
    let token = async |letter: &str| {
        let mail = place.mail_to(&ada.email, letter).await;
        let (_, rest) = mail.split_once("token=").expect("a link");
        rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>()
    };
    // A reset that also proves the address would make every host look the key up again for that reason.
    ada.post(&one, "/auth/verify-email", json!({"token": token("verify").await})).await.expect(204);
    let (_, key) = make(&one, &ada, &[]).await;
    for host in [&one, &two] {
        get(host, &key, "/users/me").await.expect(200);
    }
    one.post("/auth/forgot-password", json!({"email": ada.email})).await.expect(202);
    let body = json!({"token": token("reset").await, "newPassword": "a horse of another colour"});
    one.post("/auth/reset-password", body).await.expect(204);
    for host in [&two, &one] {
        get(host, &key, "/users/me").await.expect(401);
    }
}

#[tokio::test]
async fn a_key_follows_its_owners_role_and_ends_with_the_owner() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let (ada, mo) = (one.register("Ada").await, one.register("Mo").await);
    for person in [&ada, &mo] {
        command_line(&place, &["users", "promote", &person.email]);
    }
    let (_, key) = make(&one, &mo, &["admin", "read:user"]).await;
    for host in [&one, &two] {
        get(host, &key, "/admin/subscriptions").await.expect(200);
    }
    let path = format!("/users/{}/role", mo.id);
    let role = |role: &'static str| ada.put(&one, &path, json!({"role": role}));
    role("moderator").await.expect(200);
    for host in [&two, &one] {
        assert_eq!(get(host, &key, "/admin/subscriptions").await.expect(403).code(), "FORBIDDEN");
        get(host, &key, "/users").await.expect(200);
    }
    role("user").await.expect(200);
    for host in [&two, &one] {
        assert_eq!(get(host, &key, "/users").await.expect(403).code(), "FORBIDDEN");
    }
    // The key works again as soon as its owner has the role again. Until then the owner can make no key with those scopes.
    let greedy = json!({"currentPassword": PASSWORD, "name": "More", "scopes": ["admin", "write:book"]});
    assert_eq!(mo.post(&one, "/auth/api-keys", greedy).await.expect(403).code(), "SCOPE_NOT_PERMITTED");
    role("admin").await.expect(200);
    get(&two, &key, "/admin/subscriptions").await.expect(200);

    ada.put(&one, &format!("/users/{}", mo.id), json!({"active": false})).await.expect(200);
    for host in [&two, &one] {
        get(host, &key, "/users/me").await.expect(401);
    }
    ada.put(&one, &format!("/users/{}", mo.id), json!({"active": true})).await.expect(200);
    get(&two, &key, "/users/me").await.expect(401);
}

#[tokio::test]
async fn a_key_does_not_delete_its_own_member_nor_travel_beside_a_session() {
    let (place, host) = Host::start().await;
    let (ada, finn) = (host.register("Ada").await, host.register("Finn").await);
    command_line(&place, &["users", "promote", &ada.email]);
    let (_, key) = make(&host, &ada, &["delete:user", "admin"]).await;
    let delete = |person: &Person| Reply::to(with(&host, &key, Method::DELETE, &format!("/users/{}", person.id)));
    command_line(&place, &["users", "promote", &finn.email]);
    delete(&ada).await.expect(403);
    delete(&finn).await.expect(204);
    ada.get(&host, "/users/me").await.expect(200);
    let both = Reply::to(with(&host, &key, Method::GET, "/users/me").bearer_auth(&ada.token)).await;
    assert_eq!(both.expect(400).fields(), ["X-API-Key"]);
    // Where none is needed too: what is shown must be good.
    for wrong in ["", "fsk_", "x", &ada.token] {
        get(&host, wrong, "/books").await.expect(401);
    }
    get(&host, &key, "/books").await.expect(200);
    // The key is no access token, and the other way round.
    Reply::to(host.request(Method::GET, "/users/me").bearer_auth(&key)).await.expect(401);
}

#[tokio::test]
async fn a_wrong_password_makes_no_key_and_is_a_try_at_the_account() {
    let place = Place::new().await;
    let host = host(&place, &[("LIMITS__PASSWORD_ACCOUNT", "3 per 24h")]);
    let ada = host.register("Ada").await;
    let guess = |password: &str| {
        let body = json!({"currentPassword": password, "name": "Mine", "scopes": []});
        ada.post(&host, "/auth/api-keys", body)
    };
    for _ in 0..3 {
        let refused = guess("incorrect horse").await.expect(403);
        assert_eq!((refused.code(), refused.fields()), ("WRONG_PASSWORD", vec!["currentPassword"]));
    }
    assert_eq!(guess(PASSWORD).await.expect(429).code(), "RATE_LIMITED");
    let missing = ada.post(&host, "/auth/api-keys", json!({"name": "Mine", "scopes": []})).await.expect(400);
    assert_eq!(missing.fields(), ["currentPassword"]);
    assert!(ada.get(&host, "/auth/api-keys").await.expect(200).data().as_array().expect("a list").is_empty());
}

#[tokio::test]
async fn programs_have_a_limit_of_their_own_that_all_keys_of_a_member_share() {
    let place = Place::new().await;
    let host = host(&place, &[("LIMITS__API_KEY", "6 per 24h"), ("LIMITS__MAKE_KEY_ACCOUNT", "3 per 24h")]);
    let (ada, finn) = (host.register("Ada").await, host.register("Finn").await);
    command_line(&place, &["users", "promote", &ada.email]);
    let (one, two) = (make(&host, &ada, &[]).await.1, make(&host, &ada, &["admin"]).await.1);
    for nth in 0..6 {
        get(&host, if nth % 2 == 0 { &one } else { &two }, "/users/me").await.expect(200);
    }
    for key in [&one, &two] {
        let refused = get(&host, key, "/books").await;
        assert_eq!((refused.status, refused.code()), (429, "RATE_LIMITED"));
        assert_eq!(refused.header("ratelimit-limit"), "6");
    }
    // Its member goes on, and so do others' programs.
    ada.get(&host, "/users/me").await.expect(200);
    get(&host, &make(&host, &finn, &[]).await.1, "/users/me").await.expect(200);
    // Making keys has one too.
    make(&host, &ada, &[]).await;
    let body = json!({"currentPassword": PASSWORD, "name": "One more", "scopes": []});
    ada.post(&host, "/auth/api-keys", body).await.expect(429);
}

#[tokio::test]
async fn whoever_tries_keys_is_told_to_wait_before_they_are_looked_up() {
    let place = Place::new().await;
    let proxied = ("HTTP__TRUSTED_PROXIES", "127.0.0.0/8");
    let host = host(&place, &[proxied, ("LIMITS__UNKNOWN_KEY_NETWORK", "3 per 24h")]);
    let ada = host.register("Ada").await;
    let from = |address: &'static str, key: &str| {
        Reply::to(with(&host, key, Method::GET, "/users/me").header("x-forwarded-for", address))
    };
    let (_, kept) = make(&host, &ada, &[]).await;
    let (_, new) = make(&host, &ada, &[]).await;
    from("192.0.2.7", &kept).await.expect(200);
    let mut statuses = Vec::new();
    for nth in 0..8 {
        statuses.push(from("192.0.2.7", &format!("fsk_{nth}")).await.status);
    }
    assert_eq!(statuses[..3], [401; 3]);
    assert_eq!(statuses[4..], [429; 4], "{statuses:?}");
    // Not even a right one is looked up from there; one that works there already goes on.
    from("192.0.2.7", &new).await.expect(429);
    from("192.0.2.7", &kept).await.expect(200);
    from("192.0.2.8", &new).await.expect(200);
}

#[tokio::test]
async fn a_program_whose_key_has_ended_does_not_shut_out_those_behind_the_same_address() {
    let place = Place::new().await;
    let proxied = ("HTTP__TRUSTED_PROXIES", "127.0.0.0/8");
    let host = host(&place, &[proxied, ("LIMITS__UNKNOWN_KEY_NETWORK", "3 per 24h")]);
    let ada = host.register("Ada").await;
    let from = |key: &str| Reply::to(with(&host, key, Method::GET, "/users/me").header("x-forwarded-for", "192.0.2.7"));
    let (id, ended) = make(&host, &ada, &[]).await;
    ada.delete(&host, &format!("/auth/api-keys/{id}")).await.expect(204);
    for _ in 0..10 {
        assert_eq!(from(&ended).await.expect(401).code(), "UNAUTHENTICATED");
    }
    // This host has not seen it before.
    let (_, new) = make(&host, &ada, &[]).await;
    from(&new).await.expect(200);
}

#[tokio::test]
async fn the_log_says_with_which_key_answers_from_memory_were_read() {
    let place = Place::new().await;
    let host = host(&place, &[("LOG__FILTER", "info")]);
    let ada = host.register("Ada").await;
    let (id, key) = make(&host, &ada, &[]).await;
    testkit::eventually("an answer from memory is in the log", async || {
        get(&host, &key, "/books").await.expect(200);
        ada.get(&host, "/books").await.expect(200);
        let lines = host.log();
        lines.iter().any(|line| line.contains("answered from memory") && line.contains(&id))
    })
    .await;
    let of_sessions = |line: &&String| line.contains("answered from memory") && !line.contains(&id);
    assert_eq!(host.log().iter().filter(of_sessions).count(), 0, "others are many");
}

/// Writes down everything that is sent to a Redis.
struct Monitor {
    child: Child,
    seen: tempfile::NamedTempFile,
}

impl Monitor {
    fn of(redis: &PrivateRedis) -> Self {
        let seen = tempfile::NamedTempFile::new().expect("a file");
        let output = seen.reopen().expect("the file");
        let child = Command::new("redis-cli").args(["-u", &redis.url(), "monitor"]).stdout(Stdio::from(output)).spawn();
        Self { child: child.expect("redis-cli runs"), seen }
    }

    /// What it saw, once that has `word` in it.
    async fn seen(&self, word: &str) -> String {
        let read = || String::from_utf8_lossy(&std::fs::read(self.seen.path()).expect("the file")).into_owned();
        testkit::eventually("Redis is told", async || read().contains(word)).await;
        read()
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test]
async fn a_key_is_shown_once_and_is_in_no_log_event_or_redis() {
    let place = Place::new().await;
    let redis = PrivateRedis::start().await;
    let url = redis.url();
    let host = host(&place, &[("REDIS__URL", &url), ("LOG__FILTER", "debug")]);
    let monitor = Monitor::of(&redis);
    monitor.seen("OK").await;
    let ada = host.register("Ada").await;
    command_line(&place, &["users", "promote", &ada.email]);
    let (id, key) = make(&host, &ada, &["write:book", "admin"]).await;
    // Behind the beginning, which the list shows.
    let secret = &key[8..];
    let book = Reply::to(
        with(&host, &key, Method::POST, "/books")
            .json(&json!({"title": "Emma", "authors": ["Jane Austen"], "lending": "lend"})),
    );
    book.await.expect(201);
    get(&host, &key, "/users/me").await.expect(200);
    get(&host, &format!("{}0", &key[..52]), "/users/me").await;
    let mut answers = String::new();
    for path in ["/auth/api-keys", "/admin/events?limit=100", "/users/me", "/profile"] {
        answers.push_str(&ada.get(&host, path).await.expect(200).body.to_string());
    }
    ada.delete(&host, &format!("/auth/api-keys/{id}")).await.expect(204);
    let refused = get(&host, &key, "/users/me").await.expect(401);
    answers.push_str(&refused.body.to_string());
    let owner = sqlx::PgPool::connect_with(place.database.owner_options()).await.expect("a connection");
    let log: String = sqlx::query_scalar("select coalesce(string_agg(log::text, ' '), '') from event_bus.log")
        .fetch_one(&owner)
        .await
        .expect("the log");
    let lines = host.log();
    let of_the_book = |line: &String| ["answered", "/api/v1/books", &id].iter().all(|part| line.contains(part));
    assert!(lines.iter().any(of_the_book), "the log does not say which key listed the book");
    let lines = lines.join("\n");
    let seen = monitor.seen(&id).await;
    assert!(log.contains(&id) && answers.contains(&key[..8]), "they are looked at");
    for (place, text) in [("Redis", &seen), ("the event log", &log), ("the log", &lines), ("answers", &answers)] {
        assert!(!text.contains(secret), "the key is in {place}");
    }
}
