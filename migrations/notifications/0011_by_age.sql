-- The job that forgets old notifications takes the oldest first.
create index if not exists notification_by_age on notification (created_at, id) where deleted_at is null;
