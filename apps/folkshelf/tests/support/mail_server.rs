//! A real mail server, in the moods that mail servers have (`tests/smtp/server.py`).

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

pub struct MailServer {
    child: Child,
    ports: Value,
    folder: tempfile::TempDir,
}

/// A letter that the server has taken.
#[derive(Debug)]
pub struct Taken {
    pub envelope: Value,
    pub content: String,
}

impl Taken {
    /// The value of a header, unfolded.
    pub fn header(&self, name: &str) -> String {
        let head = self.content.split("\r\n\r\n").next().expect("a head").replace("\r\n ", " ");
        let value = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        value.unwrap_or_else(|| panic!("no {name} in {head}")).to_owned()
    }
}

impl MailServer {
    pub fn start() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp");
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.dev/smtp");
        let installed = Command::new(here.join("install")).arg(&place).status().expect("install runs");
        assert!(installed.success(), "the mail server of the tests is not installed: run scripts/setup test");
        let folder = tempfile::tempdir().expect("a folder");
        let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args([Path::new("-keyout"), &key, Path::new("-out"), &certificate])
            .stderr(Stdio::null())
            .status();
        assert!(made.expect("openssl runs").success(), "openssl makes a certificate");
        let (child, ports) = serve(folder.path(), None);
        Self { child, ports, folder }
    }

    pub fn stop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// `STOP` freezes it, `CONT` wakes it.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill runs");
        assert!(sent.success(), "signal {name} to {pid}");
    }

    /// Where it was before, with what it had taken.
    pub fn start_again(&mut self) {
        (self.child, self.ports) = serve(self.folder.path(), Some(&self.ports));
    }

    /// The host's variables for this server. `encryption` as in the settings.
    pub fn environment(&self, encryption: &str) -> Vec<(String, String)> {
        let certificate = self.folder.path().join("certificate.pem");
        let mut settings = vec![
            ("FOLKSHELF_MAIL__TRANSPORT", "smtp".to_owned()),
            ("FOLKSHELF_MAIL__HOST", "localhost".to_owned()),
            ("FOLKSHELF_MAIL__PORT", self.ports[encryption].to_string()),
            ("FOLKSHELF_MAIL__ENCRYPTION", encryption.to_owned()),
            ("FOLKSHELF_MAIL__FROM", "shelf@bücher.example".to_owned()),
            ("FOLKSHELF_MAIL__FROM_NAME", "Étagère, commune".to_owned()),
            ("FOLKSHELF_MAIL__TIMEOUT_SECONDS", "2".to_owned()),
            ("FOLKSHELF_HTTP__PUBLIC_URL", "https://shelf.example".to_owned()),
            // The certificate is known to nobody else.
            ("SSL_CERT_FILE", certificate.to_string_lossy().into_owned()),
        ];
        if encryption != "none" {
            settings.push(("FOLKSHELF_MAIL__USER", "shelf".to_owned()));
            settings.push(("FOLKSHELF_MAIL__PASSWORD", "0123456789".to_owned()));
        }
        settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// What it has taken, in this order.
    pub fn letters(&self) -> Vec<Taken> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder");
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        let read = |file: &PathBuf| -> Value {
            serde_json::from_str(&std::fs::read_to_string(file).expect("a letter")).expect("JSON")
        };
        let taken = |envelope: Value| {
            let content = envelope["content"].as_str().expect("a content").to_owned();
            Taken { envelope, content }
        };
        files.iter().map(read).map(taken).collect()
    }

    /// What it has taken for an address.
    pub fn letters_to(&self, address: &str) -> Vec<Taken> {
        self.letters().into_iter().filter(|letter| letter.envelope["to"][0] == address).collect()
    }
}

fn serve(folder: &Path, ports: Option<&Value>) -> (Child, Value) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(here.join("../../.dev/smtp/bin/python"));
    command.arg(here.join("tests/smtp/server.py")).arg(folder);
    command.args([folder.join("certificate.pem"), folder.join("key.pem")]);
    command.args(ports.map(Value::to_string));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the mail server starts");
    let mut said = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut said).expect("its ports");
    (child, serde_json::from_str(&said).expect("JSON"))
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.stop();
    }
}
