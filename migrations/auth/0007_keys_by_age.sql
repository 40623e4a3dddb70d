-- The sweep takes the oldest answers first.
create index if not exists idempotency_key_by_age on idempotency_key (created_at);
