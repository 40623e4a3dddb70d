-- Books and what is shown of them, what books knows of members and of borrows, and imports on their way.
-- Runs as folkshelf_books, whose search_path is this schema.

-- What users and auth have told of each member.
create table member (
    id uuid primary key,
    name text not null,
    active boolean not null,
    -- Kept after the member is gone, so that an event that comes late does not bring them back.
    deleted boolean not null default false,
    -- Of the aggregate `user` in users; 0 while only the registration is known.
    version bigint not null
);

create table book (
    id uuid primary key,
    owner_id uuid not null,
    title text not null,
    title_sort text collate "C" not null,
    -- Title and first author, folded and hashed: see domain/keys.rs.
    shelf_key bytea not null,
    authors text[] not null check (cardinality(authors) between 1 and 50),
    author_words text[] not null,
    isbn13 text,
    isbn10 text,
    published_year smallint,
    language text,
    categories text[] not null check (cardinality(categories) <= 20),
    category_keys text[] not null,
    description text,
    condition text check (condition in ('new', 'like_new', 'good', 'fair', 'poor')),
    notes text,
    lending text not null check (lending in ('lend', 'give', 'off')),
    -- Copied from member, so that one index serves what lists show.
    owner_active boolean not null default true,
    -- What follows from the borrows in availability; null: nobody holds it.
    held_by_borrow uuid,
    holding text check (holding in ('reserved', 'on_loan', 'lost')),
    -- Set before borrowing is asked to let the book go: a deletion that a crash cut short is finished by the sweeper.
    deletion_requested_at timestamptz,
    deletion_requested_by uuid,
    version bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    status text not null generated always as (
        coalesce(holding, case when lending = 'off' or not owner_active then 'withdrawn' else 'available' end)
    ) stored,
    available boolean not null generated always as (holding is null and lending <> 'off' and owner_active) stored,
    check ((holding is null) = (held_by_borrow is null))
);

-- What lists show, in every order they have. Ties are broken by id, as in Redis.
create index book_newest on book (created_at, id) where owner_active;
create index book_newest_available on book (created_at, id) where available;
create index book_of_owner on book (owner_id, created_at, id) where owner_active;
create index book_in_language on book (language, created_at, id) where owner_active;
create index book_by_title on book (title_sort, id) where owner_active;
create index book_by_year on book ((coalesce(published_year, '-32768'::smallint)), id) where owner_active;
create index book_by_category on book using gin (category_keys);
create index book_by_author on book using gin (author_words);
-- Duplicates on one shelf.
create index book_by_shelf_key on book (owner_id, shelf_key);
create index book_by_isbn on book (owner_id, isbn13) where isbn13 is not null;
create index book_to_delete on book (deletion_requested_at) where deletion_requested_at is not null;

-- The last word of each borrow that got the copy. No foreign key: events may come after the book is gone.
create table availability (
    borrow_id uuid primary key,
    book_id uuid not null,
    state text not null check (state in ('reserved', 'on_loan', 'lost', 'released')),
    -- Of the aggregate `borrow`: an event that is not newer has been applied already.
    version bigint not null
);
create index availability_of_book on availability (book_id);

create table import (
    id uuid primary key,
    owner_id uuid not null,
    status text not null check (status in ('receiving', 'queued', 'running', 'completed', 'failed')),
    total integer not null default 0,
    imported integer not null default 0,
    duplicates integer not null default 0,
    failed integer not null default 0,
    -- How often a batch failed although the database was there.
    attempts integer not null default 0,
    -- The last event appended for it: completed means that the views have come as far.
    last_transaction bigint,
    last_sequence bigint,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index import_of_owner on import (owner_id);
create index import_open on import (created_at, id) where status in ('receiving', 'queued', 'running');

-- Rows that are read and checked but not on the shelf yet.
create table import_row (
    import_id uuid not null references import on delete cascade,
    row integer not null,
    book jsonb not null,
    primary key (import_id, row)
);

create table import_error (
    import_id uuid not null references import on delete cascade,
    nth integer not null,
    row integer not null,
    field text not null,
    message text not null,
    primary key (import_id, nth)
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
create index idempotency_key_by_age on idempotency_key (created_at);
