//! The command line.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use kernel::{Actor, Clock, SystemClock};
use telemetry::Telemetry;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::{self, App};
use crate::contexts::Context;
use crate::dead_letters::DeadLetters;
use crate::http::edge::drain::Drain;
use crate::http::edge::openapi;
use crate::http::edge::server::{self, Served};
use crate::promotion::promote;
use crate::recurring::command_line as jobs;
use crate::settings::{Environment, LogFormat, Settings, Transport, reference};
use crate::sources::Sources;
use crate::{audit, dead_letters, doctor, health, letters, modules, nginx, seed, sources};

/// How long the last spans may take to reach their collector.
const LAST_SPANS: Duration = Duration::from_secs(5);

/// Share the books that people near you own.
#[derive(Parser)]
#[command(name = "folkshelf", version)]
pub struct Cli {
    /// The configuration file; variables named FOLKSHELF_… win over it.
    #[arg(long, global = true, env = "FOLKSHELF_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer requests until told to stop.
    Serve {
        /// The contexts that run in this process, with commas between: docs/contexts-as-processes.md.
        #[arg(long, value_delimiter = ',')]
        contexts: Vec<String>,
    },
    /// Whether the host of this configuration is ready; fails when it is not.
    Health,
    /// Create or update the database: roles, schemas, tables.
    Migrate,
    /// Fill an empty development database with a demo community.
    Seed,
    /// Rebuild a projection, or all of them, from PostgreSQL.
    Rebuild { projection: Option<String> },
    /// Compare tables with the event log, and projections with tables. Changes nothing, and fails when anything differs.
    ///
    /// From its events follow: of a book its owner, title, authors, lending mode, and which loan has it; of a borrow its
    /// parties, status, days, pick-up and due date, extensions and condition; of a member their name, role, and whether they
    /// are active and verified. Nothing else is compared with the log: not the rest of a book's description, no words of
    /// members, no accounts, sessions, keys, notifications or reports. Of a projection every document is compared, and no list.
    ///
    /// May run while hosts do: what changes meanwhile is compared again. A subscription that is behind shows as differences.
    Audit {
        /// Only these contexts; may be given several times.
        #[arg(long = "context")]
        contexts: Vec<String>,
        /// Only what has an event at this moment (RFC 3339) or later; projections are left out.
        #[arg(long, value_parser = moment)]
        since: Option<OffsetDateTime>,
        /// One JSON object for each line.
        #[arg(long)]
        json: bool,
    },
    /// Events that a subscription could not handle.
    #[command(subcommand)]
    DeadLetters(DeadLetters),
    /// Letters to members.
    #[command(subcommand)]
    Mails(Mails),
    /// Subscriptions to the event log.
    #[command(subcommand)]
    Subscriptions(Subscriptions),
    /// Events that come from the databases of other contexts.
    #[command(subcommand)]
    Sources(Sources),
    /// What one of the hosts does by the clock.
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Members.
    #[command(subcommand)]
    Users(Users),
    /// Look at everything that a host needs, and say what is wrong and what to do. Changes nothing.
    Doctor,
    /// Print the OpenAPI document.
    Openapi,
    /// The configuration.
    #[command(subcommand)]
    Config(Configuration),
}

#[derive(Subcommand)]
enum Mails {
    /// Those that wait or were given up.
    List,
    /// Try one again that was given up; without an id the newest hundred.
    Retry { id: Option<Uuid> },
}

#[derive(Subcommand)]
enum Subscriptions {
    List,
    /// Handle again everything after a position, as in `0-0` for all.
    Replay {
        name: String,
        from: kernel::Position,
    },
}

#[derive(Subcommand)]
enum JobsCommand {
    List,
    /// Let a running host do it now.
    Run {
        name: String,
    },
    /// Let the run under way end at its next step.
    Cancel {
        name: String,
    },
}

#[derive(Subcommand)]
enum Users {
    /// Give the member with this mail address a role.
    Promote {
        email: String,
        #[arg(long, default_value = "admin")]
        role: String,
    },
}

#[derive(Subcommand)]
enum Configuration {
    /// Say what is wrong with the configuration, without starting.
    Check,
    /// Print the roles of the contexts with their passwords, as PgBouncer's userlist has them.
    Userlist,
    /// Print nginx's map of paths to processes, for the `[peers]` of this configuration.
    Nginx,
    /// Print every setting with its values, its default and its variable, as Markdown.
    Reference,
}

pub async fn run(cli: Cli) -> anyhow::Result<()> {
    // What they print depends on no setting.
    match cli.command {
        Command::Openapi => {
            println!("{:#}", openapi::document(modules::routes(Context::ALL).described())?);
            return Ok(());
        }
        Command::Config(Configuration::Reference) => {
            print!("{}", reference::markdown());
            return Ok(());
        }
        _ => {}
    }
    let contexts = match &cli.command {
        Command::Serve { contexts } => Some(contexts.clone()).filter(|contexts| !contexts.is_empty()),
        _ => None,
    };
    let settings = Settings::load(cli.config.as_deref(), contexts)?;
    let telemetry = set_up_telemetry(&settings)?;
    let outcome = act(cli.command, &settings).await;
    tokio::task::spawn_blocking(|| telemetry.stop(LAST_SPANS)).await?;
    outcome
}

fn set_up_telemetry(settings: &Settings) -> anyhow::Result<Telemetry> {
    let export = settings.traces.endpoint.clone().map(|endpoint| telemetry::Export {
        endpoint,
        sample_ratio: settings.traces.sample_ratio,
        version: env!("CARGO_PKG_VERSION"),
    });
    Ok(telemetry::init(&telemetry::Settings {
        format: match settings.log.format {
            LogFormat::Auto => telemetry::Format::Auto,
            LogFormat::Json => telemetry::Format::Json,
            LogFormat::Pretty => telemetry::Format::Pretty,
        },
        filter: settings.log.filter.clone(),
        slow_handler: Duration::from_millis(settings.log.slow_handler_milliseconds),
        export,
    })?)
}

