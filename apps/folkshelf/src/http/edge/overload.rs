//! A bound on the requests of the API that are worked on at once. More are answered with 503 immediately, so that the others
//! stay fast.
//!
//! A request holds a place while we work on it, not while the client sends: one with a body takes its place when the body
//! has arrived, so a slow client keeps nobody out. A stream gives its place back when its head is sent. Answers from
//! memory, the web app's files and the routes for operators need no place.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError, web};
use futures_util::Stream;
use prometheus::{IntCounter, register_int_counter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;

static SHED: LazyLock<IntCounter> = LazyLock::new(|| {
    register_int_counter!("requests_shed_total", "Requests refused because too many were under way.")
        .expect("each metric is registered once")
});

/// The places of a host.
pub struct Places(Arc<Semaphore>);

impl Places {
    pub fn new(count: usize) -> Self {
        LazyLock::force(&SHED);
        Self(Arc::new(Semaphore::new(count)))
    }

    fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
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
    if sends_a_body(&request) {
        // There is room now; whether there is when the body has come is seen then.
        drop(place);
        let payload = request.take_payload();
        let arriving = Arriving { payload, places, held: Rc::clone(&held), ended: false };
        request.set_payload(Payload::Stream { payload: Box::pin(arriving) });
    } else {
        held.place.replace(Some(place));
    }
    let outcome = next.call(request).await;
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
        self.held.place.replace(place);
        Poll::Ready(None)
    }
}
