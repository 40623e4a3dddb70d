//! Standbys of a test's own PostgreSQL, by streaming replication.

use sqlx::{AssertSqlSafe, ConnectOptions};

use crate::postgres::{Home, PrivatePostgres, free_port, postgres};
use crate::wait::eventually;

impl PrivatePostgres {
    /// A server that follows this one; `name` is its slot's and what `synchronous_standby_names` may name.
    ///
    /// # Panics
    /// When the copy cannot be made or does not start.
    pub async fn standby(&self, name: &str) -> Self {
        let home = Home::new("postgres", "QUIT").expect("a directory for PostgreSQL");
        let from =
            format!("host=127.0.0.1 port={} user=postgres password=folkshelf application_name={name}", self.port());
        let copied = home
            .program(&postgres("pg_basebackup").expect("found before"))
            .args(["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"])
            .args(["--create-slot", "--slot", name, "--dbname", &from, "--pgdata"])
            .arg(home.path.join("data"))
            .output()
            .await
            .expect("pg_basebackup runs");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        let mut standby =
            Self { home, port: free_port().expect("a free port"), process: None, settings: self.settings.clone() };
        standby.start_again().await;
        standby
    }

    /// Commits wait from now on until the standby `name` has them.
    ///
    /// # Panics
    /// When it does not follow in time.
    pub async fn acknowledge_with(&self, name: &str) {
        let mut superuser = self.superuser().connect().await.expect("a superuser");
        let statement = AssertSqlSafe(format!("alter system set synchronous_standby_names = '{name}'"));
        sqlx::raw_sql(statement).execute(&mut superuser).await.expect("set");
        sqlx::raw_sql("select pg_reload_conf()").execute(&mut superuser).await.expect("read again");
        let follows = "select exists (select from pg_stat_replication where sync_state = 'sync')";
        eventually("the standby is waited for", || async {
            let mut superuser = self.superuser().connect().await.expect("a superuser");
            sqlx::query_scalar(follows).fetch_one(&mut superuser).await.unwrap_or(false)
        })
        .await;
    }

    /// As the superuser: one statement.
    ///
    /// # Panics
    /// When it fails.
    pub async fn command(&self, statement: &'static str) {
        let mut superuser = self.superuser().connect().await.expect("a superuser");
        sqlx::raw_sql(statement).execute(&mut superuser).await.expect(statement);
    }
}
