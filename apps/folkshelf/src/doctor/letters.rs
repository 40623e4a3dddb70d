//! Letters: whether they leave this host.

use std::path::Path;
use std::sync::Arc;

use kernel::SystemClock;

use crate::doctor::finding::Finding;
use crate::ports::SmtpMailer;
use crate::settings::{Environment, Settings, Transport};

const MAILS: &str = "mails";

pub async fn look(settings: &Settings) -> Finding {
    match settings.mail.transport {
        Transport::File => files(&settings.mail.directory, settings.environment),
        Transport::Smtp => server(settings).await,
    }
}

fn files(folder: &Path, environment: Environment) -> Finding {
    let shown = folder.display();
    match tempfile::tempfile_in(folder) {
        Ok(_) if environment == Environment::Production => {
            let what = format!("letters are written into {shown}, and nobody sends them");
            let todo =
                "Set mail.transport = \"smtp\" and the server's name, or see that another program sends the files.";
            Finding::look(MAILS, what, todo)
        }
        Ok(_) => Finding::fine(MAILS, format!("{shown} takes letters")),
        Err(error) if !folder.exists() => {
            let what = format!("{shown} is not there ({error}); the first letter makes it");
            Finding::look(MAILS, what, "Make it where the host's user may not.")
        }
        Err(error) => {
            let what = format!("{shown} takes no letters: {error}");
            Finding::wrong(MAILS, what, "Give the host's user the right to write there, or set mail.directory.")
        }
    }
}

/// Connects and logs in; sends nothing.
async fn server(settings: &Settings) -> Finding {
    let (host, port) = (settings.mail.host.as_deref().unwrap_or_default(), settings.mail.port());
    let mailer = match SmtpMailer::new(settings, Arc::new(SystemClock)) {
        Ok(mailer) => mailer,
        Err(error) => return Finding::wrong(MAILS, format!("{error:#}"), "Correct the settings below [mail]."),
    };
    match mailer.check().await {
        Ok(()) => Finding::fine(MAILS, format!("{host}:{port} lets this host in")),
        Err(error) => {
            let todo = "See that mail.host, mail.port and mail.encryption are those of the server, that it can be reached \
                        from here, and that mail.user and mail.password are right. Letters wait until then.";
            Finding::wrong(MAILS, format!("{host}:{port}: {error}"), todo)
        }
    }
}
