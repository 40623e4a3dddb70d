//! One member cannot fill another's inbox. What they cause there within an hour is folded into the last of it, and so are the
//! messages of one conversation, however old: as long as it is unread. That one says how many it replaces; the others are
//! deleted.

use event_bus::{Delivery, Recorded};
use kernel::UserId;
use notifications_events::{NotificationDeleted, NotificationEvent};
use time::Duration;
use uuid::Uuid;

use crate::domain::{AT_WILL, Telling};

/// What was told longer ago stays as it is.
const WITHIN: Duration = Duration::hours(1);

/// Whose inbox, and what is one entry of it.
pub(crate) struct Group<'e> {
    recipient: Uuid,
    /// The borrower who causes what they like, or the borrow of a conversation.
    about: Uuid,
    of_a_conversation: bool,
    cause: &'e Recorded,
}

/// Those whose tellings are folded, each once.
pub(crate) fn groups<'e>(told: &[(&'e Recorded, &'static str, Telling)]) -> Vec<Group<'e>> {
    let mut groups: Vec<Group<'e>> = Vec::new();
    for (cause, _, Telling { recipient, facts, data, .. }) in told {
        let about = match data.borrow_id {
            Some(borrow) if facts.are_of_a_conversation() => borrow.uuid(),
            _ if facts.are_at_will() => facts.borrower.uuid(),
            _ => continue,
        };
        let (recipient, of_a_conversation) = (recipient.uuid(), facts.are_of_a_conversation());
        if !groups.iter().any(|known| (known.recipient, known.about) == (recipient, about)) {
            groups.push(Group { recipient, about, of_a_conversation, cause });
        }
    }
    groups
}

/// To be called when everything that was told is put down.
pub(crate) async fn fold(delivery: &mut Delivery<'_>, groups: &[Group<'_>]) -> Result<(), sqlx::Error> {
    if groups.is_empty() {
        return Ok(());
    }
    let recipients: Vec<Uuid> = groups.iter().map(|group| group.recipient).collect();
    let about: Vec<Uuid> = groups.iter().map(|group| group.about).collect();
    let conversations: Vec<bool> = groups.iter().map(|group| group.of_a_conversation).collect();
    let now = delivery.now();
    let folded = sqlx::query!(
        r#"with unread as materialized (
            select n.id, n.facts, g.about,
                row_number() over (entry order by log_transaction desc, log_position desc) = 1 as is_last,
                sum(1 + coalesce((n.facts ->> 'folded')::bigint, 0)) over entry - 1 as others
            from unnest($1::uuid[], $2::uuid[], $6::boolean[]) as g (recipient, about, of_a_conversation)
            join notifications.notification n on n.user_id = g.recipient and not n.read and n.deleted_at is null
                and case when g.of_a_conversation
                    then n.facts ->> 'message' is not null and n.data ->> 'borrowId' = g.about::text
                    else n.created_at > $3 and n.facts ->> 'borrower' = g.about::text and n.facts ->> 'text' = any($4)
                end
            window entry as (partition by g.recipient, g.about)
        ), last as (
            update notifications.notification n set facts = n.facts || jsonb_build_object('folded', unread.others)
            from unread where n.id = unread.id and unread.is_last and unread.others > 0
        )
        update notifications.notification n
        set facts = null, words = null, words_by = null, data = '{}', deleted_at = $5, version = version + 1
        from unread where n.id = unread.id and not unread.is_last and not n.read and n.deleted_at is null
        returning n.id, n.user_id, n.version, unread.about as "about!""#,
        &recipients,
        &about,
        now - WITHIN,
        &AT_WILL.map(str::to_owned),
        now,
        &conversations,
    )
    .fetch_all(delivery.connection())
    .await?;
    let deleted: Vec<(&Recorded, NotificationEvent, i64)> = folded
        .into_iter()
        .filter_map(|row| {
            let group = groups.iter().find(|group| (group.recipient, group.about) == (row.user_id, row.about))?;
            let deleted = NotificationDeleted { notification_id: row.id.into(), user_id: UserId::from(row.user_id) };
            Some((group.cause, deleted.into(), row.version))
        })
        .collect();
    delivery.append_each(&deleted).await?;
    Ok(())
}
