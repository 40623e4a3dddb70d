//! Queries: the bus, and the one wrapper around every handler.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use database::Database;
use event_bus::{Heard, Scope};
use kernel::{Actor, Detail, ErrorKind, Position, Query, Refusal};
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::Span;
use tracing::field::Empty;

use crate::call::{Call, Caller, Source};
use crate::elsewhere::{RefusedElsewhere, There};
use crate::{DuplicateHandler, MissingHandler, Shared, Wire, context_of, metrics};

/// How long a query waits for the views to reach the position its caller demands; then it asks PostgreSQL.
const VIEWS_WITHIN: Duration = Duration::from_millis(500);
/// How long a query waits for the views to show what its caller did before, when they were late already.
const OWN_WRITES_WITHIN: Duration = Duration::from_millis(50);
/// How long a query waits for its turn in PostgreSQL when the views are late.
const ROOM_WITHIN: Duration = Duration::from_millis(100);
/// How long a handler may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

#[async_trait]
pub trait QueryHandler<Q: Query>: Send + Sync + 'static {
    async fn handle(&self, call: &Call, query: Q) -> Result<Q::Answer, Q::Error>;
}

struct Registered<Q: Query> {
    handler: Box<dyn QueryHandler<Q>>,
    context: Arc<str>,
    /// How many queries of the context may ask PostgreSQL because its views are late.
    late: Arc<Semaphore>,
    has_replica: bool,
}

/// Where a query is handled.
enum Way<Q: Query> {
    Here(Arc<Registered<Q>>),
    /// In another process, which does all that is done around a handler.
    Elsewhere(Arc<dyn Elsewhere<Q>>),
}

impl<Q: Query> Clone for Way<Q> {
    fn clone(&self) -> Self {
        match self {
            Self::Here(registered) => Self::Here(Arc::clone(registered)),
            Self::Elsewhere(elsewhere) => Self::Elsewhere(Arc::clone(elsewhere)),
        }
    }
}

#[async_trait]
trait Elsewhere<Q: Query>: Send + Sync {
    async fn ask(&self, caller: &Caller, query: Q) -> Result<Q::Answer, RefusedElsewhere>;
}

#[async_trait]
impl<Q: Query + Wire> Elsewhere<Q> for There
where
    Q::Answer: DeserializeOwned,
{
    async fn ask(&self, caller: &Caller, query: Q) -> Result<Q::Answer, RefusedElsewhere> {
        self.query(caller, Q::NAME, query.into_form()).await
    }
}

/// Collects the handlers while the host is wired.
pub struct QueryBusBuilder {
    shared: Arc<Shared>,
    handlers: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    late: HashMap<String, Arc<Semaphore>>,
    duplicate: Option<DuplicateHandler>,
}

impl QueryBusBuilder {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, handlers: HashMap::new(), late: HashMap::new(), duplicate: None }
    }

    /// `pool` is the context's own: its role says whose views a query relies on.
    pub fn register<Q: Query>(&mut self, pool: &Database, handler: impl QueryHandler<Q>) {
        let context = context_of(pool);
        // Half of the pool: the rest is for commands, and for members who wait for a write of their own.
        let half = usize::try_from(pool.pool().options().get_max_connections() / 2).unwrap_or(1).max(1);
        let late = self.late.entry(context.clone()).or_insert_with(|| Arc::new(Semaphore::new(half)));
        let registered = Registered::<Q> {
            handler: Box::new(handler),
            context: context.into(),
            late: Arc::clone(late),
            has_replica: pool.has_replica(),
        };
        self.lead(Way::Here(Arc::new(registered)));
    }

    /// It is handled in another process.
    pub(crate) fn register_elsewhere<Q: Query + Wire>(&mut self, there: There)
    where
        Q::Answer: DeserializeOwned,
    {
        self.lead(Way::<Q>::Elsewhere(Arc::new(there)));
    }

    fn lead<Q: Query>(&mut self, way: Way<Q>) {
        if self.handlers.insert(TypeId::of::<Q>(), Box::new(way)).is_some() {
            self.duplicate = Some(DuplicateHandler(Q::NAME));
        }
    }

    pub fn build(self) -> Result<QueryBus, DuplicateHandler> {
        match self.duplicate {
            Some(duplicate) => Err(duplicate),
            None => Ok(QueryBus { shared: self.shared, handlers: Arc::new(self.handlers) }),
        }
    }
}

/// Every question the program can answer.
#[derive(Clone)]
pub struct QueryBus {
    shared: Arc<Shared>,
    handlers: Arc<HashMap<TypeId, Box<dyn Any + Send + Sync>>>,
}

impl QueryBus {
    /// Whether the views of `context` may lack something that `actor` did: what was read for others is no answer for them
    /// then.
    pub fn lacks_own_write(&self, actor: &Actor, context: &str) -> bool {
        self.shared.own_writes.are_unseen(actor, context)
    }

    /// Whether the views of `context` are so late that nobody relies on them.
    pub fn is_late(&self, context: &str) -> bool {
        self.shared.events.is_late(context) && !self.shared.events.is_away()
    }

