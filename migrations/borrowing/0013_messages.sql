-- What the two of a borrow write to each other, and a moderator to both from a dispute on (ADR 70).
create table message (
    borrow_id uuid not null references borrow,
    -- From 1, in the order in which they were sent; given under the lock of the borrow.
    number integer not null,
    id uuid not null unique,
    author_id uuid not null,
    -- The author was neither of the two.
    by_moderator boolean not null,
    text text not null,
    sent_at timestamptz not null,
    -- When one of the two who did not write it read it first.
    read_at timestamptz,
    unread_by_owner boolean not null,
    unread_by_borrower boolean not null,
    primary key (borrow_id, number)
);
-- How much a member wrote of late; and all of it, when they leave.
create index message_by_author on message (author_id, sent_at);
create index message_unread on message (borrow_id) where unread_by_owner or unread_by_borrower;

alter table borrow
    -- The number of the last message. 0: there was none, or they are deleted.
    add column last_message integer not null default 0;
-- Whose messages have been kept long enough.
create index borrow_with_messages on borrow (closed_at) where last_message > 0;

select event_bus.publish(array['borrow.message_sent', 'borrow.messages_read']);
