//! PostgreSQL: whether it is the server that hosts need, with the roles, extensions and tables of this build, room for their
//! connections, the machine's time, and an event log that is handled.

use std::sync::Arc;

use database::{Room, Route, Server, Standing};
use event_bus::EventBus;
use kernel::{Clock, CorrectedClock, SystemClock};
use provision::Flaw;
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnectOptions;

use crate::app;
use crate::connections::{Connections, owner};
use crate::doctor::finding::Finding;
use crate::doctor::{copies, hosts, pooler};
use crate::settings::{Environment, Settings};

const SERVER: &str = "PostgreSQL";
const ROLES: &str = "roles, extensions, migrations";
const CONNECTIONS: &str = "connections";
const CLOCK: &str = "clock";
const LOG: &str = "event log";

/// The oldest PostgreSQL that is tested.
const OLDEST: i32 = 150_000;
/// At two thousand million PostgreSQL takes no more writes.
const UNFROZEN: i64 = 1_000_000_000;
/// A clock further off than this is worth a look.
const OFF: time::Duration = time::Duration::seconds(2);
/// Events that nobody has handled for so many seconds are worth a look.
const LATE: f64 = 60.0;

pub async fn look(settings: &Settings) -> Vec<Finding> {
    let asked = async {
        let owner = owner(settings).await?;
        let (standing, slots) = database::standing(&owner).await?;
        anyhow::Ok((owner, standing, slots))
    };
    let (owner, standing, slots) = match asked.await {
        Ok(seen) => seen,
        Err(error) => {
            let todo = "See that PostgreSQL runs, that database.url (or database.direct_url) names it and its owner's password, \
                        and that pg_hba.conf lets this machine in.";
            return vec![Finding::wrong(SERVER, format!("cannot be asked: {error}"), todo)];
        }
    };
    let mut findings = server(&standing, settings.environment == Environment::Production);
    findings.extend(copies::look(&standing, &slots));
    findings.push(clock(&owner).await);
    findings.push(connections(&owner, settings).await);
    findings.extend(roles(&owner, settings).await);
    findings.extend(pooler::look(settings).await);
    findings.extend(hosts::look(settings).await);
    findings.extend(log(settings).await);
    findings
}

fn server(standing: &Standing, production: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let version = format!("version {}", standing.version_text);
    if standing.version < OLDEST {
        findings.push(Finding::wrong(SERVER, version, "Update it to 15 or newer."));
    } else {
        findings.push(Finding::fine(SERVER, version));
    }
    if standing.is_standby {
        let what = "database.url leads to a standby, which takes no writes";
        findings.push(Finding::wrong(SERVER, what, "Name the primary in database.url, or promote this server."));
    }
    if standing.may_lose_writes {
        let what = "fsync or full_page_writes is off: a crash may damage the database";
        let todo = "Turn both on in postgresql.conf.";
        findings.push(Finding::wrong_if(production, SERVER, what, todo));
    }
    if standing.acknowledges_early {
        let what = "synchronous_commit is off: a crash loses the last moment of what was acknowledged";
        findings.push(Finding::look(SERVER, what, "Turn it on, unless that is meant."));
    }
    if !standing.has_checksums {
        let what = "pages have no checksums: a failing disk may go unnoticed";
        findings.push(Finding::look(SERVER, what, "Stop PostgreSQL, pg_checksums --enable, start it."));
    }
    if standing.unfrozen > UNFROZEN {
        let what =
            format!("{} transactions since the oldest row was frozen; at 2,000,000,000 writes stop", standing.unfrozen);
        findings.push(Finding::wrong(
            SERVER,
            what,
            "See what keeps autovacuum from it: old transactions, slots; then vacuum freeze.",
        ));
    }
    if standing.prepared > 0 {
        let what =
            format!("{} transactions were prepared and not ended: they hold back the event log", standing.prepared);
        findings.push(Finding::wrong(SERVER, what, "Find them in pg_prepared_xacts; commit or roll them back."));
    }
    findings
}

