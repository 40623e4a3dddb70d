-- Who is told of a dispute because they may settle it: users tells each member's role. Roles given before this column was
-- there come in when the subscription `notifications` is replayed.

alter table member add column role text not null default 'user';
create index member_moderators on member (id) where role in ('moderator', 'admin') and deleted_at is null;
