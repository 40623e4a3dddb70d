//! Hosts behind PgBouncer in transaction mode, set up as docs/operations.md tells operators. `just test-pooled` runs the other
//! tests of the host that way too.

mod support;

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions};
use support::Host;
use testkit::{Pooler, PrivatePostgres, eventually_within};

type Environment = Vec<(String, String)>;

fn run(environment: &Environment, arguments: &[&str]) -> Output {
    let envs = environment.iter().map(|(name, value)| (name, value));
    Command::new(env!("CARGO_BIN_EXE_folkshelf")).args(arguments).envs(envs).output().expect("it runs")
}

/// A server that asks everybody for a password, and a pooler with two connections for each role.
async fn pooled(mail: &Path) -> (PrivatePostgres, Pooler, Environment) {
    let postgres = PrivatePostgres::start().await;
    postgres.require_passwords().await;
    let mut superuser = postgres.superuser().connect().await.expect("a superuser");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/pgbouncer/auth.sql");
    let script = std::fs::read_to_string(script).expect("the script");
    for statement in [script, "alter role pgbouncer password 'asks'".to_owned()] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut superuser).await.expect("as a superuser");
    }
    let few = [("default_pool_size", "2")];
    let pooler = Pooler::start(&postgres.owner_options(), "\"pgbouncer\" \"asks\"\n", &few).await;
    let through = pooler.through(postgres.owner_options()).to_url_lossy().to_string();
    let mut environment =
        support::environment(&through, &testkit::redis_url(), &testkit::redis_prefix(), &mail.to_string_lossy());
    environment.push(("FOLKSHELF_DATABASE__DIRECT_URL".to_owned(), postgres.url()));
    let migrated = run(&environment, &["migrate"]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    (postgres, pooler, environment)
}

