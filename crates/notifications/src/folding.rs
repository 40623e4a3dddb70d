//! One member cannot fill another's inbox: what they cause there within an hour is folded into the last of it, as long as it
//! is unread. That one says how many it replaces; the others are deleted.

use event_bus::{Delivery, Recorded};
use kernel::UserId;
use notifications_events::{NotificationDeleted, NotificationEvent};
use time::Duration;
use uuid::Uuid;

use crate::domain::{AT_WILL, Telling};

/// What was told longer ago stays as it is.
const WITHIN: Duration = Duration::hours(1);

/// Whose inbox, and who caused what was told.
pub(crate) struct Pair<'e> {
    recipient: Uuid,
    borrower: Uuid,
    cause: &'e Recorded,
}

/// Those whose tellings are folded, each once.
pub(crate) fn pairs<'e>(told: &[(&'e Recorded, &'static str, Telling)]) -> Vec<Pair<'e>> {
    let mut pairs: Vec<Pair<'e>> = Vec::new();
    for (cause, _, Telling { recipient, facts, .. }) in told.iter().filter(|(_, _, told)| told.facts.are_at_will()) {
        let pair = Pair { recipient: recipient.uuid(), borrower: facts.borrower.uuid(), cause };
        if !pairs.iter().any(|known| (known.recipient, known.borrower) == (pair.recipient, pair.borrower)) {
            pairs.push(pair);
        }
    }
    pairs
}

/// To be called when everything that was told is put down.
pub(crate) async fn fold(delivery: &mut Delivery<'_>, pairs: &[Pair<'_>]) -> Result<(), sqlx::Error> {
    if pairs.is_empty() {
        return Ok(());
    }
    let (recipients, borrowers): (Vec<Uuid>, Vec<Uuid>) =
        pairs.iter().map(|pair| (pair.recipient, pair.borrower)).unzip();
    let now = delivery.now();
    let folded = sqlx::query!(
        r#"with unread as materialized (
            select n.id, n.user_id, n.facts,
                row_number() over (pair order by log_transaction desc, log_position desc) = 1 as is_last,
                sum(1 + coalesce((n.facts ->> 'folded')::bigint, 0)) over pair - 1 as others
            from unnest($1::uuid[], $2::uuid[]) as p (recipient, borrower)
            join notifications.notification n on n.user_id = p.recipient and not n.read and n.deleted_at is null
                and n.created_at > $3 and n.facts ->> 'borrower' = p.borrower::text and n.facts ->> 'text' = any($4)
            window pair as (partition by p.recipient, p.borrower)
        ), last as (
            update notifications.notification n set facts = n.facts || jsonb_build_object('folded', unread.others)
            from unread where n.id = unread.id and unread.is_last and unread.others > 0
        )
        update notifications.notification n
        set facts = null, words = null, words_by = null, data = '{}', deleted_at = $5, version = version + 1
        from unread where n.id = unread.id and not unread.is_last and not n.read and n.deleted_at is null
        returning n.id, n.user_id, n.version, unread.facts ->> 'borrower' as "borrower!""#,
        &recipients,
        &borrowers,
        now - WITHIN,
        &AT_WILL.map(str::to_owned),
        now,
    )
    .fetch_all(delivery.connection())
    .await?;
    let deleted: Vec<(&Recorded, NotificationEvent, i64)> = folded
        .into_iter()
        .filter_map(|row| {
            let pair =
                pairs.iter().find(|pair| pair.recipient == row.user_id && pair.borrower.to_string() == row.borrower)?;
            let deleted = NotificationDeleted { notification_id: row.id.into(), user_id: UserId::from(row.user_id) };
            Some((pair.cause, deleted.into(), row.version))
        })
        .collect();
    delivery.append_each(&deleted).await?;
    Ok(())
}