async fn act(command: Command, settings: &Settings) -> anyhow::Result<()> {
    match command {
        Command::Serve { .. } => serve(settings).await,
        Command::Health => health::ask(settings.http.listen),
        Command::Migrate => app::migrate(settings).await,
        Command::Seed => seed::run(settings).await,
        Command::Rebuild { projection } => rebuild(settings, projection).await,
        Command::Audit { contexts, since, json } => {
            audit::run(&App::new(settings).await?, &audit::Wanted { contexts, since, json }).await
        }
        Command::DeadLetters(command) => {
            dead_letters::run(&app::event_bus(settings, system_clock()).await?, command).await
        }
        Command::Mails(command) => mails(settings, command).await,
        Command::Subscriptions(command) => subscriptions(settings, command).await,
        Command::Sources(command) => sources::run(&app::event_bus(settings, system_clock()).await?, command).await,
        Command::Jobs(command) => {
            let jobs = App::new(settings).await?.jobs;
            match command {
                JobsCommand::List => jobs::list(&jobs).await,
                JobsCommand::Run { name } => jobs::ask(&jobs, &name).await,
                JobsCommand::Cancel { name } => jobs::cancel(&jobs, &name).await,
            }
        }
        Command::Users(Users::Promote { email, role }) => promote_member(settings, &email, &role).await,
        Command::Doctor => doctor::run(settings).await,
        Command::Config(Configuration::Userlist) => {
            app::userlist(settings).iter().for_each(|line| println!("{line}"));
            Ok(())
        }
        Command::Config(Configuration::Nginx) => {
            print!("{}", nginx::map(&settings.peers)?);
            Ok(())
        }
        Command::Config(Configuration::Check) => {
            println!("the configuration is fine");
            Ok(())
        }
        Command::Openapi | Command::Config(Configuration::Reference) => Ok(()),
    }
}

fn moment(text: &str) -> Result<OffsetDateTime, time::error::Parse> {
    OffsetDateTime::parse(text, &Rfc3339)
}

fn system_clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    let shutdown = CancellationToken::new();
    tokio::spawn(stop_on_signal(shutdown.clone()));
    if settings.environment == Environment::Production && settings.mail.transport == Transport::File {
        let directory = settings.mail.directory.display();
        tracing::warn!(%directory, "letters are written as files and not sent; set mail.transport to smtp");
    }
    let here = settings.contexts.here();
    let app = App::serving(settings, &here).await?;
    let running = app.start().await?;
    let edge = app.edge(settings, shutdown.clone())?;
    let drain = Drain { asked: shutdown, lasts: settings.drain() };
    let routes = Served { here: modules::routes(&here), all: modules::routes(Context::ALL) };
    let served = server::serve(settings, routes, edge, drain).await;
    // Requests have ended; now what they started ends too.
    running.stop().await;
    served
}

/// SIGINT and SIGTERM ask for an orderly end; a second one is the shell's to send as SIGKILL.
async fn stop_on_signal(shutdown: CancellationToken) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::error!("signals cannot be heard; stop with SIGKILL");
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    if planted::bug("stops-at-once") {
        std::process::exit(0);
    }
    tracing::info!("stopping: requests under way are finished first");
    shutdown.cancel();
}

async fn rebuild(settings: &Settings, projection: Option<String>) -> anyhow::Result<()> {
    let app = App::new(settings).await?;
    let known = app.projections();
    let wanted: Vec<&str> = match &projection {
        None => known.clone(),
        Some(name) if known.contains(&name.as_str()) => vec![name],
        Some(name) => bail!("there is no projection {name}; there are: {}", known.join(", ")),
    };
    for name in wanted {
        let rebuilt = app.read_store.rebuild(name).await.with_context(|| format!("{name} was not rebuilt"))?;
        println!("{name}: {} documents in {:.1} s", rebuilt.documents, rebuilt.took.as_secs_f64());
    }
    Ok(())
}

async fn subscriptions(settings: &Settings, command: Subscriptions) -> anyhow::Result<()> {
    let events = app::event_bus(settings, system_clock()).await?;
    match command {
        Subscriptions::List => {
            for s in events.subscriptions().await? {
                let state = if s.running { "running" } else { "not running" };
                println!(
                    "{:<22} at {:<14} {} behind, {:.1} s, {} dead letters, {state}",
                    s.name, s.checkpoint, s.behind, s.lag_seconds, s.dead_letters
                );
            }
        }
        Subscriptions::Replay { name, from } => {
            if !events.replay(&name, from).await? {
                bail!("there is no subscription {name}");
            }
        }
    }
    Ok(())
}

async fn mails(settings: &Settings, command: Mails) -> anyhow::Result<()> {
    let (app, actor) = (App::new(settings).await?, Actor::System("command line"));
    match command {
        Mails::List => letters::list(&app.queries, actor).await,
        Mails::Retry { id } => {
            let count = letters::retry((&app.commands, &app.queries), actor, id).await?;
            println!("{count} will be tried again by a running host");
            Ok(())
        }
    }
}

async fn promote_member(settings: &Settings, email: &str, role: &str) -> anyhow::Result<()> {
    let app = App::new(settings).await?;
    let running = app.start().await?;
    let outcome = promote((&app.commands, &app.queries), Actor::System("command line"), email, role).await;
    running.stop().await;
    outcome?;
    println!("{email} is now {role}");
    Ok(())
}
