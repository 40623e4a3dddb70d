//! What became of letters for notifications, for administrators.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use deserr::Deserr;
use kernel::NotificationId;
use notifications::{DeliveryState, DeliveryView, ListDeliveries, RetryDelivery};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::api::NotificationsApi;
use crate::http::edge::caller::{Admin, Permitted};
use crate::http::edge::input::{FieldErrors, FromText, Param, PathId};
use crate::http::edge::list::{List, PagesByNumber};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, ListEnvelope};

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(list_deliveries).service(retry_delivery);
}

impl FromText for DeliveryState {
    const MUST_BE: &'static str = "pending, sent, failed or skipped";

    fn from_text(text: &str) -> Option<Self> {
        Self::from_name(text)
    }
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// All without it.
    #[param(value_type = Option<DeliveryState>, inline)]
    #[deserr(default)]
    state: Option<Param<DeliveryState>>,
    /// Only those of this notification.
    #[param(value_type = Option<Uuid>)]
    #[deserr(default)]
    notification: Option<Param<NotificationId>>,
}

const FIELDS: &[&str] = &[
    "id",
    "notificationId",
    "userId",
    "channel",
    "kind",
    "state",
    "reason",
    "tries",
    "error",
    "createdAt",
    "nextTryAt",
    "settledAt",
];

/// Letters for notifications, newest first, and what became of them. They are known for two weeks.
#[utoipa::path(tag = "admin", security(("session" = [])), params(PagesByNumber, Filters), responses(
    (status = 200, body = ListEnvelope<DeliveryView>),
))]
#[get("/admin/deliveries")]
async fn list_deliveries(
    request: HttpRequest,
    api: web::Data<NotificationsApi>,
    admin: Permitted<Admin>,
    list: List<Filters>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let query = ListDeliveries {
        state: list.filters.state.as_ref().map(|state| state.0),
        notification: list.filters.notification.as_ref().map(|notification| notification.0),
        page: list.params.page_by_number()?,
    };
    let page = api.deliveries.ask(&admin.0, query).await?;
    respond::listed(&request, &list.params, page, FIELDS)
}

/// Tries a letter again that was given up, at once.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 204, description = "It waits again"),
))]
#[post("/admin/deliveries/{id}/retry")]
async fn retry_delivery(
    api: web::Data<NotificationsApi>,
    admin: Permitted<Admin>,
    id: PathId<Uuid>,
) -> Result<HttpResponse, Problem> {
    let done = api.retry_delivery.send(&admin.0, RetryDelivery { delivery: id.0 }).await?;
    Ok(respond::empty(&done))
}
