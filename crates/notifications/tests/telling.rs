//! What is heard becomes notifications, once.

mod support;

use auth_events::{AuthEvent, UserRegistered};
use borrowing_events::{
    BorrowApproved, BorrowCreated, BorrowDisputed, BorrowEvent, BorrowHandedOver, BorrowLost, BorrowRejected, Parties,
};
use kernel::actor::RecordedActor;
use kernel::{BookId, LanguageTag, Position, UserId};
use notifications::{DeleteNotification, MarkRead};
use sqlx::ConnectOptions;
use support::{Neighbours, World};
use testkit::{A_SATURDAY, a_user, eventually, member};
use time::macros::datetime;
use users_events::{UserDeleted, UserEvent, UserRoleChanged, UserUpdated};

#[tokio::test]
async fn a_request_comes_into_the_owners_inbox_in_words() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;

    let inbox = world.inbox(them.ada).await;
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].kind, "borrow.created");
    assert_eq!(inbox[0].title, "Grace asks for “Emma”");
    assert_eq!(inbox[0].data.book_id, Some(them.emma));
    assert!(!inbox[0].read);
    assert_eq!(world.inbox(them.grace).await, []);
}

#[tokio::test]
async fn each_owner_is_told_once_although_an_event_is_replayed() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    for _ in 0..3 {
        world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    }
    let before = world.inbox(them.ada).await;
    assert_eq!(before.len(), 3);

    replay(&world).await;
    assert_eq!(world.inbox(them.ada).await, before);
    assert_eq!(world.rows(them.ada).await, 3);
}

#[tokio::test]
async fn what_was_heard_together_is_told_one_by_one_in_order_and_each_under_its_own_trace() {
    const REQUESTS: u64 = 120;
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    // The applier waits here while the requests come in.
    let mut owner = world.database.owner_options().connect().await.unwrap();
    sqlx::raw_sql("begin; lock table notifications.notification in share mode").execute(&mut owner).await.unwrap();
    let mut requests = Vec::new();
    for nth in 0..REQUESTS {
        if nth % 3 == 0 {
            // Tells nobody.
            let queued = BorrowCreated { parties: them.a_borrow(), days: 21, queued: true };
            world.append::<BorrowEvent>(queued, 1).await;
        }
        requests.push(world.append::<BorrowEvent>(them.a_strangers_request(), 1).await);
    }
    let last = *requests.last().unwrap();
    sqlx::raw_sql("commit").execute(&mut owner).await.unwrap();
    world.until_heard(last).await;
    world.until_level().await;

    assert_eq!(world.unread(them.ada).await, REQUESTS);
    let told: Vec<(i64, bool, i64)> = sqlx::query_as(
        "select cause.position, split_part(told.trace, '-', 2) = split_part(cause.trace, '-', 2),
            count(*) over (partition by told.transaction_id)
        from notifications.notification n
        join event_bus.log cause on cause.id = n.source_event_id
        join event_bus.log told on told.aggregate_id = n.id
            and (told.transaction_id::text::bigint, told.position) = (n.log_transaction, n.log_position)
        where n.user_id = $1 order by told.transaction_id, told.position",
    )
    .bind(them.ada.uuid())
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(told.iter().map(|row| row.0).eq(requests.iter().map(|request| request.sequence)), "in the order of causes");
    assert!(told.iter().all(|row| row.1), "each belongs to the trace of its cause");
    assert!(told.iter().any(|row| row.2 > 20), "the canary: none were heard together");
}

#[tokio::test]
async fn a_deleted_notification_stays_deleted_when_the_log_is_replayed() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    let id = world.inbox(them.ada).await[0].id;
    world.send(&member(them.ada), DeleteNotification { id }).await.unwrap();
    replay(&world).await;
    assert_eq!(world.inbox(them.ada).await, []);
    assert_eq!(world.rows(them.ada).await, 1);
}

/// Has the whole log heard again, to its end.
async fn replay(world: &World) {
    let moved = world.bus.replay("notifications", Position::START).await;
    assert!(moved.expect("the log answers"));
    eventually("the replay has come to the end of the log", || async {
        let all = world.bus.subscriptions().await.expect("the log answers");
        all.iter().all(|s| s.behind == 0)
    })
    .await;
}

