//! What the contexts declare, against each other and against what is written of them.

use std::collections::HashSet;
use std::fmt::Write;

use event_bus::{Delivery, HandlerError, Hear, Recorded, Subscription};
use kernel::event::Published;
use kernel::{DecodeError, Event};
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use super::*;
use crate::app::App;
use crate::settings::Settings;

async fn subscriptions() -> Vec<Subscription> {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
    std::fs::write(file.path(), "environment = \"development\"").expect("written");
    let settings = Settings::load(Some(file.path()), None).expect("the defaults are whole");
    App::new(&settings).await.expect("wired").subscriptions()
}

/// As READMEs and the context map show who consumes what.
fn table<'s>(subscriptions: impl Iterator<Item = &'s Subscription>) -> String {
    let mut table = "| subscription | consumes events of |\n|---|---|\n".to_owned();
    for subscription in subscriptions {
        let families: Vec<_> = subscription.consumes().expect("declared").iter().map(|it| it.name).collect();
        writeln!(table, "| `{}` | {} |", subscription.name(), families.join(", ")).expect("into memory");
    }
    table
}

fn read(path: &str) -> String {
    let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[tokio::test]
async fn the_context_map_and_each_readme_show_what_is_declared() {
    let all = subscriptions().await;
    let map = table(all.iter());
    assert!(
        read("docs/ARCHITECTURE.md").contains(&format!("{map}\n")),
        "docs/ARCHITECTURE.md has another table than\n{map}"
    );
    for context in Context::ALL {
        let ours = |subscription: &&Subscription| subscription.name().split('.').next() == Some(context.name());
        let table = table(all.iter().filter(ours));
        let path = format!("crates/{}/README.md", context.name());
        assert!(read(&path).contains(&format!("{table}\n")), "{path} has another table than\n{table}");
    }
}

#[test]
fn each_event_belongs_to_one_context() {
    let names: Vec<_> =
        Context::ALL.iter().flat_map(|context| context.module().publishes().events).map(|it| it.name).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    for context in Context::ALL {
        assert_eq!(context.module().publishes().name, context.name());
    }
}

/// Of no context.
struct Lost;

impl Event for Lost {
    const FAMILY: &'static str = "nobody";
    const PUBLISHED: &'static [Published] = &[];

    fn name(&self) -> &'static str {
        "lost"
    }
    fn version(&self) -> i16 {
        1
    }
    fn aggregate_type(&self) -> &'static str {
        "lost"
    }
    fn aggregate_id(&self) -> Uuid {
        Uuid::nil()
    }
    fn payload(&self) -> Result<Value, serde_json::Error> {
        Ok(Value::Null)
    }
    fn decode(_: &str, _: i16, _: &Value) -> Result<Option<Self>, DecodeError> {
        Ok(None)
    }
}

struct Deaf;

#[async_trait::async_trait]
impl Hear<Lost> for Deaf {
    async fn hear(&self, _: &mut Delivery<'_>, _: &Recorded, _: Lost) -> Result<(), HandlerError> {
        Ok(())
    }
}

#[tokio::test]
async fn what_nobody_publishes_cannot_be_subscribed_to() {
    let mut all = subscriptions().await;
    require_published(&all).expect("everything is published");
    let pool = PgPool::connect_lazy("postgres://localhost").expect("an address");
    all.push(Subscription::hear("books.lost", pool, Deaf).consumes::<Lost>().into());
    let error = require_published(&all).expect_err("nobody publishes it");
    assert_eq!(error.to_string(), "books.lost consumes events of nobody, which no context publishes");
}
