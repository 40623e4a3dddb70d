-- What members tell the moderators about each other (ADR 72).
create table report (
    id uuid primary key,
    reporter_id uuid not null references member (id),
    -- The reported member.
    member_id uuid not null references member (id),
    -- Of the two, in borrowing, where it is about one.
    borrow_id uuid,
    -- A name of the events' ReportReason.
    reason text not null,
    text text not null,
    created_at timestamptz not null,
    closed_at timestamptz,
    is_open boolean not null generated always as (closed_at is null) stored,
    -- A name of the events' ReportOutcome; `left`: the reported member has left, and nobody has to answer.
    outcome text check (outcome in ('answered', 'warned', 'deactivated', 'left')),
    answered_by uuid,
    -- To the reporter, in the words of the moderator. Null again once that one has left.
    answer text,
    -- To the reported member.
    warning text,
    check (reporter_id <> member_id),
    check ((closed_at is null) = (outcome is null)),
    check ((outcome in ('answered', 'warned', 'deactivated')) = (answered_by is not null))
);
-- One about the same at a time.
create unique index report_once on report (reporter_id, member_id, borrow_id) nulls not distinct where is_open;
-- The open ones first. Ids are in the order of time.
create index report_open_first on report (is_open desc, id desc);
-- A member's own, and how many there were of late.
create index report_by_reporter on report (reporter_id, id desc);
create index report_about_member on report (member_id);
create index report_by_moderator on report (answered_by) where answered_by is not null;
-- Which have been kept long enough.
create index report_closed on report (closed_at) where closed_at is not null;

select event_bus.publish(array['user.reported', 'user.report_answered']);