#[tokio::test]
async fn a_book_goes_round_among_two_hosts_that_share_a_poolers_connections() {
    let mail = tempfile::tempdir().expect("a folder");
    let (_postgres, mut pooler, environment) = pooled(mail.path()).await;
    let (one, two) = (Host::start_with(&environment), Host::start_with(&environment));
    one.get("/health/ready").await.expect(200);

    let (ada, bob) = (one.register("Ada").await, two.register("Bob").await);
    // More at once than the pooler has connections: each finds its statements prepared on whichever it gets.
    let titles: Vec<String> = (0..24).map(|nth| format!("Travels, part {nth}")).collect();
    let books = join_all(
        titles.iter().enumerate().map(|(nth, title)| ada.lists(if nth % 2 == 0 { &one } else { &two }, title)),
    )
    .await;
    let pages: Vec<String> =
        (0..24).map(|nth| format!("/books/search?q=travels&limit=5&page={}", nth % 4 + 1)).collect();
    for reply in join_all(pages.iter().map(|path| bob.get(&two, path))).await {
        assert_eq!(reply.expect(200).ids().len(), 5);
    }

    let borrow = bob.asks_for(&two, &books[0]).await;
    ada.does(&one, &borrow, "approve", json!({})).await;
    ada.does(&two, &borrow, "hand-over", json!({})).await;
    bob.does(&one, &borrow, "declare-return", json!({})).await;
    ada.does(&one, &borrow, "return", json!({"condition": "ok"})).await;
    assert_eq!(bob.borrow(&two, &borrow).await["status"], "returned");
    let told = bob.was_told(&one).await;
    assert!(told.iter().any(|what| what == "borrow.approved"), "{told:?}");

    // Without the pooler what needs PostgreSQL is refused at once, and works again soon after it is back.
    pooler.kill().await;
    eventually_within(Duration::from_secs(3), "its absence is noticed", || async {
        bob.get(&two, "/books/search?q=travels").await.status == 503
    })
    .await;
    let begun = Instant::now();
    bob.get(&two, "/books/search?q=travels").await.expect(503);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    pooler.start_again().await;
    eventually_within(Duration::from_secs(5), "it works again", || async {
        bob.get(&two, "/books/search?q=travels").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn doctor_names_a_role_that_the_pooler_does_not_let_through() {
    let mail = tempfile::tempdir().expect("a folder");
    let (postgres, _pooler, environment) = pooled(mail.path()).await;
    let told = String::from_utf8_lossy(&run(&environment, &["doctor"]).stdout).into_owned();
    assert!(told.contains("pooler: each of 6 roles gets through"), "{told}");

    let mut superuser = postgres.superuser().connect().await.expect("a superuser");
    let statement = "revoke execute on function pgbouncer.password_of(text) from pgbouncer";
    sqlx::raw_sql(statement).execute(&mut superuser).await.expect("revoked");
    // What it asked before it remembers: a fresh one asks.
    let pooler = Pooler::start(&postgres.owner_options(), "\"pgbouncer\" \"asks\"\n", &[]).await;
    let mut elsewhere = environment.clone();
    let url = pooler.through(postgres.owner_options()).to_url_lossy().to_string();
    elsewhere.push(("FOLKSHELF_DATABASE__URL".to_owned(), url));
    let told = String::from_utf8_lossy(&run(&elsewhere, &["doctor"]).stdout).into_owned();
    assert!(told.contains("WRONG pooler: folkshelf_users does not get through"), "{told}");
}

/// For poolers that may not ask PostgreSQL: managed servers show nobody the hashes.
#[tokio::test]
async fn the_printed_userlist_lets_the_roles_through() {
    let mail = tempfile::tempdir().expect("a folder");
    let (postgres, _pooler, environment) = pooled(mail.path()).await;
    let list = run(&environment, &["config", "userlist"]);
    assert!(list.status.success());
    let list = String::from_utf8(list.stdout).expect("text");
    assert_eq!(list.lines().count(), 6, "one for each role that logs in");
    let pooler = Pooler::start(&postgres.owner_options(), &list, &[("auth_query", ""), ("auth_user", "")]).await;
    let password = list.lines().find_map(|line| line.strip_prefix("\"folkshelf_books\" \"")).expect("its line");
    let books = postgres.owner_options().username("folkshelf_books").password(password.trim_end_matches('"'));
    let mut connection = pooler.connect(books).await;
    let role: String =
        sqlx::query_scalar("select current_user::text").fetch_one(&mut connection).await.expect("an answer");
    assert_eq!(role, "folkshelf_books");
}

/// The steps of docs/operations.md, "Change a secret". The pooler has closed what it had open, so that each role needs a new
/// session at once.
#[tokio::test]
async fn the_roles_password_is_changed_behind_a_pooler() {
    let mail = tempfile::tempdir().expect("a folder");
    let (postgres, _pooler, mut environment) = pooled(mail.path()).await;
    let hasty = [("server_idle_timeout", "1"), ("default_pool_size", "2")];
    let pooler = Pooler::start(&postgres.owner_options(), "\"pgbouncer\" \"asks\"\n", &hasty).await;
    let url = pooler.through(postgres.owner_options()).to_url_lossy().to_string();
    let next = "the-next-password-of-the-roles-0123456789".to_owned();
    environment.push(("FOLKSHELF_DATABASE__URL".to_owned(), url));
    environment.push(("FOLKSHELF_DATABASE__OTHER_CONTEXT_PASSWORD".to_owned(), next.clone()));
    let host = Host::start_with(&environment);
    let ada = host.register("Ada").await;
    ada.lists(&host, "Travels").await;
    tokio::time::sleep(Duration::from_secs(3)).await;

    let mut changed = environment.clone();
    changed.push(("FOLKSHELF_DATABASE__CONTEXT_PASSWORD".to_owned(), next));
    let migrated = run(&changed, &["migrate"]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    let begun = Instant::now();
    let mut refused = Vec::new();
    while begun.elapsed() < Duration::from_secs(6) {
        let status = ada.get(&host, "/books/search?q=travels").await.status;
        if status != 200 {
            refused.push((begun.elapsed(), status));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    eprintln!("refused: {refused:?}");
    assert!(refused.iter().all(|(at, _)| *at < Duration::from_secs(2)), "{refused:?}");
    ada.lists(&host, "More travels").await;
}
