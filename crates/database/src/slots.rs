//! How many connections PostgreSQL has room for, and who takes them.

use std::time::Duration;

use futures_util::future::join_all;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Error};
use tokio::time::timeout;

use crate::Database;

/// How long the server may take to tell.
const WITHIN: Duration = Duration::from_secs(3);

/// What one server has room for, and who was connected at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// The server's `max_connections`.
    pub limit: u32,
    /// Of those, kept for superusers and other roles of the server's owner.
    pub reserved: u32,
    /// Other hosts on our database.
    pub hosts: u32,
    /// Sessions that belong to no host of our database.
    pub others: u32,
}

/// Whether a server has room for one more host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Enough,
    /// Not when every host takes all that it may.
    TooLittle,
    /// Not even for one host alone.
    None,
}

impl Slots {
    /// What hosts may take together with all others.
    pub fn usable(self) -> u32 {
        self.limit.saturating_sub(self.reserved)
    }

    /// What is taken when this host and the others each take `own`: hosts of one community have one configuration.
    pub fn wanted(self, own: u32) -> u32 {
        self.others.saturating_add(own.saturating_mul(self.hosts.saturating_add(1)))
    }

    pub fn room_for(self, own: u32) -> Room {
        if own > self.usable() {
            Room::None
        } else if self.wanted(own) > self.usable() {
            Room::TooLittle
        } else {
            Room::Enough
        }
    }
}

/// Asks the server, on a connection of its own. The names of a host's sessions end with its `process`.
pub async fn slots(options: &PgConnectOptions, process: &str) -> Result<Slots, Error> {
    let asked = async {
        let mut connection = options.connect().await?;
        // Of sessions of other roles one sees the name and the database, and nothing else. Background processes of the
        // server have no user or no database.
        let (limit, reserved, hosts, others): (i32, i32, i64, i64) = sqlx::query_as(
            "with session as (
                select application_name ~ '^folkshelf [a-z_]+ [0-9a-f]{32}$' and datname = current_database() as hosts,
                    right(application_name, 32) as process
                from pg_stat_activity where usesysid is not null and datid is not null and pid <> pg_backend_pid()
            )
            select current_setting('max_connections')::int4,
                current_setting('superuser_reserved_connections')::int4
                    + coalesce(current_setting('reserved_connections', true), '0')::int4,
                (select count(distinct process) from session where hosts and process <> $1),
                (select count(*) from session where not hosts)",
        )
        .bind(process)
        .fetch_one(&mut connection)
        .await?;
        connection.close().await?;
        let number = |value: i64| u32::try_from(value).unwrap_or(0);
        Ok(Slots {
            limit: number(limit.into()),
            reserved: number(reserved.into()),
            hosts: number(hosts),
            others: number(others),
        })
    };
    timeout(WITHIN, asked).await.unwrap_or(Err(Error::PoolTimedOut))
}

/// The pools that have no connection and get none within `patience`, by name. A pool whose connections are all busy has
/// some: PostgreSQL's list of sessions tells, asked through a pool that is not busy. While none answers, as when PostgreSQL
/// is away, no pool is named: other checks tell that.
pub async fn without_connection(pools: &[(String, Database)], patience: Duration) -> Vec<String> {
    let tried = pools.iter().map(|(name, pool)| async move { (name, pool, timeout(patience, pool.acquire()).await) });
    let (mut through, mut missing) = (None, Vec::new());
    for (name, pool, acquired) in join_all(tried).await {
        match acquired {
            Ok(Ok(connection)) => through = Some(connection),
            Ok(Err(_)) | Err(_) => missing.push((name, pool)),
        }
    }
    let Some(mut connection) = through.filter(|_| !missing.is_empty()) else { return Vec::new() };
    let sessions = sqlx::query_as(
        "select distinct usename::text, application_name from pg_stat_activity where usename is not null",
    );
    let Ok(Ok(sessions)) = timeout(patience, sessions.fetch_all(&mut *connection)).await else { return Vec::new() };
    let sessions: Vec<(String, String)> = sessions;
    let has_one = |pool: &Database| {
        let options = pool.pool().connect_options();
        let name = options.get_application_name().unwrap_or_default();
        sessions.iter().any(|(user, application)| user == options.get_username() && application == name)
    };
    missing.into_iter().filter(|(_, pool)| !has_one(pool)).map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_is_thought_to_take_as_much_as_this_one() {
        let slots = Slots { limit: 100, reserved: 3, hosts: 2, others: 5 };
        for (own, room) in [
            // 5 + 3 * 30 = 95 of 97
            (30, Room::Enough),
            (31, Room::TooLittle),
            (97, Room::TooLittle),
            (98, Room::None),
            (u32::MAX, Room::None),
        ] {
            assert_eq!(slots.room_for(own), room, "{own}");
        }
        let alone = Slots { hosts: 0, others: 0, ..slots };
        assert_eq!(alone.room_for(97), Room::Enough);
    }
}
