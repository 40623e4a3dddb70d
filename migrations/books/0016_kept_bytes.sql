-- Bytes of what rows of an import said, as far as that is kept: it has a bound.
alter table import add column kept_bytes bigint not null default 0;
