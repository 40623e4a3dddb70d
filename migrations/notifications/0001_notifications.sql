-- Inboxes, and what their texts need to know of members and books. Runs as folkshelf_notifications.

create table notification (
    id uuid primary key,
    user_id uuid not null,
    -- The name of the event that caused it.
    kind text not null,
    title text not null,
    body text not null,
    data jsonb not null,
    read_at timestamptz,
    read boolean not null generated always as (read_at is not null) stored,
    created_at timestamptz not null,
    source_event_id uuid not null,
    -- Where its notification.created stands in the log: the order in which a stream shows it.
    log_transaction bigint not null,
    log_position bigint not null,
    version bigint not null,
    -- Deleted: the text is emptied and the row stays, so that a replay of the log does not tell it again.
    deleted_at timestamptz,
    -- Each is told once of each event.
    unique (user_id, source_event_id)
);
create index notification_inbox on notification (user_id, created_at desc, id desc) where deleted_at is null;
create index notification_inbox_by_read on notification (user_id, read, created_at desc, id desc)
    where deleted_at is null;
create index notification_stream on notification (user_id, log_transaction, log_position) where deleted_at is null;

-- What users and auth tell of members.
create table member (
    id uuid primary key,
    name text not null,
    language text not null,
    -- That of the profile, owned by users; 0 as long as only the registration is known.
    version bigint not null,
    -- Gone: nothing is told to them any more, whatever is replayed.
    deleted_at timestamptz
);

-- What books tells of books.
create table book (
    id uuid primary key,
    title text not null,
    owner uuid not null,
    version bigint not null
);

create table idempotency_key (
    actor text not null,
    key text not null,
    command text not null,
    request_hash bytea not null,
    answer jsonb not null,
    created_at timestamptz not null,
    primary key (actor, key)
);
