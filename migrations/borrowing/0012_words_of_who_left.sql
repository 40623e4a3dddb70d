-- Of members who left while an older version ran, some words stayed. As `forget_member` does now.
update borrow set
    note = case when by.id = borrow.note_by then null else borrow.note end,
    place = case when by.id = borrow.owner_id then null else borrow.place end,
    closed_reason = case
        when borrow.status = 'rejected' and by.id = borrow.owner_id then null
        when borrow.status = 'cancelled' and borrow.closed_reason not in ('book_gone', 'book_given', 'member_left') then null
        else borrow.closed_reason
    end,
    revision = revision + 1
from member as by
where by.version = 9223372036854775807 and by.id = borrow.owner_id;
update borrow set
    note = case when by.id = borrow.note_by then null else borrow.note end,
    message = null,
    closed_reason = case
        when borrow.status = 'cancelled' and borrow.closed_reason not in ('book_gone', 'book_given', 'member_left') then null
        else borrow.closed_reason
    end,
    revision = revision + 1
from member as by
where by.version = 9223372036854775807 and by.id = borrow.borrower_id;
update borrow set resolved_note = null, revision = revision + 1
from member as by
where by.version = 9223372036854775807 and by.id = borrow.resolved_by and borrow.resolved_note is not null;
