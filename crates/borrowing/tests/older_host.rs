//! A host of the version before 0004_resolutions.sql writes on while newer ones are already up.

mod support;

use borrowing::*;
use borrowing_events::DisputeOutcome;
use kernel::{BorrowId, Position, Prose, UserId};
use support::{Neighbours, World};
use testkit::{member, moderator};
use time::OffsetDateTime;
use uuid::Uuid;

/// What that version reads of a borrow and writes back.
#[derive(sqlx::FromRow)]
struct OldBorrow {
    id: Uuid,
    status: String,
    approved_at: Option<OffsetDateTime>,
    pickup_by: Option<OffsetDateTime>,
    place: Option<String>,
    hand_over_code: Option<String>,
    wrong_codes: i16,
    handed_over_at: Option<OffsetDateTime>,
    due_at: Option<OffsetDateTime>,
    return_declared_at: Option<OffsetDateTime>,
    returned_at: Option<OffsetDateTime>,
    closed_at: Option<OffsetDateTime>,
    closed_reason: Option<String>,
    condition: Option<String>,
    note: Option<String>,
    resolved_at: Option<OffsetDateTime>,
    extensions: i16,
    extension_asked: Option<i16>,
    expires_at: Option<OffsetDateTime>,
    remind_at: Option<OffsetDateTime>,
    version: i64,
}

impl OldBorrow {
    fn close(&mut self, status: &str, now: OffsetDateTime) {
        self.status = status.to_owned();
        self.closed_at = Some(now);
        (self.expires_at, self.remind_at) = (None, None);
    }

    fn resume(&mut self, finding: &str, now: OffsetDateTime) {
        self.status = "active".to_owned();
        self.note = Some(finding.to_owned());
        self.resolved_at = Some(now);
    }
}

/// The statements of that version, word for word.
async fn older_host(world: &World, borrow: BorrowId, change: impl FnOnce(&mut OldBorrow, OffsetDateTime)) {
    world.clock.advance(time::Duration::MINUTE);
    let mut old: OldBorrow = sqlx::query_as(
        "select id, book_id, owner_id, borrower_id, status, days, message, requested_at, queued_at, approved_at,
            pickup_by, place, hand_over_code, wrong_codes, handed_over_at, due_at, return_declared_at, returned_at,
            closed_at, closed_reason, condition, note, resolved_at, extensions, extension_asked, expires_at, remind_at,
            version
        from borrowing.borrow where id = $1 for update",
    )
    .bind(borrow.uuid())
    .fetch_one(&world.pool)
    .await
    .expect("a borrow");
    let (status, version) = (old.status.clone(), old.version);
    old.version += 1;
    change(&mut old, kernel::Clock::now(&*world.clock));
    let done = sqlx::query(
        "update borrowing.borrow set
            status = $4, approved_at = $5, pickup_by = $6, place = $7, hand_over_code = $8, wrong_codes = $9,
            handed_over_at = $10, due_at = $11, return_declared_at = $12, returned_at = $13, closed_at = $14,
            closed_reason = $15, condition = $16, note = $17, extensions = $18, extension_asked = $19, expires_at = $20,
            remind_at = $21, version = $22, resolved_at = $23, revision = revision + 1
        where id = $1 and status = $2 and version = $3",
    )
    .bind(old.id)
    .bind(status)
    .bind(version)
    .bind(old.status)
    .bind(old.approved_at)
    .bind(old.pickup_by)
    .bind(old.place)
    .bind(old.hand_over_code)
    .bind(old.wrong_codes)
    .bind(old.handed_over_at)
    .bind(old.due_at)
    .bind(old.return_declared_at)
    .bind(old.returned_at)
    .bind(old.closed_at)
    .bind(old.closed_reason)
    .bind(old.condition)
    .bind(old.note)
    .bind(old.extensions)
    .bind(old.extension_asked)
    .bind(old.expires_at)
    .bind(old.remind_at)
    .bind(old.version)
    .bind(old.resolved_at)
    .execute(&world.pool)
    .await
    .expect("written");
    assert_eq!(done.rows_affected(), 1);
}

/// As PostgreSQL has it: the older host told nobody here of what it wrote.
async fn stored(world: &World, by: UserId, borrow: BorrowId) -> BorrowView {
    let mut ahead = member(by);
    ahead.min_positions = vec![Position { transaction: i64::MAX, sequence: 1 }.into()];
    world.ask(&ahead, GetBorrow { borrow }).await.expect("there")
}

fn text(text: &str) -> Prose<1000> {
    Prose::new(text).expect("short")
}

