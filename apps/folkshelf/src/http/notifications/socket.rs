//! One inbox live, over a WebSocket: the frames of the stream as JSON.
//!
//! The client sends nothing but pings, pongs and its close. Whatever else comes ends the line, and so does a client that
//! neither reads nor answers pings.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev, get, web};
use actix_ws::{CloseCode, CloseReason, Closed, Message, MessageStream, ProtocolError, Session};
use deserr::Deserr;
use futures_util::Stream;
use tokio::time::{Instant, timeout};
use utoipa::IntoParams;

use super::api::NotificationsApi;
use super::line::{End, Frame, FrameId, HEARTBEAT, Line, Turn};
use crate::http::edge::caller::SignedIn;
use crate::http::edge::input::{FieldErrors, Param, Params};
use crate::http::edge::problem::Problem;

/// What a client offers as its subprotocol, beside the one that carries its token.
const PROTOCOL: &str = "folkshelf.notifications.v1";
/// Of a client from which so long nothing comes, no answer to a ping either, nobody reads what we send.
const SILENCE: Duration = Duration::from_secs(45);
/// How long our last frame waits for room on the line.
const GOODBYE: Duration = Duration::from_secs(5);
/// A ping, a pong and a close carry no more (RFC 6455, 5.5).
const LARGEST_FRAME: usize = 125;
/// Bytes that may have come without making up a frame. The library looks at a frame's length only when all of it is there.
const MOST_UNREAD: usize = 64 * 1024;
/// Frames of one client within a heartbeat.
const MOST_FRAMES: u32 = 100;
/// The host is on its way out.
const ANOTHER_HOST: Duration = Duration::from_secs(1);

/// The session or the key has ended; 4000 to 4999 are an application's own.
const SIGNED_OUT: u16 = 4401;
/// A newer stream has this one's place.
const REPLACED: u16 = 4409;

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct Resume {
    /// The `id` of the last frame seen.
    #[param(value_type = Option<String>)]
    #[deserr(default)]
    last_event_id: Option<Param<FrameId>>,
}

/// The inbox live, over a WebSocket (RFC 6455): the frames of `/notifications/stream` as JSON texts with `event`, `id`,
/// `retry` and `data`, whatever each has. A program signs in by the usual headers. A browser offers the subprotocols
/// `folkshelf.notifications.v1` and `bearer.` with its access token behind it; its page's origin must be the community's
/// own or one of `http.allowed_origins`. Send nothing but pongs, pings and a close. Closes with 4401 when the session has
/// ended, 4409 when a newer stream has its place (do not open it again at once), 1012 when the host restarts, 1013 when
/// PostgreSQL is away, 1008 and 1009 when you sent what you must not.
#[utoipa::path(tag = "notifications", security(("session" = [])), params(Resume), responses(
    (status = 101, description = "Frames named `notification`, as texts of the WebSocket"),
))]
#[get("/notifications/ws")]
pub(super) async fn socket_notifications(
    request: HttpRequest,
    api: web::Data<NotificationsApi>,
    caller: SignedIn,
    resume: Params<Resume>,
    body: web::Payload,
) -> Result<HttpResponse, Problem> {
    api.origins.admit(request.headers().get_all(header::ORIGIN))?;
    // The answer would end the connection that it upgrades.
    if api.shutdown.is_cancelled() {
        return Err(Problem::no_room(ANOTHER_HOST));
    }
    let unread = Rc::new(Cell::new(0));
    let bounded = Bounded { payload: body.into_inner(), unread: Rc::clone(&unread) };
    let mut body: dev::Payload = dev::Payload::Stream { payload: Box::pin(bounded) };
    let not_one = |_| Problem::invalid_field("Upgrade", "must ask for a WebSocket of version 13");
    let body = web::Payload::from_request(&request, &mut body).await.map_err(not_one)?;
    let (response, out, messages) = actix_ws::handle_with_protocols(&request, body, &[PROTOCOL]).map_err(not_one)?;
    let line = Line::open(&request, api, caller, resume.0.last_event_id.map(|id| id.0)).await?;
    let incoming = Incoming { messages: messages.max_frame_size(LARGEST_FRAME), unread };
    actix_web::rt::spawn(serve(line, incoming, out));
    Ok(response)
}

