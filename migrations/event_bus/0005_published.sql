-- Whose events are whose. Each context declares its own in its migrations; nobody else can append them then. What nobody has
-- declared may be appended by any context: programs that came before this run on until every context has migrated.

create table published (
    event text primary key,
    role text not null
);

-- To be called by a context's migration, as the context's role: `select event_bus.publish(array['book.created'])`.
create function publish(events text[]) returns void
    language plpgsql security definer set search_path = event_bus, pg_temp as $$
declare
    foreign_event text;
begin
    insert into published (event, role) select unnest(events), session_user on conflict (event) do nothing;
    select event into foreign_event from published where event = any(events) and role <> session_user limit 1;
    if found then
        raise exception 'the event % is not of role %', foreign_event, session_user using errcode = 'insufficient_privilege';
    end if;
end
$$;
revoke execute on function publish from public;
grant execute on function publish to folkshelf_context;

create function refuse_foreign_event() returns trigger
    language plpgsql security definer set search_path = event_bus, pg_temp as $$
begin
    if exists (select from published where event = new.name and role <> session_user) then
        raise exception 'the event % is not of role %', new.name, session_user using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;
create trigger log_knows_whose_events_are_whose before insert on log
    for each row execute function refuse_foreign_event();
