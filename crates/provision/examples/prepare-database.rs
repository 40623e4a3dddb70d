//! Provisions a database, made anew on the server of `DATABASE_URL`, for the compile-time check of SQL, and prints where
//! each crate finds it, as shell exports (`BOOKS_DATABASE_URL` …).

use std::path::Path;
use std::str::FromStr;

use anyhow::Context;
use provision::{EVENT_BUS, context_options, discover, provision};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "folkshelf_sqlx".to_owned());
    let server = std::env::var("DATABASE_URL").context("DATABASE_URL names a PostgreSQL server")?;
    let server = PgConnectOptions::from_str(&server)?;
    let mut connection = server.connect().await?;
    for statement in [format!("drop database if exists {name} with (force)"), format!("create database {name}")] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }

    let owner = server.clone().database(&name);
    let contexts = discover(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations")).await?;
    let schemas: Vec<_> = contexts.iter().map(|(schema, migrator)| (schema.as_str(), migrator)).collect();
    provision(&owner, None, &schemas).await?;
    for schema in schemas.iter().map(|(schema, _)| *schema).chain([EVENT_BUS]) {
        let url = context_options(&owner, schema, None).to_url_lossy();
        println!("export {}_DATABASE_URL='{url}'", schema.to_uppercase());
    }
    Ok(())
}