#[tokio::test]
async fn two_processes_do_not_multiply() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let other = world.another_process().await;
    let mut last = Position::START;
    for _ in 0..50 {
        last = world.append::<BorrowEvent>(them.a_strangers_request(), 1).await;
    }
    world.until_heard(last).await;
    assert_eq!(world.rows(them.ada).await, 50);
    other.running.stop().await;
    assert_eq!(world.unread(them.ada).await, 50);
}

#[tokio::test]
async fn the_actor_of_a_hand_over_is_not_told_of_it() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let handed_over = BorrowHandedOver { parties: them.a_borrow(), due_at: Some(datetime!(2026-12-12 22:59:59 UTC)) };
    let ada = RecordedActor::User { id: them.ada };
    let position = world.append_by(ada, BorrowEvent::from(handed_over), 3).await;
    world.until_heard(position).await;
    assert_eq!(world.inbox(them.ada).await, []);
    let told = world.inbox(them.grace).await;
    assert!(told[0].body.contains("due back on Saturday, 12 December 2026"));
}

#[tokio::test]
async fn whoever_may_settle_a_dispute_is_told_of_it_once() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let (mia, max, demoted) = (a_user(), a_user(), a_user());
    // Whichever of the two is heard first.
    world.tell::<UserEvent>(UserRoleChanged { user_id: mia, role: "moderator".to_owned() }, 2).await;
    for (user_id, name, language) in [(mia, "Mia", "fr"), (max, "Max", "en"), (demoted, "Dora", "en")] {
        let language = Some(LanguageTag::new(language).unwrap());
        world.tell::<AuthEvent>(UserRegistered { user_id, name: name.to_owned(), language }, 1).await;
    }
    for (user_id, role) in [(max, "admin"), (demoted, "moderator"), (demoted, "user"), (them.ada, "moderator")] {
        world.tell::<UserEvent>(UserRoleChanged { user_id, role: role.to_owned() }, 2).await;
    }
    let disputed = BorrowDisputed { parties: them.a_borrow(), raised_by: them.ada };
    world.tell::<BorrowEvent>(disputed, 5).await;
    replay(&world).await;
    let titles = async |user| world.inbox(user).await.into_iter().map(|told| told.title).collect::<Vec<_>>();
    assert_eq!(titles(mia).await, ["Où est «\u{a0}Emma\u{a0}»\u{202f}?"]);
    assert_eq!(titles(max).await, ["Where is “Emma”?"]);
    assert!(world.inbox(max).await[0].body.starts_with("Ada and Grace do not agree"), "in the words for moderators");
    assert_eq!(titles(demoted).await, Vec::<String>::new());
    // A party is told as one, and cannot settle it.
    assert!(world.inbox(them.ada).await[0].body.contains("A moderator will look into it"));
    assert_eq!(world.inbox(them.ada).await.len(), 1);
}

fn says(user_id: UserId, name: &str, language: &str) -> UserUpdated {
    UserUpdated { user_id, name: name.to_owned(), active: true, language: language.to_owned() }
}

#[tokio::test]
async fn what_was_told_is_read_with_the_names_of_today() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    world.append::<UserEvent>(says(them.grace, "Grace Hopper", "en"), 2).await;
    // An older version comes late.
    world.append::<UserEvent>(says(them.grace, "Grace M.", "en"), 1).await;
    world.until_level().await;
    assert_eq!(world.inbox(them.ada).await[0].title, "Grace Hopper asks for “Emma”");
    let arrivals = world.since(them.ada, Some(Position::START)).await;
    assert_eq!(arrivals.items[0].notification, world.inbox(them.ada).await[0], "a stream says the same");
    let id = arrivals.items[0].notification.id;
    let marked = world.send(&member(them.ada), MarkRead { id }).await.unwrap();
    assert_eq!(marked.title, "Grace Hopper asks for “Emma”");
}

