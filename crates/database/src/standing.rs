//! How a PostgreSQL server is set up and how its copies are doing, for operators. Asks its catalogues alone.

use std::time::Duration;

use sqlx::FromRow;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Error};
use tokio::time::timeout;

/// How long the server may take to tell.
const WITHIN: Duration = Duration::from_secs(5);

/// What the server says of itself.
#[derive(Debug, Clone, FromRow)]
pub struct Standing {
    /// As in 150018.
    pub version: i32,
    pub version_text: String,
    /// It follows another server and takes no writes.
    pub is_standby: bool,
    /// A crash of the machine may lose or damage what was acknowledged.
    pub may_lose_writes: bool,
    /// Acknowledged writes of the last moment may be lost with a crash.
    pub acknowledges_early: bool,
    pub has_checksums: bool,
    pub archives: bool,
    /// Whether the last try to archive failed.
    pub archiving_fails: bool,
    /// Seconds since something was archived; `None`: nothing yet.
    pub archived_seconds_ago: Option<f64>,
    /// `archive_timeout` in seconds; 0: none.
    pub archives_every: i64,
    /// Transactions since the oldest row that was never frozen; at two thousand million writes stop.
    pub unfrozen: i64,
    /// Transactions prepared for more than a minute: they hold back the event log.
    pub prepared: i64,
    /// Whether this role sees how the standbys are doing.
    pub sees_standbys: bool,
    /// Standbys that are connected.
    pub standbys: i64,
    /// Of those, the bytes by which the slowest is behind.
    pub standby_behind: Option<i64>,
    /// Commits wait for a standby by configuration, and none is connected.
    pub waits_in_vain: bool,
}

/// A place in the write-ahead log that the server keeps for a standby or an archive.
#[derive(Debug, Clone, FromRow)]
pub struct Slot {
    pub name: String,
    pub active: bool,
    /// What it needed is gone.
    pub lost: bool,
    /// Bytes that are kept for it.
    pub kept: i64,
}

/// As the role of `options`, who needs no rights of its own; `pg_monitor` shows more.
pub async fn standing(options: &PgConnectOptions) -> Result<(Standing, Vec<Slot>), Error> {
    let asked = async {
        let mut connection = options.connect().await?;
        let standing: Standing = sqlx::query_as(
            "with watched as (
                select pg_has_role('pg_read_all_stats', 'usage')
                    or (select rolsuper from pg_roles where rolname = current_user) as sees
            ), standby as (
                select sync_state, case when pg_is_in_recovery() then null
                    else pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::int8 end as behind
                from pg_stat_replication
            )
            select current_setting('server_version_num')::int4 as version,
                current_setting('server_version') as version_text,
                pg_is_in_recovery() as is_standby,
                current_setting('fsync') = 'off' or current_setting('full_page_writes') = 'off' as may_lose_writes,
                current_setting('synchronous_commit') = 'off' as acknowledges_early,
                current_setting('data_checksums') = 'on' as has_checksums,
                current_setting('archive_mode') <> 'off' as archives,
                coalesce(archiver.last_failed_time > coalesce(archiver.last_archived_time, '-infinity'), false)
                    as archiving_fails,
                extract(epoch from clock_timestamp() - archiver.last_archived_time)::float8 as archived_seconds_ago,
                (select setting::int8 from pg_settings where name = 'archive_timeout') as archives_every,
                (select age(datfrozenxid)::int8 from pg_database where datname = current_database()) as unfrozen,
                (select count(*) from pg_prepared_xacts where prepared < clock_timestamp() - interval '1 minute') as prepared,
                watched.sees as sees_standbys,
                (select count(*) from standby) as standbys,
                (select max(behind) from standby) as standby_behind,
                watched.sees and current_setting('synchronous_standby_names') <> ''
                    and current_setting('synchronous_commit') not in ('off', 'local')
                    and not exists (select from standby where sync_state in ('sync', 'quorum')) as waits_in_vain
            from pg_stat_archiver archiver, watched",
        )
        .fetch_one(&mut connection)
        .await?;
        let slots: Vec<Slot> = sqlx::query_as(
            "select slot_name::text as name, active, coalesce(wal_status = 'lost', false) as lost,
                coalesce(case when pg_is_in_recovery() then 0
                    else pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::int8 end, 0) as kept
            from pg_replication_slots where not temporary order by slot_name",
        )
        .fetch_all(&mut connection)
        .await?;
        connection.close().await?;
        Ok((standing, slots))
    };
    timeout(WITHIN, asked).await.unwrap_or(Err(Error::PoolTimedOut))
}
