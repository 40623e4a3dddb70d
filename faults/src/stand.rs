//! PostgreSQL, Redis, nginx and the hosts of one run, all of them real and nobody else's.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use servers::{Line, PrivatePostgres, PrivateRedis, eventually_within, free_port};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

pub const CONTEXTS: [&str; 5] = ["users", "auth", "books", "borrowing", "notifications"];

/// In which processes Folkshelf runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    OneHost,
    /// Behind nginx, over one database.
    ThreeHosts,
    /// One for each context behind nginx, each with a database of its own.
    FiveDatabases,
}

impl Shape {
    pub fn name(self) -> &'static str {
        match self {
            Self::OneHost => "one host",
            Self::ThreeHosts => "three hosts",
            Self::FiveDatabases => "five databases",
        }
    }
}

/// A bug on purpose, which the checker must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Of the program that was built with the feature `planted/on`.
    Program(&'static str),
    /// PostgreSQL answers commits before they are on its disk.
    AsynchronousCommit,
    /// The primary answers commits before the standby has them.
    AsynchronousStandby,
}

impl Bug {
    pub fn name(self) -> &'static str {
        match self {
            Self::Program(name) => name,
            Self::AsynchronousCommit => "asynchronous-commit",
            Self::AsynchronousStandby => "asynchronous-standby",
        }
    }
}

pub struct Host {
    pub nth: usize,
    environment: Vec<(String, String)>,
    child: Option<Child>,
    log: PathBuf,
    pub address: String,
}

impl Host {
    fn start(&mut self, program: &Path, more: &[(&str, &str)]) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(program);
        command.arg("serve").envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.envs(more.iter().copied());
        self.child = Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?);
        Ok(())
    }

    /// `KILL`, `TERM`, `STOP` or `CONT`.
    pub fn signal(&self, name: &str) -> Result<()> {
        let child = self.child.as_ref().context("the host runs")?;
        let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status()?;
        ensure!(sent.success(), "signal {name} to host {}", self.nth);
        Ok(())
    }

    pub fn kill(&mut self) -> Result<()> {
        self.signal("KILL")?;
        self.child.take().context("the host runs")?.wait()?;
        Ok(())
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(&mut self) -> Result<()> {
        self.signal("TERM")?;
        let mut child = self.child.take().context("the host runs")?;
        tokio::task::spawn_blocking(move || child.wait()).await??;
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers go with it only when it is asked.
        drop(Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status());
        drop(self.0.wait());
    }
}

pub struct Stand {
    pub shape: Shape,
    /// Ends with the others, and before the servers.
    nginx: Option<Nginx>,
    pub hosts: Vec<Host>,
    /// Each host's own way to PostgreSQL.
    pub lines: Vec<Line>,
    pub postgres: PrivatePostgres,
    pub standby: Option<PrivatePostgres>,
    pub redis: PrivateRedis,
    program: PathBuf,
    pub base: String,
    folder: tempfile::TempDir,
}

