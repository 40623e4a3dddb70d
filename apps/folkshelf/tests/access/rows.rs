//! What time and trouble would leave.

use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::support::{Host, Person, Place};

/// Parks an event as a subscription does whose handler failed too often; the dead letter's id.
pub async fn park_an_event(place: &Place) -> String {
    let mut connection = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    let id: uuid::Uuid = sqlx::query_scalar(
        "insert into event_bus.dead_letter (id, subscription, event_id, error, attempts, parked_at)
        select gen_random_uuid(), s.name, l.id, 'the mail server is away', 4, now()
        from event_bus.subscription s, event_bus.log l
        where not exists (
            select from event_bus.dead_letter d where d.subscription = s.name and d.event_id = l.id
        )
        limit 1 returning id",
    )
    .fetch_one(&mut connection)
    .await
    .expect("an event to park");
    id.to_string()
}

/// As [`park_an_event`], with a reason that no other dead letter has; the id of its group.
pub async fn park_for_a_reason(place: &Place) -> String {
    let letter = park_an_event(place).await;
    let mut connection = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    let word: String = letter.chars().filter(char::is_ascii_alphabetic).collect();
    sqlx::query_scalar(
        "with parked as (update event_bus.dead_letter set error = $2 where id = $1::uuid returning subscription, event_id)
        select md5(concat_ws(' ', subscription, name, $2)) from parked join event_bus.log l on l.id = parked.event_id",
    )
    .bind(letter)
    .bind(format!("no {word}"))
    .fetch_one(&mut connection)
    .await
    .expect("a group")
}

pub async fn give_a_mail_up(place: &Place) -> String {
    let mut connection = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    let id: uuid::Uuid = sqlx::query_scalar(
        "insert into auth.given_up_mail (id, kind, recipient, address, attempts, error, created_at, given_up_at)
        select id, 'reset_password', id || '@example.org', id || '@example.org', 1, 'refused', now(), now()
        from (select gen_random_uuid() as id) drawn returning id",
    )
    .fetch_one(&mut connection)
    .await
    .expect("a letter");
    id.to_string()
}

/// One of any notification.
pub async fn give_a_delivery_up(place: &Place) -> String {
    let mut connection = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    let id: uuid::Uuid = sqlx::query_scalar(
        "insert into notifications.delivery
            (id, notification_id, user_id, channel, kind, state, tries, error, queued_at, next_try_at, settled_at)
        select gen_random_uuid(), id, user_id, 'weekly', kind, 'failed', 1, 'refused', now(), now(), now()
        from notifications.notification where deleted_at is null order by created_at limit 1
        on conflict (notification_id, channel) do update set state = 'failed', settled_at = now() returning id",
    )
    .fetch_one(&mut connection)
    .await
    .expect("a letter");
    id.to_string()
}

/// The name of a month that was counted.
pub async fn a_month(host: &Host, admin: &Person) -> String {
    admin.post(host, "/admin/jobs/community.count_month/run", json!({})).await.expect(202);
    let months = async || admin.get(host, "/admin/months").await.expect(200).data().clone();
    testkit::eventually("a month is counted", async || months().await[0].is_object()).await;
    months().await[0]["month"].as_str().expect("its name").to_owned()
}
