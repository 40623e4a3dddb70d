//! Whether a database is as [`crate::provision`] leaves it. Changes nothing.

use std::collections::BTreeMap;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::{
    CONTEXT_ROLE, EVENT_BUS, EVENT_BUS_MIGRATIONS, EXTENSION_SCHEMA, EXTENSIONS, OWNER_SUFFIX, ProvisionError,
    ROLE_PREFIX, TIME_OUTS, context_options,
};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("the role of database.url does not own the database")]
    NotTheOwner,
    #[error("the extension {0} is not installed")]
    NoExtension(&'static str),
    #[error("the extension {name} is in the schema {schema} and not in extensions")]
    ExtensionElsewhere { name: &'static str, schema: String },
    #[error("there is no role {0}")]
    NoRole(String),
    #[error("the role {role} may {what}, which no role of a host should")]
    TooPowerful { role: String, what: &'static str },
    #[error("the role {role} owns {tables} tables and the like, so it may change what no host should change")]
    OwnsTables { role: String, tables: i64 },
    #[error("the role {role} is a member of {of}, so it may do what no host should")]
    MemberOf { role: String, of: String },
    #[error("{member} is a member of {role}, so it reads and changes what only hosts should")]
    StrangerWithin { member: String, role: String },
    #[error("the role {role} does not set {setting}")]
    NoTimeOut { role: String, setting: &'static str },
    #[error("the role {role} cannot log in: {error}")]
    CannotLogIn { role: String, error: String },
    #[error("the schema {schema} lacks {} of this build's migrations, from {} on", .versions.len(), .versions.first().unwrap_or(&0))]
    MigrationsMissing { schema: String, versions: Vec<i64> },
    #[error("migration {version} of the schema {schema} was begun and not finished")]
    MigrationUnfinished { schema: String, version: i64 },
    #[error("migration {version} of the schema {schema} is not the one that this build has")]
    MigrationChanged { schema: String, version: i64 },
    #[error("the schema {schema} has migrations that this build does not know, up to {}", .versions.last().unwrap_or(&0))]
    MigrationsUnknown { schema: String, versions: Vec<i64> },
}

impl Flaw {
    /// Whether hosts of this build cannot work with it. Otherwise they can, and it is worth a look.
    pub fn is_fatal(&self) -> bool {
        !matches!(
            self,
            Self::NotTheOwner | Self::NoTimeOut { .. } | Self::StrangerWithin { .. } | Self::MigrationsUnknown { .. }
        )
    }

    /// What an operator does about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::NotTheOwner => "As a superuser: alter database … owner to the role of database.url.".to_owned(),
            Self::NoExtension(name) => {
                format!(
                    "Install PostgreSQL's contrib package where {name} is not part of the server, then `folkshelf migrate`."
                )
            }
            Self::ExtensionElsewhere { name, .. } => {
                format!("As a superuser: alter extension {name} set schema {EXTENSION_SCHEMA};")
            }
            Self::TooPowerful { role, .. } => {
                format!("As a superuser: alter role {role} nosuperuser nobypassrls nocreaterole nocreatedb;")
            }
            Self::MemberOf { role, of } => format!("As a superuser: revoke {of} from {role};"),
            Self::StrangerWithin { member, role } => {
                format!("Unless that is meant, as a superuser: revoke {role} from {member};")
            }
            Self::CannotLogIn { .. } => {
                "See that database.context_password is that of the last `folkshelf migrate`, or run it again; see that \
                 pg_hba.conf lets this role in from here, and that its connection limit is not reached."
                    .to_owned()
            }
            Self::MigrationChanged { .. } => {
                "This database was migrated by another build than any release: restore it, or use that build."
                    .to_owned()
            }
            Self::MigrationsUnknown { .. } => {
                "Use the newer build that has migrated it; this one still works.".to_owned()
            }
            Self::NoRole(_)
            | Self::OwnsTables { .. }
            | Self::NoTimeOut { .. }
            | Self::MigrationsMissing { .. }
            | Self::MigrationUnfinished { .. } => "Run `folkshelf migrate` with this build.".to_owned(),
        }
    }
}

/// What is wrong with roles, rights, extensions and migrations. `owner`, `secret` and `schemas` are as for
/// [`crate::provision`].
pub async fn examine(
    owner: &PgConnectOptions,
    secret: Option<&str>,
    schemas: &[(&str, &Migrator)],
) -> Result<Vec<Flaw>, ProvisionError> {
    let failed = |step: &str| {
        let step = step.to_owned();
        move |source| ProvisionError::Database { step, source }
    };
    let mut connection = owner.connect().await.map_err(failed("connect as the owner"))?;
    let mut flaws = Vec::new();
    let owns: bool = sqlx::query_scalar(
        "select pg_has_role(current_user, datdba, 'usage') from pg_database where datname = current_database()",
    )
    .fetch_one(&mut connection)
    .await
    .map_err(failed("look at the database"))?;
    if !owns {
        flaws.push(Flaw::NotTheOwner);
    }
    extensions(&mut connection, &mut flaws).await.map_err(failed("look at the extensions"))?;
    memberships(&mut connection, schemas, &mut flaws).await.map_err(failed("look at the memberships"))?;
    for (schema, migrations) in [(EVENT_BUS, &EVENT_BUS_MIGRATIONS)].iter().chain(schemas) {
        let role = format!("{ROLE_PREFIX}{schema}");
        if !rights(&mut connection, &role, &mut flaws).await.map_err(failed("look at the roles"))? {
            continue;
        }
        match context_options(owner, schema, secret).connect().await {
            Ok(mut own) => {
                applied(&mut own, schema, migrations, &mut flaws).await.map_err(failed("look at the migrations"))?;
                own.close().await.map_err(failed("close a connection"))?;
            }
            Err(error) => flaws.push(Flaw::CannotLogIn { role, error: error.to_string() }),
        }
    }
    connection.close().await.map_err(failed("close a connection"))?;
    Ok(flaws)
}

async fn extensions(connection: &mut PgConnection, flaws: &mut Vec<Flaw>) -> Result<(), sqlx::Error> {
    for name in EXTENSIONS {
        let schema: Option<String> =
            sqlx::query_scalar("select extnamespace::regnamespace::text from pg_extension where extname = $1")
                .bind(name)
                .fetch_optional(&mut *connection)
                .await?;
        match schema {
            None => flaws.push(Flaw::NoExtension(name)),
            Some(schema) if schema != EXTENSION_SCHEMA => flaws.push(Flaw::ExtensionElsewhere { name, schema }),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Rights that a role has because it is a member of another. A context's role is a member of the group of all contexts and of
/// nothing else, and that group is a member of nothing. Members of a context's role are the owners of this server's databases,
/// whom `migrate` makes so, and nobody else.
async fn memberships(
    connection: &mut PgConnection,
    schemas: &[(&str, &Migrator)],
    flaws: &mut Vec<Flaw>,
) -> Result<(), sqlx::Error> {
    let logins = std::iter::once(EVENT_BUS).chain(schemas.iter().map(|(schema, _)| *schema));
    let logins: Vec<String> = logins.map(|schema| format!("{ROLE_PREFIX}{schema}")).collect();
    let owners = logins.iter().map(|role| format!("{role}{OWNER_SUFFIX}"));
    let ours: Vec<String> = owners.chain(logins.iter().cloned()).chain([CONTEXT_ROLE.to_owned()]).collect();
    let found: Vec<(String, String, bool)> = sqlx::query_as(
        "select distinct member.rolname::text, of.rolname::text, member.rolname = any($1) as is_ours
        from pg_auth_members
        join pg_roles member on member.oid = pg_auth_members.member
        join pg_roles of on of.oid = pg_auth_members.roleid
        where case when member.rolname = any($1) then of.rolname <> $2
            else of.rolname = any($1) and not member.rolsuper
                and not exists (select from pg_database where datdba = member.oid) end
        order by 1, 2",
    )
    .bind(&ours)
    .bind(CONTEXT_ROLE)
    .fetch_all(connection)
    .await?;
    flaws.extend(found.into_iter().map(|(member, of, is_ours)| match is_ours {
        true => Flaw::MemberOf { role: member, of },
        false => Flaw::StrangerWithin { member, role: of },
    }));
    Ok(())
}

/// Returns whether there is such a role.
async fn rights(connection: &mut PgConnection, role: &str, flaws: &mut Vec<Flaw>) -> Result<bool, sqlx::Error> {
    let found: Option<(bool, bool, bool, Vec<String>, i64)> = sqlx::query_as(
        "select rolsuper or rolbypassrls, rolcreaterole, rolcreatedb, coalesce(rolconfig, '{}'),
            (select count(*) from pg_class where relowner = pg_roles.oid)
        from pg_roles where rolname = $1",
    )
    .bind(role)
    .fetch_optional(&mut *connection)
    .await?;
    let owner = format!("{role}{OWNER_SUFFIX}");
    let has_owner: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
        .bind(&owner)
        .fetch_one(&mut *connection)
        .await?;
    if !has_owner {
        flaws.push(Flaw::NoRole(owner));
    }
    let Some((beyond_rights, creates_roles, creates_databases, settings, tables)) = found else {
        flaws.push(Flaw::NoRole(role.to_owned()));
        return Ok(false);
    };
    let powers = [
        (beyond_rights, "pass over all rights"),
        (creates_roles, "create roles"),
        (creates_databases, "create databases"),
    ];
    for (_, what) in powers.into_iter().filter(|(may, _)| *may) {
        flaws.push(Flaw::TooPowerful { role: role.to_owned(), what });
    }
    if tables > 0 {
        flaws.push(Flaw::OwnsTables { role: role.to_owned(), tables });
    }
    for (setting, _) in TIME_OUTS {
        // An operator's own value is fine.
        if !settings.iter().any(|one| one.starts_with(&format!("{setting}="))) {
            flaws.push(Flaw::NoTimeOut { role: role.to_owned(), setting });
        }
    }
    Ok(true)
}

/// What has run, against what this build has.
async fn applied(
    connection: &mut PgConnection,
    schema: &str,
    migrations: &Migrator,
    flaws: &mut Vec<Flaw>,
) -> Result<(), sqlx::Error> {
    let schema = schema.to_owned();
    let there: bool = sqlx::query_scalar("select to_regclass($1 || '._sqlx_migrations') is not null")
        .bind(&schema)
        .fetch_one(&mut *connection)
        .await?;
    let mut found: BTreeMap<i64, (bool, Vec<u8>)> = BTreeMap::new();
    if there {
        let statement = format!("select version, success, checksum from {schema}._sqlx_migrations");
        let rows: Vec<(i64, bool, Vec<u8>)> =
            sqlx::query_as(AssertSqlSafe(statement)).fetch_all(&mut *connection).await?;
        found.extend(rows.into_iter().map(|(version, success, checksum)| (version, (success, checksum))));
    }
    let mut missing = Vec::new();
    for migration in migrations.iter() {
        let version = migration.version;
        match found.remove(&version) {
            None => missing.push(version),
            Some((false, _)) => flaws.push(Flaw::MigrationUnfinished { schema: schema.clone(), version }),
            Some((true, checksum)) if *checksum != *migration.checksum => {
                flaws.push(Flaw::MigrationChanged { schema: schema.clone(), version });
            }
            Some(_) => {}
        }
    }
    if !missing.is_empty() {
        flaws.push(Flaw::MigrationsMissing { schema: schema.clone(), versions: missing });
    }
    if !found.is_empty() {
        flaws.push(Flaw::MigrationsUnknown { schema, versions: found.into_keys().collect() });
    }
    Ok(())
}
