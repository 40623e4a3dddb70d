-- What keeps members from pestering each other, and what was agreed.
alter table borrow
    -- Extensions that the owner refused: they count as those that were granted.
    add column extensions_refused smallint not null default 0,
    -- The borrower took the request back, or the owner refused it.
    add column turned_down boolean not null default false,
    -- As the book was when the owner agreed: what it becomes later changes nothing of it. Null: nothing was agreed, or by a
    -- host of the version before.
    add column agreed_lending text check (agreed_lending in ('lend', 'give', 'off')),
    add column agreed_title text;
-- How often a member asked another in vain of late.
create index borrow_turned_down on borrow (borrower_id, owner_id, closed_at) where turned_down;
