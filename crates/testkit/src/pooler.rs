//! A PgBouncer of a test's own, set up as `deploy/pgbouncer/pgbouncer.ini` tells operators.

use std::path::{Path, PathBuf};

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::process::Child;

use crate::servers::{Home, end, free_port};
use ::servers::eventually;

/// Its address outlives [`Self::kill`]; all of it goes when this value does.
pub struct Pooler {
    home: Home,
    port: u16,
    process: Option<Child>,
}

impl Pooler {
    /// Before `server`, all of whose databases it leads to, for roles that need no password: what [`crate::TestDatabase`] has.
    ///
    /// # Panics
    /// When `FOLKSHELF_TEST_PGBOUNCER` is not set or it does not start.
    pub async fn before(server: &PgConnectOptions) -> Self {
        let contexts = crate::database::every_context().await.expect("migrations");
        let schemas = contexts.iter().map(|(name, _)| name.as_str()).chain([provision::EVENT_BUS]);
        let userlist: String = schemas.map(|schema| format!("\"folkshelf_{schema}\" \"\"\n")).collect();
        Self::start(server, &userlist, &[("auth_type", "trust"), ("auth_query", ""), ("auth_user", "")]).await
    }

    /// As the example sets it up, but for `changes`. `userlist`: who may ask for passwords.
    ///
    /// # Panics
    /// As [`Self::before`].
    pub async fn start(server: &PgConnectOptions, userlist: &str, changes: &[(&str, &str)]) -> Self {
        let mut pooler = Self {
            home: Home::new("pgbouncer", "QUIT").expect("a directory for PgBouncer"),
            port: free_port().expect("a free port"),
            process: None,
        };
        let users = pooler.home.path.join("userlist.txt");
        std::fs::write(&users, userlist).expect("our own directory");
        let (users, port) = (users.display().to_string(), pooler.port.to_string());
        let place = [("listen_port", port.as_str()), ("auth_file", &users), ("unix_socket_dir", "")];
        let changes: Vec<(&str, &str)> = changes.iter().chain(&place).copied().collect();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/pgbouncer/pgbouncer.ini");
        let example = std::fs::read_to_string(example).expect("the example");
        std::fs::write(pooler.configuration(), changed(&example, server, &changes)).expect("our own directory");
        pooler.start_again().await;
        pooler
    }

    fn configuration(&self) -> PathBuf {
        self.home.path.join("pgbouncer.ini")
    }

    /// After [`Self::kill`], at the same address.
    ///
    /// # Panics
    /// When it does not listen in time.
    pub async fn start_again(&mut self) {
        let program = std::env::var("FOLKSHELF_TEST_PGBOUNCER")
            .expect("FOLKSHELF_TEST_PGBOUNCER names PgBouncer 1.21 or newer; ./dev test installs it where it can");
        let process =
            self.home.program(Path::new(&program)).arg(self.configuration()).spawn().expect("pgbouncer starts");
        self.home.remember(&process);
        self.process = Some(process);
        let port = self.port;
        eventually(
            "PgBouncer listens",
            || async move { tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() },
        )
        .await;
    }

    /// A crash.
    pub async fn kill(&mut self) {
        end(&mut self.process, "KILL").await;
    }

    /// `options` through it.
    #[must_use]
    pub fn through(&self, options: PgConnectOptions) -> PgConnectOptions {
        options.host("127.0.0.1").port(self.port).extra_float_digits(None)
    }

    /// A connection through it.
    ///
    /// # Panics
    /// When it lets nobody in.
    pub async fn connect(&self, options: PgConnectOptions) -> PgConnection {
        PgConnection::connect_with(&self.through(options)).await.expect("through the pooler")
    }
}

/// The example with other values. What is changed to nothing is left out.
fn changed(example: &str, server: &PgConnectOptions, changes: &[(&str, &str)]) -> String {
    let mut lines = vec![
        "[databases]".to_owned(),
        format!("* = host={} port={}", server.get_host(), server.get_port()),
        "[pgbouncer]".to_owned(),
    ];
    let (_, settings) = example.split_once("[pgbouncer]").expect("its section");
    let is_changed =
        |line: &str| line.split_once(" = ").is_some_and(|(key, _)| changes.iter().any(|(name, _)| *name == key));
    lines.extend(settings.lines().filter(|line| !is_changed(line)).map(str::to_owned));
    let changes = changes.iter().filter(|(_, value)| !value.is_empty());
    lines.extend(changes.map(|(name, value)| format!("{name} = {value}")));
    lines.join("\n") + "\n"
}
