-- Accounts, their sessions, and the mails that lead back to them. Runs as folkshelf_auth.

create table account (
    id uuid primary key,
    -- Trimmed and in small letters. Goes when the member goes: null then, as is the hash.
    email text,
    name text not null,
    -- bcrypt. Null: the member has not chosen a password yet.
    password_hash text,
    verified_at timestamptz,
    created_at timestamptz not null,
    -- What users tells of the member, and the version of the profile that told it.
    role text not null default 'user',
    active boolean not null default true,
    profile_version bigint not null default 0,
    version bigint not null,
    deleted_at timestamptz,
    check ((deleted_at is null) = (email is not null))
);
create unique index account_email on account (email);

-- One signed-in device.
create table session (
    id uuid primary key,
    user_id uuid not null references account (id) on delete cascade,
    -- What the device calls itself.
    device text,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    -- The end whatever happens: refreshing does not move it.
    expires_at timestamptz not null,
    ended_at timestamptz,
    -- Also raised when the account's role, activity or verification changes: the session's document shows them.
    version bigint not null
);
create index session_of_member on session (user_id, created_at desc, id desc);
create index session_expiry on session (expires_at);
create index session_end on session (ended_at) where ended_at is not null;

-- Each is used once. A used one stays as long as its session, so that a second use is noticed.
create table refresh_token (
    -- SHA-256 of the token: whoever reads this table cannot sign in with it.
    hash bytea primary key,
    session_id uuid not null references session (id) on delete cascade,
    created_at timestamptz not null,
    used_at timestamptz
);
create index refresh_token_of_session on refresh_token (session_id);

-- The secret parts of links in mails.
create table mail_token (
    hash bytea primary key,
    user_id uuid not null references account (id) on delete cascade,
    -- 'verify_email' or 'reset_password'
    purpose text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index mail_token_of_member on mail_token (user_id, purpose);
create index mail_token_expiry on mail_token (expires_at);

-- Mails to be sent: who and why. The text, with its token, is made when it is sent, so no token lies here. For an
-- address that nobody has, the mail is dropped then: asking costs the same for known and unknown addresses.
create table mail (
    id uuid primary key,
    -- 'verify_email', 'reset_password' or 'choose_password'
    kind text not null,
    recipient text not null,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null,
    created_at timestamptz not null,
    unique (kind, recipient)
);
create index mail_due on mail (next_attempt_at, id);

create table idempotency_key (
    actor text not null,
    key text not null,
    command text not null,
    request_hash bytea not null,
    answer jsonb not null,
    created_at timestamptz not null,
    primary key (actor, key)
);
