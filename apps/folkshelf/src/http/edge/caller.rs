//! Who is asking. A route declares what it requires by the extractor it takes: [`Anyone`], [`SignedIn`], [`InSession`] or
//! [`Permitted`]. There is no other way to a caller, so a route that declares nothing has none. It takes it before what
//! it reads of the request: extractors answer in their order.
//!
//! A program with an API key is its member as far as the key's scopes go. It reads what its member reads; whatever changes
//! something demands a permission, and so a scope, or it is for sessions alone.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError, web};
use cqrs::Caller;
use kernel::{Actor, Credential, LogPosition, Permission, UserId};

use super::credentials::{KeyInUse, Shown};
use super::gate::Gate;
use super::limits::RateLimits;
use super::problem::Problem;
use super::respond::BEHIND;
use super::trace;

/// The positions that a read must show at least: one of each log, with commas between.
pub const MIN_POSITION: HeaderName = HeaderName::from_static("x-folkshelf-min-position");

/// No account needed; a token, if there is one, must be good.
pub struct Anyone(pub Caller);

/// Any member with a live session. A program of theirs with an API key too, where nothing is changed.
pub struct SignedIn(pub Caller);

/// A member with a live session, and no program of theirs: for passwords, sessions, keys and the account itself.
pub struct InSession(pub Caller);

impl SignedIn {
    /// The member.
    pub fn user(&self) -> Result<UserId, Problem> {
        self.0.actor.user_id().ok_or_else(Problem::unauthenticated)
    }
}

impl InSession {
    /// The member.
    pub fn user(&self) -> Result<UserId, Problem> {
        self.0.actor.user_id().ok_or_else(Problem::unauthenticated)
    }
}

/// A member whose role has the permission `R`; of a program, whose key has it too.
pub struct Permitted<R>(pub Caller, PhantomData<R>);

/// A permission as a type, for [`Permitted`].
pub trait Requirement: 'static {
    const PERMISSION: Permission;
}

macro_rules! requirements {
    ($($name:ident),+ $(,)?) => {$(
        pub struct $name;

        impl Requirement for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+};
}
requirements!(WriteBook, WriteBorrow, ModerateBorrow, ReadUser, WriteUser, DeleteUser, Admin);

/// What [`identify`] found out about a request.
struct Identified(Result<Caller, Problem>);

/// Finds out who calls, and whether they call too often, before the body is read. A caller without the right learns nothing
/// about what they sent. A token that is not valid makes the caller anonymous, also for the limits.
pub async fn identify<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let caller = caller(request.request()).await;
    if let Some(limits) = request.app_data::<web::Data<RateLimits>>() {
        let actor = caller.as_ref().map_or(&Actor::Anonymous, |caller| &caller.actor);
        if let Err(refused) = limits.admit(request.request(), actor).await {
            let response = Problem::too_often(refused).error_response();
            return Ok(request.into_response(response).map_into_right_body());
        }
    }
    if let Ok(Caller { actor: Actor::Member { credential: Credential::ApiKey { id, .. }, .. }, .. }) = &caller {
        request.extensions_mut().insert(KeyInUse(*id));
    }
    let behind = caller.as_ref().ok().map(|caller| caller.behind.clone());
    request.extensions_mut().insert(Identified(caller));
    let mut response = next.call(request).await?.map_into_left_body();
    if let Some(Ok(value)) = behind.and_then(|behind| behind.named()).map(HeaderValue::try_from) {
        response.headers_mut().insert(BEHIND, value);
    }
    Ok(response)
}

fn identified(request: &HttpRequest) -> Result<Caller, Problem> {
    request.extensions().get().map_or_else(|| Err(Problem::unauthenticated()), |Identified(caller)| caller.clone())
}

impl FromRequest for Anyone {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identified(request).map(Self))
    }
}

fn signed_in(request: &HttpRequest) -> Result<Caller, Problem> {
    let caller = identified(request)?;
    match caller.actor {
        Actor::Member { .. } => Ok(caller),
        Actor::Anonymous | Actor::System(_) | Actor::Service(_) => Err(Problem::unauthenticated()),
    }
}

