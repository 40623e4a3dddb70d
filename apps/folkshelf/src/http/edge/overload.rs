//! A bound on the requests of the API that are worked on at once. More are answered with 503 immediately, so that the others
//! stay fast.
//!
//! A request holds a place while we work on it, not while the client sends: one with a body takes its place when the body
//! has arrived, so a slow client keeps nobody out. A stream gives its place back when its head is sent. Answers from
//! memory, the web app's files and the routes for operators need no place.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, ResponseError, web};
use futures_util::Stream;
use prometheus::{IntCounter, register_int_counter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::problem::Problem;

static SHED: LazyLock<IntCounter> = LazyLock::new(|| {
    register_int_counter!("requests_shed_total", "Requests refused because too many were under way.")
        .expect("each metric is registered once")
});

/// Of a single request no more than this counts.
const MOST_COUNTED: Duration = Duration::from_secs(1);
/// The mean duration from which on requests are slow.
const SLOW: Duration = Duration::from_millis(250);
/// One request counts for so much of the mean.
const WEIGHT: u64 = 16;
/// Without a request for this long, none is slow.
const QUIET: Duration = Duration::from_secs(2);

/// The places of a host, and how its requests are doing.
pub struct Places {
    free: Arc<Semaphore>,
    count: usize,
    recent: Mutex<Recent>,
}

/// What requests took of late.
struct Recent {
    mean: Duration,
    last: Instant,
}

impl Places {
    pub fn new(count: usize) -> Self {
        LazyLock::force(&SHED);
        let recent = Mutex::new(Recent { mean: Duration::ZERO, last: Instant::now() });
        Self { free: Arc::new(Semaphore::new(count)), count, recent }
    }

    fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request was worked on for so long.
    fn ended(&self, took: Duration) {
        // One request that waits for its turn or reads a large file does not mean that all requests are slow.
        let took = took.min(MOST_COUNTED);
        let mut recent = self.recent();
        if recent.last.elapsed() > QUIET {
            recent.mean = Duration::ZERO;
        }
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX / WEIGHT);
        let mean = micros(recent.mean).saturating_mul(WEIGHT - 1).saturating_add(micros(took)) / WEIGHT;
        *recent = Recent { mean: Duration::from_micros(mean), last: Instant::now() };
    }

    /// Whether most places are taken, or requests have taken long of late. What can wait gives way then.
    pub fn requests_are_slow(&self) -> bool {
        let recent = self.recent();
        let slow = recent.mean > SLOW && recent.last.elapsed() < QUIET;
        slow || self.free.available_permits() * 2 < self.count
    }
}

/// This request may wait for a turn to hash a password or to read a file. How long says nothing of how others fare: it must
/// not make them seem slow.
pub struct Unmeasured;

impl Unmeasured {
    pub fn mark(request: &HttpRequest) {
        request.extensions_mut().insert(Self);
    }
}

/// Gives a request a place, or refuses it.
pub async fn admit<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let Some(places) = request.app_data::<web::Data<Places>>().cloned() else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let Some(place) = places.take() else {
        SHED.inc();
        return Ok(request.into_response(Problem::overloaded().error_response()).map_into_right_body());
    };
    let held = Rc::new(Held::default());
    let (sends, measured) = (sends_a_body(&request), places.clone());
    if sends {
        // There is room now; whether there is when the body has come is seen then.
        drop(place);
        let payload = request.take_payload();
        let arriving = Arriving { payload, places, held: Rc::clone(&held), ended: false };
        request.set_payload(Payload::Stream { payload: Box::pin(arriving) });
    } else {
        held.place.replace(Some(place));
    }
    let began = Instant::now();
    let outcome = next.call(request).await;
    let unmeasured = |response: &ServiceResponse<B>| response.request().extensions().contains::<Unmeasured>();
    // A body comes at its client's pace.
    let worked = held.since.get().or((!sends).then_some(began));
    if let Some(since) = worked.filter(|_| !outcome.as_ref().is_ok_and(unmeasured)) {
        measured.ended(since.elapsed());
    }
    if !held.refused.get() {
        return Ok(outcome?.map_into_left_body());
    }
    SHED.inc();
    let refused = || Problem::overloaded().error_response();
    let (request, _) = outcome?.into_parts();
    Ok(ServiceResponse::new(request, refused()).map_into_right_body())
}

fn sends_a_body(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    *request.method() != Method::GET
        && (headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0"))
}

/// The place of a request, while it is worked on.
#[derive(Default)]
struct Held {
    place: RefCell<Option<OwnedSemaphorePermit>>,
    /// When its body had come.
    since: Cell<Option<Instant>>,
    refused: Cell<bool>,
}

/// A body on its way. At its end the request takes its place; where there is none, the body ends in an error.
struct Arriving {
    payload: Payload,
    places: web::Data<Places>,
    held: Rc<Held>,
    ended: bool,
}

impl Stream for Arriving {
    type Item = Result<web::Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let next = ready!(Pin::new(&mut self.payload).poll_next(context));
        if next.is_some() {
            return Poll::Ready(next);
        }
        self.ended = true;
        let place = self.places.take();
        if place.is_none() {
            self.held.refused.set(true);
            return Poll::Ready(Some(Err(PayloadError::Incomplete(None))));
        }
        self.held.since.set(Some(Instant::now()));
        self.held.place.replace(place);
        Poll::Ready(None)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service};

    use super::*;

    #[test]
    fn requests_are_slow_when_most_places_are_taken_or_they_took_long_of_late() {
        let places = Places::new(4);
        assert!(!places.requests_are_slow());
        let taken: Vec<_> = (0..3).filter_map(|_| places.take()).collect();
        assert!(places.requests_are_slow());
        drop(taken);
        places.ended(Duration::from_secs(1));
        assert!(!places.requests_are_slow(), "one is no measure");
        (0..20).for_each(|_| places.ended(Duration::from_secs(1)));
        assert!(places.requests_are_slow());
        (0..40).for_each(|_| places.ended(Duration::from_millis(5)));
        assert!(!places.requests_are_slow());
        (0..20).for_each(|_| places.ended(Duration::from_secs(1)));
        places.recent().last = Instant::now().checked_sub(QUIET).expect("the machine runs for longer");
        assert!(!places.requests_are_slow(), "nobody is there who would wait");
    }

    async fn marked(request: HttpRequest) -> &'static str {
        Unmeasured::mark(&request);
        "done"
    }

    async fn plain() -> &'static str {
        "done"
    }

    #[actix_web::test]
    async fn a_request_that_waits_for_a_turn_does_not_say_how_others_fare() {
        let places = web::Data::new(Places::new(4));
        let routes = App::new().app_data(places.clone()).wrap(from_fn(admit));
        let routes = routes.route("/marked", web::get().to(marked)).route("/plain", web::get().to(plain));
        let app = init_service(routes).await;
        let before = places.recent().last;
        let counts = async |path: &str| {
            assert!(call_service(&app, TestRequest::get().uri(path).to_request()).await.status().is_success());
            places.recent().last > before
        };
        assert!(!counts("/marked").await);
        assert!(counts("/plain").await, "the canary: others are measured");
    }

    #[test]
    fn one_request_however_long_does_not_make_all_slow() {
        let places = Places::new(4);
        places.ended(Duration::from_secs(60));
        assert!(!places.requests_are_slow());
    }
}
