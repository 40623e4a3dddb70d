//! What the two of a borrow write to each other.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use borrowing::{ListMessages, MarkMessagesRead, MessageView, SendMessage};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kernel::{BorrowId, MessageId, Prose};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::BorrowingApi;
use crate::http::edge::caller::{Permitted, SignedIn, WriteBorrow};
use crate::http::edge::input::{Body, FieldErrors, NoParams, PathId, from_string};
use crate::http::edge::list::{List, ListQuery};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, ListEnvelope};

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(list_messages).service(send_message).service(mark_messages_read);
}

const FIELDS: &[&str] = &["id", "author", "text", "sentAt", "readAt"];

/// What was written about it: for the two, and for moderators from a dispute on, until 90 days after its end. The first page
/// has the newest messages and the next ones the older; in each the newest is last.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path), ListQuery), responses(
    (status = 200, body = ListEnvelope<MessageView>),
))]
#[get("/borrows/{id}/messages")]
async fn list_messages(
    request: HttpRequest,
    api: web::Data<BorrowingApi>,
    caller: SignedIn,
    id: PathId<BorrowId>,
    list: List<NoParams>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let page = list.params.page_request();
    let page = api.messages.ask(&caller.0, ListMessages { borrow: id.0, page }).await?;
    respond::listed(&request, &list.params, page, FIELDS)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct MessageBody {
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    text: Prose<2000>,
}

/// Writes to the other one; a moderator writes to both. The other one is told that there is a message, and reads it here.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = MessageBody,
    responses((status = 201, body = Envelope<MessageView>)))]
#[post("/borrows/{id}/messages")]
async fn send_message(
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<MessageBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let done = api.send_message.send(&caller.0, SendMessage { borrow: id.0, text: body.text }).await?;
    respond::created(done.position, &done.output)
}

#[derive(Debug, Clone, Copy)]
struct Message(MessageId);

impl Deserr<FieldErrors> for Message {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| text.parse().map(Self).map_err(|_| "must be the id of a message".to_owned()))
    }
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct ReadBody {
    /// The last message that was read; all of them without it.
    #[deserr(default)]
    #[schema(value_type = Option<Uuid>)]
    up_to: Option<Message>,
}

#[derive(Serialize, ToSchema)]
struct MarkedView {
    count: u64,
}

/// Marks messages as read, and the notification that told of them; tells how many were not.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = ReadBody,
    responses((status = 200, body = Envelope<MarkedView>)))]
#[post("/borrows/{id}/messages/read")]
async fn mark_messages_read(
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ReadBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = MarkMessagesRead { borrow: id.0, up_to: body.up_to.map(|message| message.0) };
    let done = api.mark_messages_read.send(&caller.0, command).await?;
    respond::done(done.position, &MarkedView { count: done.output })
}
