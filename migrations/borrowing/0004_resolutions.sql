-- What a moderator decided stands beside what the two parties wrote; it used to overwrite their note. The author of each
-- text is stored with it.

alter table borrow
    add column note_by uuid,
    add column resolved_by uuid,
    add column resolved_outcome text check (resolved_outcome in ('returned', 'lost', 'active')),
    add column resolved_note text,
    add column names_authors boolean not null default false;
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

alter table borrow add check ((resolved_at is null) = (resolved_outcome is null));

-- Who writes a note or a finding with its author says so in names_authors, which this takes back. A host of an older version
-- knows one note for both: what it wrote is told from what became of the loan. A later migration, when no such host is left,
-- may drop the trigger and the column.
create function tell_authors() returns trigger
language plpgsql
as $$
begin
    if new.names_authors then
        new.names_authors := false;
    elsif new.resolved_at is distinct from old.resolved_at then
        new.resolved_outcome := case
            when new.resolved_at is null then null
            when new.status in ('returned', 'lost') then new.status
            else 'active'
        end;
        new.resolved_by := null;
        new.resolved_note := new.note;
        new.note := old.note;
        new.note_by := old.note_by;
    elsif new.note is null then
        new.note_by := null;
    elsif new.note is distinct from old.note or new.status is distinct from old.status then
        -- As above; the same words may be another's.
        new.note_by := case when new.status = 'lost' then new.borrower_id else new.owner_id end;
    end if;
    return new;
end $$;
create trigger borrow_authors before update of note, resolved_at on borrow for each row execute function tell_authors();
