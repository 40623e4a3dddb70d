//! Mails as files, in plain text, for development. Whoever reads a link in one
//! can take the account over, so the files are for the host's user alone, whatever its umask.

use std::io;
use std::path::PathBuf;

use auth::{Mail, MailNotSent};
use tokio::fs::{DirBuilder, OpenOptions};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// Writes each mail into a file of its own, named so that the newest comes last.
#[derive(Debug, Clone)]
pub struct FileMailer {
    directory: PathBuf,
}

impl FileMailer {
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    pub async fn write(&self, mail: Mail, unsubscribe: Option<&str>) -> Result<(), MailNotSent> {
        self.keep(mail, unsubscribe).await.map_err(|error| MailNotSent::Away(Box::new(error)))
    }

    async fn keep(&self, mail: Mail, unsubscribe: Option<&str>) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory).await?;
        let name = Uuid::now_v7();
        let draft = self.directory.join(format!(".{name}"));
        let stop = unsubscribe.map(|link| format!("List-Unsubscribe: <{link}>\n")).unwrap_or_default();
        let content = format!(
            "To: {}\nSubject: {}\n{stop}Content-Type: text/plain; charset=utf-8\n\n{}",
            mail.to, mail.subject, mail.text
        );
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).await?;
        file.write_all(content.as_bytes()).await?;
        file.flush().await?;
        // Renamed when complete: nobody reads half a mail.
        tokio::fs::rename(&draft, self.directory.join(format!("{name}.eml"))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_mail() -> Mail {
        Mail {
            id: Uuid::nil(),
            to: "ada@example.org".to_owned(),
            language: "en",
            subject: "Hello".to_owned(),
            text: "A link".to_owned(),
            html: "<p>A link</p>".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_mail_becomes_one_file() {
        let directory = tempfile::tempdir().unwrap();
        let mailer = FileMailer::new(directory.path().join("mail"));
        mailer.write(a_mail(), Some("https://x")).await.unwrap();
        let files: Vec<_> =
            std::fs::read_dir(directory.path().join("mail")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1);
        let text = std::fs::read_to_string(&files[0]).unwrap();
        assert!(text.starts_with("To: ada@example.org\nSubject: Hello\nList-Unsubscribe: <https://x>\n"));
        assert!(text.ends_with("\n\nA link"));
    }

    #[tokio::test]
    async fn nobody_else_on_the_machine_reads_a_link_in_a_mail() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("mail");
        FileMailer::new(&folder).write(a_mail(), None).await.unwrap();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for entry in std::fs::read_dir(&folder).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
    }
}
