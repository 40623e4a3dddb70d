-- What members write about books. Runs as folkshelf_reviews.

create table review (
    id uuid primary key,
    book_id uuid not null,
    author_id uuid not null,
    text text not null,
    created_at timestamptz not null,
    version bigint not null,
    -- The author left: the text is emptied and the row stays, so that the view knows which document to delete.
    deleted_at timestamptz
);
create index review_author on review (author_id);

create table idempotency_key (
    actor text not null,
    key text not null,
    command text not null,
    request_hash bytea not null,
    answer jsonb not null,
    created_at timestamptz not null,
    -- Where its last event stands in the log, and of which families its events are.
    told_transaction bigint,
    told_position bigint,
    told_families text[],
    primary key (actor, key)
);

-- Nobody else can append these.
select event_bus.publish(array['review.written']);
