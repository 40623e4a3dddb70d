//! Redis servers of a test's own: alone, a master with its replica and Sentinels, or a cluster.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Child;

use crate::postgres::{Home, end, free_port};
use crate::wait::eventually;

/// A Redis that nobody else uses. What is in it goes with [`Self::stop`] and [`Self::kill`].
pub struct PrivateRedis {
    home: Home,
    port: u16,
    options: Vec<String>,
    process: Option<Child>,
}

impl PrivateRedis {
    /// # Panics
    /// When `FOLKSHELF_TEST_REDIS_SERVER` is not set or the server does not start.
    pub async fn start() -> Self {
        Self::start_with(|port| vec!["--port".to_owned(), port.to_string()]).await
    }

    /// With options of its own, made of its port.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn start_with(options: impl FnOnce(u16) -> Vec<String>) -> Self {
        Self::start_in(|port, _| {
            let usual = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"].map(str::to_owned);
            usual.into_iter().chain(options(port)).collect()
        })
        .await
    }

    async fn start_in(options: impl FnOnce(u16, &Path) -> Vec<String>) -> Self {
        let port = free_port().expect("a free port");
        let home = Home::new("redis", "KILL").expect("a directory for Redis");
        let options = options(port, &home.path);
        let mut server = Self { home, port, options, process: None };
        server.start_again().await;
        server
    }

    /// Starts it after [`Self::stop`] or [`Self::kill`], at the same address and empty.
    ///
    /// # Panics
    /// When it does not answer in time.
    pub async fn start_again(&mut self) {
        let program = std::env::var("FOLKSHELF_TEST_REDIS_SERVER")
            .expect("FOLKSHELF_TEST_REDIS_SERVER names redis-server; `just test` sets it");
        let process = self.home.program(Path::new(&program)).args(&self.options).spawn().expect("redis-server starts");
        self.home.remember(&process);
        self.process = Some(process);
        let port = self.port;
        eventually("our Redis answers", || async move { answers(port).await.is_ok() }).await;
    }

    /// An orderly end.
    pub async fn stop(&mut self) {
        end(&mut self.process, "TERM").await;
    }

    /// A crash.
    pub async fn kill(&mut self) {
        end(&mut self.process, "KILL").await;
    }

    /// As `REDIS_URL` has it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends commands, each as an operator would type it, on a connection of its own. Returns what it answers, as it is
    /// on the line.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn tell(&self, commands: &[&str]) -> String {
        tell(self.port, commands).await.expect("Redis answers")
    }
}

/// What Sentinels call the master.
pub const MASTER: &str = "folkshelf";

/// A master, a replica of it and three Sentinels, who replace a master that has been away for a second.
pub struct RedisGroup {
    /// The first is the master at the beginning.
    pub servers: [PrivateRedis; 2],
    pub sentinels: Vec<PrivateRedis>,
}

impl RedisGroup {
    /// # Panics
    /// As [`PrivateRedis::start`].
    pub async fn start() -> Self {
        let master = PrivateRedis::start().await;
        let replica = PrivateRedis::start_with(|port| {
            ["--port", &port.to_string(), "--replicaof", &format!("127.0.0.1 {}", master.port())]
                .map(str::to_owned)
                .to_vec()
        })
        .await;
        let mut sentinels = Vec::new();
        for _ in 0..3 {
            sentinels.push(sentinel(master.port()).await);
        }
        let group = Self { servers: [master, replica], sentinels };
        eventually("the Sentinels know each other and the replica", || async {
            for sentinel in &group.sentinels {
                let said = sentinel.tell(&[&format!("SENTINEL CKQUORUM {MASTER}")]).await;
                let replicas = sentinel.tell(&[&format!("SENTINEL REPLICAS {MASTER}")]).await;
                if !said.contains("3 usable") || !replicas.contains("\r\nmaster-link-status\r\n") {
                    return false;
                }
            }
            group.servers[1].tell(&["INFO replication"]).await.contains("master_link_status:up")
        })
        .await;
        group
    }

    /// The addresses of the Sentinels, as a setting has them.
    pub fn addresses(&self) -> String {
        let addresses = self.sentinels.iter().map(|sentinel| format!("redis://127.0.0.1:{}", sentinel.port()));
        addresses.collect::<Vec<_>>().join(",")
    }

