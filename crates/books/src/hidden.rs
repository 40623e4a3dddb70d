//! Whose books are hidden from whom: of two members of whom one blocks the other, neither sees the other's books. PostgreSQL
//! says so (`books.block`); each process remembers it for the members who read, most of whom nothing is hidden from.

use std::sync::Arc;

use cqrs::{Call, Source};
use database::Database;
use kernel::{Actor, ErrorKind, UserId};
use read_store::{Local, Projection, ReadStoreError, Stamps, Subject};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::view::BookView;

/// What a process remembers at most: tens of thousands of members.
const REMEMBERED_BYTES: u64 = 8 * 1024 * 1024;

/// A list with members in it is read anew after so long: a member who has left takes their blocks along, and no event says
/// from whom they were hidden. A message that came too late makes it wrong for no longer than this.
const READ_ANEW: Duration = Duration::MINUTE;

/// What was taken back is remembered for so many changes of the blocker's blocks: longer than an event is late.
const TAKEN_BACK: i64 = 2_000;

/// Members whose books somebody does not see, also those who show none yet: PostgreSQL has their first book from its commit
/// on, before this process is told. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct HiddenOwners {
    /// In their order.
    ids: Arc<[Uuid]>,
    /// Whether any of them showed a book when this was read.
    show_books: bool,
}

impl HiddenOwners {
    /// Whether the member is apart from nobody.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether some book that Redis shows to everybody is hidden.
    pub fn hides_shown_books(&self) -> bool {
        self.show_books
    }

    pub fn hides(&self, owner: UserId) -> bool {
        self.ids.binary_search(&owner.uuid()).is_ok()
    }

    pub fn hides_one_of(&self, books: &[BookView]) -> bool {
        !self.is_empty() && books.iter().any(|book| self.hides(book.owner.id))
    }

    pub fn ids(&self) -> &[Uuid] {
        &self.ids
    }
}

/// What a process knows of one member.
#[derive(Debug, Clone)]
struct Known {
    hidden: HiddenOwners,
    read_at: OffsetDateTime,
    /// Of hidden owners none of whom showed a book: whether one of them has begun to.
    none_has_begun: Option<Stamps>,
}

impl Known {
    /// The stamps take two bytes for each owner.
    fn bytes(&self) -> usize {
        self.hidden.ids.len() * (size_of::<Uuid>() + size_of::<u16>())
    }
}

#[derive(Clone)]
pub(crate) struct Hidden {
    pool: Database,
    projection: Projection,
    known: Local<Known>,
    /// Whether nobody reads the catalogue without an account.
    pub closed_catalogue: bool,
}

impl Hidden {
    pub fn new(pool: Database, projection: Projection) -> Self {
        let known = projection.local_of("books.hidden", REMEMBERED_BYTES, Known::bytes);
        Self { pool, projection, known, closed_catalogue: false }
    }

    /// What the caller does not see. Whoever moderates books sees all of them: nobody hides from moderation.
    ///
    /// While PostgreSQL does not answer, a member of whom this process knows nothing sees what everybody sees, if that is
    /// open to anybody without an account. A closed catalogue is not shown to them.
    pub async fn from(&self, call: &Call) -> Result<HiddenOwners, sqlx::Error> {
        let (viewer, now) = (call.actor(), call.now());
        let Some(user) = viewer.user_id().filter(|_| !BookView::shows_all_notes_to(viewer)) else {
            return Ok(HiddenOwners::default());
        };
        let known = if call.source() == Source::ReadStore { self.known.get(&user.to_string()) } else { None };
        if let Some(known) = known.as_ref().filter(|known| self.is_fresh(known, now)) {
            return Ok(known.hidden.clone());
        }
        match (self.read(user, now).await, known) {
            (Ok(read), _) => Ok(read.hidden),
            (Err(error), known) if event_bus::error_kind(&error) == ErrorKind::Unavailable => match known {
                Some(known) => Ok(known.hidden),
                None if self.closed_catalogue => Err(error),
                None => {
                    tracing::debug!(%error, "blocks cannot be read; the catalogue is shown as to everybody");
                    Ok(HiddenOwners::default())
                }
            },
            (Err(error), _) => Err(error),
        }
    }

    /// Whether an answer for everybody that shows none of these owners' books is the member's too, as far as this process knows.
    pub fn sees_all_but(&self, user: UserId, now: OffsetDateTime) -> Option<Arc<[Uuid]>> {
        let known = self.known.get(&user.to_string())?;
        (self.is_fresh(&known, now) && !known.hidden.hides_shown_books()).then_some(known.hidden.ids)
    }

