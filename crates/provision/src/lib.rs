//! One PostgreSQL schema per context, and two roles: one owns the tables and cannot log in, the other logs in and may read
//! and write rows, no more. The migrations of each run as its owner: they cannot touch another's schema.

mod examine;

use std::path::Path;
use std::time::Duration;

pub use examine::{Flaw, examine};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// Roles are `folkshelf_<schema>`; they belong to the server, so all databases on one server share them.
const ROLE_PREFIX: &str = "folkshelf_";
/// Behind the role's name: of the role that owns its tables.
const OWNER_SUFFIX: &str = "_owner";
/// The group of all contexts' roles: what they may do with the log is granted to it.
const CONTEXT_ROLE: &str = "folkshelf_context";
/// Where extensions live: every context may call their functions and name their operators, none may change them.
const EXTENSION_SCHEMA: &str = "extensions";
/// What migrations rely on. All are trusted: the owner of a database may
/// create them without being a superuser.
const EXTENSIONS: [&str; 1] = ["pg_trgm"];
/// A process that is frozen or cut off must not hold its locks, and back the log's horizon, for long. No handler lets its
/// transaction wait between two statements for more than some milliseconds.
const TIME_OUTS: [(&str, &str); 5] = [
    ("idle_in_transaction_session_timeout", "5s"),
    // What was sent to it and is not acknowledged, or not taken.
    ("tcp_user_timeout", "5s"),
    ("tcp_keepalives_idle", "10s"),
    ("tcp_keepalives_interval", "3s"),
    ("tcp_keepalives_count", "3"),
];
/// Who waits for a table keeps everybody else from it who comes later. So a migration that does not get one soon gives up, lets
/// them in, and is tried again.
const WAITS_FOR_A_TABLE: &str = "2s";
const TRIES: u32 = 60;
const TRIES_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Serialises provisioning between processes that start together.
const LOCK: i64 = 0x666f_6c6b;

/// The schema that must come first: contexts' rights are granted in its migrations.
pub const EVENT_BUS: &str = "event_bus";

pub static EVENT_BUS_MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/event_bus");

#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    #[error("{0} is no name for a schema: small letters and underscores only")]
    Name(String),
    #[error("the database refused: {step}")]
    Database {
        step: String,
        #[source]
        source: sqlx::Error,
    },
    #[error("a migration of {schema} failed")]
    Migration {
        schema: String,
        #[source]
        source: MigrateError,
    },
}

/// The role of a schema that logs in, and its password.
pub fn login(schema: &str, secret: &str) -> (String, String) {
    let role = format!("{ROLE_PREFIX}{schema}");
    let password = password_of(&role, secret);
    (role, password)
}

/// How a context connects: the owner's address with the context's role, and that role's password where there is a secret
/// to make it of.
pub fn context_options(owner: &PgConnectOptions, schema: &str, secret: Option<&str>) -> PgConnectOptions {
    let role = format!("{ROLE_PREFIX}{schema}");
    let options = owner.clone().username(&role);
    match secret {
        Some(secret) => options.password(&password_of(&role, secret)),
        None => options,
    }
}

/// As whom the migrations of a schema run. Nobody logs in as that role: `owner` of the database takes it.
pub fn migration_options(owner: &PgConnectOptions, schema: &str) -> PgConnectOptions {
    let role = format!("{ROLE_PREFIX}{schema}{OWNER_SUFFIX}");
    // A role that is taken brings no settings of its own.
    owner.clone().options(TIME_OUTS).options([("role", role), ("search_path", format!("{schema},{EXTENSION_SCHEMA}"))])
}

