//! Answers that are asked for again and again, given from memory. Each context says which routes these are, and who sees
//! more than others ([`Hot`]).
//!
//! This is the outermost thing around a request. It gives a whole answer, with its headers, as an inner one gave it before
//! to somebody who may see the same; everything else goes on to the routes. A handler says that its answer may be given
//! again by adding [`Shared`] to it.
//!
//! Of those who ask for the same at the same time one is answered by the routes, and the others get its answer, whether
//! answers are kept or not.
//!
//! What is not given from memory: anything to those who would see more than whoever asked first, or less, to members who wait for a
//! write of their own, to callers who demand a position or bring a trace or an origin along; and anything while the views
//! are late. Read-store decides whether an answer still holds (`read_store::Local`). Such answers are counted like all
//! others, and logged at debug only: a line each would cost more than they do.

mod path;

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};
use cqrs::QueryBus;
use kernel::{Actor, Clock, Credential, UserId};
use read_store::{Local, Stamp};
use time::OffsetDateTime;
use uuid::Uuid;

use super::caller::MIN_POSITION;
use super::credentials::{API_KEY, Shown};
use super::gate::Gate;
use super::guard::Route;
use super::host::Host;
use super::limits::RateLimits;
use super::problem::Problem;
use super::{respond, trace};
use path::HotPath;

/// A key is a path with its query; what is longer than this is asked for once.
const LONGEST_KEY: usize = 512;
/// A larger answer is not kept.
const LARGEST_BODY: usize = 256 * 1024;

/// What a context says of its answers that may be given again.
#[derive(Clone, Copy)]
pub struct Hot {
    /// Below `/api/v1`; `{id}` at the end stands for a UUID.
    pub paths: &'static [&'static str],
    /// Answers are kept for each member apart.
    pub personal: bool,
    /// Members who see more than others: they get no answer from memory.
    pub sees_more: fn(&Actor) -> bool,
    /// Its part of the memory, measured against the parts of the others.
    pub weight: u64,
}

/// Says which members see less than others.
pub trait SeesLess: Send + Sync {
    /// Owners, by their ids, without whose things the member sees what all others see; mostly nobody. They showed nothing a
    /// moment ago, but may be in an answer before this is known. `None`: the member may see less.
    fn sees_all_but(&self, member: UserId) -> Option<Arc<[Uuid]>>;
}

/// A context whose answers are kept: its name, its answers, and who may see less of them.
pub type HotContext = (&'static str, Hot, Option<Arc<dyn SeesLess>>);

/// A route whose answers are kept.
struct HotRoute {
    path: HotPath,
    name: String,
    /// From the first answer on: a route that nobody asks for has no measures.
    measures: OnceLock<Route>,
    shelf: Arc<Shelf>,
}

/// Says of an answer that it may be given again.
pub struct Shared {
    /// Taken before the answer was read.
    pub stamp: Stamp,
    /// Whose things it shows, to whom it may be too little and whose things others may not see.
    pub owners: Vec<UserId>,
    /// When time itself changes what it says.
    pub until: Option<OffsetDateTime>,
}

impl Shared {
    /// Adds it to an answer.
    pub fn mark(shared: Option<Self>, mut response: HttpResponse) -> HttpResponse {
        if let Some(shared) = shared {
            response.extensions_mut().insert(shared);
        }
        response
    }
}

/// An answer as it goes out.
#[derive(Clone)]
struct Ready(Arc<ReadyAnswer>);

struct ReadyAnswer {
    headers: HeaderMap,
    body: web::Bytes,
    owners: Vec<UserId>,
    until: Option<OffsetDateTime>,
}

impl ReadyAnswer {
    fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64).sum();
        self.body.len() + headers + self.owners.len() * size_of::<UserId>()
    }

    /// Whether the viewer would see neither more nor less.
    fn is_for(&self, viewer: UserId, unseen: &[Uuid]) -> bool {
        let is_unseen = |owner: &UserId| unseen.binary_search(&owner.uuid()).is_ok();
        !self.owners.contains(&viewer) && (unseen.is_empty() || !self.owners.iter().any(is_unseen))
    }

    fn given(&self, held: Option<&HeaderValue>) -> HttpResponse {
        let tag = self.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        let unchanged = held.zip(tag).is_some_and(|(held, tag)| respond::holds(held, tag));
        let mut response =
            if unchanged { HttpResponse::NotModified().finish() } else { HttpResponse::Ok().body(self.body.clone()) };
        // As a whole: a dozen fields one by one would be hashed one by one.
        response.headers_mut().clone_from(&self.headers);
        if unchanged {
            response.headers_mut().remove(header::CONTENT_TYPE);
        }
        response
    }
}

