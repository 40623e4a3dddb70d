//! Whose books are hidden from whom: of two members of whom one blocks the other, neither sees the other's books. PostgreSQL
//! says so (`books.block`); each process remembers it for the members who read, most of whom nothing is hidden from.

use std::sync::Arc;

use cqrs::Source;
use database::Database;
use kernel::{Actor, ErrorKind, UserId};
use read_store::{Local, Projection, Subject};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::view::BookView;

/// What a process remembers at most: tens of thousands of members.
const REMEMBERED_BYTES: u64 = 8 * 1024 * 1024;

/// What was taken back is remembered for so many changes of the blocker's blocks: longer than an event is late.
const TAKEN_BACK: i64 = 2_000;

/// Owners whose books somebody does not see. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct HiddenOwners(Arc<[Uuid]>);

impl HiddenOwners {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn hides(&self, owner: UserId) -> bool {
        self.0.contains(&owner.uuid())
    }

    pub fn ids(&self) -> &[Uuid] {
        &self.0
    }
}

#[derive(Clone)]
pub(crate) struct Hidden {
    pool: Database,
    projection: Projection,
    remembered: Local<HiddenOwners>,
}

impl Hidden {
    pub fn new(pool: Database, projection: Projection) -> Self {
        let remembered =
            projection.local_of("books.hidden", REMEMBERED_BYTES, |hidden: &HiddenOwners| hidden.0.len() * 16);
        Self { pool, projection, remembered }
    }

    /// What `viewer` does not see. Whoever moderates books sees all of them: nobody hides from moderation.
    ///
    /// While PostgreSQL is away, a member whom this process does not remember sees what everybody sees: the catalogue is
    /// read without it, and asking for a book is not.
    pub async fn from(&self, viewer: &Actor, source: Source) -> Result<HiddenOwners, sqlx::Error> {
        let Some(user) = viewer.user_id().filter(|_| !BookView::shows_all_notes_to(viewer)) else {
            return Ok(HiddenOwners::default());
        };
        let key = user.to_string();
        if source == Source::ReadStore
            && let Some(hidden) = self.remembered.get(&key)
        {
            return Ok(hidden);
        }
        let stamp = self.projection.stamp(Subject::Document(&key));
        let owners = match self.read(user).await {
            Ok(owners) => owners,
            Err(error) if event_bus::error_kind(&error) == ErrorKind::Unavailable => {
                tracing::debug!(%error, "blocks cannot be read; the catalogue is shown as to everybody");
                return Ok(HiddenOwners::default());
            }
            Err(error) => return Err(error),
        };
        if let Some(stamp) = stamp {
            self.remembered.keep(&key, owners.clone(), stamp);
        }
        Ok(owners)
    }

    /// Whether this process knows that nothing is hidden from the member, so that an answer for everybody is theirs too.
    pub fn is_nothing_from(&self, user: UserId) -> bool {
        self.remembered.get(&user.to_string()).is_some_and(|hidden| hidden.is_empty())
    }

    async fn read(&self, user: UserId) -> Result<HiddenOwners, sqlx::Error> {
        let owners = sqlx::query_scalar!(
            r#"select blocked_id as "id!" from books.block where blocker_id = $1 and stands
            union select blocker_id from books.block where blocked_id = $1 and stands"#,
            user.uuid(),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(HiddenOwners(owners.into()))
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
