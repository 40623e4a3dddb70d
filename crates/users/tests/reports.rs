//! Members who tell the moderators about others.

mod support;

use kernel::{BorrowId, Clock, ErrorKind, Page, PageRequest, Prose, Refusal, ReportId, UserId};
use support::{PASSWORD, World};
use testkit::{a_user, admin, anonymous, member, moderator};
use time::Duration;
use users::{
    AnswerReport, BlockMember, ChangeRole, DeleteUser, GetPublicProfile, GetReport, ListReports, Measure, Proof,
    ReportMember, ReportState, ReportView, ReportWarnings, Reports, UpdateUser,
};
use users_events::ReportReason;

fn prose(text: &str) -> Prose<1000> {
    Prose::new(text).expect("a text")
}

fn about(member: UserId, borrow: Option<BorrowId>) -> ReportMember {
    ReportMember { member, borrow, reason: ReportReason::Insults, text: prose("He called me marzipan") }
}

fn answer(report: ReportId, measure: Measure) -> AnswerReport {
    AnswerReport { report, answer: prose("Thank you, nougat"), measure }
}

fn warn() -> Measure {
    Measure::Warn(prose("Do not say praline"))
}

/// Grace, who reports; Linus, who is reported; Mia, a moderator; a borrow of the two.
struct They {
    grace: UserId,
    linus: UserId,
    mia: UserId,
    borrow: BorrowId,
}

impl World {
    async fn they(&self) -> They {
        let (grace, linus) = (self.a_member("Grace").await, self.a_member("Linus").await);
        let mia = self.with_role("Mia", "moderator").await;
        let borrow = BorrowId::new(self.clock.now());
        self.neighbours.borrows.lock().expect("no panic").push((borrow, [linus, grace]));
        They { grace, linus, mia, borrow }
    }

    async fn with_role(&self, name: &str, role: &str) -> UserId {
        let id = self.a_member(name).await;
        let command = ChangeRole { id, expected_version: None, role: role.to_owned() };
        self.send(&cqrs::Caller::system("promote"), command).await.expect("promoted");
        id
    }

    async fn reports(&self, by: UserId, member: UserId) -> ReportId {
        self.clock.advance(Duration::SECOND);
        self.send(&testkit::member(by), about(member, None)).await.expect("reported").id
    }

    async fn all(&self, by: UserId, open: Option<bool>, page: PageRequest) -> Page<ReportView> {
        self.ask(&moderator(by), ListReports { of: Reports::Everybodys { open }, page }).await.expect("a list")
    }

    async fn own(&self, by: UserId) -> Vec<ReportView> {
        let query = ListReports { of: Reports::Mine, page: PageRequest::first(100) };
        self.ask(&member(by), query).await.expect("a list").items
    }
}

fn code<T: std::fmt::Debug>(answer: Result<T, impl Refusal>) -> &'static str {
    answer.expect_err("refused").code()
}

fn ids(page: &Page<ReportView>) -> Vec<ReportId> {
    page.items.iter().map(|report| report.id).collect()
}

#[tokio::test]
async fn a_report_is_read_by_moderators_and_its_author_and_by_nobody_it_is_about() {
    let world = World::new().await;
    let they = world.they().await;
    let filed = world.send(&member(they.grace), about(they.linus, Some(they.borrow))).await.expect("reported");
    let get = || GetReport { id: filed.id };

    let seen = world.ask(&moderator(they.mia), get()).await.expect("there");
    assert_eq!(
        (seen.state, seen.text.as_str(), seen.reason.as_str()),
        (ReportState::Open, "He called me marzipan", "insults")
    );
    assert_eq!(seen.reporter.map(|part| part.name).as_deref(), Some("Grace"));
    assert_eq!((seen.about.name.as_str(), seen.borrow_id), ("Linus", Some(they.borrow)));
    let own = world.ask(&member(they.grace), get()).await.expect("there");
    assert_eq!(own.reporter, None, "she knows");
    for nobody in [member(they.linus), moderator(they.linus), admin(they.linus), member(a_user()), anonymous()] {
        assert_eq!(code(world.ask(&nobody, get()).await), "REPORT_NOT_FOUND");
    }
    // A moderator who is reported finds it in no list.
    assert_eq!(ids(&world.all(they.mia, None, PageRequest::first(20)).await), [filed.id]);
    let page = world.all(they.linus, None, PageRequest::first(20)).await;
    assert_eq!((page.items.len(), page.total), (0, 0));
    assert!(world.own(they.linus).await.is_empty());
    let query = ListReports { of: Reports::Everybodys { open: None }, page: PageRequest::first(20) };
    assert_eq!(code(world.ask(&member(they.grace), query).await), "FORBIDDEN");
}

