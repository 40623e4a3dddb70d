//! What one of the two reports to the moderators: they read and write the messages meanwhile, and for two weeks more.

mod support;

use borrowing::*;
use kernel::{BorrowId, Clock, PageRequest, Prose, ReportId, UserId};
use support::{Neighbours, World, code};
use testkit::{a_user, member, moderator};
use time::Duration;
use users_events::{
    ReportOutcome, ReportReason, UserBlocked, UserDeleted, UserEvent, UserReportAnswered, UserReported,
};

fn says(borrow: BorrowId) -> SendMessage {
    SendMessage { borrow, text: Prose::new("Hello").expect("a text") }
}

impl World {
    /// Grace reports Ada about a borrow.
    async fn reports(&self, them: &Neighbours, borrow: Option<BorrowId>) -> ReportId {
        let report_id = ReportId::new(self.clock.now());
        let reported = UserReported {
            report_id,
            user_id: them.ada,
            reporter_id: them.grace,
            borrow_id: borrow,
            reason: ReportReason::Insults,
        };
        self.tell::<UserEvent>(UserEvent::Reported(reported), 1).await;
        report_id
    }

    async fn answers(&self, them: &Neighbours, report_id: ReportId, borrow: BorrowId) {
        let answered = UserReportAnswered {
            report_id,
            user_id: them.ada,
            reporter_id: them.grace,
            borrow_id: Some(borrow),
            outcome: ReportOutcome::Warned,
        };
        self.tell::<UserEvent>(UserEvent::ReportAnswered(answered), 2).await;
    }

    async fn reads(&self, by: UserId, borrow: BorrowId) -> Result<usize, &'static str> {
        let query = ListMessages { borrow, page: PageRequest::first(20) };
        match self.ask(&moderator(by), query).await {
            Ok(page) => Ok(page.items.len()),
            Err(refused) => Err(kernel::Refusal::code(&refused)),
        }
    }

    /// Whether the page of the two says that moderators read along.
    async fn says_so(&self, them: &Neighbours, borrow: BorrowId) -> bool {
        let [one, other] = [self.get(them.ada, borrow).await, self.get(them.grace, borrow).await];
        assert_eq!(one.has_moderators, other.has_moderators);
        one.has_moderators
    }
}

const NONE: Result<usize, &str> = Err("MESSAGES_NOT_FOUND");

#[tokio::test]
async fn a_moderator_reads_and_writes_from_the_report_until_two_weeks_after_its_answer() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await.id;
    let mia = world.registered("Mia").await;
    world.send(&member(them.grace), says(loan)).await.expect("sent");
    world.reports(&them, None).await;
    assert_eq!((world.reads(mia, loan).await, world.says_so(&them, loan).await), (NONE, false), "not about the loan");

    let report = world.reports(&them, Some(loan)).await;
    assert_eq!((world.reads(mia, loan).await, world.says_so(&them, loan).await), (Ok(1), true));
    let sent = world.send(&moderator(mia), says(loan)).await.expect("sent");
    assert!(sent.author.moderator);
    assert_eq!(code(world.send(&member(them.linus), says(loan)).await), "BORROW_NOT_FOUND");

    world.answers(&them, report, loan).await;
    world.clock.advance(STAY - Duration::MINUTE);
    assert_eq!((world.reads(mia, loan).await, world.says_so(&them, loan).await), (Ok(2), true));
    world.clock.advance(Duration::hours(1));
    assert_eq!((world.reads(mia, loan).await, world.says_so(&them, loan).await), (NONE, false));
    // A moderator who may not read it any more is not told of it.
    world.send(&member(them.grace), says(loan)).await.expect("sent");
    let told: Option<String> = sqlx::query_scalar(
        "select payload ->> 'moderatorId' from event_bus.log where name = 'borrow.message_sent'
        order by position desc limit 1",
    )
    .fetch_one(&mut sqlx::ConnectOptions::connect(&world.database.owner_options()).await.expect("a connection"))
    .await
    .expect("an event");
    assert_eq!(told, None);
    world.do_job(&world.context.jobs(), "borrowing.forget_messages").await;
    let left: i64 =
        sqlx::query_scalar("select count(*) from borrowing.report").fetch_one(&world.pool).await.expect("a count");
    assert_eq!(left, 0);
}

const STAY: Duration = Duration::days(14);

