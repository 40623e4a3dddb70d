-- Imports are taken by member in turn: who had their last turn longest ago is next, and who never had one comes first.
-- Numbers, because hosts have different clocks.
create sequence import_turns;
create table import_turn (
    owner_id uuid primary key,
    nth bigint not null,
    at timestamptz not null
);
create index import_turn_by_age on import_turn (at);

-- Imports that are at their end are forgotten after a while.
create index import_ended on import (updated_at) where status in ('completed', 'failed');