/// Each role has a password of its own: with one of them nobody can log in as another context. All are made of one secret,
/// so that an operator has one to keep.
fn password_of(role: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"password of the role ");
    mac.update(role.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Creates what is missing (roles, extensions, schemas), then runs every schema's migrations as its owner. `owner` owns the
/// database and may create roles; the roles' passwords are made of `secret`. Safe to run again and by several
/// processes at once.
pub async fn provision(
    owner: &PgConnectOptions,
    secret: Option<&str>,
    schemas: &[(&str, &Migrator)],
) -> Result<(), ProvisionError> {
    let failed = |step: &str| {
        let step = step.to_owned();
        move |source| ProvisionError::Database { step, source }
    };
    // A statement here may hold a password; a slow one would be logged with its text.
    let owner = &owner.clone().disable_statement_logging();
    let mut connection = owner.connect().await.map_err(failed("connect as the owner"))?;
    // No checked macro here: the checked ones need a database that this crate has provisioned.
    sqlx::query("select pg_advisory_lock($1)")
        .bind(LOCK)
        .execute(&mut connection)
        .await
        .map_err(failed("wait for other migrations"))?;

    create_role(&mut connection, CONTEXT_ROLE, "nologin", None).await?;
    create_extensions(&mut connection).await?;
    end_idle_transactions(&mut connection).await?;
    let event_bus = [(EVENT_BUS, &EVENT_BUS_MIGRATIONS)];
    for (schema, migrations) in event_bus.iter().chain(schemas) {
        create_schema(&mut connection, schema, secret).await?;
        migrate(&migration_options(owner, schema), schema, migrations).await?;
        // Which migrations have run is written by the owner alone.
        let role = format!("{ROLE_PREFIX}{schema}");
        run(&mut connection, format!("revoke insert, update, delete on {schema}._sqlx_migrations from {role}")).await?;
    }
    // Closing the session lets the lock go.
    connection.close().await.map_err(failed("close a connection"))
}

/// Runs what has not run yet, each migration in a transaction of its own. An older build, to which an operator goes back,
/// ignores the newer migrations.
async fn migrate(own: &PgConnectOptions, schema: &str, migrations: &Migrator) -> Result<(), ProvisionError> {
    let failed = |step: String| move |source| ProvisionError::Database { step, source };
    let mut migrations = Migrator::with_migrations(migrations.iter().cloned().collect());
    migrations.set_ignore_missing(true);
    let mut tries = 1;
    loop {
        // Each time anew: whoever runs migrations holds a lock of the session, also after a failure.
        let mut connection = own.connect().await.map_err(failed(format!("connect as {ROLE_PREFIX}{schema}")))?;
        run(&mut connection, format!("set lock_timeout = '{WAITS_FOR_A_TABLE}'")).await?;
        let outcome = migrations.run(&mut connection).await;
        connection.close().await.map_err(failed("close a connection".to_owned()))?;
        match outcome {
            Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _))
                if tries < TRIES && is_in_the_way(&error) =>
            {
                tries += 1;
            }
            outcome => {
                return outcome.map_err(|source| ProvisionError::Migration { schema: schema.to_owned(), source });
            }
        }
        tokio::time::sleep(TRIES_AGAIN_AFTER).await;
    }
}

/// Whether somebody else held what a migration needs: it waited in vain, or the two waited for each other.
fn is_in_the_way(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("55P03" | "40P01"))
}

/// As a migration: a statement that waits for tables, by whoever owns the database.
async fn run_when_free(connection: &mut PgConnection, statement: String) -> Result<(), ProvisionError> {
    run(connection, format!("set lock_timeout = '{WAITS_FOR_A_TABLE}'")).await?;
    let mut tries = 1;
    let outcome = loop {
        match run(connection, statement.clone()).await {
            Err(ProvisionError::Database { source, .. }) if tries < TRIES && is_in_the_way(&source) => tries += 1,
            outcome => break outcome,
        }
        tokio::time::sleep(TRIES_AGAIN_AFTER).await;
    };
    run(connection, "reset lock_timeout".to_owned()).await?;
    outcome
}

/// Every context that has migrations below `folder`, by the name of its folder. For tests and tools that must not depend
/// on the contexts; the host takes what the contexts carry.
pub async fn discover(folder: &Path) -> Result<Vec<(String, Migrator)>, MigrateError> {
    let mut contexts = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| MigrateError::Source(Box::new(error)))? {
        let entry = entry.map_err(|error| MigrateError::Source(Box::new(error)))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != EVENT_BUS && entry.path().is_dir() {
            contexts.push((name, Migrator::new(entry.path()).await?));
        }
    }
    contexts.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(contexts)
}

async fn create_extensions(connection: &mut PgConnection) -> Result<(), ProvisionError> {
    run(connection, format!("create schema if not exists {EXTENSION_SCHEMA}")).await?;
    run(connection, format!("grant usage on schema {EXTENSION_SCHEMA} to {CONTEXT_ROLE}")).await?;
    for extension in EXTENSIONS {
        run(connection, format!("create extension if not exists {extension} schema {EXTENSION_SCHEMA}")).await?;
        // Somebody may have created it before us, in another schema, where the contexts would not find it.
        run(
            connection,
            format!(
                "do $$ begin if not exists (
                    select from pg_extension where extname = '{extension}' and extnamespace = '{EXTENSION_SCHEMA}'::regnamespace
                ) then alter extension {extension} set schema {EXTENSION_SCHEMA}; end if; end $$"
            ),
        )
        .await?;
    }
    Ok(())
}

