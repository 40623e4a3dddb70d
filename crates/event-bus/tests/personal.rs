//! Personal fields of events stand beside the log, and go with their member.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use event_bus::{EventFilter, Meta};
use kernel::actor::RecordedActor;
use kernel::event::Published;
use kernel::{Clock, DecodeError, Event, SystemClock, UserId};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use support::{bus, counters};
use testkit::a_user;
use uuid::Uuid;

/// Something was said by a member.
#[derive(Debug, Clone)]
struct Said {
    by: UserId,
    what: &'static str,
}

impl Event for Said {
    const FAMILY: &'static str = "books";
    const PUBLISHED: &'static [Published] = &[Published { name: "test.said", version: 1, sample: "" }];

    fn name(&self) -> &'static str {
        "test.said"
    }
    fn version(&self) -> i16 {
        1
    }
    fn aggregate_type(&self) -> &'static str {
        "test"
    }
    fn aggregate_id(&self) -> Uuid {
        a_user().uuid()
    }
    fn payload(&self) -> Result<Value, serde_json::Error> {
        Ok(json!({"by": self.by, "what": self.what, "n": 7}))
    }
    fn decode(_: &str, _: i16, _: &Value) -> Result<Option<Self>, DecodeError> {
        Ok(None)
    }
}

fn meta(actor: UserId) -> Meta {
    Meta { actor: RecordedActor::User { id: actor }, trace: None, occurred_at: SystemClock.now() }
}

