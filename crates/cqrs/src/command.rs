//! Commands: the bus, and the one wrapper around every handler.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use database::Database;
use kernel::{Command, Detail, ErrorKind, LogPosition, Position, Refusal};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::call::{Call, Caller, Source, Told};
use crate::elsewhere::{RefusedElsewhere, There};
use crate::idempotency::{self, Key, Stored};
use crate::{DuplicateHandler, MissingHandler, Shared, Wire, context_of, metrics};

/// How long a command waits in all: before it for what its caller did before, after it for the views it made stale. When
/// those are late it is answered with its position, and the caller's next query looks in PostgreSQL.
pub(crate) const WAITS_WITHIN: Duration = Duration::from_millis(500);
/// How long it then waits for processes that keep answers in memory: longer than any of them trusts its memory without
/// hearing of changes, so that one which is frozen or cut off trusts nothing by then.
pub const KEPT_WITHIN: Duration = Duration::from_millis(250);
/// How often a command starts over when another transaction was in its way.
const STARTS: u32 = 5;

#[async_trait]
pub trait CommandHandler<C: Command>: Send + Sync + 'static {
    async fn handle(&self, call: &Call, command: C) -> Result<C::Output, C::Error>;
}

struct Registered<C: Command> {
    handler: Box<dyn CommandHandler<C>>,
    pool: Database,
    context: String,
}

/// Where a command is handled.
enum Way<C: Command> {
    Here(Arc<Registered<C>>),
    /// In another process, which does all that is done around a handler.
    Elsewhere(Arc<dyn Elsewhere<C>>),
}

impl<C: Command> Clone for Way<C> {
    fn clone(&self) -> Self {
        match self {
            Self::Here(registered) => Self::Here(Arc::clone(registered)),
            Self::Elsewhere(elsewhere) => Self::Elsewhere(Arc::clone(elsewhere)),
        }
    }
}

#[async_trait]
trait Elsewhere<C: Command>: Send + Sync {
    async fn send(&self, caller: &Caller, command: C) -> Result<Done<C::Output>, RefusedElsewhere>;
}

#[async_trait]
impl<C: Command + Wire> Elsewhere<C> for There {
    async fn send(&self, caller: &Caller, command: C) -> Result<Done<C::Output>, RefusedElsewhere> {
        self.command::<C>(caller, command.into_form()).await
    }
}

/// Collects the handlers while the host is wired.
pub struct CommandBusBuilder {
    shared: Arc<Shared>,
    handlers: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    pools: Vec<Database>,
    duplicate: Option<DuplicateHandler>,
}

impl CommandBusBuilder {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, handlers: HashMap::new(), pools: Vec::new(), duplicate: None }
    }

    /// `pool` is the context's own: idempotency keys are kept where the command's changes are.
    pub fn register<C: Command>(&mut self, pool: &Database, handler: impl CommandHandler<C>) {
        let context = context_of(pool);
        let registered = Registered { handler: Box::new(handler), pool: pool.clone(), context };
        self.lead(Way::<C>::Here(Arc::new(registered)));
        if !self.pools.iter().any(|known| context_of(known) == context_of(pool)) {
            self.pools.push(pool.clone());
        }
    }

    /// It is handled in another process.
    pub(crate) fn register_elsewhere<C: Command + Wire>(&mut self, there: There) {
        self.lead(Way::<C>::Elsewhere(Arc::new(there)));
    }

    fn lead<C: Command>(&mut self, way: Way<C>) {
        if self.handlers.insert(TypeId::of::<C>(), Box::new(way)).is_some() {
            self.duplicate = Some(DuplicateHandler(C::NAME));
        }
    }

    pub fn build(self) -> Result<CommandBus, DuplicateHandler> {
        match self.duplicate {
            Some(duplicate) => Err(duplicate),
            None => Ok(CommandBus { shared: self.shared, handlers: Arc::new(self.handlers), pools: self.pools }),
        }
    }
}

/// Every command the program can do.
#[derive(Clone)]
pub struct CommandBus {
    shared: Arc<Shared>,
    handlers: Arc<HashMap<TypeId, Box<dyn Any + Send + Sync>>>,
    pools: Vec<Database>,
}