    /// How the log is called that a context tells in, where there are several.
    pub fn log_of(&self, context: &str) -> Option<&'static str> {
        self.shared.named(context, Position::START).log
    }

    /// The only way to a query: asked for when the host starts, so that a missing handler shows then.
    pub fn asking<Q: Query>(&self) -> Result<Ask<Q>, MissingHandler> {
        let way = self.handlers.get(&TypeId::of::<Q>()).and_then(|any| any.downcast_ref::<Way<Q>>());
        Ok(Ask { way: way.ok_or(MissingHandler(Q::NAME))?.clone(), shared: Arc::clone(&self.shared) })
    }
}

/// Asks one kind of query.
pub struct Ask<Q: Query> {
    way: Way<Q>,
    shared: Arc<Shared>,
}

impl<Q: Query> Clone for Ask<Q> {
    fn clone(&self) -> Self {
        Self { way: self.way.clone(), shared: Arc::clone(&self.shared) }
    }
}

/// Why a query was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError<E: Refusal> {
    #[error(transparent)]
    Refused(E),
    #[error(transparent)]
    Elsewhere(RefusedElsewhere),
    #[error("it took too long")]
    TimedOut,
}

impl<E: Refusal> Refusal for AskError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::Elsewhere(refusal) => refusal.kind(),
            Self::TimedOut => ErrorKind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Elsewhere(refusal) => refusal.code(),
            Self::TimedOut => "UNAVAILABLE",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Refused(refusal) => refusal.details(),
            Self::Elsewhere(refusal) => refusal.details(),
            Self::TimedOut => Vec::new(),
        }
    }
}

impl<Q: Query> Ask<Q> {
    pub async fn ask(&self, caller: &Caller, query: Q) -> Result<Q::Answer, AskError<Q::Error>> {
        let span = || {
            let name = format!("query {}", Q::NAME);
            tracing::debug_span!("query", query = Q::NAME, outcome = Empty, otel.name = name)
        };
        let asked = async {
            match &self.way {
                Way::Here(registered) => Handled { registered, shared: &self.shared }.ask(caller, query).await,
                Way::Elsewhere(there) => there.ask(caller, query).await.map_err(AskError::Elsewhere),
            }
        };
        trace::within(Some(&caller.trace), span, asked).await
    }
}

/// A query that is handled in this process.
struct Handled<'a, Q: Query> {
    registered: &'a Registered<Q>,
    shared: &'a Shared,
}

impl<Q: Query> Handled<'_, Q> {
    /// Where to look. The caller may have seen an event of another context that this one has not heard of: then PostgreSQL does
    /// not have it here either, and that is noted in [`Caller::behind`].
    async fn source(&self, caller: &Caller) -> Source {
        let Shared { own_writes, .. } = self.shared;
        let context = &*self.registered.context;
        let deadline = Instant::now() + VIEWS_WITHIN;
        for at in &caller.min_positions {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.shared.wait_for(*at, Scope::Context(context), left).await != Heard::Yes {
                if !self.shared.is_known(*at, context).await {
                    caller.behind.note(&self.registered.context);
                }
                return Source::Database;
            }
        }
        let shown = own_writes.shown(&caller.actor, context, OWN_WRITES_WITHIN).await;
        if shown != Heard::Yes && own_writes.are_unknown_to(&caller.actor, context) {
            caller.behind.note(&self.registered.context);
        }
        match shown {
            Heard::NotYet => Source::Database,
            // With the database away an older answer is better than none: nobody demanded this position.
            Heard::Yes | Heard::Unknown => Source::ReadStore,
        }
    }

    /// What a replica must have for `caller` to read there.
    async fn needs(&self, caller: &Caller) -> Option<Position> {
        if !self.registered.has_replica {
            return None;
        }
        let last = self.shared.own_writes.last_write(&caller.actor).await?;
        let demanded = caller.min_positions.iter().filter(|at| self.shared.foreign(**at).is_none());
        Some(demanded.map(|at| at.position).fold(last, Position::max))
    }

    /// With views that are late, PostgreSQL answers as many queries at a time as it has room for; the others are answered
    /// by the views, late as they are.
    async fn room_for_late(&self) -> Option<SemaphorePermit<'_>> {
        let events = &self.shared.events;
        if !events.is_late(&self.registered.context) || events.is_away() {
            return None;
        }
        tokio::time::timeout(ROOM_WITHIN, self.registered.late.acquire()).await.ok()?.ok()
    }

    async fn ask(&self, caller: &Caller, query: Q) -> Result<Q::Answer, AskError<Q::Error>> {
        let mut source = self.source(caller).await;
        let mut _room = None;
        if source == Source::ReadStore {
            _room = self.room_for_late().await;
            if _room.is_some() {
                source = Source::Database;
            }
        }
        let call = Call::new(caller, Arc::clone(&self.shared.clock), source, None).with_needs(self.needs(caller).await);
        let started = Instant::now();
        let answer = tokio::time::timeout(TIMEOUT, self.registered.handler.handle(&call, query)).await;
        let took = started.elapsed();
        let label = match &answer {
            Ok(Ok(_)) => "answered",
            Ok(Err(_)) => "refused",
            Err(_) => "timed_out",
        };
        metrics::QUERIES.with_label_values(&[Q::NAME, label]).observe(took.as_secs_f64());
        trace::handled("query", Q::NAME, 0, took);
        if trace::recorded() {
            Span::current().record("outcome", label);
        }
        match answer {
            Ok(answer) => answer.map_err(AskError::Refused),
            Err(_) => Err(AskError::TimedOut),
        }
    }
}
