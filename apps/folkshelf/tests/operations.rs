//! What operators see and do.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use support::{Host, Place, Reply};

#[tokio::test]
async fn a_community_is_as_its_operator_has_set_it_up() {
    let place = Place::new().await;
    let mut environment = place.environment();
    for (name, value) in [
        ("COMMUNITY__TIME_ZONE", "Asia/Tokyo"),
        ("COMMUNITY__NAME", "La Ruelle"),
        ("COMMUNITY__LANGUAGE", "fr"),
        ("COMMUNITY__CLOSED_CATALOGUE", "true"),
        ("IMPORTS__MAX_ROWS", "7"),
    ] {
        environment.push((format!("FOLKSHELF_{name}"), value.to_owned()));
    }
    let host = Host::start_with(&environment);
    let olga = host.register("Olga").await;
    let book = olga.lists(&host, "Emma").await;
    let community = host.get("/community").await.expect(200);
    assert_eq!(
        community.data(),
        &json!({
            "timeZone": "Asia/Tokyo", "language": "fr", "closedCatalogue": true, "maxOpenRequests": 10, "maxExtensions": 2, "maxBooks": 20_000,
            "proofRequired": false,
            "name": "La Ruelle", "imports": {"maxBytes": 33_554_432, "maxRows": 7},
        }),
    );
    let one = format!("/books/{book}");
    let availability = format!("/books/{book}/availability");
    for path in
        ["/books", "/books?q=emma", "/books/search?q=emma", "/books/suggest?q=em", "/books/facets", &one, &availability]
    {
        olga.get(&host, path).await.expect(200);
        // Asked again: what was read for a member is not kept for everybody.
        for _ in 0..2 {
            host.get(path).await.expect(401);
        }
    }
}

#[tokio::test]
async fn health_and_metrics_tell_how_it_is() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    owner.lists(&host, "Emma").await;
    host.get("/books").await.expect(200);
    let health = host.get("/health").await.expect(200).body;
    assert_eq!(health["status"], "healthy", "{health:#}");
    for check in ["database", "cache", "eventLog"] {
        assert_eq!(health["checks"][check], "healthy", "{health:#}");
    }
    host.get("/health/ready").await.expect(200);
    host.get("/health/live").await.expect(204);
    let reply = host.get("/metrics").await.expect(200);
    let metrics = reply.body.as_str().expect("text");
    for name in [
        "http_requests_total",
        "http_request_duration_seconds",
        "redis_operations_total",
        "cache_hit_rate",
        "event_processing_lag",
        "command_duration_seconds",
        "read_store_breaker_state",
    ] {
        assert!(metrics.contains(&format!("# TYPE {name} ")), "{name} is missing");
    }
    // Routes are labels, ids are not.
    host.get("/nowhere/01936f8e-0000-7000-8000-000000000001").await.expect(404);
    let reply = host.get("/metrics").await.expect(200);
    assert!(!reply.body.as_str().expect("text").contains("01936f8e"));
}

#[tokio::test]
async fn a_session_that_hides_events_is_named_in_the_log_and_health_says_for_how_long() {
    let (place, host) = Host::start().await;
    let forgotten = place.database.owner_options().application_name("a forgotten psql");
    let mut forgotten = forgotten.connect().await.expect("a session");
    sqlx::raw_sql("begin; select pg_current_xact_id()").execute(&mut forgotten).await.expect("a transaction");
    host.register("Olga").await;
    testkit::eventually_within(Duration::from_secs(20), "health tells of it", || async {
        let health = host.get("/health").await.expect(200).body;
        health["eventsHiddenSeconds"].as_u64().is_some_and(|seconds| seconds >= 5)
            && health["checks"]["eventLog"] == "degraded"
    })
    .await;
    testkit::eventually("the log names it", || async {
        host.log().iter().any(|line| line.contains("events hidden") && line.contains("a forgotten psql"))
    })
    .await;
    sqlx::raw_sql("rollback").execute(&mut forgotten).await.expect("an end");
    testkit::eventually("all is well", || async {
        let health = host.get("/health").await.expect(200).body;
        health["status"] == "healthy" && health["eventsHiddenSeconds"].is_null()
    })
    .await;
}

