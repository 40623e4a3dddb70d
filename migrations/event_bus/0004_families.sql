-- What each subscription consumes, so that every process knows whom its commands wait for. Null where a program that
-- came before families declared it: it is waited for whatever was told.

alter table subscription
    -- Families of events: `books`.
    add column consumes text[],
    -- Its effect is elsewhere than in PostgreSQL.
    add column projects boolean;
