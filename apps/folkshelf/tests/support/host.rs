//! A real host, in one process or in several behind nginx.

use std::io::{BufRead, BufReader};
use std::net::IpAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::shape::{Addresses, Nginx, Shape, database_variable};
use super::{PASSWORD, Person, Place, Reply};

type Log = Arc<Mutex<Vec<String>>>;

/// One process.
struct Process {
    child: Child,
    /// Where it answers.
    address: String,
}

impl Process {
    /// Begins it; where it listens is told when it does.
    fn begin(environment: &[(String, String)], log: &Log) -> (Child, mpsc::Receiver<String>) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_folkshelf"))
            .arg("serve")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the host starts");
        let (found, address) = mpsc::channel();
        let stderr = child.stderr.take().expect("its log is piped");
        let lines = Arc::clone(log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once("listening on http://") {
                    let address: String =
                        rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.' || *c == ':').collect();
                    drop(found.send(address));
                }
                // Shown by the test runner when the test fails.
                eprintln!("{line}");
                lines.lock().expect("no panic").push(line);
            }
        });
        (child, address)
    }

    fn listening((child, address): (Child, mpsc::Receiver<String>)) -> Self {
        let mut process = Self { child, address: String::new() };
        process.address = address.recv_timeout(Duration::from_secs(30)).expect("the host says where it listens");
        process
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill runs");
        assert!(sent.success(), "signal {name} to {pid}");
    }

    fn kill(&mut self) {
        self.child.kill().expect("the host is killed");
        self.child.wait().expect("the host is gone");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A running host.
pub struct Host {
    nginx: Option<Nginx>,
    processes: Vec<Process>,
    shape: Shape,
    addresses: Addresses,
    environment: Vec<(String, String)>,
    base: String,
    client: reqwest::Client,
    people: AtomicU32,
    log: Log,
}

impl Host {
    /// A host of its own in a place of its own.
    pub async fn start() -> (Place, Self) {
        let place = Place::new().await;
        let host = Self::start_in(&place);
        (place, host)
    }

    pub fn start_in(place: &Place) -> Self {
        Self::start_with(&place.environment())
    }

    pub fn start_with(environment: &[(String, String)]) -> Self {
        Self::start_as(Shape::chosen(), environment)
    }

    pub fn start_as(shape: Shape, environment: &[(String, String)]) -> Self {
        let (log, addresses) = (Log::default(), Addresses::new());
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30));
        // nginx has an address of its own: a caller from there is taken for a proxy.
        let from = (shape != Shape::AllInOne).then_some(IpAddr::from([127, 0, 0, 99]));
        let client = client.local_address(from).build().expect("a client");
        let mut host = Self {
            nginx: None,
            processes: Vec::new(),
            shape,
            addresses,
            environment: environment.to_vec(),
            base: String::new(),
            client,
            people: AtomicU32::new(0),
            log,
        };
        let begun: Vec<_> = (0..shape.processes().len()).map(|nth| host.begin(nth)).collect();
        host.processes = begun.into_iter().map(Process::listening).collect();
        host.base = match shape {
            Shape::AllInOne => format!("http://{}", host.processes[0].address),
            _ => {
                host.nginx = Some(Nginx::start(shape, addresses, environment));
                format!("http://{}", addresses.nginx())
            }
        };
        host
    }

    fn begin(&self, nth: usize) -> (Child, mpsc::Receiver<String>) {
        if self.shape == Shape::AllInOne {
            return Process::begin(&self.environment, &self.log);
        }
        // nginx is the proxy that tells who asks, and waits for ten seconds. Behind it nobody is of this machine, whose people
        // may register as often as they like.
        let defaults = [
            ("HTTP__TRUSTED_PROXIES", "127.0.0.1"),
            ("HTTP__REQUEST_TIMEOUT_SECONDS", "9"),
            ("LIMITS__REGISTER_NETWORK", "off"),
        ];
        let defaults = defaults.map(|(name, value)| (format!("FOLKSHELF_{name}"), value.to_owned()));
        let mut environment = defaults.to_vec();
        environment.extend(self.environment.clone());
        environment.extend(self.own_environment(nth));
        Process::begin(&environment, &self.log)
    }

    /// What one of several processes has for itself.
    fn own_environment(&self, nth: usize) -> Vec<(String, String)> {
        let mut environment = self.addresses.process(self.shape, nth);
        let database = database_variable(self.shape.processes()[nth].first().unwrap_or(&""));
        let own = self.environment.iter().find(|(name, _)| *name == database);
        environment.extend(own.map(|(_, url)| ("FOLKSHELF_DATABASE__URL".to_owned(), url.clone())));
        environment
    }

    /// Runs the command line beside the process that runs a context.
    pub fn command_line(&self, context: &str, arguments: &[&str]) -> std::process::Output {
        let mut environment = self.environment.clone();
        if self.shape != Shape::AllInOne {
            environment.extend(self.own_environment(self.nth(context)));
        }
        let command = Command::new(env!("CARGO_BIN_EXE_folkshelf")).args(arguments).envs(environment).output();
        command.expect("the command runs")
    }

    /// Every line of its log so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("no panic").clone()
    }

    pub fn url(&self, path: &str) -> String {
        let prefix = ["/health", "/metrics", "/api-docs", "/.well-known"].iter().any(|own| path.starts_with(own));
        if prefix { format!("{}{path}", self.base) } else { format!("{}/api/v1{path}", self.base) }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// To a path as it is given, and not one of the API's.
    pub fn at(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub async fn get(&self, path: &str) -> Reply {
        if path == "/metrics" { self.metrics().await } else { Reply::to(self.request(Method::GET, path)).await }
    }

    /// Of all processes, one text after another. nginx has none.
    async fn metrics(&self) -> Reply {
        let mut all: Option<Reply> = None;
        for process in &self.processes {
            let reply = Reply::to(self.client.get(format!("http://{}/metrics", process.address))).await;
            all = Some(match all {
                Some(before) if before.status == 200 && reply.status == 200 => {
                    let text = |reply: &Reply| reply.body.as_str().expect("text").to_owned();
                    Reply { body: Value::String(text(&before) + &text(&reply)), ..before }
                }
                Some(before) if before.status != 200 => before,
                _ => reply,
            });
        }
        all.expect("a process")
    }

    /// A number of its metrics, such as `uploads_spooled_bytes`: the sum over its processes. `None`: no process has it.
    pub async fn metric(&self, sample: &str) -> Option<f64> {
        samples(&self.metrics().await, sample).reduce(|sum, one| sum + one)
    }

    /// The health of each process. nginx leads `/health` to the first.
    pub async fn healths(&self) -> Vec<Reply> {
        let mut all = Vec::new();
        for process in &self.processes {
            all.push(Reply::to(self.client.get(format!("http://{}/health", process.address))).await);
        }
        all
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        Reply::to(self.request(Method::POST, path).json(&body)).await
    }

    /// Registers somebody new, whose first name is given.
    pub async fn register(&self, name: &str) -> Person {
        let nth = self.people.fetch_add(1, Ordering::Relaxed);
        let email = format!("{}{nth}@example.org", name.to_lowercase());
        let reply = self.post("/auth/register", json!({"email": email, "password": PASSWORD, "name": name})).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        Person::from(name, &email, &reply)
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Reply {
        self.post("/auth/login", json!({"email": email, "password": password})).await
    }

    /// Ends the host as a power cut would.
    pub fn kill(&mut self) {
        self.nginx = None;
        self.processes.iter_mut().for_each(Process::kill);
    }

    /// `STOP` freezes it, `CONT` wakes it.
    pub fn signal(&self, name: &str) {
        self.processes.iter().for_each(|process| process.signal(name));
    }

    /// Asks the host to stop, and waits until it has. Whether it ended well.
    pub fn stop(&mut self) -> bool {
        self.signal("TERM");
        let ended: Vec<bool> = self
            .processes
            .iter_mut()
            .map(|process| process.child.wait().expect("the host is gone").success())
            .collect();
        self.nginx = None;
        ended.into_iter().all(|well| well)
    }
}

/// One process of several.
impl Host {
    fn nth(&self, context: &str) -> usize {
        // A process without a list runs all.
        let runs = |contexts: &&[&str]| contexts.is_empty() || contexts.contains(&context);
        self.shape.processes().iter().position(runs).expect("a process that runs it")
    }

    /// Where the process that runs a context answers, asked past nginx.
    pub fn directly(&self, context: &str) -> String {
        format!("http://{}", self.processes[self.nth(context)].address)
    }

    /// A number of the metrics of the process that runs a context.
    pub async fn metric_of(&self, context: &str, sample: &str) -> Option<f64> {
        let metrics = Reply::to(self.client.get(format!("{}/metrics", self.directly(context)))).await;
        samples(&metrics, sample).next()
    }

    /// How the process is that runs a context.
    pub async fn health_of(&self, context: &str) -> Reply {
        Reply::to(self.client.get(format!("{}/health", self.directly(context)))).await
    }

    /// Where other processes ask it.
    pub fn internally(&self, context: &str) -> String {
        format!("http://{}", self.addresses.internal(self.nth(context)))
    }

    pub fn kill_process_of(&mut self, context: &str) {
        let nth = self.nth(context);
        self.processes[nth].kill();
    }

    pub fn start_process_of(&mut self, context: &str) {
        let nth = self.nth(context);
        self.processes[nth] = Process::listening(self.begin(nth));
    }
}

fn samples(metrics: &Reply, sample: &str) -> impl Iterator<Item = f64> {
    let lines = metrics.body.as_str().unwrap_or_default().lines();
    lines.filter_map(move |line| line.strip_prefix(sample)?.strip_prefix(' ')?.trim().parse().ok())
}
