-- Below the horizon nothing can appear in the log any more: why, see crates/event-bus/src/log.rs and ADR 22.
-- To be called as `(select event_bus.horizon())` in the statement that reads the rows: once a statement, with its snapshot.
-- STABLE is part of the proof: the caller's own snapshot. VOLATILE would take a newer one and pass over events.
create function horizon() returns xid8
    language plpgsql stable parallel restricted set search_path = pg_catalog, pg_temp as $$
declare
    seen constant pg_snapshot := pg_current_snapshot();
begin
    if pg_is_in_recovery() or pg_snapshot_xmin(seen) = pg_snapshot_xmax(seen) then
        return pg_snapshot_xmin(seen);  -- a standby's snapshot lists no running transactions
    end if;
    perform pg_stat_clear_snapshot();   -- sessions as they are after `seen`, never from a cache filled before it
    return (
        select coalesce(min(x), pg_snapshot_xmax(seen)) from pg_snapshot_xip(seen) x
        where x::xid not in (
            select backend_xid from pg_stat_activity
            where backend_xid is not null and datid <> (select oid from pg_database where datname = current_database())
            -- One that has appended cannot be prepared: the trigger's NOTIFY forbids it. Without that trigger, look at its
            -- database here too.
            union all select transaction from pg_prepared_xacts));
end $$;
