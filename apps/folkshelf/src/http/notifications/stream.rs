//! One inbox live, as Server-Sent Events.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use futures_util::stream;

use super::api::NotificationsApi;
use super::line::{Frame, FrameId, Line, Turn};
use crate::http::edge::caller::SignedIn;
use crate::http::edge::input::FromText;
use crate::http::edge::problem::Problem;

/// The inbox live, as Server-Sent Events: each frame's `data` is a notification, its `id` a place to resume from by
/// `Last-Event-ID`. Ends when the session does. A session may have 8 streams and a member 20, unless configured otherwise:
/// one more closes the oldest, whose last frame is named `replaced`. Do not open it again at once. Streams over
/// `/notifications/ws` count too.
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
    let after = match request.headers().get("last-event-id") {
        None => None,
        Some(value) => {
            let id = value.to_str().ok().and_then(FrameId::from_text);
            let wrong = || Problem::invalid_field("Last-Event-ID", format!("must be {}", FrameId::MUST_BE));
            Some(id.ok_or_else(wrong)?)
        }
    };
    let line = Line::open(&request, api, caller, after).await?;
    let body = stream::unfold(Some(line), |line| async {
        let mut line = line?;
        let (frames, line) = match line.next().await {
            Turn::Frames(frames) => (frames, Some(line)),
            Turn::Quiet => (Vec::new(), Some(line)),
            Turn::End(end) => (vec![end.frame()?], None),
        };
        let mut text = String::new();
        frames.iter().for_each(|frame| write(&mut text, frame));
        if text.is_empty() {
            text.push_str(": still here\n\n");
        }
        Some((Ok::<_, actix_web::Error>(web::Bytes::from(text)), line))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(body))
}

fn write(text: &mut String, frame: &Frame) {
    let mut field = |name: &str, value: &str| {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push('\n');
    };
    if let Some(retry) = frame.retry {
        field("retry", &retry.to_string());
    }
    if let Some(id) = &frame.id {
        field("id", id);
    }
    if let Some(event) = frame.event {
        field("event", event);
        // An event without data is none.
        field("data", frame.data.as_ref().map_or("{}", |data| data.get()));
    }
    text.push('\n');
}
