-- Letters for notifications. What is to be sent is a row that is written with its notification, one for each channel: neither
-- a replica nor a retry doubles it.
create table delivery (
    id uuid primary key,
    notification_id uuid not null references notification (id),
    user_id uuid not null,
    -- `mail`: a letter of its own. `daily`, `weekly`: in a letter with others.
    channel text not null check (channel in ('mail', 'daily', 'weekly')),
    -- The name of the event that caused it.
    kind text not null,
    -- The borrow: what happens to it next may leave the letter without a purpose.
    borrow_id uuid,
    state text not null default 'pending' check (state in ('pending', 'sent', 'failed', 'skipped')),
    -- Why it was skipped.
    reason text,
    tries integer not null default 0,
    -- What was wrong at the last try.
    error text,
    queued_at timestamptz not null,
    next_try_at timestamptz not null,
    settled_at timestamptz,
    unique (notification_id, channel),
    check ((settled_at is null) = (state = 'pending'))
);
create index delivery_due on delivery (next_try_at) where state = 'pending';
create index delivery_of_borrow on delivery (borrow_id) where state = 'pending';
create index delivery_of_member on delivery (user_id);
create index delivery_settled on delivery (settled_at) where state <> 'pending';

-- What a member chose about notifications: an object of subjects, each with its channels. A subject that is not in it is as
-- nobody chose anything.
create table preference (
    user_id uuid primary key,
    chosen jsonb not null,
    version bigint not null
);
