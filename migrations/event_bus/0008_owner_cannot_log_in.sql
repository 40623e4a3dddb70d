-- Tables belong to roles that nobody logs in as: migrations run as folkshelf_<schema>_owner, and speak for folkshelf_<schema>.

-- For whom a migration speaks: what `set role` says, which a definer's function leaves as it is. Nobody takes a role that they
-- are not a member of, and nobody who logs in is a member of an owner: at run time nothing is declared.
create function spoken_for() returns text
    language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    taken text := current_setting('role');
begin
    if taken !~ '^folkshelf_[a-z_]+_owner$' then
        raise exception 'migrations declare events, and % is no owner of tables', session_user
            using errcode = 'insufficient_privilege';
    end if;
    return left(taken, -length('_owner'));
end
$$;
revoke execute on function spoken_for from public;

create or replace function publish(events text[]) returns void
    language plpgsql security definer set search_path = event_bus, pg_temp as $$
declare
    foreign_event text;
begin
    insert into published (event, role) select unnest(events), spoken_for() on conflict (event) do nothing;
    select event into foreign_event from published where event = any(events) and role <> spoken_for() limit 1;
    if found then
        raise exception 'the event % is not of role %', foreign_event, spoken_for() using errcode = 'insufficient_privilege';
    end if;
end
$$;

create or replace function declare_personal(event_name text, names text[], whose text) returns void
    language plpgsql security definer set search_path = event_bus, pg_temp as $$
begin
    update published set personal = names, personal_of = whose
    where event = event_name and role = spoken_for() and personal is null;
    if not found then
        raise exception 'the event % is not of role %, or was declared before', event_name, spoken_for()
            using errcode = 'insufficient_privilege';
    end if;
    -- Nobody has this right but inside this transaction.
    execute format('grant update (payload, personal) on log to %I', current_user);
    alter table log disable trigger log_is_append_only;
    with apart as (
        select log.id, member_of(whose, log.aggregate_id, log.actor, log.payload) as member,
            personal_of(log.payload, names) as fields
        from log where log.name = event_name
    ), changed as (
        update log set payload = payload - names, personal = true from apart
        where log.id = apart.id and apart.member is not null and apart.fields is not null
        returning log.id, apart.member, apart.fields
    )
    insert into personal_field (event_id, member_id, fields)
    select changed.id, changed.member, changed.fields from changed where not is_gone(changed.member);
    alter table log enable trigger log_is_append_only;
    execute format('revoke update (payload, personal) on log from %I', current_user);
end
$$;

create or replace function declare_forgetting(event_name text) returns void
    language plpgsql security definer set search_path = event_bus, pg_temp as $$
begin
    update published set forgets = true where event = event_name and role = spoken_for();
    if not found then
        raise exception 'the event % is not of role %', event_name, spoken_for() using errcode = 'insufficient_privilege';
    end if;
    delete from personal_field where member_id in (select aggregate_id from log where name = event_name);
end
$$;

-- Only the functions above and the trigger write these.
revoke insert, update, delete on published, personal_field from folkshelf_event_bus;
