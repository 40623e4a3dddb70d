-- What notifications were about, for the migration that makes facts of their texts: it has their events' ids and may not read
-- the log. A later migration may drop it.

create function causes_of_notifications(events uuid[]) returns table (id uuid, name text, payload jsonb, actor jsonb)
    language sql stable security definer set search_path = event_bus, pg_temp as $$
    select log.id, log.name, log.payload, log.actor from log
    where log.id = any(events) and log.name like 'borrow.%'
        and pg_has_role(session_user, 'folkshelf_notifications', 'usage')
$$;
revoke execute on function causes_of_notifications from public;
grant execute on function causes_of_notifications to folkshelf_context;
