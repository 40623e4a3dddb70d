//! Redis with passwords, a user for each host, and TLS.

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use support::round::{a_book_goes_round, admin, has_redis, reads_from_redis};
use support::{Host, Place};
use testkit::{Certificates, PrivateRedis, eventually};

/// The line that docs/operations.md gives to operators, for a user of ours.
fn rights(place: &Place, user: &str) -> String {
    let docs = std::fs::read_to_string(workspace().join("docs/operations.md")).expect("the docs");
    let line = docs.lines().find(|line| line.starts_with("ACL SETUSER ")).expect("a line for operators").to_owned();
    line.replace("folkshelf-1", user).replace("PASSWORD", "secret").replace("folkshelf:", &format!("{}:", place.prefix))
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

async fn guarded() -> PrivateRedis {
    PrivateRedis::start_with(|port| {
        ["--port", &port.to_string(), "--requirepass", "of the operator"].map(str::to_owned).to_vec()
    })
    .await
}

/// As the operator.
async fn tell(redis: &PrivateRedis, command: &str) -> String {
    let said = redis.tell(&["AUTH \"of the operator\"", command]).await;
    said.strip_prefix("+OK\r\n").expect("the operator's password").to_owned()
}

fn host(place: &Place, redis: &PrivateRedis, user: &str) -> Host {
    with(place, &format!("redis://{user}:secret@127.0.0.1:{}/0", redis.port()), &[])
}

fn with(place: &Place, url: &str, settings: &[(&str, &Path)]) -> Host {
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_REDIS__URL".to_owned(), url.to_owned()));
    let path = |path: &Path| path.to_string_lossy().into_owned();
    environment.extend(settings.iter().map(|(name, value)| (format!("FOLKSHELF_REDIS__{name}"), path(value))));
    Host::start_with(&environment)
}

#[tokio::test]
async fn a_host_does_all_it_does_with_the_rights_that_operators_are_told_to_give() {
    let (place, redis) = (Place::new().await, guarded().await);
    for user in ["one", "two"] {
        assert_eq!(tell(&redis, &rights(&place, user)).await, "+OK\r\n+OK\r\n");
    }
    let (one, two) = (host(&place, &redis, "one"), host(&place, &redis, "two"));
    let ada = admin(&one).await;
    eventually("all reads come from Redis", || reads_from_redis(&one, &ada)).await;
    a_book_goes_round(&one, &two, "Emma").await;
    // A book that goes, a page behind another page, limits, a rebuild by hand.
    let book = ada.lists(&one, "Persuasion").await;
    let page = one.get("/books?limit=1").await.expect(200);
    let next = page.body["pagination"]["nextCursor"].as_str().expect("a second page").to_owned();
    one.get(&format!("/books?limit=1&cursor={next}")).await.expect(200);
    ada.delete(&one, &format!("/books/{book}")).await.expect(204);
    two.get(&format!("/books/{book}")).await.expect(404);
    let mut guesses = 0;
    while one.log_in(&ada.email, &format!("wrong {guesses}")).await.status == 401 {
        guesses += 1;
        assert!(guesses < 25, "nobody said stop");
    }
    ada.post(&one, "/admin/projections/books/rebuild", serde_json::json!({})).await.expect(202);
    eventually("all reads come from Redis", || reads_from_redis(&two, &ada)).await;

    assert_eq!(tell(&redis, "ACL LOG").await, "*0\r\n+OK\r\n", "what the hosts were refused");
    for forbidden in
        ["FLUSHALL", "CONFIG SET maxmemory 1", "KEYS *", "GET another:key", "PUBLISH another x", "EVAL x 0"]
    {
        let said = redis.tell(&["AUTH one secret", forbidden]).await;
        assert!(said.starts_with("+OK\r\n-NOPERM "), "{forbidden}: {said}");
    }
}

#[test]
fn the_rights_that_operators_are_told_to_give_are_those_for_what_the_code_asks_for() {
    let line = rights_of_the_docs();
    let mut asked: BTreeSet<String> =
        ["evalsha", "script|load", "subscribe", "ssubscribe"].map(str::to_owned).into_iter().collect();
    for folder in ["crates/read-store/src", "crates/read-store/src/scripts", "crates/limits/src"] {
        for entry in std::fs::read_dir(workspace().join(folder)).expect("our code") {
            let path = entry.expect("an entry").path();
            if !path.is_file() {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("text");
            let is_lua = path.extension().is_some_and(|extension| extension == "lua");
            let named = text
                .split(if is_lua { "'" } else { "cmd(\"" })
                .skip(1)
                .map(|rest| rest.split(['"', '\'']).next().unwrap_or_default());
            let is_command = |word: &&str| word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase());
            asked.extend(named.filter(is_command).map(str::to_lowercase));
        }
    }
    // Scripts as text, words that are no commands, and what follows a command.
    asked.extend(["set", "exists"].map(str::to_owned));
    for (word, right) in [
        ("withscores", ""),
        ("numsub", ""),
        ("pubsub", "pubsub|numsub"),
        ("cluster", "cluster|nodes"),
        // Asked of Sentinels, who have users of their own.
        ("sentinel", ""),
    ] {
        assert!(asked.remove(word), "{word} is asked for no more");
        asked.extend((!right.is_empty()).then(|| right.to_owned()));
    }
    assert_eq!(line, asked);
}

fn rights_of_the_docs() -> BTreeSet<String> {
    let docs = std::fs::read_to_string(workspace().join("docs/operations.md")).expect("the docs");
    let line = docs.lines().find(|line| line.starts_with("ACL SETUSER ")).expect("a line for operators");
    line.split_whitespace().filter_map(|word| word.strip_prefix('+')).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_host_whose_user_is_revoked_goes_on_without_redis_and_the_others_go_on_with_it() {
    let (place, redis) = (Place::new().await, guarded().await);
    for user in ["one", "two"] {
        tell(&redis, &rights(&place, user)).await;
    }
    let (one, two) = (host(&place, &redis, "one"), host(&place, &redis, "two"));
    let ada = admin(&one).await;
    eventually("all reads come from Redis", || reads_from_redis(&one, &ada)).await;
    eventually("both have Redis", || async { has_redis(&one).await && has_redis(&two).await }).await;

    assert_eq!(tell(&redis, "ACL DELUSER two").await, ":1\r\n+OK\r\n");
    eventually("its host is without Redis", || async { !has_redis(&two).await }).await;
    let book = ada.lists(&one, "Emma").await;
    let path = format!("/books/{book}");
    for edition in 0..5 {
        let title = format!("Emma, edition {edition}");
        ada.put(&one, &path, serde_json::json!({"title": title})).await.expect(200);
        assert_eq!(one.get(&path).await.expect(200).data()["title"], title.as_str());
        assert_eq!(ada.get(&two, &path).await.expect(200).data()["title"], title.as_str());
        assert_eq!(two.get(&path).await.expect(200).data()["title"], title.as_str());
        assert!(has_redis(&one).await && !has_redis(&two).await);
    }
    assert!(reads_from_redis(&one, &ada).await);

    tell(&redis, &rights(&place, "two")).await;
    eventually("its host has Redis again", || has_redis(&two)).await;
    a_book_goes_round(&one, &two, "Persuasion").await;
}

#[tokio::test]
async fn a_right_that_is_missing_costs_no_event_and_works_once_it_is_given() {
    let (place, redis) = (Place::new().await, guarded().await);
    tell(&redis, &rights(&place, "one")).await;
    tell(&redis, "ACL SETUSER one -zadd").await;
    let one = host(&place, &redis, "one");
    let ada = admin(&one).await;
    let book = ada.lists(&one, "Emma").await;
    assert_eq!(one.get("/books").await.expect(200).ids(), [book.as_str()]);
    eventually("the host says so", || async {
        one.log().iter().any(|line| line.contains("does not let this host's user do that"))
    })
    .await;
    assert!(!reads_from_redis(&one, &ada).await);
    tell(&redis, "ACL SETUSER one +zadd").await;
    eventually("all reads come from Redis", || reads_from_redis(&one, &ada)).await;
    assert_eq!(one.get("/books").await.expect(200).ids(), [book.as_str()]);
}

#[tokio::test]
async fn redis_is_reached_over_tls_and_nobody_is_believed_whom_the_authority_has_not_signed() {
    let (place, certificates, others) = (Place::new().await, Certificates::new(), Certificates::new());
    let file = |name: &str| certificates.file(name);
    let redis = PrivateRedis::start_with(|port| {
        let mut options =
            ["--port", "0", "--tls-port", &port.to_string(), "--tls-auth-clients", "yes"].map(str::to_owned).to_vec();
        for (option, name) in [
            ("--tls-cert-file", "server.pem"),
            ("--tls-key-file", "server.key"),
            ("--tls-ca-cert-file", "authority.pem"),
        ] {
            options.extend([option.to_owned(), file(name).to_string_lossy().into_owned()]);
        }
        options
    })
    .await;
    let (url, authority) = (format!("rediss://127.0.0.1:{}/0", redis.port()), file("authority.pem"));
    let (certificate, key) = (file("client.pem"), file("client.key"));
    let (strange, strange_key) = (others.file("client.pem"), others.file("client.key"));
    let strange_authority = others.file("authority.pem");
    let ours = [("CA_FILE", &*authority), ("CERTIFICATE_FILE", &*certificate), ("KEY_FILE", &*key)];
    let (one, two) = (with(&place, &url, &ours), with(&place, &url, &ours));
    let ada = admin(&one).await;
    eventually("all reads come from Redis", || reads_from_redis(&one, &ada)).await;
    eventually("both have Redis", || async { has_redis(&one).await && has_redis(&two).await }).await;
    a_book_goes_round(&one, &two, "Emma").await;

    for settings in [
        &[ours[0]][..],
        &ours[1..],
        &[("CA_FILE", &*strange_authority), ours[1], ours[2]],
        &[ours[0], ("CERTIFICATE_FILE", &*strange), ("KEY_FILE", &*strange_key)],
    ] {
        let three = with(&place, &url, settings);
        three.get("/books").await.expect(200);
        for _ in 0..20 {
            assert!(!has_redis(&three).await, "{settings:?}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}