#[tokio::test]
async fn of_two_reports_the_last_one_decides_and_a_replay_changes_nothing() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await.id;
    let mia = world.registered("Mia").await;
    let first = world.reports(&them, Some(loan)).await;
    let second = world.reports(&them, Some(loan)).await;
    world.answers(&them, first, loan).await;
    world.clock.advance(Duration::days(30));
    assert_eq!(world.reads(mia, loan).await, Ok(0), "the second is open");
    world.answers(&them, second, loan).await;
    world.clock.advance(Duration::days(13));
    assert_eq!(world.reads(mia, loan).await, Ok(0));
    world.answers(&them, second, loan).await;
    world.clock.advance(Duration::days(2));
    assert_eq!(world.reads(mia, loan).await, NONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_while_the_borrow_closes_is_heard_and_the_messages_go_as_they_would() {
    let world = World::with_rules(LendingRules { cool_down: false, ..LendingRules::default() }).await;
    let them = Neighbours::of(&world).await;
    let mia = world.registered("Mia").await;
    for _ in 0..4 {
        let book = world.book_of(them.ada, books_events::Lending::Lend).await;
        let borrow = world.request(them.grace, book).await.id;
        world.send(&member(them.grace), says(borrow)).await.expect("sent");
        let grace = member(them.grace);
        let cancel = world.send(&grace, CancelBorrow { borrow, reason: None });
        let (cancelled, _) = tokio::join!(cancel, world.reports(&them, Some(borrow)));
        cancelled.expect("cancelled");
        assert_eq!(world.reads(mia, borrow).await, Ok(1));
        assert!(world.says_so(&them, borrow).await);
        assert_eq!(code(world.send(&moderator(mia), says(borrow)).await), "MESSAGES_CLOSED");
    }
    world.clock.advance(Duration::days(91));
    world.do_job(&world.context.jobs(), "borrowing.forget_messages").await;
    let messages: i64 =
        sqlx::query_scalar("select count(*) from borrowing.message").fetch_one(&world.pool).await.expect("a count");
    assert_eq!(messages, 0);
}

#[tokio::test]
async fn who_has_blocked_the_other_is_not_written_to_because_of_a_report() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await.id;
    let mia = world.registered("Mia").await;
    let block = UserBlocked { user_id: them.grace, blocked_id: them.ada };
    world.tell::<UserEvent>(UserEvent::Blocked(block), 1).await;
    world.reports(&them, Some(loan)).await;
    assert_eq!(code(world.send(&member(them.ada), says(loan)).await), "MESSAGES_NOT_POSSIBLE");
    world.send(&moderator(mia), says(loan)).await.expect("a moderator writes to both");
}

#[tokio::test]
async fn a_report_of_or_about_who_left_ends() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await.id;
    let mia = world.registered("Mia").await;
    world.reports(&them, Some(loan)).await;
    world.tell::<UserEvent>(UserEvent::Deleted(UserDeleted { user_id: them.grace }), 9).await;
    assert_eq!(world.reads(mia, loan).await, Ok(0));
    world.clock.advance(STAY + Duration::MINUTE);
    assert_eq!(world.reads(mia, loan).await, NONE);
    world.do_job(&world.context.jobs(), "borrowing.forget_messages").await;
}

#[tokio::test]
async fn users_alone_may_ask_whose_a_borrow_is_and_only_for_one_of_the_two() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let borrow = world.request(them.grace, them.emma).await.id;
    let ask = async |caller, members| world.ask(&caller, BorrowParties { borrow, members }).await;
    let grace = member(them.grace).as_service("users");
    assert!(ask(grace.clone(), [them.grace, them.ada]).await.expect("an answer"));
    assert!(ask(grace.clone(), [them.ada, them.grace]).await.expect("an answer"));
    assert!(!ask(grace.clone(), [them.grace, them.linus]).await.expect("an answer"));
    assert!(!ask(grace.clone(), [them.grace, them.grace]).await.expect("an answer"));
    for other in [member(them.grace), moderator(a_user()), member(them.grace).as_service("books")] {
        assert_eq!(code(ask(other, [them.grace, them.ada]).await), "FORBIDDEN");
    }
    assert_eq!(code(ask(member(them.linus).as_service("users"), [them.grace, them.ada]).await), "FORBIDDEN");
    let unknown = BorrowParties { borrow: BorrowId::new(world.clock.now()), members: [them.grace, them.ada] };
    assert!(!world.ask(&grace, unknown).await.expect("an answer"));
}
