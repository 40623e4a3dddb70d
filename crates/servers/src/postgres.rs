//! A PostgreSQL of a test's own; Redis is in `redis.rs`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::process::{Child, Command};

use crate::wait::eventually;

/// A PostgreSQL that nobody else uses, with an empty database `folkshelf`. Its port and data outlive [`Self::stop`] and [`Self::kill`]; all of it
/// goes when this value does, also when the test's process is killed.
pub struct PrivatePostgres {
    pub(crate) home: Home,
    pub(crate) port: u16,
    pub(crate) process: Option<Child>,
    pub(crate) settings: Vec<String>,
}

impl PrivatePostgres {
    /// # Panics
    /// When `FOLKSHELF_TEST_POSTGRES_BIN` is not set or the server does not start.
    pub async fn start() -> Self {
        Self::start_with(&["fsync=off"]).await
    }

    /// With settings, such as `fsync=off`.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn start_with(settings: &[&str]) -> Self {
        Self::try_start(settings).await.expect("a PostgreSQL of our own")
    }

    async fn try_start(settings: &[&str]) -> Result<Self> {
        let home = Home::new("postgres", "QUIT")?;
        let data = home.path.join("data");
        let initialised = home
            .program(&postgres("initdb")?)
            .args(["--username=postgres", "--encoding=UTF8", "--locale=C"])
            .args(["--auth-local=reject", "--auth-host=trust", "--no-sync"])
            .arg("--pgdata")
            .arg(&data)
            .output()
            .await?;
        if !initialised.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&initialised.stderr));
        }
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        let mut server = Self { home, port: free_port()?, process: None, settings };
        server.start_again().await;
        let superuser = server.owner_options().username("postgres");
        let mut connection = superuser.database("postgres").connect().await?;
        sqlx::raw_sql("create role folkshelf login createdb createrole").execute(&mut connection).await?;
        sqlx::raw_sql("create database folkshelf owner folkshelf").execute(&mut connection).await?;
        connection.close().await?;
        Ok(server)
    }

    /// Starts it after [`Self::stop`] or [`Self::kill`], at the same address with the same data.
    ///
    /// # Panics
    /// When it does not answer in time.
    pub async fn start_again(&mut self) {
        let process = self
            .home
            .program(&postgres("postgres").expect("found before"))
            .arg("-D")
            .arg(self.home.path.join("data"))
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
            .args(["-c", "max_connections=200"])
            .args(self.settings.iter().flat_map(|setting| ["-c", setting]))
            .args(["-c", &format!("port={}", self.port)])
            .spawn()
            .expect("postgres starts");
        self.home.remember(&process);
        self.process = Some(process);
        let options = self.owner_options().username("postgres").database("postgres");
        eventually("our PostgreSQL answers", || async {
            match options.connect().await {
                Ok(connection) => connection.close().await.is_ok(),
                Err(_) => false,
            }
        })
        .await;
    }

    /// An orderly end: clients are told and cut off.
    pub async fn stop(&mut self) {
        end(&mut self.process, "INT").await;
    }

    /// A crash: nothing is written, the next start recovers from the log.
    pub async fn kill(&mut self) {
        end(&mut self.process, "QUIT").await;
    }

    /// As [`Self::kill`], by a signal that nobody can take: its processes end when they miss the first one.
    pub async fn crash(&mut self) {
        end(&mut self.process, "KILL").await;
    }

    /// Stops all its processes where they are: connections stay open, new ones are accepted, and nothing is answered.
    pub async fn freeze(&self) {
        // The parent first: it must not start another one meanwhile.
        self.signal_all("STOP", false).await;
    }

    /// Lets it go on after [`Self::freeze`].
    pub async fn thaw(&self) {
        self.signal_all("CONT", true).await;
    }

    async fn signal_all(&self, name: &str, children_first: bool) {
        let parent = self.process.as_ref().expect("the server runs");
        let id = parent.id().expect("the process still runs");
        if !children_first {
            signal(parent, name).await;
        }
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("Linux lists them");
        // One that has just ended is no failure.
        let sent = Command::new("kill").arg(format!("-{name}")).args(children.split_whitespace()).status().await;
        sent.expect("the kill command");
        if children_first {
            signal(parent, name).await;
        }
    }

    /// As a superuser.
    pub fn superuser(&self) -> PgConnectOptions {
        self.owner_options().username("postgres")
    }

    /// From now on everybody has to give a password: the owner and the superuser `folkshelf`.
    ///
    /// # Panics
    /// When the server does not do it.
    pub async fn require_passwords(&self) {
        let mut connection = self.superuser().connect().await.expect("a superuser");
        for role in ["postgres", "folkshelf"] {
            let statement = sqlx::AssertSqlSafe(format!("alter role {role} password 'folkshelf'"));
            sqlx::raw_sql(statement).execute(&mut connection).await.expect("a password");
        }
        let rule = "host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n";
        std::fs::write(self.home.path.join("data/pg_hba.conf"), rule).expect("our own file");
        sqlx::raw_sql("select pg_reload_conf()").execute(&mut connection).await.expect("read again");
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// How the owner of the database connects.
    pub fn owner_options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username("folkshelf")
            .password("folkshelf")
            .database("folkshelf")
    }

    /// The owner's address, as `DATABASE_URL` has it.
    pub fn url(&self) -> String {
        format!("postgres://folkshelf:folkshelf@127.0.0.1:{}/folkshelf", self.port)
    }
}

