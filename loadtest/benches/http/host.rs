//! The host as it is shipped: a release build, with authentication, metrics and logging on.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sqlx::ConnectOptions;
use testkit::TestDatabase;

/// What hosts share.
pub struct Place {
    pub database: TestDatabase,
    prefix: String,
    folder: tempfile::TempDir,
}

impl Place {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { database: TestDatabase::new().await, prefix: testkit::redis_prefix(), folder }
    }
}

pub struct Host {
    child: Child,
    base: String,
    pub client: reqwest::Client,
}

/// Who and what is asked for.
pub struct Town {
    /// Borrows, has been told of things, owns nothing.
    pub reader: String,
    pub book: String,
}

/// The host's program, configured for a place.
fn command(place: &Place) -> Command {
    let settings = [
        ("ENVIRONMENT", "development".to_owned()),
        ("DATABASE__URL", place.database.owner_options().to_url_lossy().to_string()),
        ("REDIS__URL", testkit::redis_url()),
        ("REDIS__PREFIX", place.prefix.clone()),
        ("AUTH__BCRYPT_COST", "4".to_owned()),
        ("AUTH__ACCESS_TOKEN_MINUTES", "60".to_owned()),
        ("COMMUNITY__MAX_OPEN_REQUESTS", "1000".to_owned()),
        ("COMMUNITY__MAX_REQUESTS_A_DAY", "1000000".to_owned()),
        ("COMMUNITY__COOL_DOWN", "false".to_owned()),
        ("MAIL__DIRECTORY", place.folder.path().to_string_lossy().into_owned()),
        ("LOG__FORMAT", "json".to_owned()),
        // A few members ask for everything here. What limits cost has rows of its own.
        ("LIMITS__PROFILE", "off".to_owned()),
    ];
    let mut command = Command::new(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/release/folkshelf"));
    command.envs(settings.map(|(name, value)| (format!("FOLKSHELF_{name}"), value)));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

impl Host {
    /// `memory` in MiB is what it may keep of hot answers.
    pub async fn start(place: &Place, memory: u32) -> anyhow::Result<Self> {
        Self::start_with(place, &[("HTTP__MEMORY_CACHE_MIB", &memory.to_string())]).await
    }

    /// With settings of its own.
    pub async fn start_with(place: &Place, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = place.folder.path().join(format!("host-{port}.log"));
        let mut program = command(place);
        program.env("FOLKSHELF_HTTP__LISTEN", format!("127.0.0.1:{port}"));
        program.envs(settings.iter().map(|(name, value)| (format!("FOLKSHELF_{name}"), value)));
        let child = program
            .arg("serve")
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("{program:?} does not start: cargo build --release --workspace"))?;
        let host = Self { child, base: format!("http://127.0.0.1:{port}"), client: reqwest::Client::new() };
        let begun = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            ensure!(begun.elapsed() < Duration::from_secs(30), "{}", std::fs::read_to_string(&log)?);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(host)
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub async fn until_ready(&self, since: Instant) -> anyhow::Result<Duration> {
        loop {
            if self.client.get(self.url("/health/ready")).send().await?.status().is_success() {
                return Ok(since.elapsed());
            }
            ensure!(since.elapsed() < Duration::from_secs(30), "the host does not become ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn post(&self, token: Option<&str>, path: &str, body: Value) -> anyhow::Result<Value> {
        let mut request = self.client.post(self.url(path)).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        ensure!(status.is_success(), "{path}: {status} {body}");
        Ok(body["data"].clone())
    }

    pub async fn get(&self, token: &str, path: &str) -> anyhow::Result<Value> {
        let answer = self.client.get(self.url(path)).bearer_auth(token).send().await?.error_for_status()?;
        Ok(answer.json::<Value>().await?["data"].clone())
    }

    /// Somebody new; answers their token.
    pub async fn register(&self, name: &str) -> anyhow::Result<String> {
        let person = json!({"email": format!("{name}@example.org"), "password": "correct horse battery", "name": name});
        let made = self.post(None, "/api/v1/auth/register", person).await?;
        Ok(made["accessToken"].as_str().context("a token")?.to_owned())
    }

    /// `count` books on one shelf; answers their ids.
    pub async fn shelve(&self, owner: &str, count: usize) -> anyhow::Result<Vec<String>> {
        let mut csv = String::from("title,authors,year,language,categories,description\n");
        for nth in 0..count {
            csv.push_str(&format!(
                "The long way to chapter {nth},Author {} & Co,{},en,fiction,\"{}\"\n",
                nth % 97,
                1900 + nth % 120,
                "A description of the usual length, which says what it is about without giving the end away. "
                    .repeat(3)
            ));
        }
        let form = Form::new().part("file", Part::bytes(csv.into_bytes()).file_name("shelf.csv"));
        let sent = self.client.post(self.url("/api/v1/books/import")).bearer_auth(owner).multipart(form).send().await?;
        let import: Value = sent.error_for_status()?.json().await?;
        let path = format!("/api/v1/books/imports/{}", import["data"]["id"].as_str().context("an id")?);
        while self.get(owner, &path).await?["status"] != "completed" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let mut books = Vec::new();
        for page in 1..=count.div_ceil(100) {
            let shelf = self.get(owner, &format!("/api/v1/books/mine?limit=100&fields=id&page={page}")).await?;
            books.extend(
                shelf.as_array().context("a list")?.iter().filter_map(|book| Some(book["id"].as_str()?.to_owned())),
            );
        }
        ensure!(books.len() == count, "{} of {count} books are there", books.len());
        Ok(books)
    }

    /// An owner with books, and a reader with some borrows and notifications.
    pub async fn settle(&self, books: usize) -> anyhow::Result<Town> {
        let owner = self.register("olga").await?;
        let reader = self.register("rita").await?;
        let shelf = self.shelve(&owner, books).await?;
        for book in shelf.iter().take(20) {
            let asked = json!({"bookId": book, "days": 21, "message": "For the holidays?"});
            let borrow = self.post(Some(&reader), "/api/v1/borrows", asked).await?;
            let approve = format!("/api/v1/borrows/{}/approve", borrow["id"].as_str().context("an id")?);
            self.post(Some(&owner), &approve, json!({"place": "The bakery"})).await?;
        }
        Ok(Town { reader, book: shelf.last().context("a book")?.clone() })
    }

    /// The host's command line, in the same place.
    pub fn command(&self, place: &Place, arguments: &[&str]) -> Command {
        let mut command = command(place);
        command.args(arguments).stderr(Stdio::null());
        command
    }

    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status()?;
        ensure!(sent.success(), "the host has ended");
        Ok(())
    }

    /// Without a word, as a machine does that loses its power.
    pub fn kill(mut self) {
        drop(self.child.kill());
    }

    /// `VmRSS` of the process.
    pub fn resident_mib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? / 1024)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Told to stop it gives its leases back. The host after one that was killed runs no subscription for seconds.
        #[allow(clippy::disallowed_methods, reason = "dropping cannot wait in a runtime")]
        let pause = || std::thread::sleep(Duration::from_millis(5));
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let begun = Instant::now();
        while told.is_ok() && matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(20) {
            pause();
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
