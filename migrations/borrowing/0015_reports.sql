-- Borrows that one of the two has reported to the moderators, as users tells it: moderators read and write their messages
-- while the report is open, and for two weeks after its answer (ADR 72).
create table report (
    id uuid primary key,
    borrow_id uuid not null references borrow,
    answered_at timestamptz
);
create index report_of_borrow on report (borrow_id);
create index report_answered on report (answered_at) where answered_at is not null;
