//! Borrows as the API shows them: read from our own tables in one statement, kept in Redis as whole documents. An event only
//! says which borrows to look at again.
//!
//! Two things in a view depend on others or on time. The place in the queue moves when somebody else leaves it: whoever
//! moves a queue raises the revision of everybody in it, and whoever hears of one of its borrows shows all of it again.
//! Whether a loan is overdue is worked out when it is shown.

use async_trait::async_trait;
use auth_events::AuthEvent;
use books_events::BookEvent;
use borrowing_events::BorrowEvent;
use database::Database;
use event_bus::{HandlerError, Outdate, Recorded, Refresh};
use kernel::{BorrowId, UserId};
use read_store::{BoxError, Coming, Document, Listing, Projection, Rebuild, WrittenThrough};
use time::OffsetDateTime;
use users_events::{UserEvent, UserReportAnswered, UserReported};
use uuid::Uuid;

use crate::domain::BorrowStatus;

mod read;
mod shown;

use read::load;
pub(crate) use read::{Shown, many, one};
pub use shown::{BookPart, BorrowView, MemberPart, Outcome, ResolutionPart};

/// How many borrows one statement reads.
const CHUNK: usize = 500;

/// Microseconds, which a list's score holds exactly.
pub(crate) fn score(requested_at: OffsetDateTime) -> f64 {
    (requested_at.unix_timestamp_nanos() / 1_000) as f64
}

/// Whose borrows a list holds, in which role.
#[derive(Debug, Clone, Copy)]
pub(crate) enum List {
    Borrower(UserId),
    Owner(UserId),
    Either(UserId),
    All,
}

impl List {
    /// As the projection names it.
    pub(crate) fn name(self, status: Option<BorrowStatus>) -> String {
        let whose = match self {
            List::Borrower(user) => format!("borrower:{user}"),
            List::Owner(user) => format!("owner:{user}"),
            List::Either(user) => format!("party:{user}"),
            List::All => "all".to_owned(),
        };
        match status {
            Some(status) => format!("{whose}:{status}"),
            None => whose,
        }
    }
}

/// Books that changed hands, by what became of them: what a member's public profile counts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tally {
    Borrowed,
    Lent,
    /// Of those lent.
    CameBack,
    /// Of those lent.
    Out,
    /// For good.
    Given,
}

impl Tally {
    /// As the projection names the list.
    pub(crate) fn of(self, user: UserId) -> String {
        let what = match self {
            Tally::Borrowed => "borrowed",
            Tally::Lent => "lent",
            Tally::CameBack => "came_back",
            Tally::Out => "out",
            Tally::Given => "given",
        };
        format!("{what}:{user}")
    }
}

/// The lists of a book that changed hands. `queries/count_borrows.rs` counts the same in PostgreSQL.
fn tallies(view: &BorrowView) -> Vec<String> {
    let (taker, lender) = (view.borrower.id, view.owner.id);
    if view.handed_over_at.is_none() {
        return Vec::new();
    }
    if view.due_at.is_none() {
        return vec![Tally::Given.of(lender)];
    }
    let mut lists = vec![Tally::Borrowed.of(taker), Tally::Lent.of(lender)];
    if view.status == BorrowStatus::Returned {
        lists.push(Tally::CameBack.of(lender));
    } else if view.status.is_holding() {
        lists.push(Tally::Out.of(lender));
    }
    lists
}

fn document(shown: &Shown) -> Result<Document, serde_json::Error> {
    let view = &shown.view;
    let (taker, lender) = (view.borrower.id, view.owner.id);
    let kinds = [List::Borrower(taker), List::Owner(lender), List::Either(taker), List::Either(lender), List::All];
    let mut lists: Vec<String> =
        kinds.into_iter().flat_map(|list| [list.name(None), list.name(Some(view.status))]).collect();
    lists.extend(tallies(view));
    let score = score(view.requested_at);
    Ok(Document {
        id: view.id.to_string(),
        version: shown.revision,
        body: Some(serde_json::to_vec(view)?),
        lists: lists.into_iter().map(|list| Listing::new(list, score)).collect(),
    })
}

/// The borrows in Redis.
#[derive(Clone)]
pub(crate) struct View {
    pool: Database,
    pub(crate) projection: Projection,
    written: WrittenThrough,
}

impl View {
    pub(crate) fn new(pool: Database, projection: Projection) -> Self {
        Self { pool, written: WrittenThrough::new(projection.clone()), projection }
    }

    /// A command that has read the borrow will show it once it has committed.
    pub(crate) fn coming(&self, shown: &Shown) -> Coming {
        self.written.coming(shown.view.id.uuid(), shown.view.version)
    }

    /// Shows a borrow as a command has read it before it committed.
    pub(crate) async fn write_through(&self, coming: Coming, shown: &Shown) {
        match document(shown) {
            Ok(document) => coming.write(document).await,
            Err(error) => tracing::error!(%error, "a borrow cannot be shown"),
        }
    }

    /// Writes the borrows as they now are.
    pub(crate) async fn show(&self, ids: &[Uuid]) -> Result<(), HandlerError> {
        for ids in ids.chunks(CHUNK) {
            let mut connection = self.pool.acquire().await?;
            let shown = load(&mut connection, ids).await?;
            drop(connection);
            let documents: Result<Vec<Document>, _> = shown.iter().map(document).collect();
            self.projection.write(&documents?).await?;
        }
        Ok(())
    }