    /// Whether all Sentinels name this one the master.
    pub async fn is_master(&self, nth: usize) -> bool {
        let port = self.servers[nth].port().to_string();
        for sentinel in &self.sentinels {
            let said = sentinel.tell(&[&format!("SENTINEL GET-MASTER-ADDR-BY-NAME {MASTER}")]).await;
            if !said.contains(&format!("\r\n{port}\r\n")) {
                return false;
            }
        }
        true
    }
}

async fn sentinel(master: u16) -> PrivateRedis {
    PrivateRedis::start_in(|port, home| {
        let file = home.join("sentinel.conf");
        let text = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor {MASTER} 127.0.0.1 {master} 2\n\
             sentinel down-after-milliseconds {MASTER} 1000\nsentinel failover-timeout {MASTER} 4000\n",
            home.display()
        );
        std::fs::write(&file, text).expect("our own directory");
        // It writes what it learns into it, as another user when root runs the tests.
        let for_all = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        std::fs::set_permissions(&file, for_all).expect("our own file");
        vec![file.to_string_lossy().into_owned(), "--sentinel".to_owned()]
    })
    .await
}

/// Three masters and one replica, of the first. The slots are shared so that each master has contexts' tags.
pub struct RedisCluster {
    pub nodes: Vec<PrivateRedis>,
}

impl RedisCluster {
    /// # Panics
    /// As [`PrivateRedis::start`].
    pub async fn start() -> Self {
        let mut nodes = Vec::new();
        let mut lines = Vec::new();
        for _ in 0..4 {
            let line = free_port().expect("a free port");
            let node = PrivateRedis::start_in(|port, home| {
                ["--bind", "127.0.0.1", "--port", &port.to_string(), "--cluster-port", &line.to_string()]
                    .into_iter()
                    .chain(["--save", "", "--appendonly", "no", "--cluster-enabled", "yes"])
                    .chain(["--cluster-node-timeout", "1000", "--cluster-require-full-coverage", "no", "--dir"])
                    .map(str::to_owned)
                    .chain([home.to_string_lossy().into_owned()])
                    .collect()
            });
            nodes.push(node.await);
            lines.push(line);
        }
        for (nth, (first, last)) in [(0, 7_850), (7_851, 15_000), (15_001, 16_383)].into_iter().enumerate() {
            let epoch = format!("CLUSTER SET-CONFIG-EPOCH {}", nth + 1);
            let said = nodes[nth].tell(&[&epoch, &format!("CLUSTER ADDSLOTSRANGE {first} {last}")]).await;
            assert_eq!(said, "+OK\r\n+OK\r\n+OK\r\n");
        }
        for nth in 1..4 {
            let meet = format!("CLUSTER MEET 127.0.0.1 {} {}", nodes[nth].port(), lines[nth]);
            assert_eq!(nodes[0].tell(&[&meet]).await, "+OK\r\n+OK\r\n");
        }
        let first = nodes[0].tell(&["CLUSTER MYID"]).await;
        let first = first.lines().nth(1).expect("an id").to_owned();
        eventually("the replica knows its master", || async {
            nodes[3].tell(&[&format!("CLUSTER REPLICATE {first}")]).await.starts_with("+OK")
        })
        .await;
        let cluster = Self { nodes };
        eventually("the cluster is complete", || cluster.is_complete()).await;
        cluster
    }

    /// Whether all nodes know all of them, and the replica follows.
    async fn is_complete(&self) -> bool {
        for node in &self.nodes {
            let said = node.tell(&["CLUSTER INFO"]).await;
            if !["cluster_state:ok", "cluster_known_nodes:4", "cluster_size:3"].iter().all(|part| said.contains(part)) {
                return false;
            }
        }
        self.nodes[3].tell(&["INFO replication"]).await.contains("master_link_status:up")
    }

    /// The nodes, as a setting has them.
    pub fn addresses(&self) -> String {
        let addresses = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port()));
        addresses.collect::<Vec<_>>().join(",")
    }
}

/// Whether somebody is there. A server that wants a password says so, one that wants TLS cuts us off.
async fn answers(port: u16) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(b"PING\r\n").await?;
    drop(stream.read(&mut [0; 1]).await);
    Ok(())
}

async fn tell(port: u16, commands: &[&str]) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    for command in commands {
        stream.write_all(format!("{command}\r\n").as_bytes()).await?;
    }
    stream.write_all(b"QUIT\r\n").await?;
    // Sentinels do not know that word.
    stream.shutdown().await?;
    let mut answer = String::new();
    tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await??;
    Ok(answer)
}
