//! The wiring: pools, read store, bus, contexts, and what runs beside the requests.

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use auth::{Auth, FileMailer};
use books::{Books, ImportSettings};
use borrowing::{Borrowing, LendingRules};
use cqrs::{Caller, CommandBus, QueryBus};
use database::{Database, Server};
use event_bus::{BusSettings, EventBus, Running, Subscription};
use kernel::{Actor, Clock, CorrectedClock, LanguageTag};
use notifications::Notifications;
use read_store::ReadStore;
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use users::{ChangeRole, Users};
use uuid::Uuid;
use wording::Language;

use crate::contexts::{Context, require_published};
use crate::http::{self, Api, Gate, HotAnswers};
use crate::ports::{Hosts, Ports};
use crate::settings::Settings;

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(3);
/// A connection that was used so lately is taken as it is: whether PostgreSQL is away, the server's watch notices as soon.
const TRUSTED: Duration = Duration::from_millis(500);
/// How long work in the background may take to end when the host stops.
const LAST_WORK: Duration = Duration::from_secs(20);
/// How often borrows are looked at for what time has done to them.
const SCHEDULE: Duration = Duration::from_secs(30);
/// How often answers past their time are forgotten.
const SWEEP: Duration = Duration::from_secs(600);

fn owner(settings: &Settings) -> anyhow::Result<PgConnectOptions> {
    // The address may hold a password: an error must not show it.
    PgConnectOptions::from_str(settings.database.url.expose_secret())
        .map_err(|_| anyhow::anyhow!("database.url is not an address of PostgreSQL"))
}

/// How a role connects. `process` names the sessions: those of one that is frozen can be told from others.
fn role(settings: &Settings, schema: &str, process: Uuid) -> anyhow::Result<PgConnectOptions> {
    let password = settings.database.context_password.expose_secret();
    let slow = Duration::from_millis(settings.log.slow_statement_milliseconds);
    let options = provision::context_options(&owner(settings)?, schema, Some(password))
        .log_slow_statements(log::LevelFilter::Warn, slow);
    Ok(options.application_name(&event_bus::session_name(schema, process)))
}

