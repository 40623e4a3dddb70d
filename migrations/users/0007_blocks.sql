-- Who does not want to meet whom.
create table block (
    blocker_id uuid not null references member (id),
    blocked_id uuid not null references member (id),
    blocked_at timestamptz not null,
    primary key (blocker_id, blocked_id)
);
create index block_newest on block (blocker_id, blocked_at desc, blocked_id desc);
create index block_of_blocked on block (blocked_id);

-- Counts what a member changed of their blocks: the version of their events about it. The profile's version stays.
alter table member add column blocks_version bigint not null default 0;

select event_bus.publish(array['user.blocked', 'user.unblocked']);
