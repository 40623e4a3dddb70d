//! The event log, as an administrator reads it.

use actix_web::{HttpRequest, HttpResponse, get, web};
use deserr::Deserr;
use event_bus::{EventCursor, EventFilter, Recorded};
use kernel::Page;
use kernel::actor::RecordedActor;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::refusals::DatabaseRefusal;
use crate::http::edge::caller::{Admin, Permitted};
use crate::http::edge::input::{FieldErrors, FromText, Param};
use crate::http::edge::list::{List, ListQuery};
use crate::http::edge::moment::Moment;
use crate::http::edge::operations::Machinery;
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, ListEnvelope};

/// An event's name is no longer than this, and neither is an aggregate's type.
const LONGEST_NAME: usize = 100;

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventParams {
    /// The event's name.
    #[deserr(rename = "type", default)]
    #[param(rename = "type", value_type = Option<String>, example = "borrow.created", pattern = "^[A-Za-z0-9_.-]{1,100}$")]
    name: Option<Param<EventName>>,
    /// The id of what it happened to, or type and id.
    #[deserr(default)]
    #[param(
        value_type = Option<String>,
        example = "book:01936f8e-0000-7000-8000-000000000001",
        pattern = "^([A-Za-z0-9_.-]{1,100}:)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
    )]
    aggregate: Option<Param<Aggregate>>,
    /// This moment or later.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Param<Moment>>,
    /// Before this moment.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Param<Moment>>,
}

struct EventName(String);

fn is_name(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'.' || b == b'-';
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(known)
}

impl FromText for EventName {
    const MUST_BE: &'static str = "an event's name, as in borrow.created";

    fn from_text(text: &str) -> Option<Self> {
        is_name(text).then(|| Self(text.to_owned()))
    }
}

struct Aggregate {
    kind: Option<String>,
    id: Uuid,
}

impl FromText for Aggregate {
    const MUST_BE: &'static str = "a UUID, or a type and a UUID as in book:01936f8e-0000-7000-8000-000000000001";

    fn from_text(text: &str) -> Option<Self> {
        let (kind, id) = match text.split_once(':') {
            Some((kind, id)) => (Some(kind), id),
            None => (None, text),
        };
        // Not the other ways in which a UUID may be written: `urn:uuid:…` would look like a type.
        let id = Uuid::try_parse(id).ok().filter(|_| id.len() == 36)?;
        kind.is_none_or(is_name).then(|| Self { kind: kind.map(str::to_owned), id })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EventView {
    id: Uuid,
    /// Where in the log it stands.
    #[schema(example = "748-12")]
    position: String,
    #[serde(rename = "type")]
    #[schema(example = "borrow.created")]
    name: String,
    version: i16,
    aggregate_type: String,
    aggregate_id: Uuid,
    aggregate_version: i64,
    #[schema(value_type = Object)]
    payload: Value,
    actor: ActorView,
    /// Of the request or work that led to it.
    trace_id: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    occurred_at: OffsetDateTime,
}

const FIELDS: &[&str] = &[
    "id",
    "position",
    "type",
    "version",
    "aggregateType",
    "aggregateId",
    "aggregateVersion",
    "payload",
    "actor",
    "traceId",
    "occurredAt",
];

/// Who caused it: a member, the system (and which part of it), or somebody without an account.
#[derive(Serialize, ToSchema)]
pub(super) struct ActorView {
    #[schema(example = "user")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl From<RecordedActor> for ActorView {
    fn from(actor: RecordedActor) -> Self {
        match actor {
            RecordedActor::Anonymous => Self { kind: "anonymous", id: None, name: None },
            RecordedActor::User { id } => Self { kind: "user", id: Some(id.uuid()), name: None },
            RecordedActor::System { name } => Self { kind: "system", id: None, name: Some(name) },
        }
    }
}

impl From<Recorded> for EventView {
    fn from(event: Recorded) -> Self {
        let trace = event.trace.and_then(|text| text.parse::<trace::TraceContext>().ok());
        Self {
            id: event.id.uuid(),
            position: event.position.to_string(),
            name: event.name,
            version: event.version,
            aggregate_type: event.aggregate_type,
            aggregate_id: event.aggregate_id,
            aggregate_version: event.aggregate_version,
            payload: event.payload,
            actor: event.actor.into(),
            trace_id: trace.map(|context| context.trace_id().to_string()),
            occurred_at: event.occurred_at,
        }
    }
}

/// What happened, newest first. `total` counts up to 10,000, and so far `page` leads; `cursor` leads through all of it, and
/// whoever follows it sees each event once, however many are added meanwhile.
#[utoipa::path(tag = "admin", security(("session" = [])), params(ListQuery, EventParams), responses(
    (status = 200, body = ListEnvelope<EventView>),
))]
#[get("/admin/events")]
pub(super) async fn list_events(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    list: List<EventParams>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let asked = list.params.page_request();
    let after = match &asked.cursor {
        Some(text) => Some(
            text.parse::<EventCursor>()
                .map_err(|_| Problem::invalid_field("cursor", "must be the nextCursor of the page before"))?,
        ),
        None => None,
    };
    let EventParams { name, aggregate, from, to } = list.filters;
    let (aggregate_type, aggregate_id) = match aggregate {
        Some(Param(Aggregate { kind, id })) => (kind, Some(id)),
        None => (None, None),
    };
    let filter = EventFilter {
        name: name.map(|name| name.0.0),
        aggregate_type,
        aggregate_id,
        from: from.map(|from| from.0.0),
        to: to.map(|to| to.0.0),
    };
    let page = machinery
        .events
        .find(&filter, after, asked.offset(), asked.limit)
        .await
        .map_err(|error| Problem::from(DatabaseRefusal(error)))?;
    let items = page.events.into_iter().map(EventView::from).collect();
    let page = Page { items, total: page.total, next_cursor: page.next.map(|next| next.to_string()) };
    respond::listed(&request, &list.params, page, FIELDS)
}
