-- Keys with which programs of a member use the API.

create table api_key (
    id uuid primary key,
    user_id uuid not null references account (id) on delete cascade,
    -- What its member calls it. Empty once the member is deleted.
    name text not null,
    -- SHA-256 of the key. A key is 256 random bits: nobody finds it by trying, so it needs no slow hash.
    hash bytea not null unique,
    -- How the key begins: enough for its member to know it again.
    beginning text not null,
    -- Permissions by name. What the role does not permit at the moment of use, the key does not either.
    scopes text[] not null,
    created_at timestamptz not null,
    -- Null: it lasts until its member ends it.
    expires_at timestamptz,
    ended_at timestamptz,
    -- Written late, and at most once a minute. No index: the row is updated in place.
    last_used_at timestamptz,
    -- Also raised when the role changes: what hosts keep in memory is read again then.
    version bigint not null
);
create index api_key_of_member on api_key (user_id, created_at desc, id desc);
create index api_key_expiry on api_key (expires_at) where expires_at is not null;
create index api_key_end on api_key (ended_at) where ended_at is not null;

select event_bus.publish(array['auth.api_key_created', 'auth.api_key_revoked']);