    /// What events about these things make stale: borrows, with the queues of their copies; all of a book; all of a member.
    async fn shown_with(&self, stale: &Stale) -> Result<Vec<Uuid>, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select unnest($1::uuid[]) as "id!"
            union select id from borrowing.borrow where book_id = any($2) and status = 'queued'
            union select id from borrowing.borrow where book_id = any($3)
            union select id from borrowing.borrow where borrower_id = any($4)
            union select id from borrowing.borrow where owner_id = any($4)
            union select id from borrowing.borrow where resolved_by = any($4)"#,
            &stale.borrows,
            &stale.queues,
            &stale.books,
            &stale.members,
        )
        .fetch_all(&self.pool)
        .await
    }
}

#[derive(Debug, Default)]
pub(crate) struct Stale {
    borrows: Vec<Uuid>,
    queues: Vec<Uuid>,
    books: Vec<Uuid>,
    members: Vec<Uuid>,
}

#[async_trait]
impl Refresh for View {
    type Stale = Stale;

    async fn refresh(&self, stale: Stale) -> Result<(), HandlerError> {
        let Stale { queues, books, members, .. } = &stale;
        if [queues, books, members].into_iter().all(Vec::is_empty) {
            return self.show(&stale.borrows).await;
        }
        self.show(&self.shown_with(&stale).await?).await
    }
}

/// Whether the borrow joined a queue or left one, which moves the others in it.
fn moves_a_queue(event: &BorrowEvent) -> bool {
    match event {
        BorrowEvent::Queued(_) | BorrowEvent::Promoted(_) | BorrowEvent::Cancelled(_) => true,
        // A new one that has to wait tells that it is queued, too; one that waits is neither rejected nor does it expire.
        BorrowEvent::Created(_)
        | BorrowEvent::Rejected(_)
        | BorrowEvent::Expired(_)
        | BorrowEvent::AnswerReminder(_)
        | BorrowEvent::Approved(_)
        | BorrowEvent::HandedOver(_)
        | BorrowEvent::ExtensionRequested(_)
        | BorrowEvent::ExtensionRefused(_)
        | BorrowEvent::Extended(_)
        | BorrowEvent::DueSoon(_)
        | BorrowEvent::DueToday(_)
        | BorrowEvent::Overdue(_)
        | BorrowEvent::ReturnDeclared(_)
        | BorrowEvent::Returned(_)
        | BorrowEvent::Lost(_)
        | BorrowEvent::Disputed(_)
        | BorrowEvent::Resolved(_)
        | BorrowEvent::MessageSent(_)
        | BorrowEvent::MessagesRead(_) => false,
    }
}

#[async_trait]
impl Outdate<BorrowEvent> for View {
    async fn outdate(&self, stale: &mut Stale, event: &Recorded, heard: BorrowEvent) -> Result<(), HandlerError> {
        let parties = heard.parties();
        let id = parties.borrow_id.uuid();
        // Their version is that of the message.
        let about_message = matches!(heard, BorrowEvent::MessageSent(_) | BorrowEvent::MessagesRead(_));
        if about_message || !self.written.covers(id, event.aggregate_version).await {
            stale.borrows.push(id);
        }
        if moves_a_queue(&heard) {
            stale.queues.push(parties.book_id.uuid());
        }
        Ok(())
    }
}

#[async_trait]
impl Outdate<BookEvent> for View {
    async fn outdate(&self, stale: &mut Stale, _: &Recorded, heard: BookEvent) -> Result<(), HandlerError> {
        match heard {
            BookEvent::Updated(e) => stale.books.push(e.book_id.uuid()),
            // Nobody can have borrowed a book before; its deletion leaves the borrows as they were shown.
            BookEvent::Created(_) | BookEvent::Deleted(_) => {}
            BookEvent::Borrowed(_) | BookEvent::Returned(_) => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Outdate<UserEvent> for View {
    async fn outdate(&self, stale: &mut Stale, _: &Recorded, heard: UserEvent) -> Result<(), HandlerError> {
        match heard {
            UserEvent::Updated(e) => stale.members.push(e.user_id.uuid()),
            UserEvent::Deleted(e) => stale.members.push(e.user_id.uuid()),
            // What was cancelled between the two is among the borrows of either; whoever blocks looks at theirs.
            UserEvent::Blocked(e) => stale.members.push(e.user_id.uuid()),
            UserEvent::Reported(UserReported { borrow_id, .. })
            | UserEvent::ReportAnswered(UserReportAnswered { borrow_id, .. }) => {
                stale.borrows.extend(borrow_id.map(BorrowId::uuid));
            }
            UserEvent::RoleChanged(_) | UserEvent::Unblocked(_) => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Outdate<AuthEvent> for View {
    async fn outdate(&self, stale: &mut Stale, _: &Recorded, heard: AuthEvent) -> Result<(), HandlerError> {
        match heard {
            AuthEvent::Registered(e) => stale.members.push(e.user_id.uuid()),
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
        "borrowing"
    }

    fn schema(&self) -> u32 {
        // 2: reasons that nobody gave are codes. 3: `resolvedAt`. 4: `noteBy`, `resolution`; what came back, is out, was given.
        // 5: who has left is a former member in whatever language. 6: unread messages.
        // 7: whether moderators read them.
        7
    }

    async fn documents(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Document>, BoxError> {
        let mut connection = self.pool.acquire().await?;
        let ids = sqlx::query_scalar!(
            "select id from borrowing.borrow where id > $1 order by id limit $2",
            after.unwrap_or(Uuid::nil()),
            limit,
        )
        .fetch_all(&mut *connection)
        .await?;
        let mut shown = load(&mut connection, &ids).await?;
        shown.sort_by_key(|shown| shown.view.id);
        let documents: Result<Vec<Document>, _> = shown.iter().map(document).collect();
        Ok(documents?)
    }
}