async fn clock(owner: &PgConnectOptions) -> Finding {
    let clock = Arc::<CorrectedClock>::default();
    let route = Route::new(vec![owner.clone().into()]);
    if let Err(error) = Server::new(Arc::clone(&clock)).find(&route).await {
        return Finding::wrong(CLOCK, format!("PostgreSQL did not tell the time: {error}"), "Ask again.");
    }
    let offset = clock.offset();
    let what = format!("this machine's is {:+.3} s from PostgreSQL's", -offset.as_seconds_f64());
    if !clock.is_trusted() {
        Finding::wrong(CLOCK, what, "Mend this machine's clock (NTP): beyond 30 s a host is not ready.")
    } else if offset.abs() > OFF {
        Finding::look(CLOCK, what, "Mend this machine's clock (NTP).")
    } else {
        Finding::fine(CLOCK, what)
    }
}

async fn connections(owner: &PgConnectOptions, settings: &Settings) -> Finding {
    let own = match Connections::new(settings, Server::unwatched(), settings.contexts.here().len()) {
        Ok(connections) => connections.budget().connections,
        Err(error) => return Finding::wrong(CONNECTIONS, error.to_string(), "Set database.url."),
    };
    let slots = match database::slots(owner, "").await {
        Ok(slots) => slots,
        Err(error) => return Finding::wrong(CONNECTIONS, format!("PostgreSQL did not tell: {error}"), "Ask again."),
    };
    let what = format!(
        "{} for hosts and all others; {} hosts run, a host takes {own}, others have {}",
        slots.usable(),
        slots.hosts,
        slots.others
    );
    let todo = "Lower database.connections, or raise PostgreSQL's max_connections.";
    // One more host than run now: it is asked before one is added, and hosts are exchanged one by one.
    match slots.room_for(own) {
        Room::Enough => Finding::fine(CONNECTIONS, what),
        Room::TooLittle => Finding::look(CONNECTIONS, format!("{what}: too few for one more host"), todo),
        Room::None => Finding::wrong(CONNECTIONS, format!("{what}: too few for any host"), todo),
    }
}

async fn roles(owner: &PgConnectOptions, settings: &Settings) -> Vec<Finding> {
    let password = settings.database.context_password.expose_secret();
    let schemas = app::schemas();
    match provision::examine(owner, Some(password), &schemas).await {
        Ok(flaws) if flaws.is_empty() => {
            vec![Finding::fine(ROLES, format!("{} schemas are as this build needs them", schemas.len() + 1))]
        }
        Ok(flaws) => {
            let finding = |flaw: &Flaw| Finding::wrong_if(flaw.is_fatal(), ROLES, flaw.to_string(), flaw.remedy());
            flaws.iter().map(finding).collect()
        }
        Err(error) => {
            let what = format!("{:#}", anyhow::Error::from(error));
            vec![Finding::wrong(ROLES, what, "See that database.url names the owner of the database.")]
        }
    }
}

async fn log(settings: &Settings) -> Vec<Finding> {
    let asked = async {
        let events: EventBus = app::event_bus(settings, Arc::new(SystemClock)).await?;
        anyhow::Ok((events.is_ahead_of_its_server().await?, events.subscriptions().await?))
    };
    let (ahead, subscriptions) = match asked.await {
        Ok(seen) => seen,
        Err(error) => {
            return vec![Finding::wrong(
                LOG,
                format!("cannot be read: {error:#}"),
                "Run `folkshelf migrate`, then ask again.",
            )];
        }
    };
    let mut findings = Vec::new();
    if ahead {
        let what = "comes from a server that had given more transaction ids than this one, as after pg_dump";
        let todo = "Restore a physical backup instead, or raise this server's ids: pg_resetwal --next-transaction-id \
                    (docs/ARCHITECTURE.md).";
        findings.push(Finding::wrong(LOG, what, todo));
    }
    let parked: i64 = subscriptions.iter().map(|subscription| subscription.dead_letters).sum();
    if parked > 0 {
        let todo = "See docs/runbooks/FolkshelfDeadLetters.md.";
        findings.push(Finding::look(LOG, format!("{parked} events could not be handled and are parked"), todo));
    }
    let late = subscriptions.iter().filter(|subscription| subscription.lag_seconds > LATE);
    for subscription in late {
        let what = format!(
            "{} is {:.0} s behind, by {} events",
            subscription.name, subscription.lag_seconds, subscription.behind
        );
        let todo = "Where hosts run: docs/runbooks/FolkshelfSubscriptionBehind.md. Where none does: they catch up when they start.";
        findings.push(Finding::look(LOG, what, todo));
    }
    if findings.is_empty() {
        findings.push(Finding::fine(LOG, format!("{} subscriptions, none behind", subscriptions.len())));
    }
    findings
}