impl CommandBus {
    /// The only way to a command: asked for when the host starts, so that a missing handler shows then.
    pub fn dispatch<C: Command>(&self) -> Result<Dispatch<C>, MissingHandler> {
        let way = self.handlers.get(&TypeId::of::<C>()).and_then(|any| any.downcast_ref::<Way<C>>());
        Ok(Dispatch { way: way.ok_or(MissingHandler(C::NAME))?.clone(), shared: Arc::clone(&self.shared) })
    }

    /// Forgets all answers older than 24 h. To be called now and then.
    pub async fn sweep_idempotency_keys(&self) -> Result<u64, sqlx::Error> {
        let mut swept = 0;
        for pool in &self.pools {
            swept += idempotency::sweep(pool, self.shared.clock.now()).await?;
        }
        Ok(swept)
    }
}

/// Sends one kind of command.
pub struct Dispatch<C: Command> {
    way: Way<C>,
    shared: Arc<Shared>,
}

impl<C: Command> Clone for Dispatch<C> {
    fn clone(&self) -> Self {
        Self { way: self.way.clone(), shared: Arc::clone(&self.shared) }
    }
}

/// What a command did.
#[derive(Debug, Clone)]
pub struct Done<T> {
    pub output: T,
    /// The last event it appended, also when the answer is given again; `None` when nothing changed.
    pub position: Option<LogPosition>,
}

struct Answered<T> {
    output: T,
    /// Under this key it was given before.
    again: bool,
}

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError<E: Refusal> {
    #[error(transparent)]
    Refused(E),
    #[error(transparent)]
    Elsewhere(RefusedElsewhere),
    #[error("the idempotency key was used for another request")]
    KeyReused,
    #[error("it took too long")]
    TimedOut,
    #[error("the idempotency keys could not be read")]
    Keys(#[source] sqlx::Error),
    #[error("a stored answer or a command could not be read")]
    Stored(#[source] serde_json::Error),
}

impl<E: Refusal> Refusal for DispatchError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::Elsewhere(refusal) => refusal.kind(),
            Self::KeyReused => ErrorKind::Conflict,
            Self::TimedOut => ErrorKind::Unavailable,
            Self::Keys(error) => event_bus::error_kind(error),
            Self::Stored(_) => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Elsewhere(refusal) => refusal.code(),
            Self::KeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::TimedOut => "UNAVAILABLE",
            Self::Keys(_) | Self::Stored(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Refused(refusal) => refusal.details(),
            Self::Elsewhere(refusal) => refusal.details(),
            Self::KeyReused => vec![Detail::new("Idempotency-Key", "was used for another request")],
            Self::TimedOut | Self::Keys(_) | Self::Stored(_) => Vec::new(),
        }
    }
}

impl<C: Command> Dispatch<C> {
    /// Does the command, then waits for the views it made stale, at most half a second: whoever asked sees their own
    /// change in the next query.
    pub async fn send(&self, caller: &Caller, command: C) -> Result<Done<C::Output>, DispatchError<C::Error>> {
        let span = || {
            let actor = caller.actor.recorded();
            let span = tracing::info_span!("command", command = C::NAME, %actor, outcome = Empty, otel.name = Empty);
            if trace::recorded() {
                span.record("otel.name", format_args!("command {}", C::NAME));
            }
            span
        };
        let sent = async {
            match &self.way {
                Way::Here(registered) => Handled { registered, shared: &self.shared }.send(caller, command).await,
                Way::Elsewhere(there) => there.send(caller, command).await.map_err(DispatchError::Elsewhere),
            }
        };
        trace::within(Some(&caller.trace), span, sent).await
    }
}

/// A command that is handled in this process.
struct Handled<'d, C: Command> {
    registered: &'d Registered<C>,
    shared: &'d Shared,
}

