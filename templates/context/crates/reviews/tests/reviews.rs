//! Writing and reading reviews, on a real PostgreSQL and Redis.

use std::sync::Arc;
use std::time::Duration;

use event_bus::{BusSettings, EventBus, Heard, Meta, Scope};
use kernel::actor::RecordedActor;
use kernel::{BookId, Clock, ErrorKind, ManualClock, Prose, Refusal};
use read_store::{ReadStore, Settings};
use reviews::{GetReview, Reviews, WriteReview};
use testkit::{A_SATURDAY, TestDatabase, a_user, anonymous, member};
use users_events::{UserDeleted, UserEvent};

#[tokio::test]
async fn a_review_is_shown_until_its_author_leaves() {
    let database = TestDatabase::of("reviews").await;
    let pool = database.pool("reviews");
    let clock = Arc::new(ManualClock::at(A_SATURDAY));
    let store = ReadStore::connect(Settings::new(testkit::redis_url(), testkit::redis_prefix())).expect("an address");
    let bus = EventBus::new(database.pool("event_bus"), clock.clone(), BusSettings::default());
    let reviews = Reviews::new(pool.clone(), store.projection("reviews"));
    let running = bus.start(reviews.subscriptions()).await.expect("the runners start");
    let (mut commands, mut queries) = cqrs::builders(clock.clone(), bus.clone(), None);
    reviews.register(&mut commands, &mut queries);
    let write = commands.build().expect("one handler each").dispatch::<WriteReview>().expect("a handler");
    let get = queries.build().expect("one handler each").asking::<GetReview>().expect("a handler");

    let ada = a_user();
    let text = Prose::new("Read it twice.").expect("a text");
    let command = WriteReview { book: BookId::new(A_SATURDAY), text };
    let refused = write.send(&anonymous(), command.clone()).await.expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated, "a visitor writes no review");

    let review = write.send(&member(ada), command).await.expect("written").output;
    let shown = get.ask(&anonymous(), GetReview { id: review.id }).await.expect("there");
    assert_eq!((shown.text.as_str(), shown.author_id), ("Read it twice.", ada));

    let actor = RecordedActor::System { name: "test".to_owned() };
    let meta = Meta { actor, trace: None, occurred_at: clock.now() };
    let mut tx = pool.begin().await.expect("a transaction");
    let gone = UserEvent::Deleted(UserDeleted { user_id: ada });
    let position = event_bus::append(&mut tx, &meta, &gone, 2).await.expect("appended");
    tx.commit().await.expect("committed");
    assert_eq!(bus.wait_for(position, Scope::All, Duration::from_secs(20)).await, Heard::Yes);
    let gone = get.ask(&anonymous(), GetReview { id: review.id }).await.expect_err("gone");
    assert_eq!(gone.code(), "REVIEW_NOT_FOUND");
    running.stop().await;
}
