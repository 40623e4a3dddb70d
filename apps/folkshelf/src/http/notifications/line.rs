//! One inbox being streamed, whatever carries it: Server-Sent Events or a WebSocket.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, web};
use cqrs::Caller;
use kernel::{Actor, LogPosition, Position};
use notifications::{Arrival, NotificationsSince};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::broadcast::error::RecvError;

use super::api::NotificationsApi;
use super::streams::Seat;
use crate::contexts::Context;
use crate::http::edge::caller::SignedIn;
use crate::http::edge::credentials::Shown;
use crate::http::edge::input::FromText;
use crate::http::edge::problem::Problem;

/// A sign of life, so that neither side nor what is between them takes the line for dead.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a client waits before it opens a stream again that broke.
const RETRY: u64 = 2_000;
/// How long it waits when a newer stream has its place. A browser's `EventSource` comes back by itself: in a minute, so that
/// two do not push each other out all the time.
const RETRY_REPLACED: u64 = 60_000;
/// The host stops: another one takes the stream, and not all of them at one moment.
const COME_BACK_WITHIN: u64 = 3_000;
/// When a host that is full is worth another try.
const ROOM_AGAIN: Duration = Duration::from_secs(30);

/// One frame of a stream. A WebSocket sends it as JSON.
#[derive(Serialize)]
pub struct Frame {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<&'static str>,
    /// A place to resume from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When to come back should the line break, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

impl Frame {
    fn beginning(at: LogPosition) -> Self {
        Self { event: None, id: Some(at.to_string()), retry: Some(RETRY), data: None }
    }

    fn notification(arrival: &Arrival, at: LogPosition) -> Result<Self, Problem> {
        let data = serde_json::value::to_raw_value(&arrival.notification).map_err(|error| Problem::internal(&error))?;
        Ok(Self { event: Some("notification"), id: Some(at.to_string()), retry: None, data: Some(data) })
    }
}

/// A frame's id, as somebody sends it who resumes.
pub struct FrameId(Position);

impl FromText for FrameId {
    const MUST_BE: &'static str = "the id of a frame of this stream";

    fn from_text(text: &str) -> Option<Self> {
        let notifications = Context::Notifications.name();
        let read = LogPosition::read(text, |log| (log == notifications).then_some(notifications));
        Some(Self(read.ok()?.position))
    }
}

/// What a line has to send next.
pub enum Turn {
    Frames(Vec<Frame>),
    /// Nothing came for as long as a heartbeat.
    Quiet,
    End(End),
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A newer stream has its place.
    Replaced,
    /// The host stops.
    Stopping,
    /// The session or the key has ended.
    SignedOut,
    /// PostgreSQL is away: the client comes back, and says where it was.
    Unavailable,
}

impl End {
    /// The last frame.
    pub fn frame(self) -> Option<Frame> {
        let frame = |event, retry| Some(Frame { event, id: None, retry: Some(retry), data: None });
        match self {
            Self::Replaced => frame(Some("replaced"), RETRY_REPLACED),
            Self::Stopping => frame(None, rand::random_range(200..COME_BACK_WITHIN)),
            Self::SignedOut | Self::Unavailable => None,
        }
    }
}

/// An inbox being streamed.
pub struct Line {
    api: web::Data<NotificationsApi>,
    caller: Caller,
    shown: Shown<'static>,
    seat: Seat,
    after: Position,
    /// There is more between `after` and what comes through the seat.
    behind: bool,
    first: Option<Vec<Frame>>,
}

/// Why a stream has something to send.
enum Woken {
    ByArrivals(Arc<[Arrival]>),
    /// Arrivals were missed, or never asked for: look.
    Behind,
    ByTheClock,
    ByTheEnd(End),
}

impl Line {
    /// Takes a seat, and begins behind the frame with the id `after`.
    pub async fn open(
        request: &HttpRequest,
        api: web::Data<NotificationsApi>,
        caller: SignedIn,
        after: Option<FrameId>,
    ) -> Result<Self, Problem> {
        let after = after.map(|id| id.0);
        let user = caller.user()?;
        let Actor::Member { credential, .. } = &caller.0.actor else { return Err(Problem::unauthenticated()) };
        // Take the seat first, look then: nothing falls between the two.
        let seat = api.streams.open(&caller.0, user, *credential).map_err(|_| Problem::no_room(ROOM_AGAIN))?;
        let arrivals = api.since.ask(&caller.0, NotificationsSince { after, shown: seat.shown() }).await?;
        let shown = Shown::by(request.headers())?.ok_or_else(Problem::unauthenticated)?.into_owned();
        let mut first = vec![Frame::beginning(api.of_log(arrivals.resume_at))];
        first.extend(frames(&api, &arrivals.items)?);
        let (behind, after) = (!arrivals.is_all(), arrivals.resume_at);
        Ok(Self { api, caller: caller.0, shown, seat, after, behind, first: Some(first) })
    }

    /// Waits for what is to be sent next. After [`Turn::End`] nothing comes any more.
    pub async fn next(&mut self) -> Turn {
        if let Some(first) = self.first.take() {
            return Turn::Frames(first);
        }
        let woken = self.woken().await;
        if let Woken::ByTheEnd(end) = woken {
            return Turn::End(end);
        }
        // A session or a key that ended meanwhile must not go on seeing its inbox.
        if let Err(problem) = self.api.gate.actor(&self.shown).await {
            return Turn::End(if problem.is_unauthenticated() { End::SignedOut } else { End::Unavailable });
        }
        match self.frames(woken).await {
            Ok(frames) if frames.is_empty() => Turn::Quiet,
            Ok(frames) => Turn::Frames(frames),
            Err(_) => Turn::End(End::Unavailable),
        }
    }

    async fn frames(&mut self, woken: Woken) -> Result<Vec<Frame>, Problem> {
        match woken {
            Woken::ByArrivals(arrivals) => {
                let new: Vec<_> = arrivals.iter().filter(|arrival| arrival.position > self.after).collect();
                self.after = new.last().map_or(self.after, |last| last.position);
                frames(&self.api, new)
            }
            Woken::Behind => {
                let query = NotificationsSince { after: Some(self.after), shown: self.seat.shown() };
                let found = self.api.since.ask(&self.caller, query).await?;
                (self.behind, self.after) = (!found.is_all(), found.resume_at);
                frames(&self.api, &found.items)
            }
            Woken::ByTheClock | Woken::ByTheEnd(_) => Ok(Vec::new()),
        }
    }

    /// Waits for something for this member, or for the time of a sign of life.
    async fn woken(&mut self) -> Woken {
        if self.behind {
            return Woken::Behind;
        }
        tokio::select! {
            biased;
            () = self.api.shutdown.cancelled() => Woken::ByTheEnd(End::Stopping),
            () = self.seat.replaced.cancelled() => Woken::ByTheEnd(End::Replaced),
            arrivals = self.seat.arrivals.recv() => match arrivals {
                Ok(arrivals) => Woken::ByArrivals(arrivals),
                Err(RecvError::Lagged(_)) => Woken::Behind,
                Err(RecvError::Closed) => Woken::ByTheEnd(End::Unavailable),
            },
            () = tokio::time::sleep(HEARTBEAT) => Woken::ByTheClock,
        }
    }
}

fn frames<'a>(api: &NotificationsApi, arrivals: impl IntoIterator<Item = &'a Arrival>) -> Result<Vec<Frame>, Problem> {
    arrivals.into_iter().map(|arrival| Frame::notification(arrival, api.of_log(arrival.position))).collect()
}