impl<C: Command> Handled<'_, C> {
    async fn send(&self, caller: &Caller, command: C) -> Result<Done<C::Output>, DispatchError<C::Error>> {
        let Shared { own_writes, others, .. } = self.shared;
        let begun = Instant::now();
        own_writes.known(&caller.actor, &self.registered.context, WAITS_WITHIN).await;
        for at in &caller.min_positions {
            let left = WAITS_WITHIN.saturating_sub(begun.elapsed());
            self.shared.told_elsewhere_is_known(*at, &self.registered.context, left).await;
        }
        let left = WAITS_WITHIN.saturating_sub(begun.elapsed());
        let started = Instant::now();
        let mut told = None;
        let outcome = self.execute(caller, command, &mut told).await;
        let took = started.elapsed();
        let label = match &outcome {
            Ok(Answered { again: false, .. }) => "done",
            Ok(Answered { again: true, .. }) => "repeated",
            Err(DispatchError::TimedOut) => "timed_out",
            Err(_) => "refused",
        };
        metrics::COMMANDS.with_label_values(&[C::NAME, label]).observe(took.as_secs_f64());
        trace::handled("command", C::NAME, 0, took);
        if trace::recorded() {
            Span::current().record("outcome", label);
        }
        let outcome = match outcome {
            Err(refusal) if told.is_none() => return Err(refusal),
            // A refused one may have told something all the same: a refresh token that is used again ends its session.
            outcome => outcome,
        };
        let mut since = Instant::now();
        let told = if planted::bug("own-writes-not-waited-for") { None } else { told };
        if let Some(Told { position, families }) = &told {
            let families: Vec<&str> = families.iter().map(AsRef::as_ref).collect();
            let views = self.shared.shown_everywhere(&self.registered.context, *position, &families, left);
            if !views.instrument(tracing::debug_span!("views")).await {
                tracing::debug!(command = C::NAME, %position, "answered before every view was refreshed");
                own_writes.announce(&caller.actor, self.named(*position), KEPT_WITHIN).await;
            } else if self.registered.pool.has_replica() {
                own_writes.announce_to_readers_of_replicas(&caller.actor, self.named(*position), KEPT_WITHIN).await;
            }
            since = Instant::now();
        }
        // Also when nothing was told: sessions are shown in Redis by the command itself.
        if let Some(others) = others
            && !others.known_everywhere(since, KEPT_WITHIN).await
        {
            tracing::warn!(command = C::NAME, "answered before every process knew what it must not answer any more");
        }
        Ok(Done { output: outcome?.output, position: told.map(|told| self.named(told.position)) })
    }

    fn named(&self, position: Position) -> LogPosition {
        self.shared.named(&self.registered.context, position)
    }

    /// `told` is what is committed of it, whatever the outcome.
    async fn execute(
        &self,
        caller: &Caller,
        command: C,
        told: &mut Option<Told>,
    ) -> Result<Answered<C::Output>, DispatchError<C::Error>> {
        let key = Key::of(&caller.actor, caller.idempotency_key.as_deref(), &command).map_err(DispatchError::Stored)?;
        if let Some((answer, before)) = self.given_before(key.as_ref()).await? {
            *told = before;
            return Ok(answer);
        }
        let call = Call::new(caller, Arc::clone(&self.shared.clock), Source::Database, key.clone());
        let outcome = tokio::time::timeout(C::TIMEOUT, self.until_not_in_the_way(&call, command)).await;
        *told = call.told();
        match outcome {
            Ok(Ok(output)) => Ok(Answered { output, again: false }),
            Ok(Err(refusal)) => match self.given_before(key.as_ref()).await? {
                // Sent twice at once: the other one was first, and this one met its effect.
                Some((answer, before)) => {
                    *told = before;
                    Ok(answer)
                }
                None => Err(DispatchError::Refused(refusal)),
            },
            Err(_) => Err(DispatchError::TimedOut),
        }
    }

    async fn until_not_in_the_way(&self, call: &Call, command: C) -> Result<C::Output, C::Error> {
        for _ in 1..STARTS {
            match self.registered.handler.handle(call, command.clone()).await {
                Err(error) if event_bus::undone_by_another(&error) => {}
                outcome => return outcome,
            }
        }
        self.registered.handler.handle(call, command).await
    }

    /// The answer, and what was told then.
    async fn given_before(
        &self,
        key: Option<&Key>,
    ) -> Result<Option<(Answered<C::Output>, Option<Told>)>, DispatchError<C::Error>> {
        let Some(key) = key else { return Ok(None) };
        match idempotency::find(&self.registered.pool, key, self.shared.clock.now()).await {
            Ok(Stored::Nothing) => Ok(None),
            Ok(Stored::OtherRequest) => Err(DispatchError::KeyReused),
            Ok(Stored::Answer(answer, told)) => {
                let output = serde_json::from_value(answer).map_err(DispatchError::Stored)?;
                Ok(Some((Answered { output, again: true }, told)))
            }
            Err(error) => Err(DispatchError::Keys(error)),
        }
    }
}
