//! The wiring: pools, read store, buses, the list of contexts, and what runs beside the requests. Names no context.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::Data;
use anyhow::Context as _;
use cqrs::{CommandBus, Crossing, QueryBus};
use database::{Database, Replica, Route, Server};
use event_bus::{Audited, BusSettings, EventBus, Owner, Running, Subscription};
use jiff::tz::TimeZone;
use jobs::{Job, Jobs};
use kernel::{Clock, CorrectedClock};
use read_store::ReadStore;
use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::Migrator;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::background::Background;
use crate::connections::{Budget, Connections, owner};
use crate::contexts::Context;
use crate::http::edge::gate::Gate;
use crate::http::edge::host::Host;
use crate::http::edge::hot::HotAnswers;
use crate::http::edge::internal::listener::Internal;
use crate::http::edge::internal::peer::Peer;
use crate::http::edge::limits::RateLimits;
use crate::http::edge::operations::Machinery;
use crate::http::edge::origins::Origins;
use crate::http::edge::overload::Places;
use crate::http::edge::server::Edge;
use crate::module::{SessionsElsewhere, Wired, Wiring};
use crate::modules::require_published;
use crate::peers::Peers;
use crate::ports::{Hosts, Ports};
use crate::recurring::{ForgetAnswers, Months, Reconcile, scheduled};
use crate::settings::Settings;
use crate::{databases, road};

/// How often a host with two database passwords checks the one that it uses.
const PASSWORD_CHECK: Duration = Duration::from_secs(1);

/// Roles, schemas and tables as this program needs them.
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    let password = settings.database.context_password.expose_secret();
    provision::provision(&owner(settings).await?, Some(password), &schemas()).await?;
    tracing::info!("the database is up to date");
    Ok(())
}

/// The contexts' schemas, with what makes their tables.
pub fn schemas() -> Vec<(&'static str, &'static Migrator)> {
    Context::ALL.iter().map(|context| (context.name(), context.module().migrations())).collect()
}

/// A line for each role that logs in, with its password.
pub fn userlist(settings: &Settings) -> Vec<String> {
    let secret = settings.database.context_password.expose_secret();
    let schemas = schemas().into_iter().map(|(schema, _)| schema).chain([provision::EVENT_BUS]);
    schemas
        .map(|schema| provision::login(schema, secret))
        .map(|(role, password)| format!("\"{role}\" \"{password}\""))
        .collect()
}

/// The way to Redis.
pub fn read_store(settings: &Settings) -> anyhow::Result<ReadStore> {
    let bytes = |secret: &SecretString| secret.expose_secret().as_bytes().to_vec();
    Ok(ReadStore::connect(read_store::Settings {
        tls: settings.redis.tls()?,
        deployment: settings.redis.deployment(),
        other_secrets: settings.auth.other_token_secrets.iter().map(bytes).collect(),
        ..read_store::Settings::new(
            settings.redis.url.expose_secret(),
            settings.redis.prefix.as_str(),
            &bytes(&settings.auth.token_secret),
        )
    })?)
}

