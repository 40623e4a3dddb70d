use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, NotificationId, Page, PageRequest, Permission, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// Letters for notifications, newest first, and what became of them. Administrators and the command line alone see them.
#[derive(Debug, Clone)]
pub struct ListDeliveries {
    pub state: Option<DeliveryState>,
    /// Those of one notification.
    pub notification: Option<NotificationId>,
    pub page: PageRequest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Pending,
    Sent,
    Failed,
    /// Nobody needed it any more.
    Skipped,
}

impl DeliveryState {
    pub const ALL: [Self; 4] = [Self::Pending, Self::Sent, Self::Failed, Self::Skipped];

    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A letter for a notification, without its words: they are made when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeliveryView {
    pub id: Uuid,
    pub notification_id: NotificationId,
    pub user_id: UserId,
    /// `mail`: a letter of its own; `daily` and `weekly`: in a letter with others.
    #[cfg_attr(feature = "openapi", schema(example = "mail"))]
    pub channel: String,
    /// The name of the event that caused it.
    #[cfg_attr(feature = "openapi", schema(example = "borrow.overdue"))]
    pub kind: String,
    pub state: DeliveryState,
    /// Why it was skipped: `read`, `withdrawn`, `outdated`, `off`, `old`, `no_address` or `no_member`.
    #[cfg_attr(feature = "openapi", schema(example = "read"))]
    pub reason: Option<String>,
    pub tries: i32,
    /// What was wrong at the last try.
    #[cfg_attr(feature = "openapi", schema(example = "the mail is refused: the mail server answered 550 5.1.1"))]
    pub error: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Of one that is pending: not before then.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_try_at: Option<OffsetDateTime>,
    /// When it was sent, given up or skipped.
    #[serde(with = "time::serde::rfc3339::option")]
    pub settled_at: Option<OffsetDateTime>,
}

impl Query for ListDeliveries {
    const NAME: &'static str = "list_deliveries";
    type Answer = Page<DeliveryView>;
    type Error = ListDeliveriesError;
}

#[derive(Debug, thiserror::Error)]
pub enum ListDeliveriesError {
    #[error("Only administrators see the letters of others.")]
    NotPermitted,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListDeliveriesError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct ListDeliveriesHandler(pub Database);

#[async_trait]
impl QueryHandler<ListDeliveries> for ListDeliveriesHandler {
    async fn handle(&self, call: &Call, query: ListDeliveries) -> Result<Page<DeliveryView>, ListDeliveriesError> {
        if !call.actor().may(Permission::Admin) {
            return Err(ListDeliveriesError::NotPermitted);
        }
        let (state, notification) = (query.state.map(DeliveryState::name), query.notification.map(|it| it.uuid()));
        let rows = sqlx::query!(
            "select id, notification_id, user_id, channel, kind, state, reason, tries, error, queued_at, next_try_at,
                settled_at
            from notifications.delivery
            where ($1::text is null or state = $1) and ($2::uuid is null or notification_id = $2)
            order by queued_at desc, id desc offset $3 limit $4",
            state,
            notification,
            i64::try_from(query.page.offset()).unwrap_or(i64::MAX),
            i64::from(query.page.limit),
        )
        .fetch_all(&self.0)
        .await?;
        let total = sqlx::query_scalar!(
            r#"select count(*) as "n!" from notifications.delivery
            where ($1::text is null or state = $1) and ($2::uuid is null or notification_id = $2)"#,
            state,
            notification,
        )
        .fetch_one(&self.0)
        .await?;
        let items = rows
            .into_iter()
            .map(|row| {
                let state = DeliveryState::from_name(&row.state).unwrap_or(DeliveryState::Skipped);
                DeliveryView {
                    id: row.id,
                    notification_id: row.notification_id.into(),
                    user_id: row.user_id.into(),
                    channel: row.channel,
                    kind: row.kind,
                    state,
                    reason: row.reason,
                    tries: row.tries,
                    error: row.error,
                    created_at: row.queued_at,
                    next_try_at: Some(row.next_try_at).filter(|_| state == DeliveryState::Pending),
                    settled_at: row.settled_at,
                }
            })
            .collect();
        Ok(Page { items, total: u64::try_from(total).unwrap_or_default(), next_cursor: None })
    }
}
