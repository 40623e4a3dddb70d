//! Books as rows, to be held against what their events tell.

use async_trait::async_trait;
use books_events::BookEvent;
use database::Database;
use event_bus::{Audited, Fields, Fold, FoldOf, Told};
use kernel::Event;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::BookSnapshot;

pub(crate) struct BookRows(pub Database);

struct Row {
    id: Uuid,
    owner_id: Uuid,
    title: String,
    authors: Vec<String>,
    lending: String,
    /// The borrow that has it, where one does.
    lent_by: Option<Uuid>,
}

impl Row {
    fn fields(self) -> (Uuid, Fields) {
        let Self { id, owner_id, title, authors, lending, lent_by } = self;
        let fields = json!({"ownerId": owner_id, "title": title, "authors": authors, "lending": lending});
        let Value::Object(mut fields) = fields else { return (id, Fields::new()) };
        // A gift and a lost book have left their owner's hands for good: only a loan can be held against the events.
        if let Some(borrow) = lent_by {
            fields.insert("outWith".to_owned(), json!(borrow));
        }
        (id, fields)
    }
}

fn told(book: BookSnapshot) -> Told {
    match serde_json::to_value(&book) {
        _ if book.deleted => Told::Gone,
        Ok(Value::Object(fields)) => Told::Is(fields),
        _ => Told::Unknown,
    }
}

#[async_trait]
impl Audited for BookRows {
    fn aggregate_type(&self) -> &'static str {
        "book"
    }

    fn events(&self) -> Vec<&'static str> {
        BookEvent::PUBLISHED.iter().map(|published| published.name).collect()
    }

    fn fold(&self) -> Box<dyn Fold> {
        FoldOf::boxed(BookSnapshot::after, told)
    }

    async fn rows(&self, after: Uuid, limit: i64) -> Result<Vec<(Uuid, Fields)>, sqlx::Error> {
        let rows = sqlx::query_as!(
            Row,
            "select id, owner_id, title, authors, lending,
                case when holding = 'on_loan' then held_by_borrow end as lent_by
            from books.book where id > $1 order by id limit $2",
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
            "select id, owner_id, title, authors, lending,
                case when holding = 'on_loan' then held_by_borrow end as lent_by
            from books.book where id = any($1)",
            ids,
        )
        .fetch_all(&self.0)
        .await?;
        Ok(rows.into_iter().map(Row::fields).collect())
    }
}