#[tokio::test]
async fn nobody_reports_themself_or_whom_or_what_they_do_not_know() {
    let world = World::new().await;
    let they = world.they().await;
    let refused = world.send(&member(they.grace), about(they.grace, None)).await.expect_err("refused");
    assert_eq!((refused.kind(), refused.details()[0].field.as_str()), (ErrorKind::Invalid, "about.userId"));
    assert_eq!(code(world.send(&member(they.grace), about(a_user(), None)).await), "USER_NOT_FOUND");
    assert_eq!(code(world.send(&anonymous(), about(they.linus, None)).await), "UNAUTHENTICATED");
    // Of a borrow that is not there, that is others', and that is not with this member, she learns the same.
    let (mia, stranger) = (they.mia, world.a_member("Stan").await);
    let unknown = BorrowId::new(world.clock.now());
    for (by, member_, borrow) in
        [(they.grace, they.linus, unknown), (stranger, they.linus, they.borrow), (they.grace, mia, they.borrow)]
    {
        assert_eq!(code(world.send(&member(by), about(member_, Some(borrow))).await), "BORROW_NOT_FOUND");
    }
    // Who is deactivated has no page; whoever had a borrow with them may still say what happened.
    let command = UpdateUser { id: they.linus, expected_version: None, name: None, active: Some(false) };
    world.send(&admin(a_user()), command).await.expect("deactivated");
    assert_eq!(code(world.send(&member(they.grace), about(they.linus, None)).await), "USER_NOT_FOUND");
    world.send(&member(they.grace), about(they.linus, Some(they.borrow))).await.expect("reported");
}

