-- Members, and what their roles permit. Runs as folkshelf_users.

create table role (
    name text primary key,
    -- The order in which roles are shown.
    rank smallint not null unique
);

create table role_permission (
    role text not null references role (name) on delete cascade,
    -- A name of kernel's Permission; a test compares.
    permission text not null,
    primary key (role, permission)
);

insert into role (name, rank) values ('user', 1), ('premium', 2), ('moderator', 3), ('admin', 4);
insert into role_permission (role, permission) values
    ('user', 'write:book'), ('user', 'write:borrow'),
    ('premium', 'write:book'), ('premium', 'write:borrow'),
    ('moderator', 'write:book'), ('moderator', 'write:borrow'), ('moderator', 'moderate:book'),
    ('moderator', 'moderate:borrow'), ('moderator', 'read:user'),
    ('admin', 'write:book'), ('admin', 'write:borrow'), ('admin', 'moderate:book'), ('admin', 'moderate:borrow'),
    ('admin', 'read:user'), ('admin', 'write:user'), ('admin', 'delete:user'), ('admin', 'admin');

create table member (
    -- Given by auth.
    id uuid primary key,
    name text not null,
    bio text,
    location text,
    -- BCP 47.
    language text not null default 'en',
    -- IANA.
    time_zone text not null default 'UTC',
    preferences jsonb not null default '{}',
    role text not null default 'user' references role (name),
    -- May sign in, lend and borrow.
    active boolean not null default true,
    verified boolean not null default false,
    created_at timestamptz not null,
    version bigint not null,
    -- Gone: what was personal is emptied; the row keeps a replay from bringing the member back.
    deleted_at timestamptz
);
create index member_newest on member (created_at desc, id desc) where deleted_at is null;
create index member_by_name on member (lower(name), id) where deleted_at is null;
create index member_admins on member (id) where role = 'admin' and active and deleted_at is null;

create table idempotency_key (
    actor text not null,
    key text not null,
    command text not null,
    request_hash bytea not null,
    answer jsonb not null,
    created_at timestamptz not null,
    primary key (actor, key)
);
