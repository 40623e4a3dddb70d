//! What the hosts do by the clock: one run of a job at a time over all of them, with progress, cancel and the last result.
//!
//! | module | holds |
//! |---|---|
//! | [`Job`] | what a context writes: a name, and the work in bounded steps |
//! | [`Run`] | a run under way, as its job sees it: progress, the cursor from which it goes on, whether it has to end |
//! | [`Schedule`] | a cron pattern of five fields, or off |
//! | [`Jobs`] | the jobs of a process: runs them, lists them, begins and cancels them |
//! | `runner` | the loop of a process, and the lease of each run |
//! | `store` | the tables `event_bus.job`, `job_run` and `job_result` |
//!
//! **Architecture Invariant:** whether a run is under way is a row, and a lease on it by the database's clock says who works on
//! it. A host that dies leaves its lease behind, another one takes the run on and continues behind the cursor. A host that
//! was frozen finds its lease gone before its next step, and what it stores does not count. In between both may be at one step:
//! so a step does twice what it does once. ADR 73 tells why this is no queue of tasks.

mod job;
mod jobs;
mod metrics;
mod run;
mod runner;
mod schedule;
mod store;

pub use job::{Job, JobError};
pub use jobs::{Asked, Entry, Finding, JobStatus, Jobs, RunStatus};
pub use run::{Progress, Run, do_by_hand};
pub use schedule::{Schedule, ScheduleError};