async fn say(pool: &PgPool, by: UserId, what: &'static str) {
    let mut tx = pool.begin().await.unwrap();
    // One alone, and two at once, as contexts append them.
    event_bus::append(&mut tx, &meta(by), &Said { by, what }, 1).await.unwrap();
    event_bus::append_all(&mut tx, &meta(by), &[(Said { by, what }, 1), (Said { by, what: "" }, 1)]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn leave(pool: &PgPool, member: UserId) {
    let statement = format!(
        "insert into event_bus.log
            (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at)
        values (gen_random_uuid(), 'test.left', 1, 'test', '{member}', 1, '{{}}', '{{}}', now())"
    );
    run(pool, &statement).await.unwrap();
}

async fn run(pool: &PgPool, statement: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(pool).await.map(drop)
}

const DECLARED: &str = "select event_bus.publish(array['test.said', 'test.left']);
    select event_bus.declare_personal('test.said', array['what'], 'by');
    select event_bus.declare_forgetting('test.left');";

/// What a reader of the log is given, and what lies in the log itself.
async fn read(log: &PgPool) -> (Vec<Value>, Vec<Value>) {
    let filter = EventFilter { name: Some("test.said".to_owned()), ..EventFilter::default() };
    let found = bus(log.clone(), 100).find(&filter, None, 0, 100).await.unwrap();
    let whole = found.events.iter().rev().map(|event| event.payload["what"].clone()).collect();
    let raw = sqlx::query_scalar(
        "select payload -> 'what' from event_bus.log where name = 'test.said' order by transaction_id, position",
    )
    .fetch_all(log)
    .await
    .unwrap();
    (whole, raw.into_iter().map(|what: Option<Value>| what.unwrap_or_default()).collect())
}

#[tokio::test]
async fn personal_fields_stand_beside_the_log_and_go_with_their_member() {
    let (database, pool) = counters().await;
    let log = database.pool("event_bus");
    run(&database.owner_pool("books"), DECLARED).await.unwrap();
    let (ada, grace) = (a_user(), a_user());
    say(&pool, ada, "of Ada").await;
    say(&pool, grace, "of Grace").await;
    let (whole, raw) = read(&log).await;
    assert_eq!(whole, ["of Ada", "of Ada", "", "of Grace", "of Grace", ""]);
    assert_eq!(raw, [json!(null), json!(null), json!(""), json!(null), json!(null), json!("")], "in the log itself");

    leave(&pool, ada).await;
    assert_eq!(
        read(&log).await.0,
        [json!(null), json!(null), json!(""), json!("of Grace"), json!("of Grace"), json!("")]
    );
    // What was on its way when they left comes too late to be kept.
    say(&pool, ada, "late").await;
    let kept: i64 = sqlx::query_scalar("select count(*) from event_bus.personal_field").fetch_one(&log).await.unwrap();
    assert_eq!(kept, 2, "of Grace alone");
    assert!(read(&log).await.1.iter().all(|raw| *raw != "late"));
}

#[tokio::test]
async fn whoever_appends_while_a_member_leaves_waits_for_that() {
    let (database, pool) = counters().await;
    let log = database.pool("event_bus");
    run(&database.owner_pool("books"), DECLARED).await.unwrap();
    let ada = a_user();
    let mut leaving = pool.begin().await.unwrap();
    sqlx::query(
        "insert into event_bus.log
            (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at)
        values (gen_random_uuid(), 'test.left', 1, 'test', $1, 1, '{}', '{}', now())",
    )
    .bind(ada.uuid())
    .execute(&mut *leaving)
    .await
    .unwrap();
    let late = tokio::spawn({
        let pool = pool.clone();
        async move { say(&pool, ada, "late").await }
    });
    testkit::eventually("it waits", async || {
        let waiting: i64 =
            sqlx::query_scalar("select count(*) from pg_locks where locktype = 'advisory' and not granted")
                .fetch_one(&log)
                .await
                .unwrap();
        waiting > 0
    })
    .await;
    leaving.commit().await.unwrap();
    late.await.unwrap();
    assert_eq!(read(&log).await.0, [json!(null), json!(null), json!("")]);
}

#[tokio::test]
async fn events_of_before_are_set_apart_once_and_the_log_is_as_closed_as_it_was() {
    let (database, pool) = counters().await;
    let log = database.pool("event_bus");
    let (ada, grace) = (a_user(), a_user());
    say(&pool, ada, "of Ada").await;
    say(&pool, grace, "of Grace").await;
    leave(&pool, ada).await;
    let places = async || -> Vec<(Uuid, i64)> {
        sqlx::query_as("select id, position from event_bus.log order by position").fetch_all(&log).await.unwrap()
    };
    let before = places().await;
    run(&database.owner_pool("books"), DECLARED).await.unwrap();
    assert_eq!(places().await, before, "each is where it was");
    let (whole, raw) = read(&log).await;
    assert_eq!(whole, [json!(null), json!(null), json!(""), json!("of Grace"), json!("of Grace"), json!("")]);
    assert!(raw.iter().all(|raw| raw.is_null() || raw == ""), "{raw:?}");

    let code = |error: sqlx::Error| error.into_database_error().unwrap().code().unwrap().into_owned();
    let again = "select event_bus.declare_personal('test.said', array['by', 'n'], 'by')";
    assert_eq!(code(run(&database.owner_pool("books"), again).await.unwrap_err()), "42501", "once");
    // Whoever logs in declares nothing, not even of their own: an event of theirs could make the log forget anybody.
    for at_run_time in
        [DECLARED, "select event_bus.publish(array['test.gone'])", "select event_bus.declare_forgetting('test.said')"]
    {
        assert_eq!(code(run(&pool, at_run_time).await.unwrap_err()), "42501", "{at_run_time}");
        let as_another = format!("set role folkshelf_context; {at_run_time}");
        assert_eq!(code(run(&pool, &as_another).await.unwrap_err()), "42501", "{at_run_time}");
    }
    for table in ["published", "personal_field"] {
        let emptied = format!("delete from event_bus.{table}");
        assert_eq!(code(run(&log, &emptied).await.unwrap_err()), "42501", "whoever reads the log: {table}");
    }
    let stranger = database.owner_pool("users");
    for of_another in [again, "select event_bus.declare_forgetting('test.said')"] {
        assert_eq!(code(run(&stranger, of_another).await.unwrap_err()), "42501");
    }
    for change in ["update event_bus.log set payload = '{}'", "update event_bus.log set personal = false"] {
        assert_eq!(code(run(&log, change).await.unwrap_err()), "42501", "{change}");
        assert_eq!(code(run(&pool, change).await.unwrap_err()), "42501", "{change}");
    }
    assert_eq!(code(run(&pool, "select * from event_bus.personal_field").await.unwrap_err()), "42501");
}
