//! What tests about letters need.

use borrowing_events::{BorrowOverdue, BorrowReturned, Parties, ReturnCondition};
use kernel::{PageRequest, UserId};
use notifications::{DeliveryState, DeliveryView, ListDeliveries, MailPace, Preference, SetPreferences, Topic};
use testkit::{A_SATURDAY, a_user, admin, member};
use time::Duration;

use super::World;

pub async fn deliveries(world: &World, state: Option<DeliveryState>) -> Vec<DeliveryView> {
    let query = ListDeliveries { state, notification: None, page: PageRequest::first(100) };
    world.ask(&admin(a_user()), query).await.expect("a list").items
}

/// The reasons for which letters were skipped.
pub async fn skipped(world: &World) -> Vec<String> {
    let skipped = deliveries(world, Some(DeliveryState::Skipped)).await;
    skipped.into_iter().map(|it| it.reason.expect("a reason")).collect()
}

/// Past the time that a letter waits.
pub fn wait(world: &World) {
    world.clock.advance(Duration::minutes(5));
}

pub async fn choose(world: &World, user: UserId, topic: Topic, in_app: bool, mail: MailPace) {
    let topics = vec![Preference { topic, in_app, mail }];
    world.send(&member(user), SetPreferences { expected_version: None, topics }).await.expect("chosen");
}

pub fn overdue(parties: Parties) -> BorrowOverdue {
    BorrowOverdue { parties, due_at: A_SATURDAY }
}

pub fn returned(parties: Parties) -> BorrowReturned {
    BorrowReturned { parties, condition: ReturnCondition::Ok }
}

pub async fn left_of(world: &World, table: &'static str, user: UserId) -> i64 {
    sqlx::query_scalar(table).bind(user.uuid()).fetch_one(&world.pool).await.expect("a count")
}
