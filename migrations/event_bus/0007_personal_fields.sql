-- Personal fields of events (a name, what a member wrote) stand beside the log and not in it, each row with the member whose
-- they are. When that member is gone their rows are deleted, and no event is touched. ADR 50.

alter table log
    -- Fields of the payload stand in personal_field. No writer may choose it.
    add column personal boolean not null default false;

create table personal_field (
    -- Of the log. No foreign key: its check would lock the row, which takes the right to update that nobody has.
    event_id uuid primary key,
    member_id uuid not null,
    -- What belongs into the payload.
    fields jsonb not null
);
create index personal_field_by_member on personal_field (member_id);

alter table published
    -- Fields of the payload that are personal.
    add column personal text[],
    -- Whose they are: '@aggregate' and '@actor' of the event, or the field of the payload that names the member. Where it
    -- names nobody, nothing is personal.
    add column personal_of text,
    -- Tells that the member it is about is gone.
    add column forgets boolean not null default false;

-- The member whose personal fields an event holds.
create function member_of(personal_of text, aggregate_id uuid, actor jsonb, payload jsonb) returns uuid
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select case personal_of
        when '@aggregate' then aggregate_id
        when '@actor' then case actor ->> 'kind' when 'user' then (actor ->> 'id')::uuid end
        else (payload ->> personal_of)::uuid
    end
$$;

-- Those of the fields that say something.
create function personal_of(payload jsonb, names text[]) returns jsonb
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select jsonb_object_agg(key, value) from jsonb_each(payload)
    where key = any(names) and jsonb_typeof(value) = 'string' and value <> '""'
$$;

create function is_gone(member uuid) returns boolean
    language sql stable set search_path = event_bus, pg_temp as $$
    select exists (
        select from log where aggregate_id = member and name in (select event from published where forgets)
    )
$$;

-- An event is its own context's, and its personal fields are set apart. Whoever appends personal fields and whoever tells
-- that their member is gone take turns, so that nothing comes in behind the deletion.
create function admit_event() returns trigger
    language plpgsql security definer set search_path = event_bus, pg_temp as $$
declare
    known published%rowtype;
    member uuid;
    personal jsonb;
begin
    select * into known from published where event = new.name;
    if known.role <> session_user then
        raise exception 'the event % is not of role %', new.name, session_user using errcode = 'insufficient_privilege';
    end if;
    if known.forgets then
        perform pg_advisory_xact_lock(7467, hashtext(new.aggregate_id::text));
        delete from personal_field where member_id = new.aggregate_id;
    elsif new.payload ?| known.personal then
        member := member_of(known.personal_of, new.aggregate_id, new.actor, new.payload);
        personal := personal_of(new.payload, known.personal);
        if member is not null and personal is not null then
            new.payload := new.payload - known.personal;
            new.personal := true;
            perform pg_advisory_xact_lock_shared(7467, hashtext(member::text));
            if not is_gone(member) then
                insert into personal_field (event_id, member_id, fields) values (new.id, member, personal);
            end if;
        end if;
    end if;
    return new;
end
$$;
drop trigger log_knows_whose_events_are_whose on log;
drop function refuse_foreign_event;
create trigger log_admits_event before insert on log for each row execute function admit_event();

-- To be called by a context's migration, behind `publish`. What the log has of this event already is set apart too. That is
-- the only change that anybody makes to the log: once for an event, and all that it takes away stands beside it.
create function declare_personal(event_name text, names text[], whose text) returns void
    language plpgsql security definer set search_path = event_bus, pg_temp as $$
begin
    update published set personal = names, personal_of = whose
    where event = event_name and role = session_user and personal is null;
    if not found then
        raise exception 'the event % is not of role %, or was declared before', event_name, session_user
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

-- As above, for the event that tells that the member it is about is gone.
create function declare_forgetting(event_name text) returns void
    language plpgsql security definer set search_path = event_bus, pg_temp as $$
begin
    update published set forgets = true where event = event_name and role = session_user;
    if not found then
        raise exception 'the event % is not of role %', event_name, session_user using errcode = 'insufficient_privilege';
    end if;
    delete from personal_field where member_id in (select aggregate_id from log where name = event_name);
end
$$;
revoke execute on function declare_personal, declare_forgetting, member_of, personal_of, is_gone from public;
grant execute on function declare_personal, declare_forgetting to folkshelf_context;

create or replace function causes_of_notifications(events uuid[])
    returns table (id uuid, name text, payload jsonb, actor jsonb)
    language sql stable security definer set search_path = event_bus, pg_temp as $$
    select log.id, log.name, log.payload || coalesce(personal_field.fields, '{}'), log.actor
    from log left join personal_field on personal_field.event_id = log.id
    where log.id = any(events) and log.name like 'borrow.%'
        and pg_has_role(session_user, 'folkshelf_notifications', 'usage')
$$;