fn pool(settings: &Settings, schema: &str, process: Uuid, server: &Server) -> anyhow::Result<Database> {
    let pool = PgPoolOptions::new()
        .max_connections(settings.database.max_connections)
        .acquire_timeout(ACQUIRE)
        // By default each connection is tried with a round trip whenever it is taken: some ten a command.
        .test_before_acquire(false)
        .before_acquire(|connection, taken| {
            Box::pin(async move {
                if taken.idle_for > TRUSTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(role(settings, schema, process)?);
    Ok(Database::new(pool, server.clone()))
}

/// Roles, schemas and tables as this program needs them.
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    let schemas: Vec<_> = Context::ALL.iter().map(|context| (context.name(), context.migrations())).collect();
    let password = settings.database.context_password.expose_secret();
    provision::provision(&owner(settings)?, Some(password), &schemas).await?;
    tracing::info!("the database is up to date");
    Ok(())
}

/// The bus alone, for operators' commands.
pub fn event_bus(settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<EventBus> {
    event_bus_of(Uuid::now_v7(), settings, &Server::unwatched(), clock)
}

fn event_bus_of(
    process: Uuid,
    settings: &Settings,
    server: &Server,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<EventBus> {
    let pool = pool(settings, provision::EVENT_BUS, process, server)?;
    Ok(EventBus::new(pool, clock, BusSettings { process, ..BusSettings::default() }))
}

/// Folkshelf, wired.
pub struct App {
    pub commands: CommandBus,
    pub queries: QueryBus,
    pub read_store: ReadStore,
    /// PostgreSQL, and how its state is asked for.
    server: (Server, PgConnectOptions),
    events: EventBus,
    auth: Auth,
    users: Users,
    books: Books,
    borrowing: Borrowing,
    notifications: Notifications,
    clock: Arc<dyn Clock>,
    started: Instant,
    background: TaskTracker,
    shutdown: CancellationToken,
}

impl App {
    /// With PostgreSQL's time.
    pub async fn new(settings: &Settings) -> anyhow::Result<Self> {
        let clock = Arc::<CorrectedClock>::default();
        Self::with(settings, Arc::clone(&clock), clock).await
    }

    /// With a time of its own: to tell what happened before.
    pub async fn at(settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        Self::with(settings, Arc::default(), clock).await
    }

    async fn with(settings: &Settings, corrected: Arc<CorrectedClock>, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let read_store = ReadStore::connect(read_store::Settings::new(
            settings.redis.url.expose_secret(),
            settings.redis.prefix.as_str(),
        ))?;
        let process = Uuid::now_v7();
        let server = Server::new(corrected);
        let events = event_bus_of(process, settings, &server, Arc::clone(&clock))?;
        let zone = settings.community.time_zone.as_str();
        let language = language(settings)?;
        let ports = Ports::default();

        let pool = |context: Context| pool(settings, context.name(), process, &server);
        let projection = |context: Context| read_store.projection(context.name());
        let auth = Auth::new(
            pool(Context::Auth)?,
            projection(Context::Auth),
            Arc::new(FileMailer::new(&settings.mail.directory)),
            Arc::clone(&clock),
            &auth_settings(settings, language),
        );
        let users = Users::new(
            pool(Context::Users)?,
            projection(Context::Users),
            Arc::new(ports.clone()),
            Arc::new(ports.clone()),
            LanguageTag::new(language.tag())?,
        );
        let books = Books::new(
            pool(Context::Books)?,
            projection(Context::Books),
            events.own(),
            Arc::new(ports.clone()),
            Arc::clone(&clock),
            ImportSettings {
                max_bytes: settings.imports.max_bytes as u64,
                max_rows: u32::try_from(settings.imports.max_rows).unwrap_or(u32::MAX),
                max_cells: settings.imports.max_cells,
                ..ImportSettings::default()
            },
        );
        let rules = LendingRules {
            zone: zone.parse().context("community.time_zone is not a time zone")?,
            max_open_requests: settings.community.max_open_requests,
            extension_limit: u16::try_from(settings.community.max_extensions).unwrap_or(u16::MAX),
            auto_extend: settings.community.auto_extend,
            ..LendingRules::default()
        };
        let borrowing = Borrowing::new(
            pool(Context::Borrowing)?,
            projection(Context::Borrowing),
            events.own(),
            Arc::new(ports.clone()),
            rules,
        );
        let zone = jiff::tz::TimeZone::get(zone).context("community.time_zone is not a time zone")?;
        let notifications =
            Notifications::new(pool(Context::Notifications)?, projection(Context::Notifications), zone, language);

        let (mut commands, mut queries) =
            cqrs::builders(Arc::clone(&clock), events.clone(), Some(Arc::new(Hosts(read_store.clone()))));
        auth.register(&mut commands, &mut queries);
        users.register(&mut commands, &mut queries);
        books.register(&mut commands, &mut queries);
        borrowing.register(&mut commands, &mut queries);
        notifications.register(&mut commands, &mut queries);
        let (commands, queries) = (commands.build()?, queries.build()?);
        ports.connect(&commands, &queries)?;
        for source in [auth.rebuild(), users.rebuild(), books.rebuild(), borrowing.rebuild(), notifications.rebuild()] {
            read_store.register(source);
        }
        Ok(Self {
            commands,
            queries,
            read_store,
            server: (server, role(settings, provision::EVENT_BUS, process)?),
            events,
            auth,
            users,
            books,
            borrowing,
            notifications,
            clock,
            started: Instant::now(),
            background: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        })
    }

    pub fn projections(&self) -> Vec<&'static str> {
        Context::ALL.iter().map(|context| context.name()).collect()
    }

    /// Of every context.
    pub fn subscriptions(&self) -> Vec<Subscription> {
        let of_each = [
            self.users.subscriptions(),
            self.auth.subscriptions(),
            self.books.subscriptions(),
            self.borrowing.subscriptions(),
            self.notifications.subscriptions(),
        ];
        of_each.into_iter().flatten().collect()
    }

    /// Begins what runs beside the requests: subscriptions, the projection's watcher, schedulers and workers.
    pub async fn start(&self) -> anyhow::Result<Work> {
        let subscriptions = self.subscriptions();
        require_published(&subscriptions)?;
        let (server, options) = self.server.clone();
        if let Err(error) = server.set_clock(&options).await {
            tracing::warn!(%error, "PostgreSQL did not tell the time");
        }
        let running = self
            .events
            .start(subscriptions)
            .await
            .context("the event log cannot be read; is the database there, and migrated?")?;
        let stop = || self.shutdown.clone();
        let (store, commands) = (self.read_store.clone(), self.commands.clone());
        let until = stop();
        self.background.spawn(async move { until.run_until_cancelled(server.watch(options)).await });
        let (auth, books, borrowing) = (self.auth.clone(), self.books.clone(), self.borrowing.clone());
        let until = stop();
        self.background.spawn(async move { store.run_watcher(until).await });
        let (mails, until) = (auth.clone(), stop());
        self.background.spawn(async move { mails.run_mails(until).await });
        let until = stop();
        self.background.spawn(async move { auth.run_housekeeping(until).await });
        let (imports, until) = (books.clone(), stop());
        self.background.spawn(async move { imports.run_imports(until).await });
        let until = stop();
        self.background.spawn(async move { books.run_sweeper(until).await });
        let (users, until) = (self.users.clone(), stop());
        self.background.spawn(async move { users.run_folding(until).await });
        let (clock, until) = (Arc::clone(&self.clock), stop());
        self.background.spawn(async move { borrowing.run_scheduler(clock, SCHEDULE, until).await });
        self.background.spawn(sweep_idempotency_keys(commands, stop()));
        Ok(Work { running, background: self.background.clone(), shutdown: stop() })
    }

    /// What the routes work with. `shutdown` ends streams.
    pub fn api(&self, settings: &Settings, shutdown: CancellationToken) -> anyhow::Result<Api> {
        let (commands, queries) = (&self.commands, &self.queries);
        Ok(Api {
            gate: Gate::new(self.auth.sessions(), queries.asking()?),
            auth: http::AuthApi::new(commands, queries)?,
            users: http::UsersApi::new(commands, queries)?,
            books: http::BooksApi::new(commands, queries)?,
            borrowing: http::BorrowingApi::new(commands, queries)?,
            notifications: http::NotificationsApi::new(commands, queries)?,
            hot: HotAnswers::new(&self.read_store, settings.http.memory_cache_mib * 1024 * 1024),
            queries: queries.clone(),
            events: self.events.clone(),
            read_store: self.read_store.clone(),
            projections: self.projections(),
            clock: Arc::clone(&self.clock),
            started: self.started,
            background: self.background.clone(),
            shutdown,
            community: settings.into(),
            secure_cookies: settings.http.public_url.starts_with("https://"),
        })
    }

    /// Gives the member with this mail address a role.
    pub async fn promote(&self, actor: Actor, email: &str, role: &str) -> anyhow::Result<()> {
        let caller = Caller::new(actor, "");
        let email = auth::Email::new(email).context("this is no mail address")?;
        let find = self.queries.asking::<auth::FindAccountByEmail>()?;
        let user = find.ask(&caller, auth::FindAccountByEmail { email }).await?;
        let id = user.context("nobody has this mail address")?;
        let command = ChangeRole { id, expected_version: None, role: role.to_owned() };
        self.commands.dispatch::<ChangeRole>()?.send(&caller, command).await?;
        Ok(())
    }

    pub fn borrowing(&self) -> &Borrowing {
        &self.borrowing
    }
}

fn language(settings: &Settings) -> anyhow::Result<Language> {
    Language::of_tag(&settings.community.language).context("nothing is written in community.language")
}

fn auth_settings(settings: &Settings, language: Language) -> auth::Settings {
    let day = 24 * 60 * 60;
    auth::Settings {
        access_token_lifetime: Duration::from_secs(u64::from(settings.auth.access_token_minutes) * 60),
        session_lifetime: Duration::from_secs(u64::from(settings.auth.refresh_token_days) * day),
        bcrypt_cost: settings.auth.bcrypt_cost,
        hashing_threads: settings.auth.hashing_threads,
        language,
        ..auth::Settings::new(settings.auth.token_secret.clone(), settings.http.public_url.as_str())
    }
}

async fn sweep_idempotency_keys(commands: CommandBus, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(SWEEP) => {}
        }
        if let Err(error) = commands.sweep_idempotency_keys().await {
            tracing::warn!(%error, "old idempotency keys have to wait");
        }
    }
}

/// What runs beside the requests.
pub struct Work {
    running: Running,
    background: TaskTracker,
    shutdown: CancellationToken,
}

impl Work {
    /// Lets everything finish what it has begun, within bounds.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.background.close();
        if tokio::time::timeout(LAST_WORK, self.background.wait()).await.is_err() {
            tracing::warn!("work in the background was cut short; it goes on at the next start");
        }
        self.running.stop().await;
    }
}
