-- Tables belong to roles that nobody logs in as: migrations run as folkshelf_<schema>_owner, and speak for folkshelf_<schema>.
create or replace function publish(events text[]) returns void
    language plpgsql security definer set search_path = event_bus, pg_temp as $$
declare
    -- What `set role` says, which a definer's function leaves as it is: nobody takes a role that they are not a member of.
    taken text := current_setting('role');
    publisher text := case taken when 'none' then session_user::text else regexp_replace(taken, '_owner$', '') end;
    foreign_event text;
begin
    insert into published (event, role) select unnest(events), publisher on conflict (event) do nothing;
    select event into foreign_event from published where event = any(events) and role <> publisher limit 1;
    if found then
        raise exception 'the event % is not of role %', foreign_event, publisher using errcode = 'insufficient_privilege';
    end if;
end
$$;
