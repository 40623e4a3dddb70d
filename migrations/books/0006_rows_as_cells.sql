-- Rows of an upload wait as cells, together with what was recognised of the file: its owner can say what the columns hold and
-- which shelves are owned before anything is on a shelf, and add a row that was left out long after the file is gone.
--
-- Hosts of the version before read `book` of rows and work on imports that are `queued` or `running`. Ours are `ready` and
-- `shelving`, so that they leave them alone; theirs are finished by both.

alter table import
    drop constraint import_status_check,
    add constraint import_status_check check (
        status in ('receiving', 'review', 'ready', 'shelving', 'completed', 'failed', 'queued', 'running')
    ),
    -- Null: of the version before.
    add column layout jsonb,
    -- Rows left out although nothing is wrong with them, but doubles.
    add column skipped integer not null default 0,
    -- Rows that are on the shelf without all they said.
    add column noted integer not null default 0,
    -- Bad rows that a later import of the same member has again.
    add column superseded integer not null default 0,
    -- How many rows were left out for each reason.
    add column left_out jsonb not null default '{}';

drop index import_open;
create index import_open on import (created_at, id)
    where status in ('receiving', 'review', 'ready', 'shelving', 'queued', 'running');

alter table import_row
    alter column book drop not null,
    add column cells text[],
    add constraint import_row_is_read_or_not check ((book is null) <> (cells is null));

-- What was left out of a book that is on the shelf.
create table import_note (
    import_id uuid not null references import on delete cascade,
    nth integer not null,
    row integer not null,
    field text not null,
    message text not null,
    book_id uuid not null,
    row_values jsonb not null,
    primary key (import_id, nth)
);

-- Rows that are on no shelf although nothing is wrong with them.
create table import_left_out (
    import_id uuid not null references import on delete cascade,
    row integer not null,
    reason text not null check (reason in ('already_on_shelf', 'twice_in_file', 'not_owned', 'deleted', 'not_a_book')),
    -- The book that the row equals.
    same_book uuid,
    copies integer not null check (copies between 1 and 50),
    -- Null: the row is no book that could be added.
    book jsonb,
    row_values jsonb not null,
    -- The book that was made of the row when its owner wanted it all the same.
    added uuid,
    primary key (import_id, row)
);

-- Books of the shelf that rows of an import which is under way stand for: each for one row at most.
create table import_book (
    import_id uuid not null references import on delete cascade,
    book_id uuid not null,
    primary key (import_id, book_id)
);

-- Serves doubles on one shelf as before, and a number whose title any shelf can tell.
create index book_by_isbn13 on book (isbn13, owner_id) where isbn13 is not null;
drop index book_by_isbn;
