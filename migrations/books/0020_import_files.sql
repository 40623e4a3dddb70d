-- The file of an import, as it was sent, in the file store. Without a foreign key: a row stays until its file is gone.
create table import_file (
    import_id uuid primary key,
    -- Whole in the store. Before that somebody may be writing it.
    stored boolean not null default false,
    created_at timestamptz not null
);
