-- Jobs: what the hosts do by the clock, one run at a time over all of them. Crate jobs; ADR 73.

create table job (
    name text primary key check (length(name) between 1 and 100),
    -- Five fields, or off: as the host says that started last.
    schedule text not null,
    declared_at timestamptz not null,
    -- When it was worked out when the job is due, and that time; null: it is off.
    planned_at timestamptz not null,
    due_at timestamptz,
    -- Somebody wants it now, and who.
    asked_at timestamptz,
    asked_by jsonb,
    -- Failures one after the other.
    failures integer not null default 0,
    succeeded_at timestamptz,
    -- The run under way, who holds it, and until when by this database's clock.
    run_id uuid,
    holder uuid,
    held_until timestamptz,
    cancel_asked boolean not null default false,
    check ((holder is null) or (run_id is not null))
);

-- The last runs of each job.
create table job_run (
    id uuid primary key,
    job text not null references job on delete cascade,
    cause text not null check (cause in ('schedule', 'asked')),
    asked_by jsonb,
    started_at timestamptz not null,
    ended_at timestamptz,
    outcome text check (outcome in ('done', 'failed', 'cancelled')),
    code text,
    error text,
    -- How often it was taken on since it last came further.
    takes integer not null default 1,
    done bigint not null default 0,
    total bigint,
    counts jsonb not null default '{}',
    -- Where the next host goes on when this one dies.
    cursor jsonb,
    check ((ended_at is null) = (outcome is null))
);
create unique index job_run_under_way on job_run (job) where ended_at is null;
create index job_run_newest on job_run (job, started_at desc, id desc);

-- What jobs found out, for people to read.
create table job_result (
    job text not null references job on delete cascade,
    key text not null check (length(key) between 1 and 100),
    made_at timestamptz not null,
    value jsonb not null,
    primary key (job, key)
);
