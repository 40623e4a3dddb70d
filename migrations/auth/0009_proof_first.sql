-- Where an address is proved before the first session, an account is opened by whoever follows the letter. Until then there
-- is only what they asked for.
create table registration (
    -- The key by which addresses are compared.
    address text primary key,
    -- As it was typed.
    email text not null,
    name text not null,
    language text,
    asked_at timestamptz not null
);
create index registration_age on registration (asked_at);

create table registration_token (
    hash bytea primary key,
    address text not null references registration (address) on delete cascade,
    -- As it was asked for when the letter was sent: another spelling that is asked for later may be another's mailbox.
    email text not null,
    name text not null,
    language text,
    expires_at timestamptz not null
);
create index registration_token_of_address on registration_token (address);
create index registration_token_expiry on registration_token (expires_at);

-- How many letters of a kind went to an address, for all replicas. Gone a day after the last one.
create table letter_sent (
    address text not null,
    kind text not null,
    last_at timestamptz not null,
    -- The first of those that are counted.
    since timestamptz not null,
    count integer not null,
    primary key (address, kind)
);
create index letter_sent_age on letter_sent (last_at);
