-- The secret address from which a member's calendar fetches their days; of its token the hash is kept.
create table calendar_feed (
    member_id uuid primary key,
    token_hash bytea not null unique,
    created_at timestamptz not null
);
