//! One inbox live, as Server-Sent Events.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use cqrs::Caller;
use futures_util::stream;
use kernel::{Actor, Position};
use notifications::{Arrival, NotificationsSince};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::api::NotificationsApi;
use super::streams::Seat;
use crate::http::edge::caller::SignedIn;
use crate::http::edge::credentials::Shown;
use crate::http::edge::problem::Problem;

/// A sign of life, so that neither side nor what is between them takes the line for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The last frame of a stream that a newer one replaced. A browser's `EventSource` comes back by itself: in a minute, so
/// that two do not push each other out all the time.
const REPLACED: &str = "retry: 60000\nevent: replaced\ndata: {}\n\n";
/// The host stops: another one takes the stream, and not all of them at one moment.
const COME_BACK_WITHIN: u64 = 3_000;

/// The inbox live, as Server-Sent Events: each frame's `data` is a notification, its `id` a place to resume from by
/// `Last-Event-ID`. Ends when the session does. A session may have 8 streams and a member 20, unless configured otherwise:
/// one more closes the oldest, whose last frame is named `replaced`. Do not open it again at once.
#[utoipa::path(tag = "notifications", security(("session" = [])), params(
    ("Last-Event-ID" = Option<String>, Header, description = "The id of the last frame seen"),
), responses(
    (status = 200, description = "Frames named `notification`", content_type = "text/event-stream", body = String),
))]
#[get("/notifications/stream")]
pub(super) async fn stream_notifications(
    request: HttpRequest,
    api: web::Data<NotificationsApi>,
    caller: SignedIn,
) -> Result<HttpResponse, Problem> {
    let after: Option<Position> = match request.headers().get("last-event-id") {
        None => None,
        Some(value) => {
            let position = value.to_str().ok().and_then(|text| text.parse().ok());
            let wrong = || Problem::invalid_field("Last-Event-ID", "must be the id of a frame of this stream");
            Some(position.ok_or_else(wrong)?)
        }
    };
    let user = caller.user()?;
    let Actor::Member { credential, .. } = &caller.0.actor else { return Err(Problem::unauthenticated()) };
    // Take the seat first, look then: nothing falls between the two.
    let seat = api.streams.open(&caller.0, user, *credential).map_err(|_| Problem::no_room(ROOM_AGAIN))?;
    let arrivals = api.since.ask(&caller.0, NotificationsSince { after, shown: seat.shown() }).await?;
    let shown = Shown::by(request.headers())?.ok_or_else(Problem::unauthenticated)?.into_owned();
    let mut first = format!("retry: 2000\nid: {}\n\n", arrivals.resume_at);
    frames(&mut first, &arrivals.items)?;
    let (behind, after) = (!arrivals.is_all(), arrivals.resume_at);
    let line = Line { api, caller: caller.0, shown, seat, after, behind, first: Some(first), ended: false };
    let body = stream::unfold(line, |mut line| async {
        let frames = line.next().await?;
        Some((Ok::<_, actix_web::Error>(web::Bytes::from(frames)), line))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(body))
}

/// When a host that is full is worth another try.
const ROOM_AGAIN: Duration = Duration::from_secs(30);

/// An inbox being streamed.
struct Line {
    api: web::Data<NotificationsApi>,
    caller: Caller,
    shown: Shown<'static>,
    seat: Seat,
    after: Position,
    /// There is more between `after` and what comes through the seat.
    behind: bool,
    first: Option<String>,
    ended: bool,
}

/// Why a stream has something to send.
enum Woken {
    Replaced,
    /// The host stops.
    ByTheEnd,
    ByArrivals(Arc<[Arrival]>),
    /// Arrivals were missed, or never asked for: look.
    Behind,
    ByTheClock,
}

impl Line {
    /// The next frames; `None` ends the stream.
    async fn next(&mut self) -> Option<String> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if self.ended {
            return None;
        }
        let woken = self.woken().await?;
        if matches!(woken, Woken::Replaced | Woken::ByTheEnd) {
            self.ended = true;
            let retry = format!("retry: {}\n\n", rand::random_range(200..COME_BACK_WITHIN));
            return Some(if matches!(woken, Woken::Replaced) { REPLACED.to_owned() } else { retry });
        }
        // A session or a key that ended meanwhile must not go on seeing its inbox.
        self.api.gate.actor(&self.shown).await.ok()?;
        let mut text = String::new();
        match woken {
            Woken::ByArrivals(arrivals) => {
                let new: Vec<_> = arrivals.iter().filter(|arrival| arrival.position > self.after).collect();
                self.after = new.last().map_or(self.after, |last| last.position);
                frames(&mut text, new).ok()?;
            }
            Woken::Behind => {
                let query = NotificationsSince { after: Some(self.after), shown: self.seat.shown() };
                // PostgreSQL is away: the client comes back, and says where it was.
                let found = self.api.since.ask(&self.caller, query).await.ok()?;
                (self.behind, self.after) = (!found.is_all(), found.resume_at);
                frames(&mut text, &found.items).ok()?;
            }
            Woken::Replaced | Woken::ByTheEnd | Woken::ByTheClock => {}
        }
        if text.is_empty() {
            text.push_str(": still here\n\n");
        }
        Some(text)
    }

    /// Waits for something for this member, or for the time of a sign of life. `None`: nothing comes any more.
    async fn woken(&mut self) -> Option<Woken> {
        if self.behind {
            return Some(Woken::Behind);
        }
        let heartbeat = Instant::now() + HEARTBEAT;
        tokio::select! {
            biased;
            () = self.api.shutdown.cancelled() => Some(Woken::ByTheEnd),
            () = self.seat.replaced.cancelled() => Some(Woken::Replaced),
            arrivals = self.seat.arrivals.recv() => match arrivals {
                Ok(arrivals) => Some(Woken::ByArrivals(arrivals)),
                Err(RecvError::Lagged(_)) => Some(Woken::Behind),
                Err(RecvError::Closed) => None,
            },
            () = tokio::time::sleep_until(heartbeat) => Some(Woken::ByTheClock),
        }
    }
}

fn frames<'a>(text: &mut String, arrivals: impl IntoIterator<Item = &'a Arrival>) -> Result<(), Problem> {
    for arrival in arrivals {
        let data = serde_json::to_string(&arrival.notification).map_err(|error| Problem::internal(&error))?;
        text.push_str(&format!("id: {}\nevent: notification\ndata: {data}\n\n", arrival.position));
    }
    Ok(())
}
