//! Messages of contexts that run in another process. Here is what travels and in which form; how it travels is the host's
//! ([`Peer`]). Senders do not notice where a message is handled.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::actor::ActorForm;
use kernel::name::lasting_name;
use kernel::{Command, Detail, ErrorKind, LogPosition, Query, Refusal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::call::{Behind, Caller};
use crate::command::{CommandBus, CommandBusBuilder, Dispatch, Done, KEPT_WITHIN, WAITS_WITHIN};
use crate::query::{Ask, QueryBus, QueryBusBuilder};
use crate::{MissingHandler, Wire, query};

/// A message on its way.
pub struct Outgoing {
    /// As the message calls itself: `get_book`.
    pub name: &'static str,
    /// JSON.
    pub body: Vec<u8>,
    /// How long the answer may take.
    pub within: Duration,
    /// Whether it may be sent again when nobody knows what became of it.
    pub twice_is_once: bool,
}

/// The way to the process that handles the messages of a context.
#[async_trait]
pub trait Peer: Send + Sync {
    /// The reply's body as [`Endpoint::reply`] there has made it. An error: there was no reply.
    async fn send(&self, message: Outgoing) -> Result<Vec<u8>, RefusedElsewhere>;
}

/// Why a message was refused in another process, or never came there.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct RefusedElsewhere {
    kind: ErrorKind,
    code: &'static str,
    message: String,
    details: Vec<Detail>,
}

impl RefusedElsewhere {
    /// The process is away. `why` is for the log.
    pub fn away(why: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Unavailable, code: "UNAVAILABLE", message: why.into(), details: Vec::new() }
    }

    /// The other process does not speak as we do. `why` is for the log.
    pub fn misunderstood(why: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Internal, code: "INTERNAL", message: why.into(), details: Vec::new() }
    }
}

impl Refusal for RefusedElsewhere {
    fn kind(&self) -> ErrorKind {
        self.kind
    }

    fn code(&self) -> &'static str {
        self.code
    }

    fn details(&self) -> Vec<Detail> {
        self.details.clone()
    }
}

