-- `counted`: whether it is one of the letters that its address gets a day. `error`: what was wrong at the last try.
alter table mail add column counted boolean not null default false, add column error text;
update mail set counted = attempts > 0;

-- Mails that were given up: of each kind the newest to an address. They can be tried again, and go after two weeks.
create table given_up_mail (
    id uuid primary key,
    kind text not null,
    recipient text not null,
    -- The key of the address by which addresses are compared.
    address text not null,
    attempts integer not null,
    error text not null,
    created_at timestamptz not null,
    given_up_at timestamptz not null,
    unique (kind, recipient)
);
create index given_up_mail_age on given_up_mail (given_up_at);
