-- What was told when a key's answer was given first: who asks again waits for the same views. Null where nothing was told,
-- or where an older program answered.

alter table idempotency_key
    add column told_transaction bigint,
    add column told_position bigint,
    -- Families of events.
    add column told_families text[];
