//! The processes that run contexts apart.

use crate::doctor::finding::Finding;
use crate::peers::Peers;
use crate::settings::Settings;

const PROCESSES: &str = "processes";

/// A finding for each address below `[peers]`.
pub async fn look(settings: &Settings) -> Vec<Finding> {
    if settings.internal.token.is_none() {
        return Vec::new();
    }
    let peers = match Peers::named(settings) {
        Ok(peers) => peers.all(),
        Err(error) => {
            return vec![Finding::wrong(PROCESSES, format!("{error:#}"), "Correct the settings below [peers].")];
        }
    };
    let mut findings = Vec::new();
    for peer in peers {
        let (url, contexts) = (peer.url(), peer.contexts.join(", "));
        findings.push(match peer.lacks().await {
            Ok(lacking) if lacking.is_empty() => Finding::fine(PROCESSES, format!("{url} runs {contexts}")),
            Ok(lacking) => {
                let what = format!("{url} does not run {}", lacking.join(", "));
                Finding::wrong(PROCESSES, what, "Correct peers, or what that process is told to run.")
            }
            Err(error) => {
                let todo =
                    "See that it runs, that its internal.listen is this address, and that internal.token is the same.";
                Finding::wrong(PROCESSES, format!("{contexts}: {error}"), todo)
            }
        });
    }
    findings
}