/// The answers kept by this process.
pub struct HotAnswers {
    routes: Vec<HotRoute>,
    gate: Gate,
    queries: QueryBus,
    clock: Arc<dyn Clock>,
    closed_catalogue: bool,
}

/// The answers made of one projection.
struct Shelf {
    /// Whose projection it is.
    context: &'static str,
    answers: Local<Ready>,
    hot: Hot,
    sees_less: Option<Arc<dyn SeesLess>>,
}

impl HotAnswers {
    /// `bytes`: how much is kept at most; with 0 nothing, and only those who ask at the same time share an answer.
    pub fn new(host: &Host, bytes: u64, contexts: &[HotContext]) -> Self {
        let all: u64 = contexts.iter().map(|(_, hot, _)| hot.weight).sum();
        let mut routes = Vec::new();
        for (context, hot, sees_less) in contexts {
            let bytes = bytes / all.max(1) * hot.weight;
            let answers = host.read_store.projection(context).local(bytes, |ready: &Ready| ready.0.bytes());
            let shelf = Arc::new(Shelf { context, answers, hot: *hot, sees_less: sees_less.clone() });
            for path in hot.paths {
                let name = format!("/api/v1{path}");
                let (path, shelf) = (HotPath::new(&name), Arc::clone(&shelf));
                routes.push(HotRoute { path, name, measures: OnceLock::new(), shelf });
            }
        }
        Self {
            routes,
            gate: host.gate.clone(),
            queries: host.queries.clone(),
            clock: Arc::clone(&host.clock),
            closed_catalogue: host.community.has_closed_catalogue(),
        }
    }

    /// What is asked for, if the request is one whose answer may come from memory.
    fn wanted(&self, request: &ServiceRequest) -> Option<Wanted<'_>> {
        if request.method() != Method::GET {
            return None;
        }
        let route = self.routes.iter().find(|route| route.path.fits(request.path()))?;
        let said = Said::by(request.headers())?;
        let mut key = request.uri().path_and_query()?.as_str().to_owned();
        if let Some(encodings) = said.accept_encoding {
            key.push(' ');
            key.push_str(encodings.to_str().ok()?);
        }
        if key.len() > LONGEST_KEY {
            return None;
        }
        let (actor, unseen) = self.viewer(&said, &route.shelf)?;
        if let (true, Some(viewer)) = (route.shelf.hot.personal, actor.user_id()) {
            key = format!("{key} {viewer}");
        }
        Some(Wanted { route, key, actor, unseen, holds_one: said.if_none_match })
    }

    /// Who is looking, and whose things are not for them; `None`: somebody for whom the routes must look.
    fn viewer(&self, said: &Said<'_>, shelf: &Shelf) -> Option<(Actor, Arc<[Uuid]>)> {
        if self.queries.is_late(shelf.context) {
            return None;
        }
        let Some(shown) = Shown::with(said.authorization, said.api_key).ok()? else {
            return (!shelf.hot.personal && !self.closed_catalogue).then(|| (Actor::Anonymous, Arc::default()));
        };
        let actor = self.gate.known(&shown)?;
        let member = actor.user_id()?;
        let unseen = match &shelf.sees_less {
            Some(shelf) => shelf.sees_all_but(member)?,
            None => Arc::default(),
        };
        let lacks_own_write = self.queries.lacks_own_write(&actor, shelf.context);
        (!(shelf.hot.sees_more)(&actor) && !lacks_own_write).then_some((actor, unseen))
    }
}

struct Wanted<'h> {
    route: &'h HotRoute,
    /// Under which the answer is kept.
    key: String,
    actor: Actor,
    /// Whose things are not for them.
    unseen: Arc<[Uuid]>,
    /// The caller has an answer, and wants another one only if it differs.
    holds_one: bool,
}

/// What matters here of a request's headers, in one walk over them: looked up one by one, each name is hashed.
#[derive(Default)]
struct Said<'r> {
    authorization: Option<&'r HeaderValue>,
    api_key: Option<&'r HeaderValue>,
    accept_encoding: Option<&'r HeaderValue>,
    if_none_match: bool,
}

impl<'r> Said<'r> {
    /// `None`: there is one for which the routes must look.
    fn by(headers: &'r HeaderMap) -> Option<Self> {
        let mut said = Self::default();
        for (name, value) in headers {
            // Of a header that comes twice the first counts, as everywhere.
            if name == header::AUTHORIZATION {
                said.authorization.get_or_insert(value);
            } else if name == header::ACCEPT_ENCODING {
                said.accept_encoding.get_or_insert(value);
            } else if name == header::IF_NONE_MATCH {
                said.if_none_match = true;
            } else if name == API_KEY {
                said.api_key.get_or_insert(value);
            } else if [header::ORIGIN, trace::HEADER, MIN_POSITION].contains(name) {
                return None;
            }
        }
        Some(said)
    }
}

