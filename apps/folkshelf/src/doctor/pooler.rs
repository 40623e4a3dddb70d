//! PgBouncer before PostgreSQL: whether each context's role gets through it, and whether it knows prepared statements.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::time::timeout;

use crate::connections::pooled_roles;
use crate::doctor::finding::Finding;
use crate::settings::Settings;

const POOLER: &str = "pooler";
/// How long one role may take.
const WITHIN: Duration = Duration::from_secs(3);

pub async fn look(settings: &Settings) -> Option<Finding> {
    settings.database.direct_url.as_ref()?;
    let roles = match pooled_roles(settings) {
        Ok(roles) => roles,
        Err(error) => return Some(Finding::wrong(POOLER, error.to_string(), "Set database.url.")),
    };
    let count = roles.len();
    for role in roles {
        let name = role.get_username().to_owned();
        let failed = match timeout(WITHIN, try_out(&role)).await {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer within 3 s".to_owned(),
        };
        let todo = "See that database.url leads to the pooler, that it is PgBouncer 1.21 or newer with max_prepared_statements, \
                    and that its auth_query or userlist knows this role (deploy/pgbouncer, docs/operations.md).";
        return Some(Finding::wrong(POOLER, format!("{name} does not get through: {failed}"), todo));
    }
    Some(Finding::fine(POOLER, format!("each of {count} roles gets through")))
}

/// The same prepared statement in several transactions, each of which may have another connection of the pooler.
async fn try_out(role: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = role.connect().await?;
    for number in 0..3_i32 {
        sqlx::query("select $1::int4").bind(number).execute(&mut connection).await?;
    }
    connection.close().await
}
