//! Whose books are hidden from whom: of two members of whom one blocks the other, neither sees the other's books. PostgreSQL
//! says so (`books.block`); each process remembers it for the members who read, most of whom nothing is hidden from.

use std::sync::Arc;

use cqrs::{Call, Source};
use database::Database;
use kernel::{Actor, ErrorKind, UserId};
use read_store::{Local, Projection, ReadStoreError, Subject};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::view::BookView;

/// What a process remembers at most: tens of thousands of members.
const REMEMBERED_BYTES: u64 = 8 * 1024 * 1024;

/// A list with members in it is read anew after so long: a member who has left takes their blocks along, and no event says
/// from whom they were hidden. A message that came too late makes it wrong for no longer than this.
const READ_ANEW: Duration = Duration::MINUTE;

/// Members whose lists are outdated in one message.
const OUTDATED: usize = 1_000;

/// What was taken back is remembered for so many changes of the blocker's blocks: longer than an event is late.
const TAKEN_BACK: i64 = 2_000;

/// Members whose books somebody does not see, also those who show none yet: PostgreSQL has their first book from its commit
/// on, before this process is told. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct HiddenOwners {
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
        self.ids.contains(&owner.uuid())
    }

    pub fn ids(&self) -> &[Uuid] {
        &self.ids
    }
}

/// Members could not be told that what is hidden from them has changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTold {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Store(#[from] ReadStoreError),
}

/// What a process knows of one member.
#[derive(Debug, Clone)]
struct Known {
    hidden: HiddenOwners,
    read_at: OffsetDateTime,
}

impl Known {
    fn is_fresh(&self, now: OffsetDateTime) -> bool {
        self.hidden.is_empty() || now < self.read_at + READ_ANEW
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
        let known = projection.local_of("books.hidden", REMEMBERED_BYTES, |known: &Known| known.hidden.ids.len() * 16);
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
        if let Some(known) = known.as_ref().filter(|known| known.is_fresh(now)) {
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

    /// Whether this process knows that no shown book is hidden from the member, so that an answer for everybody is theirs too.
    pub fn is_nothing_from(&self, user: UserId, now: OffsetDateTime) -> bool {
        let known = self.known.get(&user.to_string());
        known.is_some_and(|known| known.is_fresh(now) && !known.hidden.hides_shown_books())
    }

    /// Reads what is hidden from a member, and keeps it.
    async fn read(&self, user: UserId, now: OffsetDateTime) -> Result<Known, sqlx::Error> {
        let key = user.to_string();
        let stamp = self.projection.stamp(Subject::Document(&key));
        // An account that shows no book does not keep a member from what all share.
        let row = sqlx::query!(
            r#"with apart as materialized (
                select blocked_id as id from books.block where blocker_id = $1 and stands
                union select blocker_id from books.block where blocked_id = $1 and stands
            )
            select array(select id from apart) as "ids!", exists (
                select from apart where exists (
                    select from books.book where owner_id = apart.id and owner_active and lending <> 'off'
                )
            ) as "show_books!""#,
            user.uuid(),
        )
        .fetch_one(&self.pool)
        .await?;
        let hidden = HiddenOwners { ids: row.ids.into(), show_books: row.show_books };
        let known = Known { hidden, read_at: now };
        if let Some(stamp) = stamp {
            self.known.keep(&key, known.clone(), stamp);
        }
        Ok(known)
    }

    /// Books of `owner` are about to be shown otherwise, perhaps their first or their last: members who are apart from them
    /// read anew what they do not see. To be called once the books are committed and before Redis shows them. PostgreSQL
    /// shows them since the commit, and what it is asked leaves out everybody who is apart, with books or without.
    pub async fn shows_otherwise(&self, owner: UserId, now: OffsetDateTime) -> Result<(), NotTold> {
        let known = match self.known.get(&owner.to_string()) {
            Some(known) => known,
            None => self.read(owner, now).await?,
        };
        if known.hidden.is_empty() { Ok(()) } else { self.show_otherwise(&[owner.uuid()]).await }
    }

    /// As [`Self::shows_otherwise`], for several owners.
    pub async fn show_otherwise(&self, owners: &[Uuid]) -> Result<(), NotTold> {
        let apart = sqlx::query_scalar!(
            r#"select blocked_id as "id!" from books.block where blocker_id = any($1) and stands
            union select blocker_id from books.block where blocked_id = any($1) and stands"#,
            owners,
        )
        .fetch_all(&self.pool)
        .await?;
        for members in apart.chunks(OUTDATED) {
            let members: Vec<String> = members.iter().map(Uuid::to_string).collect();
            self.projection.outdate(&members).await?;
        }
        Ok(())
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
