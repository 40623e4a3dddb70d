//! Expand before contract: the build of the last release goes on serving on the newest tables, while hosts are exchanged and
//! when an operator goes back. Each of its checked statements still runs as its context's role, takes the same parameters
//! and gives the same columns.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection, SqlSafeStr};
use testkit::TestDatabase;

use crate::workspace::{self, assert_none};

/// What counts as the last release as long as there is no tag.
const FIRST: &str = "67e0f9c";

/// A statement that sqlx has checked when its build was compiled.
struct Statement {
    sql: String,
    described: Value,
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(workspace::root()).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The newest release before this commit. The reason, where the history does not hold it.
fn last_release() -> Result<String, &'static str> {
    let top = git(&["rev-parse", "--show-toplevel"]);
    if top.is_none_or(|top| Path::new(&top) != workspace::root()) {
        return Err("this is no git checkout");
    }
    let tag = git(&["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD~"]);
    let release = tag.unwrap_or_else(|| FIRST.to_owned());
    match git(&["rev-parse", "--verify", "--quiet", &format!("{release}^{{commit}}")]) {
        Some(_) => Ok(release),
        None => Err("this is a shallow clone without the last release"),
    }
}

fn statements(release: &str) -> Vec<Statement> {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("sqlx.tar");
    git(&["archive", "--format=tar", "--output", archive.to_str().unwrap(), release, ".sqlx"]).unwrap();
    let unpacked = Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(folder.path()).status().unwrap();
    assert!(unpacked.success());
    read(&folder.path().join(".sqlx"))
}

fn read(folder: &Path) -> Vec<Statement> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut statements: Vec<Statement> = files
        .map(|file| {
            let mut data: Value = serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
            let sql = data["query"].as_str().unwrap().to_owned();
            Statement { sql, described: data["describe"].take() }
        })
        .collect();
    statements.sort_by(|a, b| a.sql.cmp(&b.sql));
    statements
}

/// What is otherwise for the older build; nothing where the statement still does what it did.
async fn change(connection: &mut PgConnection, statement: &Statement) -> Option<String> {
    let now = match connection.describe(AssertSqlSafe(statement.sql.clone()).into_sql_str()).await {
        Ok(now) => serde_json::to_value(now).unwrap(),
        Err(error) => return Some(error.to_string()),
    };
    let before = &statement.described;
    let columns = |of: &Value| -> Vec<(Value, Value)> {
        of["columns"].as_array().unwrap().iter().map(|it| (it["name"].clone(), it["type_info"].clone())).collect()
    };
    if columns(before) != columns(&now) {
        return Some(format!("its columns are {:?}, and were {:?}", columns(&now), columns(before)));
    }
    if before["parameters"] != now["parameters"] {
        return Some(format!("its parameters are {}, and were {}", now["parameters"], before["parameters"]));
    }
    // Where the older build expects a value, there must be one. A name that ends with ! or ? says so itself.
    let nullable = |of: &Value, column: usize| of["nullable"][column].as_bool();
    let emptied = before["columns"].as_array().unwrap().iter().enumerate().find(|(column, it)| {
        let name = it["name"].as_str().unwrap_or_default();
        let said = name.ends_with(['!', '?']) || name.contains(':');
        !said && nullable(before, *column) == Some(false) && nullable(&now, *column) == Some(true)
    });
    emptied.map(|(_, column)| format!("{} was never null and may be now", column["name"]))
}

/// The statements that no role can run any more as they were.
async fn changes(database: &TestDatabase, statements: &[Statement]) -> Vec<String> {
    let mut roles = workspace::our_contexts();
    roles.push("event_bus".to_owned());
    let mut connections = Vec::new();
    for role in roles {
        connections.push((database.options(&role).connect().await.unwrap(), role));
    }
    let mut changes = Vec::new();
    for statement in statements {
        // A table belongs to one role, and the statement names it: the others would be refused.
        connections.sort_by_key(|(_, role)| !statement.sql.contains(&format!("{role}.")));
        let mut found = Vec::new();
        for (connection, role) in &mut connections {
            match change(connection, statement).await {
                Some(change) => found.push(format!("as {role}: {change}\n    {}", statement.sql)),
                None => {
                    found.clear();
                    break;
                }
            }
        }
        changes.extend(found.into_iter().next());
    }
    changes
}

#[tokio::test]
async fn the_last_release_goes_on_serving_on_the_newest_tables() {
    let release = match last_release() {
        Ok(release) => release,
        Err(reason) => {
            println!("not checked: {reason}");
            return;
        }
    };
    let statements = statements(&release);
    assert!(statements.len() > 100, "{release} has {} statements", statements.len());
    println!("{} statements of {release}", statements.len());
    assert_none(&changes(&TestDatabase::new().await, &statements).await);
}

#[tokio::test]
async fn canary_a_table_that_an_older_build_reads_is_changed() {
    let database = TestDatabase::new().await;
    let statements = read(&workspace::root().join(".sqlx"));
    let mut owner = database.migration_options("users").connect().await.unwrap();
    let mut seen = Vec::new();
    for contraction in [
        "alter table users.member alter column name drop not null",
        "revoke select on users.member from folkshelf_users",
        "alter table users.member rename to person",
    ] {
        owner.execute(AssertSqlSafe(contraction)).await.unwrap();
        seen.push(changes(&database, &statements).await.len());
    }
    assert!(seen[0] > 0 && seen[1] > seen[0] && seen[2] > 0, "{seen:?}");
}