/// Beside this program, or where `FOLKSHELF_FAULTS_PROGRAM` says.
pub fn program(planted: bool) -> Result<PathBuf> {
    let beside = |name: &str| {
        let own = std::env::current_exe()?;
        let found = own.ancestors().map(|folder| folder.join(name)).find(|path| path.is_file());
        found.with_context(|| format!("{name} is not built; `just faults` does it"))
    };
    match std::env::var_os("FOLKSHELF_FAULTS_PROGRAM") {
        Some(path) if !planted => Ok(path.into()),
        _ => beside(if planted { "faults/folkshelf" } else { "folkshelf" }),
    }
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Stand {
    pub async fn build(shape: Shape, bug: Option<Bug>, with_standby: bool) -> Result<Self> {
        let program = program(matches!(bug, Some(Bug::Program(_))))?;
        // What is acknowledged has to be on the disk.
        let slowly = ["synchronous_commit=off", "fsync=on", "wal_writer_delay=10s", "wal_writer_flush_after=1GB"];
        let durable = ["fsync=on"];
        let settings = if bug == Some(Bug::AsynchronousCommit) { &slowly[..] } else { &durable[..] };
        let postgres = PrivatePostgres::start_with(settings).await;
        let redis = PrivateRedis::start_with(|port| ["--port", &port.to_string()].map(str::to_owned).to_vec()).await;
        let folder = tempfile::tempdir()?;
        let mut stand = Self {
            shape,
            nginx: None,
            hosts: Vec::new(),
            lines: Vec::new(),
            postgres,
            standby: None,
            redis,
            program,
            base: String::new(),
            folder,
        };
        for database in stand.databases().into_iter().skip(1) {
            stand.as_superuser(&format!("create database {database} owner folkshelf")).await?;
        }
        stand.prepare(bug).await?;
        if with_standby {
            let standby = stand.postgres.standby("second").await;
            if bug != Some(Bug::AsynchronousStandby) {
                stand.postgres.acknowledge_with("second").await;
            }
            stand.standby = Some(standby);
        }
        stand.start_all().await?;
        Ok(stand)
    }

    pub fn databases(&self) -> Vec<String> {
        match self.shape {
            Shape::FiveDatabases => CONTEXTS.iter().map(|&context| database_of(context)).collect(),
            _ => vec!["folkshelf".to_owned()],
        }
    }

    /// The database that has the tables of a context.
    pub fn database_of(&self, context: &str) -> String {
        if self.shape == Shape::FiveDatabases { database_of(context) } else { "folkshelf".to_owned() }
    }

    pub async fn connect(&self, database: &str) -> Result<PgConnection> {
        self.connect_as("postgres", database).await
    }

    pub async fn connect_as(&self, role: &str, database: &str) -> Result<PgConnection> {
        Ok(self.postgres.superuser().username(role).database(database).connect().await?)
    }

    pub async fn as_superuser(&self, statement: &str) -> Result<()> {
        let mut connection = self.connect("folkshelf").await?;
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }

    async fn prepare(&mut self, bug: Option<Bug>) -> Result<()> {
        let count = match self.shape {
            Shape::OneHost => 1,
            Shape::ThreeHosts => 3,
            Shape::FiveDatabases => 5,
        };
        let mut ports = Vec::new();
        while ports.len() < 2 * count + 1 {
            let port = free_port()?;
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        let public = |nth: usize| format!("127.0.0.1:{}", ports[1 + nth]);
        let internal = |nth: usize| format!("127.0.0.1:{}", ports[1 + count + nth]);
        for nth in 0..count {
            let context = CONTEXTS.get(nth).copied().filter(|_| self.shape == Shape::FiveDatabases);
            let line = Line::to(&format!("127.0.0.1:{}", self.postgres.port())).await;
            let database = context.map_or_else(|| "folkshelf".to_owned(), database_of);
            let mut settings = self.settings(&line, &database);
            settings.push(("HTTP__LISTEN", public(nth)));
            if let Some(context) = context {
                settings.push(("CONTEXTS__RUN", context.to_owned()));
                settings.push(("CONTEXTS__DATABASE", context.to_owned()));
                settings.push(("INTERNAL__LISTEN", internal(nth)));
                settings.push(("INTERNAL__TOKEN", "what-the-processes-of-a-run-show-each-other".to_owned()));
            }
            let mut environment: Vec<_> =
                settings.into_iter().map(|(name, value)| (format!("FOLKSHELF_{name}"), value)).collect();
            if self.shape == Shape::FiveDatabases {
                environment.extend(CONTEXTS.iter().enumerate().map(|(peer, context)| {
                    (format!("FOLKSHELF_PEERS__{}", context.to_uppercase()), format!("http://{}", internal(peer)))
                }));
            }
            if let Some(Bug::Program(name)) = bug {
                environment.push(("FOLKSHELF_PLANTED".to_owned(), name.to_owned()));
            }
            let log = self.folder.path().join(format!("host-{nth}.log"));
            self.lines.push(line);
            self.hosts.push(Host { nth, environment, child: None, log, address: public(nth) });
        }
        self.base = format!("http://127.0.0.1:{}", if count == 1 { ports[1] } else { ports[0] });
        let migrated: &[usize] = if self.shape == Shape::FiveDatabases { &[0, 1, 2, 3, 4] } else { &[0] };
        for &nth in migrated {
            let output = self.command_line(nth, &["migrate"]).await?;
            ensure!(output.status.success(), "migrate: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    fn settings(&self, line: &Line, database: &str) -> Vec<(&'static str, String)> {
        let mail = self.folder.path().join("mail").to_string_lossy().into_owned();
        let settings = [
            ("ENVIRONMENT", "development".to_owned()),
            ("DATABASE__URL", format!("postgres://folkshelf:folkshelf@{}/{database}", line.address())),
            ("DATABASE__CONNECTIONS", "32".to_owned()),
            ("REDIS__URL", self.redis.url()),
            ("AUTH__BCRYPT_COST", "4".to_owned()),
            ("FILES__FOLDER", format!("{mail}/files")),
            ("MAIL__DIRECTORY", mail),
            ("LOG__FORMAT", "json".to_owned()),
            ("LIMITS__PROFILE", "off".to_owned()),
            ("HTTP__TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("HTTP__REQUEST_TIMEOUT_SECONDS", "9".to_owned()),
            ("COMMUNITY__COOL_DOWN", "false".to_owned()),
            ("COMMUNITY__MAX_REQUESTS_A_DAY", "1000000".to_owned()),
            ("COMMUNITY__MAX_OPEN_REQUESTS", "1000".to_owned()),
            ("COMMUNITY__MAX_MESSAGES_AN_HOUR", "10000".to_owned()),
            ("COMMUNITY__MAX_MESSAGES_A_DAY", "10000".to_owned()),
        ];
        settings.to_vec()
    }

    async fn start_all(&mut self) -> Result<()> {
        for host in &mut self.hosts {
            host.start(&self.program, &[])?;
        }
        for nth in 0..self.hosts.len() {
            self.until_it_answers(nth).await?;
        }
        if self.hosts.len() > 1 {
            self.start_nginx()?;
        }
        let health = format!("{}/health", self.base);
        eventually_within(Duration::from_secs(30), "everybody is well", || {
            let health = health.clone();
            async move { matches!(reqwest::get(&health).await, Ok(answer) if answer.status() == 200) }
        })
        .await;
        Ok(())
    }

    /// Starts a host that has ended.
    pub fn start_host(&mut self, nth: usize) -> Result<()> {
        self.start_host_with(nth, &[])
    }

    /// With more in its environment.
    pub fn start_host_with(&mut self, nth: usize, more: &[(&str, &str)]) -> Result<()> {
        let program = self.program.clone();
        self.hosts[nth].start(&program, more)
    }

    pub async fn until_it_answers(&mut self, nth: usize) -> Result<()> {
        let url = format!("http://{}/health/live", self.hosts[nth].address);
        for _ in 0..1200 {
            if reqwest::get(&url).await.is_ok() {
                return Ok(());
            }
            if let Some(Ok(Some(status))) = self.hosts[nth].child.as_mut().map(Child::try_wait) {
                bail!("host {nth} ended with {status}: {}", self.end_of_log(nth));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        bail!("host {nth} does not answer: {}", self.end_of_log(nth))
    }

    fn end_of_log(&self, nth: usize) -> String {
        let text = std::fs::read_to_string(&self.hosts[nth].log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// What hosts have said, for whoever looks into a failure.
    pub fn keep_logs(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        for host in &self.hosts {
            std::fs::copy(&host.log, folder.join(format!("host-{}.log", host.nth)))?;
        }
        Ok(())
    }

    /// Runs the command line with the settings of a host.
    pub async fn command_line(&self, nth: usize, arguments: &[&str]) -> Result<Output> {
        let environment = self.hosts[nth].environment.iter().map(|(name, value)| (name, value));
        let mut command = tokio::process::Command::new(&self.program);
        Ok(command.args(arguments).envs(environment).stdin(Stdio::null()).output().await?)
    }

    fn start_nginx(&mut self) -> Result<()> {
        let at = |name: &str| self.folder.path().join(name).to_string_lossy().into_owned();
        let listen = self.base.trim_start_matches("http://");
        let mut arguments = vec![at("conf")];
        if self.shape == Shape::FiveDatabases {
            let environment = self.hosts[0].environment.iter().map(|(name, value)| (name, value));
            let map = Command::new(&self.program).args(["config", "nginx"]).envs(environment).output()?;
            ensure!(map.status.success(), "{}", String::from_utf8_lossy(&map.stderr));
            std::fs::write(at("map"), map.stdout)?;
            arguments.push(format!("PROCESSES={}", at("map")));
            arguments.extend(self.hosts.iter().map(|host| match host.nth {
                0 => format!("HOSTS={}", host.address),
                nth => format!("HOSTS_{}={}", CONTEXTS[nth], host.address),
            }));
        } else {
            let hosts: Vec<&str> = self.hosts.iter().map(|host| host.address.as_str()).collect();
            arguments.push(format!("HOSTS={}", hosts.join(" ")));
            // Whoever wrote on one host reads on another.
            arguments.push("BALANCE=round_robin".to_owned());
        }
        // The hosts say what their answers are.
        std::fs::write(at("types"), "types { }\n")?;
        let folder = self.folder.path().display();
        arguments.extend([
            format!("LISTEN={listen}"),
            format!("STATE={folder}"),
            format!("LOGS={folder}"),
            format!("MIME={}", at("types")),
            "WORKERS=1".to_owned(),
        ]);
        let rendered = Command::new(checkout().join("deploy/nginx/render")).args(arguments).status()?;
        ensure!(rendered.success(), "deploy/nginx/render");
        // Root's nginx would give its files to somebody who may not read the folder.
        let user = if std::env::var_os("FOLKSHELF_TEST_SERVER_USER").is_some() { " user root;" } else { "" };
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let child = Command::new("nginx")
            .env("PATH", path)
            .args(["-c", &at("conf/nginx.conf"), "-e", &at("error.log"), "-g", &format!("daemon off;{user}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .context("nginx: scripts/setup-operations nginx")?;
        self.nginx = Some(Nginx(child));
        Ok(())
    }
}

fn database_of(context: &str) -> String {
    if context == CONTEXTS[0] { "folkshelf".to_owned() } else { format!("folkshelf_{context}") }
}