#[tokio::test]
async fn an_idle_transaction_in_our_database_ends_whoever_began_it_unless_an_operator_says_otherwise() {
    let place = Place::new().await;
    let allowed = || async {
        let mut connection = place.database.owner_options().connect().await.expect("a session");
        let show = sqlx::query_scalar("show idle_in_transaction_session_timeout");
        let allowed: String = show.fetch_one(&mut connection).await.expect("a setting");
        allowed
    };
    support::command_line(&place, &["migrate"]);
    assert_eq!(allowed().await, "1min");
    let name = place.database.name();
    let other = format!("alter database {name} set idle_in_transaction_session_timeout = '10min'");
    let mut connection = place.database.owner_options().connect().await.expect("a session");
    sqlx::raw_sql(AssertSqlSafe(other)).execute(&mut connection).await.expect("a setting");
    support::command_line(&place, &["migrate"]);
    assert_eq!(allowed().await, "10min");
}

#[tokio::test]
async fn answers_carry_security_headers_and_the_callers_trace() {
    if support::shape::one_process_only("nginx drops strangers' traces") {
        return;
    }
    let (_place, host) = Host::start().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let reply =
        Reply::to(host.request(Method::GET, "/books/not-a-uuid").header("traceparent", trace)).await.expect(400);
    assert_eq!(reply.body["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("x-frame-options"), "DENY");
    assert!(reply.header("content-security-policy").starts_with("default-src 'none'"));
    let page = host.get("/api-docs/").await.expect(200);
    assert!(page.body.as_str().expect("a page").contains("swagger-ui"));
    // Another origin is not let in unless it is configured.
    let cors = Reply::to(host.request(Method::GET, "/books").header("origin", "https://evil.example")).await;
    assert_eq!(cors.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_projection_is_rebuilt_on_demand_and_by_command() {
    let (place, host) = Host::start().await;
    let ada = host.register("Ada").await;
    support::command_line(&place, &["users", "promote", &ada.email]);
    ada.lists(&host, "Emma").await;
    ada.post(&host, "/admin/projections/books/rebuild", json!({})).await.expect(202);
    ada.post(&host, "/admin/projections/nonsense/rebuild", json!({})).await.expect(404);
    testkit::eventually("the projections are ready", || async {
        let reply = ada.get(&host, "/admin/projections").await.expect(200);
        let all = reply.data().as_array().expect("a list").clone();
        all.len() == 5 && all.iter().all(|p| p["ready"] == true && p["rebuilding"].is_null())
    })
    .await;
    let rebuilt = support::command_line(&place, &["rebuild"]);
    assert!(rebuilt.status.success(), "{rebuilt:?}");
    assert!(String::from_utf8_lossy(&rebuilt.stdout).contains("books: 1 documents"), "{rebuilt:?}");
    assert_eq!(host.get("/books").await.expect(200).ids().len(), 1);
    let subscriptions = ada.get(&host, "/admin/subscriptions").await.expect(200);
    assert_eq!(subscriptions.data().as_array().expect("a list").len(), 10);
    assert_eq!(ada.get(&host, "/admin/dead-letters").await.expect(200).body["pagination"]["total"], 0);
}

#[test]
fn wrong_settings_are_all_named_at_start_up() {
    let output = Command::new(env!("CARGO_BIN_EXE_folkshelf"))
        .args(["config", "check"])
        .env("FOLKSHELF_HTTP__WORKERS", "0")
        .env("FOLKSHELF_AUTH__BCRYPT_COST", "4")
        .output()
        .expect("it runs");
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    // The defaults for development are refused in production, by name and without their value.
    let names = ["auth.token_secret", "database.context_password", "http.workers", "auth.bcrypt_cost", "/metrics"];
    for name in names {
        assert!(text.contains(name), "{text}");
    }
    assert!(!text.contains("not-a-secret"), "{text}");
}

/// What `config check` says of settings for production beside a sound rest, `None` when nothing.
fn production_says(settings: &[(&str, &str)]) -> Option<String> {
    let sound = [
        ("HTTP__PUBLIC_URL", "https://shelf.example"),
        ("HTTP__METRICS_LISTEN", "127.0.0.1:9100"),
        ("HTTP__TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::/32"),
        ("FILES__S3__BUCKET", "shelf"),
        ("AUTH__TOKEN_SECRET", "k3vJt0mXqS9wz1YhGf7uRb2NnPd8LcEaT5oVi6Hx"),
        ("DATABASE__CONTEXT_PASSWORD", "w0Zr5sQeKb8uYx2LhMt7cVn4PjAf9DgS3iGo6WyU"),
    ];
    let output = Command::new(env!("CARGO_BIN_EXE_folkshelf"))
        .args(["config", "check"])
        .envs(sound.iter().chain(settings).map(|(name, value)| (format!("FOLKSHELF_{name}"), *value)))
        .output()
        .expect("it runs");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn production_does_not_start_with_what_is_unsafe_unless_it_is_accepted() {
    assert_eq!(production_says(&[]), None);
    let weak = "password password password password";
    for (risk, name, value) in [
        ("plain_http", "HTTP__PUBLIC_URL", "http://shelf.example"),
        ("unknown_proxies", "HTTP__TRUSTED_PROXIES", ""),
        ("open_redis", "REDIS__URL", "redis://cache.example:6379"),
        ("open_redis", "REDIS__CLUSTER", "cache.example:6379"),
        ("plain_files", "FILES__S3__ENDPOINT", "http://objects.example:8333"),
        ("weak_secrets", "AUTH__TOKEN_SECRET", weak),
        ("weak_secrets", "DATABASE__CONTEXT_PASSWORD", weak),
    ] {
        let said = production_says(&[(name, value)]).expect("it is refused");
        let setting = name.to_lowercase().replace("__", ".");
        let named = if risk == "open_redis" { "redis.url" } else { &setting };
        assert!(said.contains(named) && said.contains(risk), "{said}");
        assert!(!said.contains(weak), "{said}");
        assert_eq!(production_says(&[(name, value), ("ACCEPTED_RISKS", risk)]), None, "{risk}");
        let others = production_says(&[(name, value), ("ACCEPTED_RISKS", "open_metrics")]);
        assert!(others.is_some(), "{risk} was accepted under another name");
    }
    // These nothing allows.
    for (name, value, named) in [
        ("AUTH__TOKEN_SECRET", "folkshelf-development-only-not-a-secret", "auth.token_secret"),
        ("REDIS__CA_FILE", "/etc/ssl/redis.pem", "redis.ca_file"),
        ("REDIS__SENTINELS", "redis://127.0.0.1:26379", "redis.master"),
        ("REDIS__CLUSTER", "127.0.0.1:7000,127.0.0.1:7001", "redis.cluster"),
        ("HTTP__TRUSTED_PROXIES", "0.0.0.0/0", "http.trusted_proxies"),
        ("HTTP__ALLOWED_ORIGINS", "*", "http.allowed_origins"),
        ("HTTP__ALLOWED_ORIGINS", "https://a.example/path", "http.allowed_origins"),
        ("ACCEPTED_RISKS", "everything", "accepted_risks"),
    ] {
        let said = production_says(&[("ACCEPTED_RISKS", "weak_secrets"), (name, value)]).expect("it is refused");
        assert!(said.contains(named), "{said}");
    }
    assert_eq!(production_says(&[("HTTP__ALLOWED_ORIGINS", "https://a.example, http://localhost:5173")]), None);
    assert_eq!(production_says(&[("HTTP__ALLOWED_ORIGINS", ""), ("ACCEPTED_RISKS", "")]), None);
    // The address that stands there as long as nobody has set one.
    let forgotten = [("HTTP__PUBLIC_URL", "http://localhost:3000"), ("HTTP__LISTEN", "0.0.0.0:3000")];
    assert!(production_says(&forgotten).expect("it is refused").contains("plain_http"));
}

#[test]
fn a_mail_server_is_named_whole_and_reached_over_tls_where_it_is_another_machine() {
    let smtp = |own: &[(&'static str, &'static str)]| {
        let mut settings = vec![("MAIL__TRANSPORT", "smtp"), ("MAIL__FROM", "shelf@example.org")];
        settings.extend(own);
        production_says(&settings)
    };
    let (there, here) = (("MAIL__HOST", "smtp.example.org"), ("MAIL__HOST", "localhost"));
    let plain = ("MAIL__ENCRYPTION", "none");
    assert_eq!(smtp(&[there]), None);
    assert_eq!(smtp(&[here, plain]), None);
    let said = smtp(&[there, plain]).expect("it is refused");
    assert!(said.contains("mail.encryption") && said.contains("plain_mail"), "{said}");
    assert_eq!(smtp(&[there, plain, ("ACCEPTED_RISKS", "plain_mail")]), None);
    for (own, named) in [
        (vec![], "mail.host"),
        (vec![there, ("MAIL__FROM", "nobody")], "mail.from"),
        (vec![there, ("MAIL__USER", "shelf")], "mail.password"),
        (vec![there, ("MAIL__TIMEOUT_SECONDS", "26")], "mail.timeout_seconds"),
        (vec![there, ("MAIL__PORT", "0")], "mail.port"),
        (vec![there, ("MAIL__FROM_NAME", "two\nlines")], "mail.from_name"),
    ] {
        let said = smtp(&own).expect("it is refused");
        assert!(said.contains(named), "{named}: {said}");
    }
}

#[test]
fn an_unknown_setting_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_folkshelf"))
        .args(["config", "check"])
        .env("FOLKSHELF_ENVIRONMENT", "development")
        .env("FOLKSHELF_HTTP__COLOUR", "red")
        .output()
        .expect("it runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("colour"), "{output:?}");
}

#[test]
fn the_example_configuration_is_complete_and_right() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/config.example.toml");
    let output = Command::new(env!("CARGO_BIN_EXE_folkshelf"))
        .args(["--config", example, "config", "check"])
        .env("FOLKSHELF_ENVIRONMENT", "development")
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn an_operator_can_go_back_to_an_older_build_whose_migrate_ignores_newer_migrations() {
    let database = testkit::TestDatabase::new().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/users");
    let newest = Migrator::new(Path::new(folder)).await.expect("migrations");
    let mut older: Vec<_> = newest.iter().cloned().collect();
    older.pop().expect("there is one");
    let older = Migrator::with_migrations(older);
    let mut session = database.migration_options("users").connect().await.expect("a session");
    // sqlx by itself refuses.
    assert!(matches!(older.run(&mut session).await, Err(MigrateError::VersionMissing(_))));
    // It still holds sqlx's lock.
    session.close().await.expect("an end");
    provision::provision(&database.owner_options(), None, &[("users", &older)]).await.expect("nothing to do");
    provision::provision(&database.owner_options(), None, &[("users", &newest)]).await.expect("nothing to do");
}

#[tokio::test]
async fn the_demo_community_has_borrows_in_every_state_and_never_overwrites_accounts() {
    let place = Place::new().await;
    let seeded = support::command_line(&place, &["seed"]);
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
    let again = support::command_line(&place, &["seed"]);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("accounts already"), "{again:?}");

    let host = Host::start_in(&place);
    let reply = host.log_in("ada@example.org", "folkshelf-demo").await.expect(200);
    let ada = support::Person::from("Ada", "ada@example.org", &reply);
    assert_eq!(host.get("/books").await.expect(200).body["pagination"]["total"], 38, "two of 40 are not offered");
    for state in [
        "pending",
        "queued",
        "approved",
        "active",
        "return_pending",
        "disputed",
        "returned",
        "rejected",
        "cancelled",
        "expired",
        "lost",
    ] {
        let reply = ada.get(&host, &format!("/borrows?role=any&status={state}")).await.expect(200);
        assert!(!reply.ids().is_empty(), "nothing is {state}");
    }
    let overdue = ada.get(&host, "/borrows?role=any&overdue=true").await.expect(200);
    assert!(!overdue.ids().is_empty());
    let dead = ada.get(&host, "/admin/dead-letters").await.expect(200);
    assert_eq!(dead.body["pagination"]["total"], 0, "{:#}", dead.body);
}
