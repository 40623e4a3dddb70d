-- What a moderator decided stands beside what the two parties wrote; it used to overwrite their note. The author of each
-- text is stored with it.

alter table borrow
    add column note_by uuid,
    add column resolved_by uuid,
    add column resolved_outcome text check (resolved_outcome in ('returned', 'lost', 'active')),
    add column resolved_note text;
create index borrow_resolved_by on borrow (resolved_by) where resolved_by is not null;

-- A settlement that closed the loan closed it at the same moment. Any other one let the loan go on.
update borrow set
    resolved_outcome = case
        when status in ('returned', 'lost') and closed_at = resolved_at then status
        else 'active'
    end,
    revision = revision + 1
where resolved_at is not null;

-- The note is the finding, unless a later return or loss may have overwritten it. Who decided is not known any more.
update borrow set resolved_note = note, note = null
where resolved_at is not null and (closed_at is null or closed_at = resolved_at);

-- Only owners confirm a return; a borrower reports a loss that ends the loan, an owner one that opens a dispute.
update borrow set
    note_by = case when status = 'lost' then borrower_id else owner_id end,
    revision = revision + 1
where note is not null;
