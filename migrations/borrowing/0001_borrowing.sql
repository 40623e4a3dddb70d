-- Copies, borrows and their queue, and what borrowing knows of books and members. Runs as folkshelf_borrowing.

-- What books tells of a book, and what borrowing decides about lending it. Every transition locks this row first.
create table lendable_book (
    book_id uuid primary key,
    -- The book's own; 0 as long as books has told nothing and its deletion was asked for first.
    version bigint not null,
    owner_id uuid,
    title text not null,
    authors text[] not null,
    lending text not null check (lending in ('lend', 'give', 'off')),
    -- Damaged or lost: nobody is put forward until the owner has touched the book again.
    set_aside_at timestamptz,
    withdrawn text check (withdrawn in ('deleting', 'deleted', 'given')),
    withdrawn_at timestamptz,
    check ((withdrawn is null) = (withdrawn_at is null)),
    check (owner_id is not null or withdrawn is not null)
);

-- What users and auth tell of members. Who asks for a copy locks their own row first, so that limits hold.
create table member (
    id uuid primary key,
    -- That of the profile, owned by users; 0 as long as only the registration is known, or not even that.
    version bigint not null,
    name text not null,
    active boolean not null,
    -- They left, or are leaving: they neither lend nor borrow.
    closed_at timestamptz
);

create table borrow (
    id uuid primary key,
    book_id uuid not null references lendable_book,
    owner_id uuid not null,
    borrower_id uuid not null check (borrower_id <> owner_id),
    status text not null check (status in ('pending', 'queued', 'approved', 'active', 'return_pending', 'disputed',
        'returned', 'rejected', 'cancelled', 'expired', 'lost')),
    days smallint not null check (days between 1 and 90),
    message text,
    requested_at timestamptz not null,
    -- With the id the place in the queue; never changed.
    queued_at timestamptz not null,
    approved_at timestamptz,
    pickup_by timestamptz,
    place text,
    hand_over_code text,
    wrong_codes smallint not null default 0,
    handed_over_at timestamptz,
    due_at timestamptz,
    return_declared_at timestamptz,
    returned_at timestamptz,
    closed_at timestamptz,
    closed_reason text,
    condition text check (condition in ('ok', 'damaged')),
    note text,
    extensions smallint not null default 0,
    extension_asked smallint,
    expires_at timestamptz,
    remind_at timestamptz,
    -- Counts the events.
    version bigint not null,
    -- Counts what its view shows, other people's doing included: a name, a title, a place in the queue.
    revision bigint not null default 1
);
-- The last line, should every rule above it fail.
create unique index borrow_one_holder on borrow (book_id)
    where status in ('approved', 'active', 'return_pending', 'disputed');
create unique index borrow_one_open_per_member on borrow (book_id, borrower_id)
    where status in ('pending', 'queued', 'approved', 'active', 'return_pending', 'disputed');
-- A copy's queue.
create index borrow_queue on borrow (book_id, queued_at, id)
    where status in ('pending', 'queued', 'approved', 'active', 'return_pending', 'disputed');
create index borrow_book on borrow (book_id);
-- The lists, newest first.
create index borrow_borrower on borrow (borrower_id, requested_at desc, id desc);
create index borrow_borrower_status on borrow (borrower_id, status, requested_at desc, id desc);
create index borrow_owner on borrow (owner_id, requested_at desc, id desc);
create index borrow_owner_status on borrow (owner_id, status, requested_at desc, id desc);
create index borrow_all on borrow (requested_at desc, id desc);
create index borrow_all_status on borrow (status, requested_at desc, id desc);
create index borrow_due on borrow (due_at, id) where status = 'active';
-- The scheduler's.
create index borrow_expiry on borrow (expires_at, id) where expires_at is not null;
create index borrow_reminder on borrow (remind_at, id) where remind_at is not null;

-- What was said of which due date: each once, whoever looks, how often they look and on how many machines.
create table reminder (
    borrow_id uuid not null references borrow,
    kind text not null check (kind in ('answer', 'due_soon', 'due_today', 'overdue')),
    due_at timestamptz not null,
    sent_at timestamptz not null,
    primary key (borrow_id, kind, due_at)
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