fn in_session(caller: Caller) -> Result<Caller, Problem> {
    if caller.actor.has_api_key() { Err(Problem::session_required()) } else { Ok(caller) }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = signed_in(request);
        let caller = if request.method().is_safe() { caller } else { caller.and_then(in_session) };
        ready(caller.map(Self))
    }
}

impl FromRequest for InSession {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request).and_then(in_session).map(Self))
    }
}

impl<R: Requirement> FromRequest for Permitted<R> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request).and_then(|caller| match R::PERMISSION {
            permission if caller.actor.may(permission) => Ok(Self(caller, PhantomData)),
            permission if caller.actor.withholds(permission) => Err(Problem::scope_missing(permission)),
            _ => Err(Problem::forbidden()),
        }))
    }
}

async fn caller(request: &HttpRequest) -> Result<Caller, Problem> {
    let gate = request.app_data::<web::Data<Gate>>().ok_or_else(Problem::not_found)?;
    let actor = match Shown::by(request.headers())? {
        None => Actor::Anonymous,
        Some(shown @ Shown::Token(_)) => gate.actor(&shown).await?,
        Some(Shown::Key(key)) => {
            let shown = Shown::Key(Cow::Borrowed(&*key));
            match gate.known(&shown) {
                Some(actor) => actor,
                None => unknown_key(request, gate, &shown, &key).await?,
            }
        }
    };
    let mut caller = Caller::new(actor, trace::current());
    caller.idempotency_key = idempotency_key(request)?;
    caller.min_positions = min_positions(request, gate)?;
    Ok(caller)
}

/// Looks up a key that is not in this host's memory. One that was refused a moment ago is refused before that, and so is a
/// network that has sent too many unknown ones.
async fn unknown_key(request: &HttpRequest, gate: &Gate, shown: &Shown<'_>, key: &str) -> Result<Actor, Problem> {
    let limits = request.app_data::<web::Data<RateLimits>>();
    if let Some(limits) = limits {
        limits.may_show_unknown_key(request, key)?;
    }
    let found = gate.actor(shown).await;
    if let (Some(limits), Err(problem)) = (limits, &found)
        && problem.is_unauthenticated()
    {
        limits.showed_unknown_key(request, key, problem).await;
    }
    found
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let wrong = || Problem::invalid_field("Idempotency-Key", "must be 1 to 200 visible ASCII characters");
    key(value.as_bytes()).map(Some).ok_or_else(wrong)
}

/// Not text for people but bytes of a header, which must come back as they were sent: ASCII alone, nothing normalised.
fn key(bytes: &[u8]) -> Option<String> {
    let visible = (1..=200).contains(&bytes.len()) && bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
    visible.then(|| bytes.iter().copied().map(char::from).collect())
}

fn min_positions(request: &HttpRequest, gate: &Gate) -> Result<Vec<LogPosition>, Problem> {
    let Some(value) = request.headers().get(MIN_POSITION) else { return Ok(Vec::new()) };
    let wrong = || {
        let must_be = "must be a position as an answer gave it, or one of each of several contexts with commas between";
        Problem::invalid_field("X-Folkshelf-Min-Position", must_be)
    };
    let texts: Vec<&str> = value.to_str().map_err(|_| wrong())?.split(',').map(str::trim).collect();
    // One of each context, and one that names none.
    if texts.len() > gate.most_logs() + 1 {
        return Err(wrong());
    }
    texts.into_iter().map(|text| LogPosition::read(text, |log| gate.log(log)).map_err(|_| wrong())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_taken_as_an_idempotency_key_is_what_was_sent(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..8),
                proptest::collection::vec(b' '..=b'~', 0..=202),
            ],
        ) {
            let visible = bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
            match key(&bytes) {
                Some(key) => prop_assert_eq!(key.as_bytes(), &bytes[..]),
                None => prop_assert!(bytes.is_empty() || bytes.len() > 200 || !visible),
            }
        }
    }
}
