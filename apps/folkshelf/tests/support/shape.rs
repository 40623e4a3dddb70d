//! In which processes a host runs. `FOLKSHELF_TEST_SHAPE=borrowing-apart|five-apart|five-databases` gives every host of a test that shape,
//! with an nginx in front as in production (docs/contexts-as-processes.md): `just shapes`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    AllInOne,
    BorrowingApart,
    FiveApart,
    /// As five apart, each with a database of its own.
    FiveDatabases,
}

impl Shape {
    pub fn chosen() -> Self {
        match std::env::var("FOLKSHELF_TEST_SHAPE").as_deref() {
            Err(_) | Ok("" | "all-in-one") => Self::AllInOne,
            Ok("borrowing-apart") => Self::BorrowingApart,
            Ok("five-apart") => Self::FiveApart,
            Ok("five-databases") => Self::FiveDatabases,
            Ok(other) => panic!("FOLKSHELF_TEST_SHAPE is borrowing-apart, five-apart or five-databases, not {other}"),
        }
    }

    /// The contexts of each process. nginx leads to the first what is no context's.
    pub fn processes(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::AllInOne => &[&[]],
            Self::BorrowingApart => &[&["users", "auth", "books", "notifications"], &["borrowing"]],
            Self::FiveApart | Self::FiveDatabases => {
                &[&["users"], &["auth"], &["books"], &["borrowing"], &["notifications"]]
            }
        }
    }
}

/// Tells a process of [`Shape::FiveDatabases`] where its database is; no setting of the program.
pub fn database_variable(context: &str) -> String {
    format!("TEST_DATABASE_OF_{}", context.to_uppercase())
}

/// For a test that is about one process, such as its lines, its bounds or its end. Whether to return early; `why` is printed.
pub fn one_process_only(why: &str) -> bool {
    let others = Shape::chosen() != Shape::AllInOne;
    if others {
        println!("not in this shape: {why}");
    }
    others
}

pub const TOKEN: &str = "what-the-processes-of-a-test-show-each-other";

/// Where the processes of one host listen. All of it is known before they start, and nobody else can have it: on Linux each
/// number of a process has a loopback address of its own.
#[derive(Clone, Copy)]
pub struct Addresses {
    nth: u16,
}

impl Addresses {
    pub fn new() -> Self {
        static HOSTS: AtomicU16 = AtomicU16::new(0);
        Self { nth: HOSTS.fetch_add(1, Ordering::Relaxed) }
    }

    fn at(self, port: usize) -> String {
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        format!("127.{}.{middle}.{low}:{}", 64 + high % 64, 10_000 + usize::from(self.nth) * 20 + port)
    }

    pub fn nginx(self) -> String {
        self.at(0)
    }

    pub fn public(self, process: usize) -> String {
        self.at(1 + process)
    }

    pub fn internal(self, process: usize) -> String {
        self.at(10 + process)
    }

    /// What tells every process of `shape` where the others are.
    pub fn peers(self, shape: Shape) -> Vec<(String, String)> {
        let mut environment = vec![("FOLKSHELF_INTERNAL__TOKEN".to_owned(), TOKEN.to_owned())];
        for (process, contexts) in shape.processes().iter().enumerate() {
            environment.extend(contexts.iter().map(|context| {
                let name = format!("FOLKSHELF_PEERS__{}", context.to_uppercase());
                (name, format!("http://{}", self.internal(process)))
            }));
        }
        environment
    }

    /// What makes a process the one with this number.
    pub fn process(self, shape: Shape, process: usize) -> Vec<(String, String)> {
        let mut environment = self.peers(shape);
        let own = [
            ("CONTEXTS__RUN", shape.processes()[process].join(",")),
            ("INTERNAL__LISTEN", self.internal(process)),
            ("HTTP__LISTEN", self.public(process)),
        ];
        environment.extend(own.map(|(name, value)| (format!("FOLKSHELF_{name}"), value)));
        if shape == Shape::FiveDatabases {
            environment.push(("FOLKSHELF_CONTEXTS__DATABASE".to_owned(), shape.processes()[process].join(",")));
        }
        environment
    }
}

/// Debian's nginx before the processes of a host, as deploy/nginx/render sets it up.
pub struct Nginx {
    child: Child,
    /// Its configuration and its files.
    folder: tempfile::TempDir,
}

impl Nginx {
    pub fn start(shape: Shape, addresses: Addresses, environment: &[(String, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for nginx");
        let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let map = Command::new(env!("CARGO_BIN_EXE_folkshelf"))
            .args(["config", "nginx"])
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .envs(addresses.peers(shape))
            .output()
            .expect("the map");
        assert!(map.status.success(), "{}", String::from_utf8_lossy(&map.stderr));
        std::fs::write(at("map"), map.stdout).expect("the map is written");
        // The hosts say what their answers are.
        std::fs::write(at("types"), "types { }\n").expect("written");
        let hosts = shape.processes().iter().enumerate().map(|(process, contexts)| match process {
            0 => format!("HOSTS={}", addresses.public(0)),
            _ => format!("HOSTS_{}={}", contexts[0], addresses.public(process)),
        });
        let settings = [
            format!("PROCESSES={}", at("map")),
            format!("LISTEN={}", addresses.nginx()),
            format!("STATE={}", folder.path().display()),
            format!("LOGS={}", folder.path().display()),
            format!("MIME={}", at("types")),
            "WORKERS=1".to_owned(),
        ];
        let rendered = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/nginx/render"))
            .arg(at("conf"))
            .args(hosts)
            .args(settings)
            .status();
        assert!(rendered.expect("render runs").success());
        // Root's nginx would give its files to somebody who may not read the folder.
        let user = if std::env::var_os("FOLKSHELF_TEST_SERVER_USER").is_some() { " user root;" } else { "" };
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let child = Command::new("nginx")
            .env("PATH", path)
            .args(["-c", &at("conf/nginx.conf"), "-e", &at("error.log"), "-g", &format!("daemon off;{user}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("nginx: scripts/setup-operations nginx");
        let nginx = Self { child, folder };
        nginx.until_it_listens(&addresses.nginx());
        nginx
    }

    #[allow(clippy::disallowed_methods, reason = "whoever starts a host waits for it, as for its line in the log")]
    fn until_it_listens(&self, address: &str) {
        for _ in 0..500 {
            if std::net::TcpStream::connect(address).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("nginx does not listen: {:?}", std::fs::read_to_string(self.folder.path().join("error.log")));
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers go with it only when it is asked.
        let pid = self.child.id().to_string();
        drop(Command::new("kill").args(["-TERM", &pid]).status());
        drop(self.child.wait());
    }
}
