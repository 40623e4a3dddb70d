-- Rows that were not taken can be repaired later: what they said is kept, and a repaired one counts as failed no more.

alter table import_error add column row_values jsonb;
alter table import add column repaired integer not null default 0;

-- A member's imports, newest first.
create index import_of_owner_newest on import (owner_id, created_at, id);
drop index import_of_owner;
