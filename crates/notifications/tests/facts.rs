//! Notifications that were told in words before 0006_facts.sql become the facts that would be told now.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use borrowing_events::{
    BorrowCancelled, BorrowDisputed, BorrowEvent, BorrowExpired, BorrowHandedOver, BorrowRejected, BorrowResolved,
    BorrowReturned, CancellationCause, DisputeOutcome, Parties, ReturnCondition,
};
use kernel::actor::RecordedActor;
use kernel::{Event, UserId};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use support::{Neighbours, World};
use testkit::a_user;
use users_events::{UserDeleted, UserEvent, UserRoleChanged};
use uuid::Uuid;

const MIGRATION: &str = include_str!("../../../migrations/notifications/0006_facts.sql");

const TITLES: &str = include_str!("../../../migrations/notifications/0008_titles_without_names.sql");

/// As the tables were before, with a title that names the book.
const BEFORE: &str = "
    alter table notification drop column facts, drop column words, drop column words_by,
        add column title text not null default '', add column body text not null default '';
    alter table member drop column revision;
    update notification set title = case id::text < '8' when true then 'Grace asks for “Emma”'
        else e'Grace a d\\u00e9plac\\u00e9 \\u00ab\\u00a0Emma\\u00a0\\u00bb' end, body = 'Some words of Grace'
    where deleted_at is null;";

type Kept = (Uuid, Uuid, Option<serde_json::Value>, Option<String>, Option<Uuid>, bool);

async fn kept(connection: &mut PgConnection) -> Vec<Kept> {
    sqlx::query_as(
        "select source_event_id, user_id, facts, words, words_by, deleted_at is not null from notification
        order by source_event_id, user_id",
    )
    .fetch_all(connection)
    .await
    .unwrap()
}

/// Every way in which a borrow may go on, each with another borrower: what one of them does again and again is folded.
fn everything_that_happens(them: &Neighbours) -> Vec<BorrowEvent> {
    let parties = || Parties { borrower_id: a_user(), ..them.a_borrow() };
    let samples = BorrowEvent::PUBLISHED.iter().map(|published| {
        let mut payload: serde_json::Value = serde_json::from_str(published.sample).unwrap();
        for (field, id) in [("bookId", them.emma.to_string()), ("ownerId", them.ada.to_string())] {
            payload[field] = id.into();
        }
        let borrower = a_user().to_string();
        payload["borrowerId"] = borrower.as_str().into();
        for field in ["cancelledBy", "raisedBy"] {
            if payload.get(field).is_some() {
                payload[field] = borrower.as_str().into();
            }
        }
        BorrowEvent::decode(published.name, published.version, &payload).unwrap().unwrap()
    });
    // Of messages nothing was told then.
    let mut all: Vec<BorrowEvent> =
        samples.filter(|event| !matches!(event, BorrowEvent::MessageSent(_) | BorrowEvent::MessagesRead(_))).collect();
    let cancelled = |cancelled_by, reason: Option<&str>| -> BorrowEvent {
        BorrowCancelled { parties: parties(), cancelled_by, reason: reason.map(str::to_owned), held: false }.into()
    };
    all.push(BorrowHandedOver { parties: parties(), due_at: None }.into());
    all.extend(
        [ReturnCondition::Ok, ReturnCondition::Damaged]
            .map(|c| BorrowReturned { parties: parties(), condition: c }.into()),
    );
    all.push(BorrowRejected { parties: parties(), reason: None }.into());
    all.push(cancelled(Some(them.ada), Some("My aunt has it")));
    let taken_back = parties();
    let by_borrower = Some(taken_back.borrower_id);
    all.push(BorrowCancelled { parties: taken_back, cancelled_by: by_borrower, reason: None, held: false }.into());
    all.push(cancelled(None, Some("The book is no longer there.")));
    // Those that there were then.
    let causes = [CancellationCause::BookGone, CancellationCause::BookGiven, CancellationCause::MemberLeft];
    all.extend(causes.map(|cause| cancelled(None, Some(cause.as_str()))));
    all.extend([false, true].map(|held| BorrowExpired { parties: parties(), held }.into()));
    let disputed = parties();
    let both = [them.ada, disputed.borrower_id];
    all.extend(both.map(|raised_by| BorrowDisputed { parties: disputed, raised_by }.into()));
    all.extend(
        DisputeOutcome::ALL
            .map(|outcome| BorrowResolved { parties: parties(), outcome, note: "Both agree".to_owned() }.into()),
    );
    all
}

