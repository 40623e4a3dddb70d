//! NATS servers of a test's own, with JetStream: one, or a cluster of three.

use std::path::PathBuf;

use anyhow::{Context, Result};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::process::Child;

use crate::postgres::{Home, end, free_port, signal};
use crate::wait::eventually;

/// The programs that tests run against: one for each version.
///
/// # Panics
/// When `FOLKSHELF_TEST_NATS_SERVERS` is not set.
pub fn nats_programs() -> Vec<PathBuf> {
    let programs = std::env::var("FOLKSHELF_TEST_NATS_SERVERS").unwrap_or_default();
    let programs: Vec<PathBuf> = programs.split(':').filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    assert!(
        !programs.is_empty(),
        "FOLKSHELF_TEST_NATS_SERVERS names nats-server; scripts/setup-operations nats fetches it, `just test` sets it"
    );
    programs
}

/// Servers that nobody else uses. What they hold outlives [`Self::kill`], and goes with this value.
pub struct PrivateNats {
    program: PathBuf,
    servers: Vec<Server>,
}

struct Server {
    home: Home,
    port: u16,
    options: Vec<String>,
    process: Option<Child>,
}

impl PrivateNats {
    /// # Panics
    /// When the server does not start.
    pub async fn start(program: PathBuf) -> Self {
        Self::start_all(program, 1).await.expect("a NATS server of our own")
    }

    /// Three servers that know each other.
    ///
    /// # Panics
    /// When one does not start.
    pub async fn start_cluster(program: PathBuf) -> Self {
        Self::start_all(program, 3).await.expect("a NATS cluster of our own")
    }

    async fn start_all(program: PathBuf, count: usize) -> Result<Self> {
        let routes = (0..count).map(|_| free_port()).collect::<Result<Vec<u16>>>()?;
        let all: Vec<String> = routes.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let mut servers = Vec::new();
        for (nth, route) in all.iter().enumerate() {
            let (home, port) = (Home::new("nats", "KILL")?, free_port()?);
            let store = home.path.join("store");
            let store = store.to_str().context("a path that is text")?;
            let mut options: Vec<String> =
                ["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd", store, "-n", &format!("nats-{nth}")]
                    .map(str::to_owned)
                    .to_vec();
            if count > 1 {
                let cluster = ["--cluster_name", "test", "--cluster", route, "--routes", &all.join(",")];
                options.extend(cluster.map(str::to_owned));
            }
            servers.push(Server { home, port, options, process: None });
        }
        let mut nats = Self { program, servers };
        for nth in 0..count {
            nats.start_again(nth).await;
        }
        Ok(nats)
    }

    pub fn len(&self) -> usize {
        self.servers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// Where clients reach each of them.
    pub fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| format!("nats://127.0.0.1:{}", server.port)).collect()
    }

    /// Starts one after [`Self::kill`], at the same address with the same data.
    ///
    /// # Panics
    /// When it does not answer in time.
    pub async fn start_again(&mut self, nth: usize) {
        let server = &mut self.servers[nth];
        let process = server.home.program(&self.program).args(&server.options).spawn().expect("nats-server starts");
        server.home.remember(&process);
        server.process = Some(process);
        let port = server.port;
        eventually("our NATS greets", || async move { greets(port).await.unwrap_or(false) }).await;
    }

    pub fn is_running(&self, nth: usize) -> bool {
        self.servers[nth].process.is_some()
    }

    /// A crash.
    pub async fn kill(&mut self, nth: usize) {
        end(&mut self.servers[nth].process, "KILL").await;
    }

    /// Takes away what a killed one has stored.
    ///
    /// # Panics
    /// When it cannot be removed.
    pub fn lose_store(&self, nth: usize) {
        std::fs::remove_dir_all(self.servers[nth].home.path.join("store")).expect("our own folder");
    }

    /// Stops one where it is: connections stay open, and nothing is answered.
    pub async fn freeze(&self, nth: usize) {
        signal(self.servers[nth].process.as_ref().expect("the server runs"), "STOP").await;
    }

    /// Lets it go on after [`Self::freeze`].
    pub async fn thaw(&self, nth: usize) {
        signal(self.servers[nth].process.as_ref().expect("the server runs"), "CONT").await;
    }
}

async fn greets(port: u16) -> Result<bool> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await?;
    let mut greeting = [0; 4];
    connection.read_exact(&mut greeting).await?;
    Ok(&greeting == b"INFO")
}
