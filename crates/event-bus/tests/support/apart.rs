//! Databases that hold some contexts each and import the events of the others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_bus::{EventBus, Owner, OwnerError, Page, Running};
use kernel::EventId;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions, PgExecutor, PgPool};
use testkit::TestDatabase;
use uuid::Uuid;

use super::bus;

pub const CONTEXTS: [&str; 3] = ["books", "users", "borrowing"];

/// A database with the tables of all contexts. Each of them publishes `<context>.tested`, in which `what` is personal and of
/// the member `by`; users publishes `users.left`, too.
pub struct Site {
    pub log: PgPool,
    pub bus: EventBus,
    pools: HashMap<&'static str, PgPool>,
    pub database: TestDatabase,
}

impl Site {
    /// `batch`: so many events a page has at most.
    pub async fn new(batch: i64) -> Self {
        let database = TestDatabase::new().await;
        for context in CONTEXTS {
            let mut owner = database.migration_options(context).connect().await.unwrap();
            let declared = format!(
                "select event_bus.publish(array['{context}.tested', '{context}.left']);
                select event_bus.declare_personal('{context}.tested', array['what'], 'by')"
            );
            sqlx::raw_sql(AssertSqlSafe(declared)).execute(&mut owner).await.unwrap();
            if context == "users" {
                let forgets = "select event_bus.declare_forgetting('users.left')";
                sqlx::raw_sql(forgets).execute(&mut owner).await.unwrap();
            }
        }
        let log = database.pool("event_bus");
        let pools = CONTEXTS.into_iter().map(|context| (context, database.pool(context))).collect();
        Self { bus: bus(log.clone(), batch), log, pools, database }
    }

    pub fn pool(&self, context: &str) -> &PgPool {
        &self.pools[context]
    }

    /// With nothing but the log and what keeps it.
    pub async fn start(&self) -> Running {
        self.bus.start(Vec::new()).await.unwrap()
    }

    /// Imports these contexts.
    pub async fn import(&self, from: &[(&str, Arc<dyn Owner>)]) -> Running {
        let mut running = self.start().await;
        let sources = from.iter().map(|(context, owner)| ((*context).to_owned(), Arc::clone(owner))).collect();
        running.import(sources).await.unwrap();
        running
    }

    /// Appends an event in a transaction of its own.
    pub async fn tell(&self, context: &str) -> EventId {
        tell(self.pool(context), context, &json!({})).await
    }

    /// Those of a context, in the order of this log.
    pub async fn ids(&self, context: &str) -> Vec<Uuid> {
        let ids = "select id from event_bus.log where name like $1 order by transaction_id, position";
        sqlx::query_scalar(ids).bind(format!("{context}.%")).fetch_all(&self.log).await.unwrap()
    }

    /// Waits until it has exactly what `owner` has of a context, in the same order.
    pub async fn until_equal(&self, owner: &Site, context: &str) {
        let limit = Duration::from_secs(60);
        let what = format!("the events of {context} are here");
        testkit::eventually_within(limit, &what, || async {
            self.ids(context).await.len() >= owner.ids(context).await.len()
        })
        .await;
        assert_eq!(self.ids(context).await, owner.ids(context).await, "{context}: in the same order, each once");
    }

    /// What the log holds in all, with its personal fields.
    pub async fn personal_fields(&self) -> Vec<Value> {
        sqlx::query_scalar("select fields from event_bus.personal_field").fetch_all(&self.log).await.unwrap()
    }
}

pub async fn tell(pool: impl PgExecutor<'_>, context: &str, payload: &Value) -> EventId {
    tell_about(pool, &format!("{context}.tested"), Uuid::new_v4(), payload).await
}

pub async fn tell_about(pool: impl PgExecutor<'_>, name: &str, about: Uuid, payload: &Value) -> EventId {
    let id = Uuid::new_v4();
    sqlx::query(
        "insert into event_bus.log
            (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at)
        values ($1, $2, 1, 'test', $3, 1, $4, '{\"kind\": \"anonymous\"}', now())",
    )
    .bind(id)
    .bind(name)
    .bind(about)
    .bind(payload)
    .execute(pool)
    .await
    .unwrap();
    id.into()
}

/// The owner of a context, in this process.
pub struct Near(pub EventBus);

#[async_trait]
impl Owner for Near {
    async fn events(
        &self,
        context: &str,
        after: Option<EventId>,
        limit: u32,
        wait: Duration,
    ) -> Result<Page, OwnerError> {
        Ok(self.0.feed(context, after, limit, wait).await?)
    }
}

pub fn near(site: &Site) -> Arc<dyn Owner> {
    Arc::new(Near(site.bus.clone()))
}
