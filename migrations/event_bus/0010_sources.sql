-- Contexts whose events are another database's. This log imports them from their owner, and nobody appends them here. ADR 77.

create table source (
    context text primary key,
    -- The cursor: the last event that was imported. An id, because positions belong to a server.
    last_event uuid,
    -- Where that event stands in its owner's log …
    transaction_id bigint,
    position bigint,
    -- … and in ours.
    local_transaction xid8,
    local_position bigint,
    -- One importer across all processes, as for subscriptions.
    lease_holder uuid,
    lease_until timestamptz,
    -- When the owner last answered, and when there was nothing more to import, or the import began.
    heard_at timestamptz,
    level_at timestamptz not null default now(),
    -- What is wrong now, and since when.
    last_error text,
    last_error_at timestamptz
);
-- Giving a context up is for whoever runs; taking one back is for whoever owns the database (see below).
revoke insert, update, delete on source from folkshelf_event_bus;
grant update (last_event, transaction_id, position, local_transaction, local_position, lease_holder, lease_until,
    heard_at, level_at, last_error, last_error_at) on source to folkshelf_event_bus;

-- From now on the events of this context are another database's. Returns when nobody here can append one any more: it
-- waits for open transactions, since one of them may have appended. To have the context here again, the database's owner
-- deletes the row, once the other database has given the context up.
create function import_from_elsewhere(of_context text) returns void
    -- Whoever wants to append waits behind it.
    language plpgsql security definer set search_path = event_bus, pg_temp set lock_timeout = '2s' as $$
begin
    if exists (select from source where context = of_context) then
        return;
    end if;
    if not exists (select from published where role = 'folkshelf_' || of_context) then
        raise exception '% publishes no events', of_context using errcode = 'invalid_parameter_value';
    end if;
    lock table log in share row exclusive mode;
    insert into source (context) values (of_context) on conflict do nothing;
end
$$;
revoke execute on function import_from_elsewhere from public;
grant execute on function import_from_elsewhere to folkshelf_event_bus;

-- As in 0007, and: the events of a source are appended by the importer alone, and the importer appends no others. An event
-- that is imported a second time has its personal fields already.
create or replace function admit_event() returns trigger
    language plpgsql security definer set search_path = event_bus, pg_temp as $$
declare
    known published%rowtype;
    member uuid;
    personal jsonb;
begin
    select * into known from published where event = new.name;
    if exists (select from source where 'folkshelf_' || context = known.role) then
        if session_user <> 'folkshelf_event_bus' then
            raise exception 'the event % is of another database', new.name using errcode = 'insufficient_privilege';
        end if;
    elsif known.role <> session_user or session_user = 'folkshelf_event_bus' then
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
                insert into personal_field (event_id, member_id, fields) values (new.id, member, personal)
                on conflict (event_id) do nothing;
            end if;
        end if;
    end if;
    return new;
end
$$;

-- The importer chooses neither position nor transaction, as contexts do not.
revoke insert on log from folkshelf_event_bus;
grant insert (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, trace, occurred_at)
    on log to folkshelf_event_bus;
