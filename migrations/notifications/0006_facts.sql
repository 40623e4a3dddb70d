-- A notification holds facts, and words are made of them when it is read: in its reader's language of that day, with names of
-- that day. The texts that were written when it was told hold names for ever: they go. Hosts of the version before must not run.

alter table notification
    -- What happened, by ids: `Facts` in crates/notifications/src/domain/facts.rs. Null once it is deleted.
    add column facts jsonb,
    -- What a member wrote about it, and who: it goes when they leave.
    add column words text,
    add column words_by uuid;
create index notification_words_by on notification (words_by) where words_by is not null;
-- Counts what is shown of a member.
alter table member add column revision bigint not null default 1;

with cause as materialized (
    select * from event_bus.causes_of_notifications(
        array(select distinct source_event_id from notification where deleted_at is null)
    )
), told as (
    select n.id, c.name, c.payload, c.actor, n.title, b.title as book_now,
        case n.user_id::text when c.payload ->> 'ownerId' then 'owner' when c.payload ->> 'borrowerId' then 'borrower' end
            as side,
        c.payload ->> 'cancelledBy' as cancelled_by
    from notification n
    join cause c on c.id = n.source_event_id
    left join book b on b.id = (c.payload ->> 'bookId')::uuid
    where n.deleted_at is null
), fact as (
    select id, name, payload, book_now, title,
        case name
            when 'borrow.created' then 'asked'
            when 'borrow.queued' then 'queued'
            when 'borrow.promoted' then 'promoted-' || side
            when 'borrow.answer_reminder' then 'unanswered'
            when 'borrow.approved' then 'approved'
            when 'borrow.rejected' then 'rejected'
            when 'borrow.cancelled' then case
                when cancelled_by is null then 'cancelled-' || side
                when cancelled_by = payload ->> 'ownerId' then 'cancelled-by-owner'
                else 'cancelled-by-borrower' end
            when 'borrow.expired' then
                case when (payload ->> 'held')::boolean then 'expired-held-' else 'expired-unanswered-' end || side
            when 'borrow.handed_over' then case when payload ->> 'dueAt' is null then 'given-' else 'lent-' end || side
            when 'borrow.extension_requested' then 'extension-asked'
            when 'borrow.extension_refused' then 'extension-refused'
            when 'borrow.extended' then 'extended-' || side
            when 'borrow.due_soon' then 'due-soon'
            when 'borrow.due_today' then 'due-today'
            when 'borrow.overdue' then 'overdue-' || side
            when 'borrow.return_declared' then 'return-declared'
            when 'borrow.returned' then
                case payload ->> 'condition' when 'damaged' then 'returned-damaged' else 'returned' end
            when 'borrow.lost' then 'lost-' || side
            when 'borrow.disputed' then case
                when side is null then 'disputed-moderator'
                when payload ->> 'raisedBy' = payload ->> 'ownerId' then 'disputed-not-back'
                else 'disputed' end
            when 'borrow.resolved' then 'resolved-' || (payload ->> 'outcome')
        end as text,
        case when name = 'borrow.cancelled' and cancelled_by is null
                and payload ->> 'reason' in ('book_gone', 'book_given', 'member_left')
            then payload ->> 'reason' end as because,
        case
            when name = 'borrow.approved' then 'place'
            when name in ('borrow.rejected', 'borrow.extension_refused') then 'reason'
            when name = 'borrow.cancelled' and cancelled_by is not null then 'reason'
            when name = 'borrow.resolved' then 'note'
        end as words_are,
        case
            when name = 'borrow.cancelled' then cancelled_by
            when name = 'borrow.resolved' then case actor ->> 'kind' when 'user' then actor ->> 'id' end
            else payload ->> 'ownerId'
        end as author
    from told
), spoken as (
    select *, nullif(payload ->> words_are, '') as words from fact
)
update notification set
    facts = jsonb_strip_nulls(jsonb_build_object(
        'text', spoken.text, 'owner', payload -> 'ownerId', 'borrower', payload -> 'borrowerId',
        -- As the text had it, between its quotation marks.
        'book', coalesce(translate(substring(spoken.title from '[“«]\u00a0?(.*[^\u00a0])\u00a0?[”»]'), e'\u2068\u2069', ''),
            book_now),
        'days', payload -> 'days', 'date', coalesce(payload -> 'pickupBy', payload -> 'dueAt'), 'because', because,
        'wordsAre', case when spoken.words is not null then words_are end
    )),
    words = case when author.deleted_at is null then spoken.words end,
    words_by = case when spoken.words is not null then spoken.author::uuid end
from spoken left join member author on author.id = spoken.author::uuid
where notification.id = spoken.id and spoken.text is not null;

-- Of these nobody knows any more what they were about.
update notification set data = '{}', deleted_at = now(), version = version + 1 where facts is null and deleted_at is null;

alter table notification drop column title, drop column body,
    add check (facts is not null or deleted_at is not null);
