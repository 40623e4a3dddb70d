//! Books in Redis: a document per book, whose body is the JSON that the API shows, and the lists `newest`, `available`,
//! `owner:`, `category:` and `language:` of what everybody sees, and `shelf:` of all that one owner sees. An event only says
//! which books to look at again; what is written is read from our own tables, whole, under the row's version.

mod loaded;

use std::collections::BTreeSet;

use async_trait::async_trait;
use auth_events::AuthEvent;
use bibliography::keys::category_key;
use books_events::{BookEvent, Lending};
use borrowing_events::BorrowEvent;
use database::Database;
use event_bus::{HandlerError, Outdate, Recorded, Refresh};
use kernel::{Actor, BookId, Event, Permission, UserId};
use read_store::{BoxError, Coming, Document, Projection, ReadStoreError, Rebuild, WrittenThrough};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use users_events::UserEvent;
use uuid::Uuid;

pub(crate) use loaded::{Loaded, load, load_one};

use loaded::{read, read_behind};

use crate::hidden::Hidden;
use crate::subscribers::moves_the_copy;
use crate::visible::Visible;

/// How many books one statement reads.
const CHUNK: usize = 1_000;

/// Whether a book can be had now, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BookStatus {
    Available,
    /// Promised to somebody, not handed over yet.
    Reserved,
    OnLoan,
    Lost,
    /// The owner does not let it go at present, or has left.
    Withdrawn,
}

impl BookStatus {
    /// As `books.book.status` has it.
    fn of_column(status: &str) -> Self {
        match status {
            "available" => BookStatus::Available,
            "reserved" => BookStatus::Reserved,
            "on_loan" => BookStatus::OnLoan,
            "lost" => BookStatus::Lost,
            _ => BookStatus::Withdrawn,
        }
    }
}

/// A member, as shown beside what is theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BookOwner {
    pub id: UserId,
    pub name: String,
}

/// A book as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BookView {
    pub id: BookId,
    pub title: String,
    pub authors: Vec<String>,
    pub isbn13: Option<String>,
    pub isbn10: Option<String>,
    /// Negative: before our era.
    pub published_year: Option<i16>,
    /// `en`, `ar`, `fil`.
    pub language: Option<String>,
    pub categories: Vec<String>,
    pub description: Option<String>,
    pub condition: Option<String>,
    pub cover_url: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub lending: Lending,
    pub status: BookStatus,
    pub available: bool,
    pub owner: BookOwner,
    /// For the owner and moderators alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notes: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    pub version: i64,
}

impl BookView {
    /// Whether somebody sees the notes of books that are not theirs.
    pub fn shows_all_notes_to(actor: &Actor) -> bool {
        actor.may(Permission::ModerateBook)
    }

    /// The owners, who would see more of these books than was shown here, as those do who see all notes. `None`: notes or
    /// hidden books are shown, so the answer is for its reader alone.
    pub fn owners_if_for_all(books: &[Self]) -> Option<Vec<UserId>> {
        let mut owners: Vec<UserId> = books.iter().map(|book| book.owner.id).collect();
        owners.sort_unstable();
        owners.dedup();
        let for_all = |book: &Self| book.notes.is_none() && book.lending != Lending::Off;
        books.iter().all(for_all).then_some(owners)
    }

    /// Whether somebody sees the book. Of an owner who is not active there is no view.
    pub(crate) fn visible_to(&self, viewer: &Actor) -> bool {
        Visible { owner: self.owner.id, owner_active: true, lending: self.lending }.visible_to(viewer)
    }

    /// Without what this actor may not see.
    pub(crate) fn for_actor(mut self, actor: &Actor) -> Self {
        if !actor.is(self.owner.id) && !Self::shows_all_notes_to(actor) {
            self.notes = None;
        }
        self
    }

    /// Where the book stands in lists by time, in Redis and in PostgreSQL: microseconds since 1970.
    pub(crate) fn created_at_micros(&self) -> i64 {
        micros(self.created_at)
    }
}