/// Shows the inbox until either side ends it.
async fn serve(mut line: Line, mut incoming: Incoming, mut out: Session) {
    let mut pongs = out.clone();
    let reason = tokio::select! {
        reason = show(&mut line, &mut out) => reason,
        reason = incoming.listen(&mut pongs) => reason,
    };
    // The place is free before the client has read our last frame.
    drop(line);
    if let Ok(reason) = reason {
        timeout(GOODBYE, out.close(reason)).await.ok();
    }
}

/// Sends frames and pings. Why the line closes; an error where it is gone.
async fn show(line: &mut Line, out: &mut Session) -> Result<Option<CloseReason>, Closed> {
    let mut pinged = Instant::now();
    loop {
        let end = match line.next().await {
            Turn::Frames(frames) => {
                for frame in frames {
                    send(out, &frame).await?;
                }
                None
            }
            Turn::Quiet => None,
            Turn::End(end) => Some(end),
        };
        if let Some(end) = end {
            if let Some(frame) = end.frame() {
                send(out, &frame).await?;
            }
            return Ok(closing(end));
        }
        if pinged.elapsed() >= HEARTBEAT {
            in_time(out.ping(b"")).await?;
            pinged = Instant::now();
        }
    }
}

async fn send(out: &mut Session, frame: &Frame) -> Result<(), Closed> {
    let text = serde_json::to_string(frame).map_err(|_| Closed)?;
    in_time(out.text(text)).await
}

/// Cuts off a client that reads too slowly: what waits for it is full.
async fn in_time(sending: impl Future<Output = Result<(), Closed>>) -> Result<(), Closed> {
    timeout(SILENCE, sending).await.unwrap_or(Err(Closed))
}

fn closing(end: End) -> Option<CloseReason> {
    let (code, why) = match end {
        End::Replaced => (CloseCode::from(REPLACED), "replaced"),
        End::SignedOut => (CloseCode::from(SIGNED_OUT), "the session has ended"),
        End::Stopping => (CloseCode::Restart, "the host restarts"),
        End::Unavailable => (CloseCode::Again, "try again shortly"),
    };
    Some((code, why).into())
}

/// What a client sends.
struct Incoming {
    messages: MessageStream,
    /// As [`Bounded`] counts.
    unread: Rc<Cell<usize>>,
}

impl Incoming {
    /// Answers pings. Why the line closes; an error where it is gone.
    async fn listen(&mut self, out: &mut Session) -> Result<Option<CloseReason>, Closed> {
        let (mut since, mut frames) = (Instant::now(), 0);
        loop {
            let Ok(message) = timeout(SILENCE, self.messages.recv()).await else {
                return Ok(Some((CloseCode::Policy, "no answer to a ping").into()));
            };
            self.unread.set(0);
            if since.elapsed() >= HEARTBEAT {
                (since, frames) = (Instant::now(), 0);
            }
            frames += 1;
            if frames > MOST_FRAMES {
                return Ok(Some((CloseCode::Policy, "too many frames").into()));
            }
            match message {
                None => return Err(Closed),
                Some(Ok(Message::Ping(content))) => in_time(out.pong(&content)).await?,
                Some(Ok(Message::Pong(_) | Message::Nop)) => {}
                Some(Ok(Message::Close(reason))) => return Ok(reason),
                Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Continuation(_))) => {
                    return Ok(Some((CloseCode::Policy, "send nothing but pings, pongs and a close").into()));
                }
                Some(Err(error)) => return Ok(Some(refusal(&error))),
            }
        }
    }
}

fn refusal(error: &ProtocolError) -> CloseReason {
    match error {
        ProtocolError::Overflow | ProtocolError::InvalidLength(_) => (CloseCode::Size, "the frame is too large").into(),
        // Where the line itself broke, nobody reads this.
        ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::Other => {
            (CloseCode::Size, "the frame is too large").into()
        }
        _ => (CloseCode::Protocol, "not as RFC 6455 has it").into(),
    }
}

/// The bytes of a client, as long as they make up frames.
struct Bounded {
    payload: dev::Payload,
    /// Since the last whole frame.
    unread: Rc<Cell<usize>>,
}

impl Stream for Bounded {
    type Item = Result<web::Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(Pin::new(&mut self.payload).poll_next(context));
        if let Some(Ok(bytes)) = &chunk {
            self.unread.set(self.unread.get() + bytes.len());
            if self.unread.get() > MOST_UNREAD {
                return Poll::Ready(Some(Err(PayloadError::Overflow)));
            }
        }
        Poll::Ready(chunk)
    }
}
