-- What administrators look events up by, newest first. The order within one moment is that of the log.
create index log_by_time on log (occurred_at, transaction_id, position);
create index log_by_name on log (name, occurred_at, transaction_id, position);

-- An id belongs to one type of aggregate, so the type need not lead: now an id alone finds its events too.
create index log_by_aggregate_id on log (aggregate_id, transaction_id, position);
drop index log_by_aggregate;