/// Microseconds since 1970, which a list's score holds exactly.
pub(crate) fn micros(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// The lists of the projection, by name.
pub(crate) const NEWEST: &str = "newest";
pub(crate) const AVAILABLE: &str = "available";

pub(crate) fn of_owner(owner: UserId) -> String {
    format!("owner:{owner}")
}

/// As [`of_owner`], with what the owner alone sees.
pub(crate) fn shelf_of(owner: UserId) -> String {
    format!("shelf:{owner}")
}

pub(crate) fn in_category(category: &str) -> String {
    format!("category:{}", category_key(category))
}

pub(crate) fn in_language(tag: &str) -> String {
    format!("language:{tag}")
}

/// Why the projection did not answer; PostgreSQL is asked then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ViewError {
    #[error(transparent)]
    Store(#[from] ReadStoreError),
    #[error("a document cannot be read")]
    Document(#[from] serde_json::Error),
}

#[derive(Clone)]
pub(crate) struct View {
    pool: Database,
    pub(crate) projection: Projection,
    written: WrittenThrough,
    hidden: Hidden,
}

impl View {
    pub(crate) fn new(pool: Database, projection: Projection, hidden: Hidden) -> Self {
        Self { pool, written: WrittenThrough::new(projection.clone()), projection, hidden }
    }

    /// A command that has read the book will show it once it has committed.
    pub(crate) fn coming(&self, loaded: &Loaded) -> Coming {
        self.written.coming(loaded.view.id.uuid(), loaded.view.version)
    }

    /// Shows a book as a command has read it before it committed.
    pub(crate) async fn write_through(&self, coming: Coming, loaded: &Loaded) {
        let document = match loaded.document() {
            Ok(document) => document,
            Err(error) => return tracing::error!(%error, "a book cannot be shown"),
        };
        let shown_by = loaded.visible().to_everybody().then_some(loaded.view.owner.id);
        let (told, ()) = tokio::join!(self.hidden.shelves_changed(shown_by), coming.write(document));
        if let Err(error) = told {
            tracing::debug!(%error, "from whom the book is hidden notices a little later that its owner shows books");
        }
    }

    /// Writes the books as they now are; those that are gone leave a tombstone.
    pub(crate) async fn show(&self, ids: &[Uuid]) -> Result<(), HandlerError> {
        for ids in ids.chunks(CHUNK) {
            let found = read(&mut *self.pool.acquire().await?, ids).await?;
            let documents: Result<Vec<Document>, _> = ids
                .iter()
                .map(|id| found.get(id).map_or_else(|| Ok(Document::deleted(id.to_string())), Loaded::document))
                .collect();
            self.projection.write(&documents?).await?;
        }
        Ok(())
    }

    async fn all_of(&self, owner: UserId) -> Result<Vec<Uuid>, sqlx::Error> {
        sqlx::query_scalar!("select id from books.book where owner_id = $1", owner.uuid()).fetch_all(&self.pool).await
    }
}

#[derive(Default)]
pub(crate) struct Stale {
    books: BTreeSet<Uuid>,
    /// Who may show books now, perhaps for the first time.
    owners: BTreeSet<UserId>,
    /// Members whose blocks changed: what is kept of them in memory.
    apart: BTreeSet<String>,
}

#[async_trait]
impl Refresh for View {
    type Stale = Stale;

    async fn refresh(&self, stale: Stale) -> Result<(), HandlerError> {
        self.hidden.shelves_changed(stale.owners).await?;
        self.show(&Vec::from_iter(stale.books)).await?;
        if !stale.apart.is_empty() {
            self.projection.outdate(&Vec::from_iter(stale.apart)).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Outdate<BookEvent> for View {
    async fn outdate(&self, stale: &mut Stale, event: &Recorded, heard: BookEvent) -> Result<(), HandlerError> {
        let id = heard.aggregate_id();
        if !self.written.covers(id, event.aggregate_version).await {
            stale.books.insert(id);
            stale.owners.extend(match heard {
                BookEvent::Created(e) => Some(e.owner_id),
                BookEvent::Updated(e) => Some(e.owner_id),
                BookEvent::Deleted(_) | BookEvent::Borrowed(_) | BookEvent::Returned(_) => None,
            });
        }
        Ok(())
    }
}

#[async_trait]
impl Outdate<BorrowEvent> for View {
    async fn outdate(&self, stale: &mut Stale, _: &Recorded, heard: BorrowEvent) -> Result<(), HandlerError> {
        if moves_the_copy(&heard) {
            stale.books.insert(heard.parties().book_id.uuid());
        }
        Ok(())
    }
}

#[async_trait]
impl Outdate<UserEvent> for View {
    async fn outdate(&self, stale: &mut Stale, _: &Recorded, heard: UserEvent) -> Result<(), HandlerError> {
        match heard {
            UserEvent::Updated(e) => {
                stale.books.extend(self.all_of(e.user_id).await?);
                stale.owners.insert(e.user_id);
            }
            UserEvent::Blocked(e) => stale.apart.extend([e.user_id.to_string(), e.blocked_id.to_string()]),
            UserEvent::Unblocked(e) => stale.apart.extend([e.user_id.to_string(), e.blocked_id.to_string()]),
            // Who leaves takes their books along: each is told of as deleted.
            UserEvent::Deleted(_)
            | UserEvent::RoleChanged(_)
            | UserEvent::Reported(_)
            | UserEvent::ReportAnswered(_) => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Outdate<AuthEvent> for View {
    async fn outdate(&self, stale: &mut Stale, _: &Recorded, heard: AuthEvent) -> Result<(), HandlerError> {
        match heard {
            AuthEvent::Registered(e) => stale.books.extend(self.all_of(e.user_id).await?),
            AuthEvent::Verified(_)
            | AuthEvent::SessionRevoked(_)
            | AuthEvent::ApiKeyCreated(_)
            | AuthEvent::ApiKeyRevoked(_) => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Rebuild for View {
    fn name(&self) -> &'static str {
        "books"
    }

    fn schema(&self) -> u32 {
        // 2: the lists of categories go by another folding. 3: lists hold what everybody sees, and shelves the rest.
        3
    }

    async fn documents(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Document>, BoxError> {
        let mut connection = self.pool.acquire().await?;
        let books = read_behind(&mut connection, after.unwrap_or(Uuid::nil()), limit).await?;
        Ok(books.iter().map(Loaded::document).collect::<Result<_, _>>()?)
    }
}