/// Gives an answer from memory, or keeps the one that the routes give.
pub async fn answer<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let (mut request, mut next) = (request, next);
    let started = Instant::now();
    let Some(hot) = request.app_data::<web::Data<HotAnswers>>().cloned() else { return pass(request, next).await };
    let Some(Wanted { route, key, actor, unseen, holds_one }) = hot.wanted(&request) else {
        return pass(request, next).await;
    };
    if let Some(limits) = request.app_data::<web::Data<RateLimits>>()
        && limits.take(request.request(), &actor).await.is_err()
    {
        // The routes refuse it, as they do everything.
        return pass(request, next).await;
    }
    let viewer = actor.user_id();
    let answers = &route.shelf.answers;
    let ready = match answers.get(&key) {
        Some(ready) => ready,
        None => match load(answers, &key, request, next).await? {
            Loaded::Given(response) => return Ok(response),
            Loaded::ByAnother(waited, passing, Some(ready)) => {
                (request, next) = (waited, passing);
                ready
            }
            Loaded::ByAnother(request, next, None) => return pass_admitted(request, next).await,
        },
    };
    if ready.0.until.is_some_and(|until| until <= hot.clock.now()) {
        answers.forget(&key);
        return pass_admitted(request, next).await;
    }
    if viewer.is_some_and(|viewer| !ready.0.is_for(viewer, &unseen)) {
        return pass_admitted(request, next).await;
    }
    let held = if holds_one { request.headers().get(header::IF_NONE_MATCH) } else { None };
    let response = ready.0.given(held);
    let measures = route.measures.get_or_init(|| Route::new("GET", &route.name));
    measures.answered(response.status(), started.elapsed());
    let status = response.status().as_u16();
    match &actor {
        // As in `guard.rs`: what was done with a key can be found, also what it read.
        Actor::Member { credential: Credential::ApiKey { id, .. }, .. } => {
            tracing::info!(route = route.name, status, api_key = %id, "answered from memory");
        }
        _ => tracing::debug!(key, status, "answered from memory"),
    }
    Ok(request.into_response(response))
}

enum Loaded<B> {
    /// By the routes, for this request.
    Given(ServiceResponse<BoxBody>),
    /// For a request that came at the same time; what it was given, if others may have it.
    ByAnother(ServiceRequest, Next<B>, Option<Ready>),
}

/// Asks the routes, unless somebody is asking them for the same just now.
async fn load<B: MessageBody + 'static>(
    answers: &Local<Ready>,
    key: &str,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<Loaded<B>, actix_web::Error> {
    let waiting = RefCell::new(Some((request, next)));
    let given = RefCell::new(None);
    let ask = async {
        let (request, next) = waiting.take()?;
        let (response, shared) = match pass_admitted(request, next).await {
            Ok(response) => shared(response).await,
            Err(error) => (Err(error), None),
        };
        given.replace(Some(response));
        shared
    };
    let ready = answers.load(key, ask).await;
    match (given.into_inner(), waiting.into_inner()) {
        (Some(response), _) => response.map(Loaded::Given),
        (None, Some((request, next))) => Ok(Loaded::ByAnother(request, next, ready)),
        (None, None) => Err(Problem::internal(&io::Error::other("a request was taken and not answered")).into()),
    }
}

async fn pass<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Asks the routes about a request that has its permit.
async fn pass_admitted<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    RateLimits::admitted(request.request());
    pass(request, next).await
}

/// The answer, and what of it may be given to others.
async fn shared(
    mut response: ServiceResponse<BoxBody>,
) -> (Result<ServiceResponse<BoxBody>, actix_web::Error>, Option<(Ready, Stamp)>) {
    let shared = response.response_mut().extensions_mut().remove::<Shared>();
    let Some(shared) = shared.filter(|_| response.status() == StatusCode::OK) else { return (Ok(response), None) };
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let body = match to_bytes(body).await {
        Ok(body) => body,
        Err(error) => return (Err(Problem::internal(&*error).into()), None),
    };
    let mut headers = head.headers().clone();
    headers.remove(trace::HEADER);
    let kept = (body.len() <= LARGEST_BODY).then(|| {
        let ready = ReadyAnswer { headers, body: body.clone(), owners: shared.owners, until: shared.until };
        (Ready(Arc::new(ready)), shared.stamp)
    });
    (Ok(ServiceResponse::new(request, head.set_body(BoxBody::new(body)))), kept)
}
