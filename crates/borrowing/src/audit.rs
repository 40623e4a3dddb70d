//! Borrows as rows, to be held against what their events tell.

use async_trait::async_trait;
use borrowing_events::{BorrowEvent, Parties};
use database::Database;
use event_bus::{Audited, Fields, Fold, FoldOf, Told};
use kernel::Event;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;

use crate::domain::BorrowSnapshot;

pub(crate) struct BorrowRows(pub Database);

struct Row {
    id: Uuid,
    book_id: Uuid,
    owner_id: Uuid,
    borrower_id: Uuid,
    status: String,
    days: i16,
    pickup_by: Option<OffsetDateTime>,
    due_at: Option<OffsetDateTime>,
    extensions: i16,
    extension_asked: Option<i16>,
    condition: Option<String>,
    version: i64,
}

impl Row {
    fn fields(self) -> (Uuid, Fields) {
        // What is given away is never due, and its row has no condition.
        let given = self.status == "returned" && self.due_at.is_none();
        let fields = json!({
            "bookId": self.book_id,
            "ownerId": self.owner_id,
            "borrowerId": self.borrower_id,
            "status": self.status,
            "days": self.days,
            "pickupBy": self.pickup_by.map(moment),
            "dueAt": self.due_at.map(moment),
            "extensions": self.extensions,
            "extensionRequested": self.extension_asked.filter(|_| self.status == "active"),
            "condition": if given { Some("ok".to_owned()) } else { self.condition },
            "version": self.version,
        });
        (self.id, object(fields))
    }
}

fn object(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}

/// As PostgreSQL keeps it: in UTC, and no finer than a microsecond.
fn moment(at: OffsetDateTime) -> Option<String> {
    let at = at.to_offset(UtcOffset::UTC);
    at.replace_microsecond(at.microsecond()).ok()?.format(&Rfc3339).ok()
}

/// A borrow and how many events it has.
type Counted = (Parties, BorrowSnapshot, i64);

fn after(before: Option<Counted>, event: &BorrowEvent) -> Option<Counted> {
    let (before, events) = before.map_or((None, 0), |(_, snapshot, events)| (Some(snapshot), events));
    BorrowSnapshot::after(before, event).map(|snapshot| (*event.parties(), snapshot, events + 1))
}

fn told((parties, borrow, events): Counted) -> Told {
    Told::Is(object(json!({
        "bookId": parties.book_id,
        "ownerId": parties.owner_id,
        "borrowerId": parties.borrower_id,
        "status": borrow.status,
        "days": borrow.days,
        "pickupBy": borrow.pickup_by.map(moment),
        "dueAt": borrow.due_at.map(moment),
        "extensions": borrow.extensions,
        "extensionRequested": borrow.extension_requested,
        "condition": borrow.condition,
        "version": events,
    })))
}

#[async_trait]
impl Audited for BorrowRows {
    fn aggregate_type(&self) -> &'static str {
        "borrow"
    }

    fn events(&self) -> Vec<&'static str> {
        // Messages are things of their own.
        let names = BorrowEvent::PUBLISHED.iter().map(|published| published.name);
        names.filter(|name| !name.starts_with("borrow.message")).collect()
    }

    fn fold(&self) -> Box<dyn Fold> {
        FoldOf::boxed(after, told)
    }

    async fn rows(&self, after: Uuid, limit: i64) -> Result<Vec<(Uuid, Fields)>, sqlx::Error> {
        let rows = sqlx::query_as!(
            Row,
            "select id, book_id, owner_id, borrower_id, status, days, pickup_by, due_at, extensions, extension_asked,
                condition, version
            from borrowing.borrow where id > $1 order by id limit $2",
            after,
            limit,
        )
        .fetch_all(&self.0)
        .await?;
        Ok(rows.into_iter().map(Row::fields).collect())
    }

    async fn rows_of(&self, ids: &[Uuid]) -> Result<Vec<(Uuid, Fields)>, sqlx::Error> {
        let rows = sqlx::query_as!(
            Row,
            "select id, book_id, owner_id, borrower_id, status, days, pickup_by, due_at, extensions, extension_asked,
                condition, version
            from borrowing.borrow where id = any($1)",
            ids,
        )
        .fetch_all(&self.0)
        .await?;
        Ok(rows.into_iter().map(Row::fields).collect())
    }
}