async fn leaves(world: &World, user_id: UserId) {
    world.tell::<users_events::UserEvent>(users_events::UserDeleted { user_id }, 2).await;
}

type Settled<'a> = (Outcome, Option<UserId>, Option<&'a str>);

fn settled(view: &BorrowView) -> Option<Settled<'_>> {
    view.resolution.as_ref().map(|it| (it.outcome, it.by.as_ref().map(|by| by.id), it.note.as_deref()))
}

fn noted(view: &BorrowView) -> Option<(&str, Option<UserId>)> {
    view.note.as_deref().map(|note| (note, view.note_by.as_ref().map(|by| by.id)))
}

#[tokio::test]
async fn what_an_older_host_settles_is_kept_and_is_not_taken_for_the_words_of_a_party() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await.id;
    let lost = |note| ReportLost { borrow: loan, note: Some(text(note)) };
    let settle = || ResolveDispute { borrow: loan, outcome: DisputeOutcome::Active, note: text("She has it still.") };
    let (ada, linus) = (member(them.ada), moderator(them.linus));

    world.send(&ada, lost("She moved.")).await.unwrap();
    older_host(&world, loan, |old, now| old.resume("She has it.", now)).await;
    let read = stored(&world, them.grace, loan).await;
    assert_eq!(settled(&read), Some((Outcome::Active, None, Some("She has it."))));
    assert_eq!(noted(&read), Some(("She moved.", Some(them.ada))));
    let at = read.resolved_at;

    let again = world.send(&ada, lost("She moved again.")).await.unwrap();
    assert_eq!((settled(&again), again.resolved_at), (settled(&read), at), "a newer host's update keeps it");

    // A newer host settles twice, the second time with the same outcome, moderator and words.
    for words in ["She moved again.", "And again."] {
        world.clock.advance(time::Duration::MINUTE);
        let resolved = world.send(&linus, settle()).await.unwrap();
        assert_eq!(settled(&resolved), Some((Outcome::Active, Some(them.linus), Some("She has it still."))));
        assert_eq!(noted(&resolved), Some((words, Some(them.ada))));
        world.send(&ada, lost("And again.")).await.unwrap();
    }

    older_host(&world, loan, |old, now| {
        old.close("lost", now);
        old.note = Some("It is gone.".to_owned());
        old.resolved_at = Some(now);
    })
    .await;
    let read = stored(&world, them.grace, loan).await;
    assert_eq!(settled(&read), Some((Outcome::Lost, None, Some("It is gone."))), "not the moderator before");
    assert_eq!(noted(&read), Some(("And again.", Some(them.ada))));
    leaves(&world, them.ada).await;
    let read = stored(&world, them.grace, loan).await;
    assert_eq!((noted(&read), settled(&read).is_some()), (None, true));
}

#[tokio::test]
async fn a_note_that_an_older_host_writes_names_its_author_and_goes_with_them() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let lost = them.a_loan(&world).await.id;
    older_host(&world, lost, |old, _| {
        old.status = "disputed".to_owned();
        old.note = Some("Gone.".to_owned());
    })
    .await;
    assert_eq!(noted(&stored(&world, them.grace, lost).await), Some(("Gone.", Some(them.ada))));
    let back = ResolveDispute { borrow: lost, outcome: DisputeOutcome::Active, note: text("Look again.") };
    world.send(&moderator(them.linus), back).await.unwrap();
    older_host(&world, lost, |old, now| old.close("lost", now)).await;
    let read = stored(&world, them.grace, lost).await;
    assert_eq!(noted(&read), Some(("Gone.", Some(them.grace))), "the borrower says it in the same words");
    assert_eq!(settled(&read), Some((Outcome::Active, Some(them.linus), Some("Look again."))));

    let book = world.book_of(them.ada, books_events::Lending::Lend).await;
    let torn = world.request(them.linus, book).await.id;
    world.approve(them.ada, torn).await;
    world.hand_over(them.ada, torn).await;
    older_host(&world, torn, |old, now| {
        old.close("returned", now);
        (old.returned_at, old.condition) = (Some(now), Some("damaged".to_owned()));
        old.note = Some("Torn.".to_owned());
    })
    .await;
    assert_eq!(noted(&stored(&world, them.linus, torn).await), Some(("Torn.", Some(them.ada))));

    leaves(&world, them.grace).await;
    assert_eq!(noted(&stored(&world, them.ada, lost).await), None);
    assert_eq!(noted(&stored(&world, them.linus, torn).await), Some(("Torn.", Some(them.ada))));
    leaves(&world, them.ada).await;
    assert_eq!(noted(&stored(&world, them.linus, torn).await), None);
}
