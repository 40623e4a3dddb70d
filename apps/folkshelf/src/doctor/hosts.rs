//! The hosts that an address names, of which one takes writes, and the replica that answers reads.

use std::sync::Arc;

use database::{Address, Server};
use kernel::SystemClock;
use sqlx::Connection;

use crate::app;
use crate::connections::{Connections, address};
use crate::doctor::finding::Finding;
use crate::settings::Settings;

const HOSTS: &str = "hosts of PostgreSQL";
const REPLICA: &str = "replica";
/// Events by which a replica may be behind.
const BEHIND: i64 = 1_000;

pub async fn look(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    match address(settings.database.direct(), "database.url") {
        Ok(address) if address.names_several() => findings.extend(hosts(&address).await),
        Ok(_) => {}
        Err(error) => findings.push(Finding::wrong(HOSTS, error.to_string(), "Set database.url.")),
    }
    findings.extend(replica(settings).await);
    findings
}

async fn hosts(address: &Address) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut primaries, mut standbys) = (Vec::new(), Vec::new());
    for (host, takes_writes) in address.ask_all().await {
        match takes_writes {
            Ok(true) => primaries.push(host),
            Ok(false) => standbys.push(host),
            Err(error) => {
                let todo = "Start it, or make it anew from the primary: without it nobody takes over.";
                findings.push(Finding::look(HOSTS, format!("{host} cannot be asked: {error}"), todo));
            }
        }
    }
    if primaries.len() > 1 {
        let what = format!("{} take writes: they go different ways", primaries.join(" and "));
        let todo =
            "Stop hosts and all but one of these servers at once. Compare what each has, then make the others anew.";
        findings.push(Finding::wrong(HOSTS, what, todo));
    } else if findings.is_empty() {
        let what = format!("{} takes writes, {} follow", primaries.join(""), standbys.join(", "));
        findings.push(Finding::fine(HOSTS, what));
    }
    findings
}

async fn replica(settings: &Settings) -> Option<Finding> {
    settings.database.replica_url.as_ref()?;
    let asked = async {
        let connections = Connections::new(settings, Server::unwatched(), settings.contexts.here().len())?;
        let Some(replica) = &connections.replica else { return anyhow::Ok(None) };
        let mut connection = replica.connect().await?;
        if !database::Replica::follows(&mut connection).await? {
            return Ok(None);
        }
        let copied = event_bus::log::head(&mut connection).await?;
        connection.close().await?;
        let latest = app::event_bus(settings, Arc::new(SystemClock)).await?.latest().await?;
        Ok(Some(latest.sequence - copied.sequence))
    };
    Some(match asked.await {
        Ok(None) => {
            let what = "database.replica_url leads to a server that takes writes: nobody reads there";
            Finding::wrong(REPLICA, what, "Name a standby, or none.")
        }
        Ok(Some(behind)) if behind < -BEHIND => {
            let what = "is ahead of the primary: it follows another server";
            Finding::wrong(REPLICA, what, "Make it anew from this primary.")
        }
        Ok(Some(behind)) if behind > BEHIND => {
            let what = format!("{behind} events behind");
            Finding::look(REPLICA, what, "See its load, its disk and the line to it.")
        }
        Ok(Some(behind)) => Finding::fine(REPLICA, format!("{} events behind", behind.max(0))),
        Err(error) => {
            let todo = "See that it runs, and that its pg_hba.conf lets the contexts' roles in from here. The primary answers \
                        meanwhile.";
            Finding::look(REPLICA, format!("cannot be asked: {error:#}"), todo)
        }
    })
}
