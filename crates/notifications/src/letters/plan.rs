//! Which letters there shall be: written with the notifications themselves, as their recipients chose.

use std::collections::HashMap;

use borrowing_events::BorrowEvent;
use event_bus::{Delivery, Recorded};
use kernel::{Event, ReportId, UserId};
use notifications_events::NotificationEvent;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::Duration;
use uuid::Uuid;

use crate::domain::{Channels, Chosen, MailPace, Topic, outdated_by};

/// News that are older, as in a log that is read anew, are in no letter.
const NEWS_FOR: Duration = Duration::days(3);

/// Plans the letters for notifications that have just been written. Where a member wants none of a topic in the inbox, the
/// notification is deleted from the beginning, and keeps what its letter needs.
pub(crate) async fn plan(
    delivery: &mut Delivery<'_>,
    told: &[(&Recorded, NotificationEvent, i64)],
) -> Result<(), sqlx::Error> {
    let now = delivery.now();
    let created: Vec<_> = told
        .iter()
        .filter_map(|(cause, event, _)| match event {
            NotificationEvent::Created(created) => Some((*cause, created, Topic::of_event(&created.kind)?)),
            _ => None,
        })
        .collect();
    let recipients = created.iter().map(|(_, created, _)| created.user_id.uuid()).collect::<Vec<_>>();
    let chosen = chosen_by(delivery.connection(), &recipients).await?;
    let (mut ids, mut notifications, mut users, mut channels, mut kinds) = (vec![], vec![], vec![], vec![], vec![]);
    let (mut hidden, mut without_letter) = (vec![], vec![]);
    for (cause, created, topic) in created {
        let Channels { in_app, mail } = channels_of(chosen.get(&created.user_id.uuid()), topic);
        let mail = if cause.occurred_at < now - NEWS_FOR { MailPace::Off } else { mail };
        if !in_app {
            hidden.push(created.notification_id.uuid());
            without_letter.push(mail == MailPace::Off);
        }
        let channel = match mail {
            MailPace::Off => continue,
            MailPace::AtOnce => "mail",
            MailPace::Daily => "daily",
            MailPace::Weekly => "weekly",
        };
        ids.push(Uuid::now_v7());
        notifications.push(created.notification_id.uuid());
        users.push(created.user_id.uuid());
        channels.push(channel.to_owned());
        kinds.push(created.kind.clone());
    }
    if !ids.is_empty() {
        sqlx::query!(
            "insert into notifications.delivery
                (id, notification_id, user_id, channel, kind, borrow_id, queued_at, next_try_at)
            select d.id, d.notification_id, d.user_id, d.channel, d.kind, (n.data ->> 'borrowId')::uuid, $6, $6
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
                as d (id, notification_id, user_id, channel, kind)
            join notifications.notification n on n.id = d.notification_id",
            &ids,
            &notifications,
            &users,
            &channels,
            &kinds,
            now,
        )
        .execute(delivery.connection())
        .await?;
    }
    if !hidden.is_empty() {
        // Nobody has seen it in another state, so its version stays.
        sqlx::query!(
            "update notifications.notification n set deleted_at = $3,
                facts = case when h.without_letter then null else n.facts end,
                words = case when h.without_letter then null else n.words end,
                words_by = case when h.without_letter then null else n.words_by end,
                data = case when h.without_letter then '{}' else n.data end
            from unnest($1::uuid[], $2::boolean[]) as h (id, without_letter) where n.id = h.id",
            &hidden,
            &without_letter,
            now,
        )
        .execute(delivery.connection())
        .await?;
    }
    Ok(())
}

/// Skips letters that did not go yet and have no purpose any more since these events. To be called when the letters for the
/// events themselves are planned.
pub(crate) async fn skip_outdated(
    delivery: &mut Delivery<'_>,
    events: &[(&Recorded, BorrowEvent)],
) -> Result<(), sqlx::Error> {
    let (mut borrows, mut kinds, mut nths) = (vec![], vec![], vec![]);
    for (nth, (_, event)) in (0_i64..).zip(events) {
        for kind in outdated_by(event.name()) {
            borrows.push(event.parties().borrow_id.uuid());
            kinds.push(kind.to_owned());
            nths.push(nth);
        }
    }
    if borrows.is_empty() {
        return Ok(());
    }
    let causes: Vec<Uuid> = events.iter().map(|(event, _)| event.id.uuid()).collect();
    let now = delivery.now();
    // Of events that are heard together only a later one outdates an earlier one.
    sqlx::query!(
        "update notifications.delivery d set state = 'skipped', reason = 'outdated', settled_at = $5
        from unnest($1::uuid[], $2::text[], $3::bigint[]) as o (borrow_id, kind, nth), notifications.notification n
        where d.state = 'pending' and d.borrow_id = o.borrow_id and d.kind = o.kind and n.id = d.notification_id
            and coalesce(array_position($4::uuid[], n.source_event_id) - 1, -1) < o.nth",
        &borrows,
        &kinds,
        &nths,
        &causes,
        now,
    )
    .execute(delivery.connection())
    .await?;
    Ok(())
}

/// Skips letters to moderators that did not go yet: the report is answered.
pub(crate) async fn skip_answered(delivery: &mut Delivery<'_>, report: ReportId) -> Result<(), sqlx::Error> {
    let now = delivery.now();
    sqlx::query!(
        "update notifications.delivery d set state = 'skipped', reason = 'outdated', settled_at = $2
        from notifications.notification n
        where d.state = 'pending' and d.kind = 'user.reported' and n.id = d.notification_id
            and n.facts ->> 'report' = $1",
        report.to_string(),
        now,
    )
    .execute(delivery.connection())
    .await?;
    Ok(())
}

/// What a member chose goes with them, and so do their letters, also the facts of those that were in no inbox.
pub(crate) async fn forget(connection: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from notifications.delivery where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!("delete from notifications.preference where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "update notifications.notification set facts = null, words = null, words_by = null, data = '{}'
        where user_id = $1 and deleted_at is not null and facts is not null",
        user.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) fn channels_of(chosen: Option<&Chosen>, topic: Topic) -> Channels {
    chosen.and_then(|chosen| chosen.get(&topic)).copied().unwrap_or_else(|| topic.by_default())
}

async fn chosen_by(connection: &mut PgConnection, users: &[Uuid]) -> Result<HashMap<Uuid, Chosen>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select user_id, chosen as "chosen: Json<Chosen>" from notifications.preference where user_id = any($1)"#,
        users,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.chosen.0)).collect())
}