/// Leads a message to another process.
#[derive(Clone)]
pub(crate) struct There {
    peer: Arc<dyn Peer>,
    twice_is_once: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallerForm {
    actor: ActorForm,
    trace: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
    /// With commas between those of several logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_position: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Request<M> {
    caller: CallerForm,
    message: M,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
enum Reply<T> {
    Answered {
        answer: T,
        /// Where a command's last event stands.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<String>,
        /// Contexts that answered without knowing of everything that the caller has seen.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        behind: Vec<String>,
    },
    Refused {
        kind: ErrorKind,
        code: String,
        message: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        details: Vec<Detail>,
    },
}

impl<T> Reply<T> {
    fn refused(refusal: &dyn Refusal) -> Self {
        Self::Refused {
            kind: refusal.kind(),
            code: refusal.code().to_owned(),
            // That of an error with a cause says little without it: this process logs the whole.
            message: refusal.to_string(),
            details: refusal.details(),
        }
    }
}

impl CallerForm {
    fn of(caller: &Caller) -> Self {
        Self {
            actor: ActorForm::from(&caller.actor),
            trace: caller.trace.clone(),
            idempotency_key: caller.idempotency_key.clone(),
            min_position: (!caller.min_positions.is_empty()).then(|| joined(&caller.min_positions)),
        }
    }

    fn into_caller(self) -> Option<Caller> {
        let texts = self.min_position.iter().flat_map(|texts| texts.split(','));
        let min_positions = texts.map(|text| LogPosition::read(text, lasting_name));
        let min_positions = min_positions.collect::<Result<_, _>>().ok()?;
        Some(Caller {
            actor: self.actor.into_actor()?,
            trace: self.trace,
            idempotency_key: self.idempotency_key,
            min_positions,
            behind: Behind::default(),
        })
    }
}

fn joined(positions: &[LogPosition]) -> String {
    positions.iter().map(LogPosition::to_string).collect::<Vec<_>>().join(",")
}

impl There {
    /// `M` is handled by `peer`; `twice_is_once`: it may be sent again when nobody knows what became of it.
    pub(crate) fn new(peer: &Arc<dyn Peer>, twice_is_once: bool) -> Self {
        Self { peer: Arc::clone(peer), twice_is_once }
    }

    async fn exchange<F: Serialize, A: DeserializeOwned>(
        &self,
        caller: &Caller,
        name: &'static str,
        message: F,
        within: Duration,
    ) -> Result<(A, Option<LogPosition>), RefusedElsewhere> {
        let wrong = |what: &str, error: &dyn std::fmt::Display| {
            RefusedElsewhere::misunderstood(format!("{what} of {name} cannot be read: {error}"))
        };
        let request = Request { caller: CallerForm::of(caller), message };
        let body = serde_json::to_vec(&request).map_err(|error| wrong("the form", &error))?;
        // Under a key the other process gives the first answer again.
        let twice_is_once = self.twice_is_once || caller.idempotency_key.is_some();
        let reply = self.peer.send(Outgoing { name, body, within, twice_is_once }).await?;
        match serde_json::from_slice(&reply).map_err(|error| wrong("the reply", &error))? {
            Reply::Answered { answer, position, behind } => {
                behind.iter().for_each(|context| caller.behind.note(&Arc::from(context.as_str())));
                let position = position.map(|position| LogPosition::read(&position, lasting_name)).transpose();
                Ok((answer, position.map_err(|error| wrong("the position", &error))?))
            }
            Reply::Refused { kind, code, message, details } => {
                let code = lasting_name(&code).unwrap_or("INTERNAL");
                Err(RefusedElsewhere { kind, code, message, details })
            }
        }
    }

    pub(crate) async fn command<C: Command>(
        &self,
        caller: &Caller,
        form: impl Serialize + Send,
    ) -> Result<Done<C::Output>, RefusedElsewhere> {
        let within = C::TIMEOUT + WAITS_WITHIN + KEPT_WITHIN;
        let (output, position) = self.exchange(caller, C::NAME, form, within).await?;
        Ok(Done { output, position })
    }

    pub(crate) async fn query<A: DeserializeOwned>(
        &self,
        caller: &Caller,
        name: &'static str,
        form: impl Serialize + Send,
    ) -> Result<A, RefusedElsewhere> {
        Ok(self.exchange(caller, name, form, query::TIMEOUT + WAITS_WITHIN).await?.0)
    }
}

/// What another process may ask of this one.
#[async_trait]
pub trait Endpoint: Send + Sync {
    /// `body` is what travelled. `Err`: it cannot be read; the reason is for the sender's log.
    async fn reply(&self, body: &[u8]) -> Result<Vec<u8>, String>;
}

fn read<M: Wire>(body: &[u8]) -> Result<(Caller, M), String> {
    let Request { caller, message } =
        serde_json::from_slice::<Request<M::Form>>(body).map_err(|error| error.to_string())?;
    let caller = caller.into_caller().ok_or("the caller has a name that cannot be one of ours")?;
    Ok((caller, M::from_form(message)?))
}

fn written<T: Serialize>(reply: &Reply<T>) -> Result<Vec<u8>, String> {
    serde_json::to_vec(reply).map_err(|error| error.to_string())
}

/// Causes stay in the log of the process that knows them.
fn log(name: &str, refusal: &dyn Refusal) {
    if matches!(refusal.kind(), ErrorKind::Internal | ErrorKind::Unavailable) {
        tracing::warn!(message = name, error = refusal as &dyn std::error::Error, "another process was refused");
    }
}

#[async_trait]
impl<C: Command + Wire> Endpoint for Dispatch<C> {
    async fn reply(&self, body: &[u8]) -> Result<Vec<u8>, String> {
        let (caller, command) = read::<C>(body)?;
        match self.send(&caller, command).await {
            Ok(Done { output, position }) => {
                let position = position.map(|position| position.to_string());
                written(&Reply::Answered { answer: output, position, behind: caller.behind.names() })
            }
            Err(refusal) => {
                log(C::NAME, &refusal);
                written(&Reply::<C::Output>::refused(&refusal))
            }
        }
    }
}

#[async_trait]
impl<Q: Query + Wire> Endpoint for Ask<Q>
where
    Q::Answer: Serialize,
{
    async fn reply(&self, body: &[u8]) -> Result<Vec<u8>, String> {
        let (caller, query) = read::<Q>(body)?;
        match self.ask(&caller, query).await {
            Ok(answer) => written(&Reply::Answered { answer, position: None, behind: caller.behind.names() }),
            Err(refusal) => {
                log(Q::NAME, &refusal);
                written(&Reply::<Q::Answer>::refused(&refusal))
            }
        }
    }
}

type Here = fn(&CommandBus, &QueryBus) -> Result<Arc<dyn Endpoint>, MissingHandler>;
type LeadsAway = fn(&mut CommandBusBuilder, &mut QueryBusBuilder, There);

/// A message that other contexts send, so that it may have to travel.
pub struct Crossing {
    pub name: &'static str,
    twice_is_once: bool,
    here: Here,
    away: LeadsAway,
}

impl Crossing {
    /// A command that may be sent once, unless it has an idempotency key.
    pub fn command<C: Command + Wire>() -> Self {
        Self {
            name: C::NAME,
            twice_is_once: false,
            here: |commands, _| Ok(Arc::new(commands.dispatch::<C>()?)),
            away: |commands, _, there| commands.register_elsewhere::<C>(there),
        }
    }

    /// A command that does nothing more when it is done twice.
    pub fn command_twice_is_once<C: Command + Wire>() -> Self {
        Self { twice_is_once: true, ..Self::command::<C>() }
    }

    pub fn query<Q: Query + Wire>() -> Self
    where
        Q::Answer: Serialize + DeserializeOwned,
    {
        Self {
            name: Q::NAME,
            twice_is_once: true,
            here: |_, queries| Ok(Arc::new(queries.asking::<Q>()?)),
            away: |_, queries, there| queries.register_elsewhere::<Q>(there),
        }
    }

    /// What answers it here.
    pub fn endpoint(&self, commands: &CommandBus, queries: &QueryBus) -> Result<Arc<dyn Endpoint>, MissingHandler> {
        (self.here)(commands, queries)
    }

    /// From now on it is handled by `peer`.
    pub fn lead_to(&self, peer: &Arc<dyn Peer>, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        (self.away)(commands, queries, There::new(peer, self.twice_is_once));
    }
}