/// Sends a signal to a process, such as `STOP` or `KILL`.
///
/// # Panics
/// When there is no such process.
pub async fn signal(process: &Child, name: &str) {
    let id = process.id().expect("the process still runs");
    let sent =
        Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().await.expect("the kill command");
    assert!(sent.success(), "signal {name} to {id}");
}

pub async fn end(process: &mut Option<Child>, name: &str) {
    let mut process = process.take().expect("the server runs");
    signal(&process, name).await;
    process.wait().await.expect("the server ends");
}

/// A server's directory, its user, and a guard that ends the server and removes the directory when we are gone: it
/// waits for its standard input to close, which happens however this process ends.
pub struct Home {
    pub path: PathBuf,
    user: Option<String>,
    guard: std::process::Child,
}

const GUARD: &str = r#"cat >/dev/null
if pid=$(cat "$1/pid" 2>/dev/null); then
    kill "-$2" "$pid" 2>/dev/null
    # A frozen one ends when it wakes.
    kill -CONT "$pid" $(cat "/proc/$pid/task/$pid/children" 2>/dev/null) 2>/dev/null
    while kill -0 "$pid" 2>/dev/null && ! grep -q ') Z ' "/proc/$pid/stat" 2>/dev/null; do sleep 0.05; done
fi
rm -rf "$1""#;

impl Home {
    pub fn new(kind: &str, last_signal: &str) -> Result<Self> {
        // Memory where it can be had: nothing here is worth a disk.
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let path = base.join(format!("folkshelf-{kind}-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&path).with_context(|| path.display().to_string())?;
        let user =
            std::env::var("FOLKSHELF_TEST_SERVER_USER").ok().or_else(|| runs_as_root().then(|| "postgres".to_owned()));
        if let Some(user) = &user {
            std::os::unix::fs::chown(&path, Some(id("-u", user)?), Some(id("-g", user)?))?;
        }
        let guard = std::process::Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(&path)
            .arg(last_signal)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { path, user, guard })
    }

    /// PostgreSQL refuses to run as root: root runs it as somebody else.
    pub fn program(&self, program: &Path) -> Command {
        let mut command = match &self.user {
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", user, "--regid"]);
                command.arg(id("-g", user).expect("found before").to_string());
                command.arg("--clear-groups");
                if !program.starts_with("/usr") {
                    // A checkout below /root or another closed directory: that server is let through, and no more.
                    command.args(["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"]);
                }
                command.arg(program);
                command
            }
            None => Command::new(program),
        };
        // A process group of its own: Ctrl-C is for the test, the guard ends the server.
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null()).current_dir(&self.path).process_group(0);
        command
    }

    pub fn remember(&self, process: &Child) {
        let id = process.id().expect("it has just started");
        std::fs::write(self.path.join("pid"), id.to_string()).expect("our own directory");
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        if let Err(error) = self.guard.wait() {
            eprintln!("{} stays behind: {error}", self.path.display());
        }
    }
}

pub fn postgres(program: &str) -> Result<PathBuf> {
    let directory = std::env::var("FOLKSHELF_TEST_POSTGRES_BIN")
        .context("FOLKSHELF_TEST_POSTGRES_BIN names the directory of initdb and postgres; `just test` sets it")?;
    Ok(Path::new(&directory).join(program))
}

fn runs_as_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn id(what: &str, user: &str) -> Result<u32> {
    let output = std::process::Command::new("id").args([what, user]).output()?;
    let text = String::from_utf8(output.stdout)?;
    text.trim().parse().with_context(|| format!("there is no user {user}"))
}

/// Below the range from which systems take ports for outgoing connections, so that it is still free after a stop.
pub fn free_port() -> Result<u16> {
    for _ in 0..100 {
        let random = uuid::Uuid::now_v7().as_u128() % 10_000;
        let port = 21_000 + u16::try_from(random)?;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port between 21000 and 31000")
}
