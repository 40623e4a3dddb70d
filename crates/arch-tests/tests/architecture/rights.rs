//! A context reaches its own tables and nobody else's: asked of PostgreSQL, as the contexts' real roles.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use testkit::TestDatabase;

use crate::workspace::{self, File, assert_none};

const REFUSED: &str = "42501";

/// The SQLSTATE of a refusal; `None` when the statement is allowed.
async fn refusal(connection: &mut PgConnection, statement: &str) -> Option<String> {
    let refused = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(connection).await.err()?;
    let error = refused.into_database_error().expect("an answer of the database");
    Some(error.code().unwrap_or_default().into_owned())
}

async fn tables(database: &TestDatabase, schema: &str) -> Vec<String> {
    sqlx::query_scalar("select tablename::text from pg_tables where schemaname = $1 order by tablename")
        .bind(schema)
        .fetch_all(&mut database.owner_options().connect().await.unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn no_context_reaches_a_table_of_another() {
    let database = TestDatabase::new().await;
    let contexts = workspace::our_contexts();
    let mut breaches = Vec::new();
    for context in &contexts {
        // What extensions bring is for everybody to call and for nobody to add to.
        let mut connection = database.options(context).connect().await.unwrap();
        if refusal(&mut connection, "create table extensions.intruder (n int)").await.as_deref() != Some(REFUSED) {
            breaches.push(format!("{context} may create tables in extensions"));
        }
    }
    for owner in &contexts {
        let tables = tables(&database, owner).await;
        assert!(!tables.is_empty(), "{owner} has tables");
        for stranger in &contexts {
            let mut connection = database.options(stranger).connect().await.unwrap();
            for table in &tables {
                let read = format!("select count(*) from {owner}.{table}");
                let refused = refusal(&mut connection, &read).await;
                if stranger == owner {
                    // The canary: where there is a right, the same statement is not refused.
                    assert_eq!(refused, None, "{owner} reads its own {table}");
                } else if refused.as_deref() != Some(REFUSED) {
                    breaches.push(format!("{stranger} may read {owner}.{table}"));
                }
            }
            let create = format!("create table {owner}.intruder (n int)");
            if stranger != owner && refusal(&mut connection, &create).await.as_deref() != Some(REFUSED) {
                breaches.push(format!("{stranger} may create tables in {owner}"));
            }
        }
    }
    assert_none(&breaches);
}

#[tokio::test]
async fn a_right_given_by_mistake_would_be_seen() {
    let database = TestDatabase::new().await;
    let books = database.owner_pool("books");
    sqlx::raw_sql(
        "grant usage on schema books to folkshelf_users; grant select on books.idempotency_key to folkshelf_users",
    )
    .execute(&books)
    .await
    .unwrap();
    let mut users = database.options("users").connect().await.unwrap();
    assert_eq!(refusal(&mut users, "select count(*) from books.idempotency_key").await, None);
}

fn append(event: &str) -> String {
    format!(
        "insert into event_bus.log
            (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at)
        values (gen_random_uuid(), '{event}', 1, 'a', gen_random_uuid(), 1, '{{}}', '{{}}', now())"
    )
}

#[tokio::test]
async fn each_event_is_appended_by_its_own_context_alone() {
    let database = TestDatabase::new().await;
    let contexts = workspace::our_contexts();
    let mut breaches = Vec::new();
    for owner in &contexts {
        let samples = workspace::files(&format!("crates/{owner}-events/samples"), &[".json"]);
        assert!(!samples.is_empty(), "{owner} publishes nothing");
        for sample in samples {
            let file = sample.path.rsplit('/').next().unwrap_or_default();
            let event = file.rsplit_once(".v").expect("<event>.v<version>.json").0;
            for context in &contexts {
                let mut connection = database.options(context).connect().await.unwrap();
                let refused = refusal(&mut connection, &append(event)).await;
                if context == owner {
                    assert_eq!(refused, None, "{owner} tells {event}");
                } else if refused.as_deref() != Some(REFUSED) {
                    breaches.push(format!("{context} may tell {event}: is it declared in migrations/{owner}?"));
                }
            }
        }
    }
    assert_none(&breaches);
}

#[tokio::test]
async fn canary_an_event_that_its_context_has_not_declared_could_be_told_by_others() {
    let database = TestDatabase::new().await;
    let mut users = database.options("users").connect().await.unwrap();
    assert_eq!(refusal(&mut users, &append("book.burnt")).await, None);
    let mut books = database.migration_options("books").connect().await.unwrap();
    assert_eq!(refusal(&mut books, "select event_bus.publish(array['book.burnt'])").await, None);
    assert_eq!(refusal(&mut users, &append("book.burnt")).await.as_deref(), Some(REFUSED));
    let take = "select event_bus.publish(array['user.updated'])";
    assert_eq!(refusal(&mut books, take).await.as_deref(), Some(REFUSED), "it is another's already");
}

/// Texts in events that are nobody's: names that programs give, and what is printed on a book.
const IMPERSONAL: [&str; 9] =
    ["authors", "condition", "kind", "language", "lending", "outcome", "role", "scopes", "title"];
/// Fields of that name are codes in these events.
const CODES: [&str; 3] = ["auth.api_key_revoked", "auth.session_revoked", "user.reported"];

/// Whether a text is an id or a moment, and so no words.
fn is_id_or_moment(text: &str) -> bool {
    let is_id = text.len() == 36 && text.matches('-').count() == 4;
    is_id || (text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('T') && text.ends_with('Z'))
}

#[tokio::test]
async fn every_text_in_an_event_is_personal_or_nobodys() {
    let database = TestDatabase::new().await;
    let mut owner = database.owner_options().connect().await.unwrap();
    let declared: Vec<(String, Vec<String>)> =
        sqlx::query_as("select event, coalesce(personal, '{}') from event_bus.published")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    let (mut breaches, mut personal) = (Vec::new(), 0);
    for context in workspace::our_contexts() {
        for sample in workspace::files(&format!("crates/{context}-events/samples"), &[".json"]) {
            let file = sample.path.rsplit('/').next().unwrap_or_default();
            let event = file.rsplit_once(".v").expect("<event>.v<version>.json").0;
            let payload: serde_json::Value = serde_json::from_str(&sample.text).unwrap();
            let fields = declared.iter().find(|(name, _)| name == event).map(|(_, fields)| fields.as_slice());
            for (field, value) in payload.as_object().into_iter().flatten() {
                let is_text = match value {
                    serde_json::Value::String(text) => !is_id_or_moment(text),
                    serde_json::Value::Array(_) | serde_json::Value::Object(_) => true,
                    _ => false,
                };
                let is_personal = fields.unwrap_or_default().contains(field);
                personal += usize::from(is_personal);
                let nobodys = IMPERSONAL.contains(&field.as_str()) || (field == "reason" && CODES.contains(&event));
                if is_text && !is_personal && !nobodys {
                    breaches
                        .push(format!("{event}: {field} is a text: does it go with its member (declare_personal)?"));
                }
            }
        }
    }
    assert!(personal >= 7, "the canary: {personal} personal fields");
    assert_none(&breaches);
}

/// What the log gives to migrations of contexts: how one declares which events are its own, what in them is personal, and which
/// one tells that a member is gone; and how notifications made facts of what it had told in words.
const GIVEN: [&str; 4] = [
    "event_bus.publish(",
    "event_bus.declare_personal(",
    "event_bus.declare_forgetting(",
    "event_bus.causes_of_notifications(",
];

/// Where a migration names a schema that is not its own.
fn foreign_names(contexts: &[String], context: &str, file: &File) -> Vec<String> {
    let mut breaches = Vec::new();
    for (number, line) in file.code() {
        let code = GIVEN
            .iter()
            .fold(line.split("--").next().unwrap_or_default().to_owned(), |code, given| code.replace(given, ""));
        for schema in contexts.iter().map(String::as_str).chain(["event_bus", "public"]) {
            let qualified = format!("{schema}.");
            let names_it = code.match_indices(&qualified).any(|(at, _)| {
                !code[..at].ends_with(|before: char| before.is_alphanumeric() || "_.'".contains(before))
            });
            if schema != context && names_it {
                breaches.push(format!("{}:{number}: names {schema}", file.path));
            }
        }
    }
    breaches
}

#[test]
fn no_migration_names_another_schema() {
    let contexts = workspace::our_contexts();
    let mut breaches = Vec::new();
    for context in &contexts {
        let migrations = workspace::files(&format!("migrations/{context}"), &[".sql"]);
        if migrations.is_empty() {
            breaches.push(format!("{context}: no migrations"));
        }
        breaches.extend(migrations.iter().flat_map(|file| foreign_names(&contexts, context, file)));
    }
    assert_none(&breaches);
}

#[test]
fn canary_a_migration_that_names_another_schema_is_seen() {
    let contexts = ["books".to_owned(), "users".to_owned()];
    let file = File::new("1.sql", "-- as users.member\ncreate table books.book (owner uuid references users.member);");
    assert_eq!(foreign_names(&contexts, "books", &file), ["1.sql:2: names users"]);
    let file = File::new("1.sql", "create table book (note text default 'users.', my_users.x int);");
    assert_none(&foreign_names(&contexts, "books", &file));
}