#[tokio::test]
async fn the_same_is_reported_once_until_it_is_answered_and_ten_things_a_day() {
    let world = World::new().await;
    let they = world.they().await;
    let first = world.reports(they.grace, they.linus).await;
    let refused = world.send(&member(they.grace), about(they.linus, None)).await.expect_err("refused");
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "ALREADY_REPORTED"));
    assert_eq!(refused.details()[0].message, first.to_string());
    world.send(&member(they.grace), about(they.linus, Some(they.borrow))).await.expect("another thing");
    world.send(&moderator(they.mia), answer(first, Measure::Nothing)).await.expect("answered");
    world.reports(they.grace, they.linus).await;
    for nth in 3..10 {
        let somebody = world.a_member(&format!("Member {nth}")).await;
        world.reports(they.grace, somebody).await;
    }
    let more = world.a_member("One more").await;
    assert_eq!(code(world.send(&member(they.grace), about(more, None)).await), "TOO_MANY_REPORTS_TODAY");
    world.clock.advance(Duration::hours(25));
    world.reports(they.grace, more).await;
    // Two hundred that wait are enough.
    sqlx::query(
        "with others as (
            insert into users.member (id, name, created_at, version)
            select gen_random_uuid(), 'Somebody', now(), 1 from generate_series(1, 190) returning id
        )
        insert into users.report (id, reporter_id, member_id, reason, text, created_at)
        select gen_random_uuid(), $1, id, 'other', 'x', '2020-01-01' from others",
    )
    .bind(they.grace.uuid())
    .execute(&world.pool)
    .await
    .expect("reports");
    assert_eq!(code(world.send(&member(they.grace), about(more, None)).await), "ALREADY_REPORTED");
    let another = world.a_member("Another").await;
    assert_eq!(code(world.send(&member(they.grace), about(another, None)).await), "TOO_MANY_OPEN_REPORTS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_presses_often_reports_once_and_two_report_each_other_at_once() {
    let world = World::new().await;
    let they = world.they().await;
    let grace = member(they.grace);
    let pressed = (0..8).map(|_| world.send(&grace, about(they.linus, None)));
    let done = futures_util::future::join_all(pressed).await;
    assert_eq!(done.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for _ in 0..5 {
        let (one, other) = (world.a_member("One").await, world.a_member("Other").await);
        let (a, b) = (member(one), member(other));
        let (first, second) = tokio::join!(world.send(&a, about(other, None)), world.send(&b, about(one, None)));
        first.expect("reported");
        second.expect("reported");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_moderators_who_answer_at_once_one_does_and_the_other_learns_who_was_faster() {
    let world = World::new().await;
    let they = world.they().await;
    let max = world.with_role("Max", "moderator").await;
    for measure in [Measure::Nothing, warn(), Measure::Deactivate] {
        let linus = world.a_member("Linus").await;
        let report = world.reports(they.grace, linus).await;
        let (mia, max) = (moderator(they.mia), moderator(max));
        let (one, other) = tokio::join!(
            world.send(&mia, answer(report, measure.clone())),
            world.send(&max, answer(report, measure.clone())),
        );
        let (winner, refused) = match (one, other) {
            (Ok(_), Err(refused)) => ("Mia", refused),
            (Err(refused), Ok(_)) => ("Max", refused),
            both => panic!("{both:?}"),
        };
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "REPORT_CLOSED"));
        let told: Vec<(String, String)> =
            refused.details().into_iter().map(|detail| (detail.field, detail.message)).collect();
        assert!(told.contains(&("answeredBy".to_owned(), winner.to_owned())), "{told:?}");
        let seen = world.ask(&mia, GetReport { id: report }).await.expect("there");
        assert_eq!(seen.answered_by.map(|part| part.name).as_deref(), Some(winner));
    }
    assert_eq!(world.told("user.report_answered").await, 3);
}

#[tokio::test]
async fn the_reporter_reads_the_answer_and_only_who_is_warned_the_warning() {
    let world = World::new().await;
    let they = world.they().await;
    let report = world.reports(they.grace, they.linus).await;
    world.send(&moderator(they.mia), answer(report, warn())).await.expect("answered");
    let own = &world.own(they.grace).await[0];
    assert_eq!((own.state, own.answer.as_deref()), (ReportState::Answered, Some("Thank you, nougat")));
    assert_eq!((&own.outcome, &own.warning, &own.answered_by), (&None, &None, &None), "not what was done to Linus");
    let seen = world.ask(&moderator(they.mia), GetReport { id: report }).await.expect("there");
    assert_eq!((seen.outcome.as_deref(), seen.warning.as_deref()), (Some("warned"), Some("Do not say praline")));

    let warnings = |member| ReportWarnings { member, reports: vec![report] };
    let notifications = admin(a_user()).as_service("notifications");
    let words = world.ask(&notifications, warnings(they.linus)).await.expect("words");
    assert_eq!(words, [(report, "Do not say praline".to_owned())]);
    assert!(world.ask(&notifications, warnings(they.grace)).await.expect("words").is_empty());
    for other in [member(they.linus), admin(they.mia), admin(they.mia).as_service("books")] {
        assert_eq!(code(world.ask(&other, warnings(they.linus)).await), "FORBIDDEN");
    }
}

#[tokio::test]
async fn who_has_a_part_in_it_does_not_answer_and_only_administrators_deactivate_staff() {
    let world = World::new().await;
    let they = world.they().await;
    let max = world.with_role("Max", "moderator").await;
    let ada = world.an_admin("Ada").await;
    let report = world.reports(they.mia, max).await;
    assert_eq!(code(world.send(&member(they.grace), answer(report, Measure::Nothing)).await), "FORBIDDEN");
    assert_eq!(code(world.send(&moderator(they.mia), answer(report, Measure::Nothing)).await), "OWN_REPORT");
    assert_eq!(code(world.send(&moderator(max), answer(report, Measure::Nothing)).await), "REPORT_NOT_FOUND");
    let zoe = world.with_role("Zoe", "moderator").await;
    assert_eq!(code(world.send(&moderator(zoe), answer(report, Measure::Deactivate)).await), "MEMBER_IS_STAFF");
    world.send(&admin(ada), answer(report, Measure::Deactivate)).await.expect("answered");
    assert_eq!(code(world.ask(&anonymous(), GetPublicProfile { id: max }).await), "USER_NOT_FOUND");
    // The last administrator stays, whoever reports them.
    let report = world.reports(they.grace, ada).await;
    let another = admin(world.with_role("Eve", "moderator").await);
    assert_eq!(code(world.send(&another, answer(report, Measure::Deactivate)).await), "LAST_ADMIN");
    let seen = world.ask(&moderator(they.mia), GetReport { id: report }).await.expect("there");
    assert_eq!(seen.state, ReportState::Open, "nothing of it happened");
}

#[tokio::test]
async fn open_reports_come_first_and_a_walk_by_cursor_misses_none() {
    let world = World::new().await;
    let they = world.they().await;
    let mut open = Vec::new();
    let mut closed = Vec::new();
    for nth in 0..7 {
        let somebody = world.a_member(&format!("Member {nth}")).await;
        let report = world.reports(they.grace, somebody).await;
        if nth % 2 == 0 {
            world.send(&moderator(they.mia), answer(report, Measure::Nothing)).await.expect("answered");
            closed.insert(0, report);
        } else {
            open.insert(0, report);
        }
    }
    let expected: Vec<ReportId> = open.iter().chain(&closed).copied().collect();
    let (mut walked, mut cursor) = (Vec::new(), None);
    loop {
        let page = world.all(they.mia, None, PageRequest { cursor, ..PageRequest::first(2) }).await;
        assert_eq!(page.total, 7);
        walked.extend(ids(&page));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(walked, expected);
    assert_eq!(ids(&world.all(they.mia, Some(true), PageRequest::first(20)).await), open);
    assert_eq!(ids(&world.all(they.mia, Some(false), PageRequest::first(20)).await), closed);
    let second = PageRequest { page: 2, ..PageRequest::first(3) };
    assert_eq!(ids(&world.all(they.mia, None, second).await), expected[3..6]);
    assert_eq!(world.own(they.grace).await.len(), 7);
}

#[tokio::test]
async fn what_a_member_wrote_goes_with_them_and_nobody_has_to_answer_about_who_left() {
    let world = World::new().await;
    let they = world.they().await;
    let max = world.with_role("Max", "moderator").await;
    let somebody = world.a_member("Somebody").await;
    let (to_answer, about_linus) =
        (world.reports(they.linus, somebody).await, world.reports(they.grace, they.linus).await);
    let warned = world.reports(they.grace, somebody).await;
    world.send(&moderator(max), answer(warned, warn())).await.expect("answered");

    let delete = |id| DeleteUser { id, expected_version: None, proof: Proof::Password(PASSWORD.to_owned()) };
    world.send(&member(they.linus), delete(they.linus)).await.expect("deleted");
    assert_eq!(code(world.ask(&moderator(they.mia), GetReport { id: to_answer }).await), "REPORT_NOT_FOUND");
    let left = world.ask(&moderator(they.mia), GetReport { id: about_linus }).await.expect("there");
    assert_eq!((left.state, left.about.name.as_str(), left.about.left), (ReportState::Left, "", true));
    let refused = world.send(&moderator(they.mia), answer(about_linus, Measure::Nothing)).await.expect_err("refused");
    assert_eq!(refused.code(), "REPORT_CLOSED");
    assert!(world.all(they.mia, Some(true), PageRequest::first(20)).await.items.is_empty());

    // The words of a moderator who leaves.
    world.send(&moderator(max), delete(max)).await.expect("deleted");
    let seen = world.ask(&moderator(they.mia), GetReport { id: warned }).await.expect("there");
    assert_eq!((seen.answer, seen.warning, seen.outcome.as_deref()), (None, None, Some("warned")));
    assert_eq!(seen.answered_by.map(|part| part.left), Some(true));

    world.send(&member(they.grace), delete(they.grace)).await.expect("deleted");
    let rows: i64 =
        sqlx::query_scalar("select count(*) from users.report").fetch_one(&world.pool).await.expect("a count");
    assert_eq!(rows, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_leaves_while_they_are_reported_or_answered_leaves_nothing_open() {
    let world = World::new().await;
    let they = world.they().await;
    for nth in 0..6 {
        let leaving = world.a_member("Leaving").await;
        let report = if nth % 2 == 0 { None } else { Some(world.reports(they.grace, leaving).await) };
        let (grace, mia, own) = (member(they.grace), moderator(they.mia), member(leaving));
        world.clock.advance(Duration::hours(3));
        let delete = DeleteUser { id: leaving, expected_version: None, proof: Proof::Password(PASSWORD.to_owned()) };
        let deleted = world.send(&own, delete);
        match report {
            None => {
                let (deleted, _) = tokio::join!(deleted, world.send(&grace, about(leaving, None)));
                deleted.expect("deleted");
            }
            Some(report) => {
                let (deleted, _) = tokio::join!(deleted, world.send(&mia, answer(report, Measure::Deactivate)));
                deleted.expect("deleted");
            }
        }
    }
    let open: i64 = sqlx::query_scalar("select count(*) from users.report where is_open or warning is not null")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    assert_eq!(open, 0);
}

#[tokio::test]
async fn a_year_after_its_answer_a_report_is_deleted_once() {
    let world = World::new().await;
    let they = world.they().await;
    let report = world.reports(they.grace, they.linus).await;
    let somebody = world.a_member("Somebody").await;
    let waits = world.reports(they.grace, somebody).await;
    world.send(&moderator(they.mia), answer(report, Measure::Nothing)).await.expect("answered");
    let forget = async || world.do_job(&world.context.jobs(), "users.forget_reports").await["reports"];
    world.clock.advance(Duration::days(364));
    assert_eq!(forget().await, 0);
    world.clock.advance(Duration::days(2));
    let (one, other) = tokio::join!(forget(), forget());
    assert_eq!(one + other, 1);
    assert_eq!(ids(&world.all(they.mia, None, PageRequest::first(20)).await), [waits], "what waits is kept");
}

#[tokio::test]
async fn no_event_and_no_kept_answer_holds_a_word_of_a_report() {
    let world = World::new().await;
    let they = world.they().await;
    let with_key = |mut caller: cqrs::Caller, key: &str| {
        caller.idempotency_key = Some(key.to_owned());
        caller
    };
    let filed = world.send(&with_key(member(they.grace), "one"), about(they.linus, None)).await.expect("reported");
    let again = world.send(&with_key(member(they.grace), "one"), about(they.linus, None)).await.expect("the same");
    assert_eq!(again, filed);
    world.send(&with_key(moderator(they.mia), "two"), answer(filed.id, warn())).await.expect("answered");
    world.send(&member(they.linus), BlockMember { member: they.grace }).await.expect("blocked");
    let mut owner = sqlx::ConnectOptions::connect(&world.database.owner_options()).await.expect("a connection");
    let kept: Vec<String> = sqlx::query_scalar(
        "select log::text from event_bus.log union all select answer::text from users.idempotency_key",
    )
    .fetch_all(&mut owner)
    .await
    .expect("rows");
    assert!(kept.len() > 5);
    for word in ["marzipan", "nougat", "praline"] {
        assert!(kept.iter().all(|row| !row.contains(word)), "{word}: {kept:?}");
    }
    // The names that a report shows are those of today.
    assert!(kept.iter().all(|row| !(row.contains(&filed.id.to_string()) && row.contains("Linus"))), "{kept:?}");
}
