-- Who blocks whom, as users tells it. What was taken back stays for a while, so that an older event that comes late does
-- not bring it back.
create table block (
    blocker_id uuid not null,
    blocked_id uuid not null,
    stands boolean not null,
    -- That of the blocker's blocks.
    version bigint not null,
    primary key (blocker_id, blocked_id)
);
create index block_of_blocked on block (blocked_id) where stands;
create index block_taken_back on block (blocker_id, version) where not stands;
