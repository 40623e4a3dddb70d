//! Certificates for servers of a test's own, made by openssl and gone with this value.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// An authority, and what it has signed: `server` for 127.0.0.1, and `client`. Each is a pair of files, `NAME.pem` and
/// `NAME.key`.
pub struct Certificates {
    directory: tempfile::TempDir,
}

const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";
const SERVER: &str = "basicConstraints=critical,CA:FALSE\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n";
const CLIENT: &str = "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\n";

impl Certificates {
    /// # Panics
    /// When there is no openssl.
    #[allow(clippy::new_without_default, reason = "it starts programs")]
    pub fn new() -> Self {
        // Servers that root starts run as somebody else, who reads them too.
        let readable = Permissions::from_mode(0o755);
        let directory = tempfile::Builder::new().permissions(readable).tempdir().expect("a temporary directory");
        let made = Self { directory };
        made.sign("authority", AUTHORITY, None);
        made.sign("server", SERVER, Some("authority"));
        made.sign("client", CLIENT, Some("authority"));
        made
    }

    /// The path of one of the files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn sign(&self, name: &str, extensions: &str, by: Option<&str>) {
        std::fs::write(self.file(&format!("{name}.extensions")), extensions).expect("our own directory");
        let file = |ending: &str| format!("{name}.{ending}");
        self.openssl(&["ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", &file("key")]);
        self.openssl(&["req", "-new", "-key", &file("key"), "-subj", &format!("/CN={name}"), "-out", &file("request")]);
        let (request, extensions, certificate) = (file("request"), file("extensions"), file("pem"));
        let key = format!("{}.key", by.unwrap_or(name));
        let mut arguments = vec!["x509", "-req", "-in", &request, "-days", "2", "-extfile", &extensions];
        let authority = by.map(|by| format!("{by}.pem"));
        match &authority {
            Some(authority) => arguments.extend(["-CA", authority, "-CAkey", &key, "-CAcreateserial"]),
            None => arguments.extend(["-signkey", &key]),
        }
        arguments.extend(["-out", &certificate]);
        self.openssl(&arguments);
        let readable = Permissions::from_mode(0o644);
        std::fs::set_permissions(self.file(&file("key")), readable).expect("our own file");
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(self.directory.path()).output();
        let output = output.expect("openssl runs");
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
