-- When a moderator last settled a dispute: what was settled can be looked up.

alter table borrow add column resolved_at timestamptz;
create index borrow_resolved on borrow (requested_at desc, id desc) where resolved_at is not null;
