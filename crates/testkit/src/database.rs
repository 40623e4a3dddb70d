//! One database per test, copied from a template that is migrated once per set of migrations.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool};
use uuid::Uuid;

/// A migrated database that exists as long as this value.
pub struct TestDatabase {
    owner: PgConnectOptions,
    name: String,
}

impl TestDatabase {
    /// With every context's tables.
    ///
    /// # Panics
    /// When `DATABASE_URL` is not set or its server cannot be reached: the tests want a real PostgreSQL.
    pub async fn new() -> Self {
        Self::with(&every_context().await.expect("migrations")).await.expect("a test database")
    }

    /// With the tables of one context alone, beside the log. Events of others may be appended by its role, as nobody there
    /// has declared them.
    ///
    /// # Panics
    /// As [`Self::new`], and when the context has no migrations.
    pub async fn of(context: &str) -> Self {
        let mut contexts = every_context().await.expect("migrations");
        contexts.retain(|(name, _)| name == context);
        assert!(!contexts.is_empty(), "{context} has no migrations");
        Self::with(&contexts).await.expect("a test database")
    }

    async fn with(contexts: &[(String, Migrator)]) -> Result<Self> {
        let server = server()?;
        let template = template(&server, contexts).await?;
        let name = format!("test_{}", Uuid::now_v7().simple());
        let mut connection = server.connect().await?;
        sqlx::raw_sql(AssertSqlSafe(format!("create database {name} template {template}")))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(Self { owner: server.database(&name), name })
    }

    /// How `schema`'s role connects: a context's name, or `event_bus`.
    pub fn options(&self, schema: &str) -> PgConnectOptions {
        provision::context_options(&self.owner, schema, None)
    }

    /// A small pool of `schema`'s role.
    pub fn pool(&self, schema: &str) -> PgPool {
        PgPoolOptions::new().max_connections(8).connect_lazy_with(self.options(schema))
    }

    /// How migrations connect: as the role that owns `schema`'s tables, and may do what nobody may who logs in.
    pub fn migration_options(&self, schema: &str) -> PgConnectOptions {
        provision::migration_options(&self.owner, schema)
    }

    /// A small pool of that role.
    pub fn owner_pool(&self, schema: &str) -> PgPool {
        PgPoolOptions::new().max_connections(8).connect_lazy_with(self.migration_options(schema))
    }

    /// How the database's owner connects, who may look where contexts may not.
    pub fn owner_options(&self) -> PgConnectOptions {
        self.owner.clone()
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (owner, name) = (self.owner.clone(), std::mem::take(&mut self.name));
        // A runtime of its own: the test's may be ending, and dropping cannot wait in it.
        let dropped = std::thread::spawn(move || -> Result<()> {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
                let mut connection = owner.database(server()?.get_database().unwrap_or("postgres")).connect().await?;
                sqlx::raw_sql(AssertSqlSafe(format!("drop database if exists {name} with (force)")))
                    .execute(&mut connection)
                    .await?;
                Ok(())
            })
        })
        .join();
        if let Ok(Err(error)) = dropped {
            eprintln!("a test database stays behind: {error:#}");
        }
    }
}

fn server() -> Result<PgConnectOptions> {
    let url =
        std::env::var("DATABASE_URL").context("DATABASE_URL names a PostgreSQL for tests; `just test` starts one")?;
    Ok(PgConnectOptions::from_str(&url)?)
}

fn migrations_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations")
}

pub(crate) async fn every_context() -> Result<Vec<(String, Migrator)>> {
    Ok(provision::discover(&migrations_folder()).await?)
}

pub(crate) async fn migrate(owner: &PgConnectOptions, contexts: &[(String, Migrator)]) -> Result<()> {
    let schemas: Vec<(&str, &Migrator)> = contexts.iter().map(|(name, migrator)| (name.as_str(), migrator)).collect();
    provision::provision(owner, None, &schemas).await?;
    Ok(())
}

/// The template's name, which says which migrations it holds; made if it is not there.
async fn template(server: &PgConnectOptions, contexts: &[(String, Migrator)]) -> Result<String> {
    let mut hash = Sha256::new();
    let event_bus = (provision::EVENT_BUS, &provision::EVENT_BUS_MIGRATIONS);
    for (name, migrator) in contexts.iter().map(|(name, migrator)| (name.as_str(), migrator)).chain([event_bus]) {
        hash.update(name);
        for migration in migrator.iter() {
            hash.update(&migration.checksum);
        }
    }
    let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let name = format!("template_{digest}");

    let mut connection = server.connect().await?;
    // One at a time: roles belong to the server, and a second builder would find a template half made.
    sqlx::raw_sql("select pg_advisory_lock(7466)").execute(&mut connection).await?;
    let there: bool = sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut connection)
        .await?;
    if !there {
        let draft = format!("{name}_draft");
        for statement in [format!("drop database if exists {draft} with (force)"), format!("create database {draft}")] {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
        migrate(&server.clone().database(&draft), contexts).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("alter database {draft} rename to {name}")))
            .execute(&mut connection)
            .await?;
    }
    connection.close().await?;
    Ok(name)
}