    /// What is remembered of the member has turned out to be wrong.
    pub fn forget(&self, user: UserId) {
        self.known.forget(&user.to_string());
    }

    fn is_fresh(&self, known: &Known, now: OffsetDateTime) -> bool {
        let none_has_begun = known.none_has_begun.as_ref().is_none_or(|stamps| self.projection.hold(stamps));
        known.hidden.is_empty() || (now < known.read_at + READ_ANEW && none_has_begun)
    }

    /// Reads what is hidden from a member, and keeps it.
    async fn read(&self, user: UserId, now: OffsetDateTime) -> Result<Known, sqlx::Error> {
        let key = user.to_string();
        let stamp = self.projection.stamp(Subject::Document(&key));
        let ids = sqlx::query_scalar!(
            r#"select blocked_id as "id!" from books.block where blocker_id = $1 and stands
            union select blocker_id from books.block where blocked_id = $1 and stands order by 1"#,
            user.uuid(),
        )
        .fetch_all(&self.pool)
        .await?;
        let none_has_begun = self.projection.stamps(ids.iter().map(Uuid::to_string));
        // An account that shows no book does not keep a member from what all share.
        let show_books = !ids.is_empty() && self.show_books(&ids).await?;
        let hidden = HiddenOwners { ids: ids.into(), show_books };
        let to_be_told = !hidden.is_empty() && !show_books;
        let none_has_begun = none_has_begun.filter(|_| to_be_told);
        let hears = none_has_begun.is_some() || !to_be_told;
        let known = Known { hidden, read_at: now, none_has_begun };
        if let Some(stamp) = stamp.filter(|_| hears) {
            self.known.keep(&key, known.clone(), stamp);
        }
        Ok(known)
    }

    async fn show_books(&self, owners: &[Uuid]) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select exists (
                select from unnest($1::uuid[]) apart (id) where exists (
                    select from books.book where owner_id = apart.id and owner_active and lending <> 'off'
                )
            ) as "show_books!""#,
            owners,
        )
        .fetch_one(&self.pool)
        .await
    }

    /// These owners show something else than before, perhaps for the first time. Members from whom they are hidden, and who
    /// are given what all share because none of their hidden owners showed a book, read anew whether that is still so. It
    /// costs one id an owner, however many block them. Until it is heard, what such members are given is held against whom
    /// it shows; only its total may count too much.
    pub async fn shelves_changed(&self, owners: impl IntoIterator<Item = UserId>) -> Result<(), ReadStoreError> {
        let with_blocks = |owner: &String| self.known.get(owner).is_none_or(|known| !known.hidden.is_empty());
        let owners: Vec<String> = owners.into_iter().map(|owner| owner.to_string()).filter(with_blocks).collect();
        if owners.is_empty() { Ok(()) } else { self.projection.outdate(&owners).await }
    }
}

/// Whether one of the two blocks the other. Asked where somebody is refused: of whose books they do not see nothing is told.
pub(crate) async fn hides_from(
    connection: &mut PgConnection,
    viewer: &Actor,
    owner: UserId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
            select from books.block
            where stands and ((blocker_id, blocked_id) = ($1, $2) or (blocker_id, blocked_id) = ($2, $1))
        ) as "apart!""#,
        viewer.user_id().map(UserId::uuid),
        owner.uuid(),
    )
    .fetch_one(connection)
    .await
}

/// Takes over what users tells; what is older than what is known changes nothing. `version` is that of the blocker's blocks.
pub(crate) async fn remember(
    connection: &mut PgConnection,
    blocker: UserId,
    blocked: UserId,
    stands: bool,
    version: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into books.block as known (blocker_id, blocked_id, stands, version) values ($1, $2, $3, $4)
        on conflict (blocker_id, blocked_id) do update set stands = excluded.stands, version = excluded.version
        where known.version < excluded.version",
        blocker.uuid(),
        blocked.uuid(),
        stands,
        version,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from books.block where blocker_id = $1 and not stands and version < $2",
        blocker.uuid(),
        version - TAKEN_BACK,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A member has left: nobody needs to know whom they blocked, or who blocked them.
pub(crate) async fn forget(connection: &mut PgConnection, member: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from books.block where blocker_id = $1 or blocked_id = $1", member.uuid())
        .execute(connection)
        .await?;
    Ok(())
}