#[tokio::test]
async fn each_member_reads_all_of_it_in_the_language_of_today() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    world.append::<UserEvent>(says(them.ada, "Ada", "fr-CA"), 2).await;
    world.append::<UserEvent>(says(them.grace, "Grace", "de"), 2).await;
    let newcomer = testkit::a_user();
    let registered =
        UserRegistered { user_id: newcomer, name: "Zoé".to_owned(), language: LanguageTag::new("fr").ok() };
    world.append::<AuthEvent>(registered, 1).await;
    world.tell::<BorrowEvent>(BorrowLost { parties: them.a_borrow() }, 2).await;
    world.tell::<BorrowEvent>(BorrowLost { parties: Parties { borrower_id: newcomer, ..them.a_borrow() } }, 3).await;
    world.until_level().await;

    let titles = async |user| -> Vec<String> {
        let mut titles: Vec<String> = world.inbox(user).await.into_iter().map(|told| told.title).collect();
        // What is told in one moment has no order.
        titles.sort_unstable();
        titles
    };
    let lost = "«\u{a0}Emma\u{a0}» est déclaré perdu";
    let asked = "Grace aimerait emprunter «\u{a0}Emma\u{a0}»";
    assert_eq!(titles(them.ada).await, [asked, lost, lost]);
    assert_eq!(titles(them.grace).await, ["“Emma” is reported lost"], "nothing is written in German");
    assert_eq!(titles(newcomer).await, [lost]);

    world.tell::<UserEvent>(says(them.ada, "Ada", "en"), 3).await;
    let lost = "“Emma” is reported lost";
    assert_eq!(titles(them.ada).await, ["Grace asks for “Emma”", lost, lost]);
}

/// Asked of Redis, of PostgreSQL while Redis is away, and of Redis built anew.
#[tokio::test]
async fn who_left_is_a_former_member_in_others_inboxes_and_their_words_are_gone() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let rejected = BorrowRejected { parties: them.a_borrow(), reason: Some("My aunt has it".to_owned()) };
    let by_ada = RecordedActor::User { id: them.ada };
    let position = world.append_by(by_ada, BorrowEvent::from(rejected), 2).await;
    world.until_heard(position).await;
    assert!(world.inbox(them.grace).await[0].body.ends_with("Reason: “My aunt has it”"), "the canary");

    world.tell::<UserEvent>(UserDeleted { user_id: them.ada }, 5).await;
    world.until_level().await;
    let expected = "A former member declined your request for “Emma”.";
    assert_eq!(world.inbox(them.grace).await[0].body, expected);
    assert_eq!(world.since(them.grace, Some(Position::START)).await.items[0].notification.body, expected);
    let left_over: i64 = sqlx::query_scalar(
        "select (select count(*) from notifications.notification n where n::text ~ 'Ada|aunt')
            + (select count(*) from notifications.member m where m::text like '%Ada%')",
    )
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!(left_over, 0);

    world.store.rebuild("notifications").await.unwrap();
    assert_eq!(world.inbox(them.grace).await[0].body, expected);
    replay(&world).await;
    assert_eq!(world.inbox(them.grace).await[0].body, expected);
}

#[tokio::test]
async fn with_a_member_their_inbox_goes_and_nothing_is_told_to_them_any_more() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    let gone = UserDeleted { user_id: them.ada };
    world.tell::<UserEvent>(gone, 5).await;
    assert_eq!(world.inbox(them.ada).await, []);
    assert_eq!(world.unread(them.ada).await, 0);

    let lost = BorrowLost { parties: them.a_borrow() };
    world.tell::<BorrowEvent>(lost, 9).await;
    assert_eq!(world.inbox(them.ada).await, []);
    assert_eq!(world.inbox(them.grace).await.len(), 1);
    let texts: i64 = sqlx::query_scalar(
        "select count(*) from notifications.notification where user_id = $1
            and (facts is not null or words is not null)",
    )
    .bind(them.ada.uuid())
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!(texts, 0, "no text of theirs is kept");
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_parked_and_the_rest_flows() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    sqlx::query(
        "insert into event_bus.log
            (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at)
        values ($1, 'borrow.approved', 1, 'borrow', $1, 1, '{\"what\": 7}', '{\"kind\": \"anonymous\"}', now())",
    )
    .bind(BookId::new(A_SATURDAY).uuid())
    .execute(&world.pool)
    .await
    .unwrap();
    let approved =
        BorrowApproved { parties: them.a_borrow(), pickup_by: datetime!(2026-11-28 22:59:59 UTC), place: None };
    world.tell::<BorrowEvent>(approved, 2).await;
    assert_eq!(world.inbox(them.grace).await[0].kind, "borrow.approved");
    let (parked, total) = world.bus.dead_letters(0, 10).await.unwrap();
    assert_eq!(total, 1, "{parked:?}");
    assert_eq!(parked[0].subscription, "notifications");
    assert_eq!(parked[0].event_name, "borrow.approved");
}
