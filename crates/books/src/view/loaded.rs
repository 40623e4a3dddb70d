//! Books as they are in the tables.

use std::collections::HashMap;

use books_events::Lending;
use kernel::BookId;
use read_store::{Document, Listing};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{AVAILABLE, BookOwner, BookStatus, BookView, NEWEST, in_category, in_language, of_owner, shelf_of};
use crate::visible::Visible;

struct Row {
    id: Uuid,
    owner_id: Uuid,
    owner_name: Option<String>,
    owner_active: bool,
    title: String,
    authors: Vec<String>,
    isbn13: Option<String>,
    isbn10: Option<String>,
    published_year: Option<i16>,
    language: Option<String>,
    categories: Vec<String>,
    description: Option<String>,
    condition: Option<String>,
    notes: Option<String>,
    lending: String,
    status: String,
    available: bool,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl From<Row> for BookView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            title: row.title,
            authors: row.authors,
            isbn13: row.isbn13,
            isbn10: row.isbn10,
            published_year: row.published_year,
            language: row.language,
            categories: row.categories,
            description: row.description,
            condition: row.condition,
            cover_url: None,
            lending: Lending::from_name(&row.lending).unwrap_or(Lending::Off),
            status: BookStatus::of_column(&row.status),
            available: row.available,
            owner: BookOwner { id: row.owner_id.into(), name: row.owner_name.unwrap_or_default() },
            notes: row.notes,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

/// A book, and whether its owner is active.
pub(crate) struct Loaded {
    pub view: BookView,
    owner_active: bool,
}

impl From<Row> for Loaded {
    fn from(row: Row) -> Self {
        Self { owner_active: row.owner_active, view: row.into() }
    }
}

impl Loaded {
    pub(crate) fn visible(&self) -> Visible {
        Visible { owner: self.view.owner.id, owner_active: self.owner_active, lending: self.view.lending }
    }

    pub(super) fn document(&self) -> Result<Document, serde_json::Error> {
        let view = &self.view;
        let mut lists = Vec::new();
        if self.owner_active {
            lists.push(shelf_of(view.owner.id));
        }
        if self.visible().to_everybody() {
            lists.extend([NEWEST.to_owned(), of_owner(view.owner.id)]);
            lists.extend(view.categories.iter().map(|category| in_category(category)));
            lists.extend(view.language.as_deref().map(in_language));
            lists.extend(view.available.then(|| AVAILABLE.to_owned()));
        }
        #[allow(clippy::cast_precision_loss, reason = "microseconds stay below 2^53 until 2255")]
        let score = view.created_at_micros() as f64;
        Ok(Document {
            id: view.id.to_string(),
            version: view.version,
            // Nobody sees it; it may come back.
            body: self.owner_active.then(|| serde_json::to_vec(view)).transpose()?,
            lists: lists.into_iter().map(|list| Listing::new(list, score)).collect(),
        })
    }
}

pub(super) async fn read(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, Loaded>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, owner_id, (select name from books.member where member.id = book.owner_id) as owner_name, owner_active,
            title, authors, isbn13, isbn10, published_year, language, categories, description, condition, notes, lending,
            status, available, version, created_at, updated_at
        from books.book where id = any($1)"#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
}

/// For a rebuild: the books behind `after`, by id. One walk along the key, where `read` looks each up.
pub(super) async fn read_behind(
    connection: &mut PgConnection,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Loaded>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, owner_id, (select name from books.member where member.id = book.owner_id) as owner_name, owner_active,
            title, authors, isbn13, isbn10, published_year, language, categories, description, condition, notes, lending,
            status, available, version, created_at, updated_at
        from books.book where id > $1 order by id limit $2"#,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Loaded::from).collect())
}

/// The books as they are in the tables, in the order of `ids`; those that are gone are left out.
pub(crate) async fn load(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<BookView>, sqlx::Error> {
    let mut found = read(connection, ids).await?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).map(|loaded| loaded.view).collect())
}

/// One book as it is in the tables.
pub(crate) async fn load_one(connection: &mut PgConnection, id: BookId) -> Result<Option<Loaded>, sqlx::Error> {
    Ok(read(connection, &[id.uuid()]).await?.remove(&id.uuid()))
}