/// The bus alone, for operators' commands.
pub async fn event_bus(settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<EventBus> {
    let connections = Connections::new(settings, Server::unwatched(), Context::ALL.len())?;
    connections.find().await;
    let database = connections.pool(provision::EVENT_BUS);
    Ok(event_bus_of(&connections, database, clock))
}

fn event_bus_of(connections: &Connections<'_>, database: Database, clock: Arc<dyn Clock>) -> EventBus {
    let settings = BusSettings { process: connections.process, ..BusSettings::default() };
    EventBus::new(database, clock, settings)
}

/// Folkshelf, wired.
pub struct App {
    pub commands: CommandBus,
    pub queries: QueryBus,
    pub read_store: ReadStore,
    /// PostgreSQL, and what this process may take of it.
    server: Server,
    budget: Budget,
    /// The way through a pooler, if there is one.
    pooled: Option<Route>,
    replica: Option<Replica>,
    pools: Vec<(String, Database)>,
    events: EventBus,
    pub jobs: Jobs,
    /// Not in a time of one's own: jobs go by the time of now.
    runs_jobs: bool,
    contexts: Vec<(Context, Box<dyn Wired>)>,
    /// What other contexts may ask of those.
    crossings: Vec<Crossing>,
    /// The processes that run the other contexts.
    peers: Vec<Arc<Peer>>,
    /// Where events of other databases come from.
    owners: Vec<(String, Arc<dyn Owner>)>,
    /// The fast road for them.
    road: Option<event_road::Settings>,
    sessions_elsewhere: Option<Box<dyn SessionsElsewhere>>,
    clock: Arc<dyn Clock>,
    places: Arc<Places>,
    started: Instant,
    background: Background,
}

impl App {
    /// With all contexts that have their tables in the database: for operators' commands.
    pub async fn new(settings: &Settings) -> anyhow::Result<Self> {
        Self::serving(settings, &settings.contexts.in_database()).await
    }

    /// With these contexts here and the others in the processes that `settings.peers` names.
    pub async fn serving(settings: &Settings, here: &[Context]) -> anyhow::Result<Self> {
        let clock = Arc::<CorrectedClock>::default();
        Self::with(settings, here, Arc::clone(&clock), clock).await
    }

    /// With a time of its own: to tell what happened before.
    pub async fn at(settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        anyhow::ensure!(
            settings.contexts.in_database() == Context::ALL,
            "contexts.database: only where all contexts are in one database can a time of one's own be told"
        );
        Ok(Self { runs_jobs: false, ..Self::with(settings, Context::ALL, Arc::default(), clock).await? })
    }

    async fn with(
        settings: &Settings,
        here: &[Context],
        corrected: Arc<CorrectedClock>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let read_store = read_store(settings)?;
        let server = Server::new(corrected);
        let connections = Connections::new(settings, server.clone(), here.len())?;
        connections.find().await;
        let host = connections.pool(provision::EVENT_BUS);
        let events = event_bus_of(&connections, host.clone(), Arc::clone(&clock));
        let (ports, places) = (Ports::default(), Arc::new(Places::new(settings.http.max_requests_in_flight)));
        let wiring = Wiring {
            settings,
            connections: &connections,
            read_store: &read_store,
            events: &events,
            ports: &ports,
            clock: &clock,
            places: &places,
        };
        let peers = Peers::of(settings, here)?;
        let hosts = Arc::new(Hosts(read_store.clone()));
        let logs = databases::logs(settings, &peers);
        let (mut commands, mut queries) = cqrs::builders_apart(Arc::clone(&clock), events.clone(), Some(hosts), logs);
        let (mut contexts, mut crossings) = (Vec::new(), Vec::new());
        for context in Context::ALL {
            let module = context.module();
            if let Some(peer) = peers.to(*context) {
                module.crossings().iter().for_each(|it| it.lead_to(&peer, &mut commands, &mut queries));
                continue;
            }
            let wired = module.wire(&wiring)?;
            wired.register(&mut commands, &mut queries);
            read_store.register(wired.rebuild());
            contexts.push((*context, wired));
            crossings.extend(module.crossings());
        }
        let (commands, queries) = (commands.build()?, queries.build()?);
        ports.connect(&commands, &queries)?;
        let mut sessions_elsewhere = None;
        for context in Context::ALL.iter().filter(|context| !here.contains(context)) {
            let sessions = context.module().sessions_elsewhere(&wiring, &commands, &queries)?;
            sessions_elsewhere = sessions_elsewhere.or(sessions);
        }
        let mut jobs: Vec<Arc<dyn Job>> = contexts.iter().flat_map(|(_, context)| context.jobs()).collect();
        let zone = TimeZone::get(&settings.community.time_zone).context("community.time_zone is not a time zone")?;
        jobs.push(Arc::new(ForgetAnswers { commands: commands.clone(), peers: peers.all() }));
        jobs.push(Arc::new(Months::new(&queries, zone.clone())?));
        jobs.push(Arc::new(Reconcile::new(&commands, &queries, events.clone())?));
        Ok(Self {
            jobs: Jobs::new(host, Arc::clone(&clock), zone, scheduled(settings, jobs)?),
            runs_jobs: true,
            commands,
            queries,
            server,
            budget: connections.budget(),
            pooled: connections.pooled.clone(),
            replica: connections.replica.clone(),
            pools: connections.pools(),
            read_store,
            events,
            contexts,
            crossings,
            owners: databases::owners(settings, &peers.all()),
            road: road::settings(settings),
            peers: peers.all(),
            sessions_elsewhere,
            clock,
            places,
            started: Instant::now(),
            background: Background::default(),
        })
    }

    fn wired(&self) -> impl Iterator<Item = &dyn Wired> {
        self.contexts.iter().map(|(_, wired)| &**wired)
    }

    pub fn events(&self) -> &EventBus {
        &self.events
    }

    /// The rows of each context that can be held against what the log tells.
    pub fn audited(&self) -> impl Iterator<Item = (&'static str, Arc<dyn Audited>)> {
        self.contexts.iter().flat_map(|(context, wired)| wired.audited().into_iter().map(|it| (context.name(), it)))
    }

    pub fn projections(&self) -> Vec<&'static str> {
        self.contexts.iter().map(|(context, _)| context.name()).collect()
    }

    /// Of every context.
    pub fn subscriptions(&self) -> Vec<Subscription> {
        self.wired().flat_map(Wired::subscriptions).collect()
    }

    /// Begins what runs beside the requests: subscriptions, the projection's watcher, schedulers and workers.
    pub async fn start(&self) -> anyhow::Result<Work> {
        let subscriptions = self.subscriptions();
        require_published(&subscriptions)?;
        let (server, direct, pooled) = (self.server.clone(), self.budget.route.clone(), self.pooled.clone());
        self.budget.check().await?;
        let mut running = self
            .events
            .start(subscriptions)
            .await
            .context("the event log cannot be read; is the database there, and migrated?")?;
        let road = road::open(self.road.as_ref()).await?;
        let owners = road::over(road.as_ref(), &self.owners);
        running.import(owners).await.context("events of other databases cannot be imported")?;
        if let Some(road) = &road {
            road::relay(road, &self.events, self.contexts.iter().map(|(context, _)| *context), &self.background);
        }
        self.background.run(|until| async move {
            until.run_until_cancelled(server.watch(direct, pooled)).await;
        });
        let way = self.pooled.clone().unwrap_or_else(|| self.budget.route.clone());
        self.background.repeat(PASSWORD_CHECK, move || {
            let way = way.clone();
            async move { way.check_password().await }
        });
        if let Some(replica) = self.replica.clone() {
            let events = self.events.clone();
            self.background.run(|until| async move {
                until.run_until_cancelled(events.watch_replica(replica)).await;
            });
        }
        let (store, jobs) = (self.read_store.clone(), self.jobs.clone());
        self.background.run(|until| async move { store.run_watcher(until).await });
        if self.runs_jobs {
            self.background.run(|until| async move { jobs.run(until).await });
        }
        self.wired().for_each(|context| context.start(&self.background));
        for peer in self.peers.clone() {
            self.background.run(|until| async move {
                until.run_until_cancelled(peer.introduce()).await;
            });
        }
        if let Some(sessions) = &self.sessions_elsewhere {
            sessions.start(&self.background);
        }
        Ok(Work { running, background: self.background.clone() })
    }

    /// What the routes work with. `shutdown` ends streams.
    pub fn edge(&self, settings: &Settings, shutdown: CancellationToken) -> anyhow::Result<Edge> {
        let sessions = self.wired().find_map(Wired::sessions);
        let sessions = sessions.or_else(|| Some(self.sessions_elsewhere.as_ref()?.sessions()));
        let sessions = sessions.context("no context keeps sessions")?;
        let mut roles = None;
        for context in Context::ALL {
            roles = roles.or(context.module().roles(&self.queries)?);
        }
        let logs = Context::ALL.iter().map(|context| context.name()).collect();
        let host = Host {
            commands: self.commands.clone(),
            queries: self.queries.clone(),
            events: self.events.clone(),
            read_store: self.read_store.clone(),
            clock: Arc::clone(&self.clock),
            gate: Gate::new(sessions, roles.context("no context keeps roles")?, logs),
            community: settings.into(),
            uploads: settings.uploads.clone(),
            max_import_bytes: settings.imports.max_bytes,
            streams: settings.streams.clone(),
            origins: Origins::new(&settings.http),
            shutdown,
            secure_cookies: settings.http.public_url.starts_with("https://"),
        };
        let hot = self
            .contexts
            .iter()
            .filter_map(|(context, wired)| Some((context.name(), context.module().hot()?, wired.sees_less())));
        let apis = self.wired().map(|context| context.api(&host)).collect::<Result<_, _>>()?;
        let machinery = Data::new(Machinery {
            events: self.events.clone(),
            jobs: self.jobs.clone(),
            pools: self.pools.clone(),
            read_store: self.read_store.clone(),
            projections: self.projections(),
            peers: self.peers.clone(),
            clock: Arc::clone(&self.clock),
            started: self.started,
            background: self.background.tasks(),
        });
        Ok(Edge {
            internal: self.internal(settings, &machinery)?,
            hot: HotAnswers::new(&host, settings.http.memory_cache_mib * 1024 * 1024, &hot.collect::<Vec<_>>()),
            machinery,
            limits: RateLimits::new(&self.read_store, settings)?,
            gate: host.gate,
            places: Arc::clone(&self.places),
            community: host.community,
            apis,
        })
    }

    /// What other processes may ask of this one.
    fn internal(
        &self,
        settings: &Settings,
        machinery: &Data<Machinery>,
    ) -> anyhow::Result<Option<(SocketAddr, Internal)>> {
        let Some(at) = settings.internal.listen else { return Ok(None) };
        let mut endpoints = HashMap::new();
        for crossing in &self.crossings {
            endpoints.insert(crossing.name, crossing.endpoint(&self.commands, &self.queries)?);
        }
        let tokens = settings.internal.tokens();
        Ok(Some((at, Internal::new(endpoints, self.commands.clone(), machinery.clone(), tokens))))
    }

    /// Does at once what schedulers do by the clock.
    pub async fn tick(&self, now: OffsetDateTime) -> anyhow::Result<()> {
        for context in self.wired() {
            context.tick(now).await?;
        }
        Ok(())
    }
}

/// What runs beside the requests.
pub struct Work {
    running: Running,
    background: Background,
}

impl Work {
    /// Lets everything finish what it has begun, within bounds.
    pub async fn stop(self) {
        self.background.stop().await;
        self.running.stop().await;
    }
}
