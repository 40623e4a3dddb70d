-- Mail addresses are compared by a key: NFC before the @, the ASCII form of IDNA behind it (domain/email.rs). `email` stays
-- as it was typed, in small letters: mails go there.

-- Null: not computed yet, or an older account has the key. Such an account is found by its exact spelling alone.
alter table account add column email_key text;

-- The key of an ASCII address is the address. Others are computed by the program (addresses.rs); so are those in Punycode,
-- for which the oldest of the accounts with one key must be found first.
update account set email_key = email where email ~ '^[ -~]+$' and email not like '%xn--%';

-- Serves equality and beginnings.
create unique index account_email_key on account (email_key text_pattern_ops);
create index account_without_key on account (created_at, id) where email_key is null and email is not null;
