//! An S3 that nobody else uses: SeaweedFS, which checks signatures and keeps its files over a restart.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::servers::{Home, end, free_port, signal};
use ::servers::eventually_within;

pub struct PrivateS3 {
    home: Home,
    /// Of master, volumes, filer and S3, each twice.
    ports: Vec<u16>,
    process: Option<Child>,
}

impl PrivateS3 {
    pub const KEY_ID: &str = "shelf";
    pub const SECRET: &str = "a-secret-of-the-tests";

    /// # Panics
    /// When there is no program `weed`, or it does not start.
    pub async fn start() -> Self {
        let ports = (0..8).map(|_| free_port().expect("a free port")).collect();
        let mut server = Self { home: Home::new("s3", "KILL").expect("a directory for S3"), ports, process: None };
        let key = format!(r#"{{"accessKey":"{}","secretKey":"{}"}}"#, Self::KEY_ID, Self::SECRET);
        let rights = format!(r#"{{"identities":[{{"name":"shelf","credentials":[{key}],"actions":["Admin"]}}]}}"#);
        std::fs::write(server.home.path.join("rights.json"), rights).expect("our own directory");
        server.start_again().await;
        server
    }

    /// Starts it after [`Self::kill`], at the same address and with all its files.
    ///
    /// # Panics
    /// When it does not answer in time.
    pub async fn start_again(&mut self) {
        let port = |nth: usize| self.ports[nth].to_string();
        let mut command = Command::new("weed");
        command.args([
            "server",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-s3",
            "-s3.iam=false",
            "-s3.config=rights.json",
        ]);
        command.args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=64", "-dir=."]);
        for (nth, part) in ["master", "volume", "filer", "s3"].iter().enumerate() {
            command.arg(format!("-{part}.port={}", port(2 * nth)));
            command.arg(format!("-{part}.port.grpc={}", port(2 * nth + 1)));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.current_dir(&self.home.path).process_group(0).spawn();
        let process = process.expect("weed, of SeaweedFS, starts; scripts/setup brings it");
        self.home.remember(&process);
        self.process = Some(process);
        let address = ("127.0.0.1", self.ports[6]);
        eventually_within(Duration::from_secs(60), "our S3 answers", || async {
            tokio::net::TcpStream::connect(address).await.is_ok()
        })
        .await;
    }

    /// A crash.
    pub async fn kill(&mut self) {
        end(&mut self.process, "KILL").await;
    }

    /// `STOP` freezes it, `CONT` wakes it.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn signal(&self, name: &str) {
        signal(self.process.as_ref().expect("the server runs"), name).await;
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[6])
    }
}
