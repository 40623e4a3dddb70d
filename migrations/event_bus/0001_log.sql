-- The event log, the subscriptions that read it, and what they could not handle.
-- Runs as folkshelf_event_bus, whose search_path is this schema. Every context's role is a member of folkshelf_context.

create table log (
    position bigint generated always as identity,
    -- The order of visibility: see crates/event-bus/src/log.rs.
    transaction_id xid8 not null default pg_current_xact_id(),
    id uuid not null unique,
    name text not null,
    version smallint not null,
    aggregate_type text not null,
    aggregate_id uuid not null,
    aggregate_version bigint not null,
    payload jsonb not null,
    actor jsonb not null,
    trace text,
    occurred_at timestamptz not null,
    primary key (transaction_id, position)
);
create index log_by_aggregate on log (aggregate_type, aggregate_id, transaction_id, position);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the event log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger log_is_append_only before update or delete or truncate on log
    for each statement execute function refuse_change();
revoke update, delete, truncate on log from folkshelf_event_bus;

-- Within one aggregate the log's order must be the order of its changes. A transaction that drew its id first but
-- changed the aggregate second would come first in the log: it is told to start over, with a new id.
create function keep_aggregate_order() returns trigger
    language plpgsql security definer set search_path = event_bus, pg_temp as $$
begin
    if exists (select 1 from log
        where aggregate_type = new.aggregate_type and aggregate_id = new.aggregate_id
            and transaction_id > new.transaction_id)
    then
        raise exception 'a later transaction has already told of % %', new.aggregate_type, new.aggregate_id
            using errcode = 'serialization_failure';
    end if;
    return new;
end
$$;
create trigger log_keeps_aggregate_order before insert on log
    for each row execute function keep_aggregate_order();

create function wake_subscriptions() returns trigger language plpgsql as $$
begin
    perform pg_notify('event_bus_log', '');
    return null;
end
$$;
create trigger log_wakes_subscriptions after insert on log
    for each statement execute function wake_subscriptions();

create table subscription (
    name text primary key,
    -- Reads the log only as far as this one has come.
    follows text references subscription (name),
    -- The checkpoint: the last event handled.
    transaction_id xid8 not null default '0',
    position bigint not null default 0,
    -- One active runner across all processes: whoever holds the lease.
    lease_holder uuid,
    lease_until timestamptz,
    last_error text,
    last_error_at timestamptz,
    created_at timestamptz not null default now()
);

create table dead_letter (
    id uuid primary key,
    subscription text not null references subscription (name),
    -- Of the log. No foreign key: its check would lock the row, which takes the right to update that nobody has.
    event_id uuid not null,
    error text not null,
    attempts integer not null,
    parked_at timestamptz not null,
    retry_requested_at timestamptz,
    unique (subscription, event_id)
);
create index dead_letter_to_retry on dead_letter (subscription) where retry_requested_at is not null;

-- Moves a checkpoint inside the handler's own transaction. A context may move only its own subscriptions; a runner
-- that lost its lease, or whose checkpoint was set elsewhere meanwhile, is told so and must roll back.
create function advance(
    subscription_name text, holder uuid,
    from_transaction xid8, from_position bigint,
    to_transaction xid8, to_position bigint
) returns boolean language plpgsql security definer set search_path = event_bus, pg_temp as $$
begin
    if session_user not in ('folkshelf_event_bus', 'folkshelf_' || split_part(subscription_name, '.', 1)) then
        raise exception 'subscription % is not of role %', subscription_name, session_user
            using errcode = 'insufficient_privilege';
    end if;
    update subscription set transaction_id = to_transaction, position = to_position
    where name = subscription_name and lease_holder = holder
        and transaction_id = from_transaction and position = from_position;
    return found;
end
$$;
revoke execute on function advance from public;

-- The same for a dead letter that was retried: it goes in the handler's own transaction.
create function settle_dead_letter(letter uuid, holder uuid)
    returns boolean language plpgsql security definer set search_path = event_bus, pg_temp as $$
begin
    delete from dead_letter using subscription
    where dead_letter.id = letter and subscription.name = dead_letter.subscription
        and subscription.lease_holder = holder
        and session_user in ('folkshelf_event_bus', 'folkshelf_' || split_part(subscription.name, '.', 1));
    return found;
end
$$;
revoke execute on function settle_dead_letter from public;

grant usage on schema event_bus to folkshelf_context;
-- Neither the transaction nor the position can be chosen by the writer.
grant insert (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, trace, occurred_at)
    on log to folkshelf_context;
grant select (position, transaction_id) on log to folkshelf_context;
grant execute on function advance, settle_dead_letter to folkshelf_context;