#[tokio::test]
async fn what_was_told_in_words_becomes_the_facts_that_would_be_told_now() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let moderator: UserId = a_user();
    world.tell::<UserEvent>(UserRoleChanged { user_id: moderator, role: "moderator".to_owned() }, 2).await;
    let mut last = None;
    for event in everything_that_happens(&them) {
        last = Some(world.append_by(RecordedActor::User { id: moderator }, event, 1).await);
    }
    world.until_heard(last.unwrap()).await;
    world.stop_subscriptions().await;

    let mut connection = world.database.migration_options("notifications").connect().await.unwrap();
    let told = kept(&mut connection).await;
    assert!(told.len() > 40, "{}", told.len());
    sqlx::raw_sql(BEFORE).execute(&mut connection).await.unwrap();
    sqlx::raw_sql(MIGRATION).execute(&mut connection).await.unwrap();
    let migrated = kept(&mut connection).await;
    for (told, migrated) in told.iter().zip(&migrated) {
        assert_eq!(told, migrated);
    }
    assert_eq!(told.len(), migrated.len());
}

#[tokio::test]
async fn old_words_of_who_left_and_of_events_that_nobody_knows_are_gone() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let rejected = BorrowRejected { parties: them.a_borrow(), reason: Some("My aunt has it".to_owned()) };
    world.tell::<BorrowEvent>(rejected, 2).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    world.tell::<UserEvent>(UserDeleted { user_id: them.ada }, 5).await;
    world.stop_subscriptions().await;

    let mut connection = world.database.migration_options("notifications").connect().await.unwrap();
    sqlx::raw_sql(BEFORE).execute(&mut connection).await.unwrap();
    let copy = "insert into notification (id, user_id, kind, title, body, data, created_at, source_event_id,
            log_transaction, log_position, version)
        select gen_random_uuid(), user_id, kind, 'Ada', 'Ada', data, created_at, gen_random_uuid(), 1, 1, 1
        from notification where deleted_at is null";
    sqlx::raw_sql(copy).execute(&mut connection).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(MIGRATION)).execute(&mut connection).await.unwrap();
    let of_grace: Vec<Kept> =
        kept(&mut connection).await.into_iter().filter(|row| row.1 == them.grace.uuid()).collect();
    assert_eq!(of_grace.len(), 2);
    let [known, unknown]: [Kept; 2] = if of_grace[0].5 {
        [of_grace[1].clone(), of_grace[0].clone()]
    } else {
        [of_grace[0].clone(), of_grace[1].clone()]
    };
    assert_eq!((known.3, known.4), (None, Some(them.ada.uuid())));
    assert_eq!((unknown.2, unknown.5), (None, true), "nobody knows what it was about");
}

/// Grace was called Jo “Bo” Li: the pattern of 0006 took a piece of that name for the title.
#[tokio::test]
async fn no_piece_of_a_name_stays_in_the_place_of_a_title() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    world.stop_subscriptions().await;
    let mut connection = world.database.migration_options("notifications").connect().await.unwrap();
    let gone = a_user().to_string();
    let emma = them.emma.to_string();
    for (book, title) in [
        (&emma, "Bo” Li asks for “Emma"),
        (&gone, "Bo» Li a demandé «\u{a0}Emma"),
        (&gone, "\u{a0}Li asks for “Emma"),
        (&gone, "Bo Li asks for “Emma"),
        (&emma, "A “Real” Emma"),
        (&gone, "Emma, or “what”"),
    ] {
        let copy = "insert into notification (id, user_id, kind, facts, data, created_at, source_event_id,
                log_transaction, log_position, version)
            select gen_random_uuid(), user_id, kind, jsonb_set(facts, '{book}', to_jsonb($1::text)),
                jsonb_set(data, '{bookId}', to_jsonb($2::text)), created_at, gen_random_uuid(), 1, -1, 1
            from notification order by log_position desc limit 1";
        sqlx::query(copy).bind(title).bind(book).execute(&mut connection).await.unwrap();
    }
    sqlx::raw_sql(TITLES).execute(&mut connection).await.unwrap();
    let titles: Vec<Option<String>> =
        sqlx::query_scalar("select facts ->> 'book' from notification where log_position = -1 order by 1")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let titles: Vec<Option<&str>> = titles.iter().map(Option::as_deref).collect();
    assert_eq!(titles, [Some("A “Real” Emma"), Some("Emma"), Some("Emma, or “what”"), None, None, None]);
}