/// Ends a transaction that somebody has left open in this database: it would hold back the log's horizon for as long. An
/// operator's own setting stays. Where `owner` does not own the database, it is left to whoever does.
async fn end_idle_transactions(connection: &mut PgConnection) -> Result<(), ProvisionError> {
    let statement = "do $$ begin
        if not exists (
            select from pg_db_role_setting setting join pg_database on pg_database.oid = setting.setdatabase
            where datname = current_database() and setrole = 0
                and exists (select from unnest(setconfig) one where one like 'idle_in_transaction_session_timeout=%')
        ) then
            execute format('alter database %I set idle_in_transaction_session_timeout = ''60s''', current_database());
        end if;
    exception when insufficient_privilege then null; end $$";
    run(connection, statement.to_owned()).await
}

async fn create_schema(
    connection: &mut PgConnection,
    schema: &str,
    secret: Option<&str>,
) -> Result<(), ProvisionError> {
    // The name goes into SQL text, where no parameter can stand.
    if schema.is_empty() || !schema.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
        return Err(ProvisionError::Name(schema.to_owned()));
    }
    let role = format!("{ROLE_PREFIX}{schema}");
    let password = secret.map(|secret| password_of(&role, secret));
    create_role(connection, &role, "login", password.as_deref()).await?;
    let owner = format!("{role}{OWNER_SUFFIX}");
    create_role(connection, &owner, "nologin", None).await?;
    if schema != EVENT_BUS {
        // Migrations declare a context's events and use the extensions.
        run(connection, format!("grant {CONTEXT_ROLE} to {role}, {owner}")).await?;
    }
    // A schema can be given only to a role one is a member of.
    run(connection, format!("grant {role}, {owner} to current_user")).await?;
    run(connection, format!("create schema if not exists {schema} authorization {owner}")).await?;
    hand_over(connection, schema, &role, &owner).await?;
    run(connection, format!("alter role {role} set search_path = {schema}, {EXTENSION_SCHEMA}")).await?;
    for (setting, value) in TIME_OUTS {
        // Only what differs: roles belong to the server, and two databases of it may be provisioned at once.
        run(
            connection,
            format!(
                "do $$ begin if not exists (
                    select from pg_db_role_setting
                    where setdatabase = 0 and setrole = '{role}'::regrole and '{setting}={value}' = any(setconfig)
                ) then alter role {role} set {setting} = '{value}'; end if; end $$"
            ),
        )
        .await?;
    }
    Ok(())
}

/// What `role` may do in its schema, and that it owns nothing there, as it did in older versions.
async fn hand_over(connection: &mut PgConnection, schema: &str, role: &str, owner: &str) -> Result<(), ProvisionError> {
    for (rights, on) in
        [("select, insert, update, delete", "tables"), ("usage, select", "sequences"), ("execute", "functions")]
    {
        let later = format!("alter default privileges for role {owner} in schema {schema}");
        run(connection, format!("{later} grant {rights} on {on} to {role}")).await?;
    }
    // In one statement, so in one transaction: hosts of the older version go on meanwhile.
    let append_only =
        if schema == EVENT_BUS { "revoke update, delete on event_bus.log from folkshelf_event_bus;" } else { "" };
    run_when_free(
        connection,
        format!(
            "do $$ begin
                if exists (select from pg_namespace where nspname = '{schema}' and nspowner = '{role}'::regrole) then
                    -- First the schema: the owner of functions must be allowed to create there.
                    alter schema {schema} owner to {owner};
                    reassign owned by {role} to {owner};
                    grant select, insert, update, delete on all tables in schema {schema} to {role};
                    grant usage, select on all sequences in schema {schema} to {role};
                    grant execute on all functions in schema {schema} to {role};
                    {append_only}
                end if;
            end $$"
        ),
    )
    .await?;
    run(connection, format!("grant usage on schema {schema} to {role}")).await
}

async fn create_role(
    connection: &mut PgConnection,
    role: &str,
    login: &str,
    password: Option<&str>,
) -> Result<(), ProvisionError> {
    // "if not exists" is not to be had for roles; two databases of one server may be provisioned at once.
    run(
        connection,
        format!(
            "do $$ begin create role {role} {login};
            exception when duplicate_object or unique_violation then null; end $$"
        ),
    )
    .await?;
    match password {
        Some(password) => run(connection, format!("alter role {role} password '{password}'")).await,
        None => Ok(()),
    }
}

async fn run(connection: &mut PgConnection, statement: String) -> Result<(), ProvisionError> {
    // A password must not reach a log through the step's name.
    let step = statement.split(" password ").next().unwrap_or_default().to_owned();
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map_err(|source| ProvisionError::Database { step, source })?;
    Ok(())
}
