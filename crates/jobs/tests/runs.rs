//! Several processes share the jobs: each is run by one of them at a time, and whoever dies, freezes or stops loses nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration as StdDuration, Instant};

use async_trait::async_trait;
use jiff::tz::TimeZone;
use jobs::{Asked, Entry, Job, JobError, JobStatus, Jobs, Run, RunStatus};
use kernel::actor::RecordedActor;
use kernel::{Clock, ManualClock};
use testkit::{A_SATURDAY, TestDatabase, eventually, eventually_within};
use time::{Duration, OffsetDateTime};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const NAME: &str = "books.count";

type Step = Arc<dyn Fn(u64) -> Result<(), JobError> + Send + Sync>;

/// Counts from the cursor up to `total`. Each step needs a permit.
#[derive(Clone)]
struct Counting {
    total: u64,
    permits: Arc<Semaphore>,
    /// What was counted, by all processes.
    counted: Arc<Mutex<Vec<u64>>>,
    step: Step,
}

impl Counting {
    fn to(total: u64) -> Self {
        let free = Arc::new(Semaphore::new(1_000_000));
        Self { total, permits: free, counted: Arc::default(), step: Arc::new(|_| Ok(())) }
    }

    /// Each step waits until it is let.
    fn held(mut self) -> Self {
        self.permits = Arc::new(Semaphore::new(0));
        self
    }

    fn with(mut self, step: impl Fn(u64) -> Result<(), JobError> + Send + Sync + 'static) -> Self {
        self.step = Arc::new(step);
        self
    }

    fn counted(&self) -> Vec<u64> {
        self.counted.lock().unwrap().clone()
    }
}

#[async_trait]
impl Job for Counting {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn run(&self, run: &Run) -> Result<(), JobError> {
        let from: u64 = run.cursor()?.unwrap_or(0);
        run.set_total(self.total);
        for number in from..self.total {
            run.proceed()?;
            self.permits.acquire().await.unwrap().forget();
            (self.step)(number)?;
            self.counted.lock().unwrap().push(number);
            run.advance(1);
            run.count("numbers", 1);
            run.save(&(number + 1)).await?;
        }
        run.keep("last", &self.total).await
    }
}

struct World {
    database: TestDatabase,
    clock: Arc<ManualClock>,
}

impl World {
    async fn new() -> Self {
        Self { database: TestDatabase::new().await, clock: Arc::new(ManualClock::at(A_SATURDAY)) }
    }

    /// The jobs as one process has them.
    fn process(&self, job: &Counting, schedule: &str) -> Jobs {
        self.process_with(job, schedule, Arc::clone(&self.clock) as _)
    }

    fn process_with(&self, job: &Counting, schedule: &str, clock: Arc<dyn Clock>) -> Jobs {
        let entry = Entry { name: job.name(), job: Some(Arc::new(job.clone())), schedule: schedule.parse().unwrap() };
        Jobs::new(self.database.pool("event_bus").into(), clock, TimeZone::UTC, vec![entry])
    }
}

fn run(jobs: &Jobs) -> (CancellationToken, JoinHandle<()>) {
    let (shutdown, jobs) = (CancellationToken::new(), jobs.clone());
    let until = shutdown.clone();
    (shutdown, tokio::spawn(async move { jobs.run(until).await }))
}

async fn status(jobs: &Jobs) -> JobStatus {
    jobs.list().await.unwrap().remove(0)
}

async fn runs(jobs: &Jobs) -> Vec<RunStatus> {
    jobs.get(NAME).await.unwrap().unwrap().1
}

async fn ends(jobs: &Jobs, count: usize) -> Vec<RunStatus> {
    eventually("runs end", async || runs(jobs).await.len() >= count).await;
    runs(jobs).await
}

fn outcomes(runs: &[RunStatus]) -> Vec<&str> {
    runs.iter().map(|run| run.outcome.as_deref().unwrap()).collect()
}

fn somebody() -> RecordedActor {
    RecordedActor::System { name: "test".to_owned() }
}

async fn ask(jobs: &Jobs) -> Asked {
    jobs.ask(NAME, &somebody()).await.unwrap()
}

/// Long enough for a process that has something to do to begin.
async fn for_a_while() {
    tokio::time::sleep(StdDuration::from_millis(2_500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_processes_one_runs_what_is_due_and_a_day_that_is_skipped_is_made_up_for_once() {
    let (world, job) = (World::new().await, Counting::to(3));
    let processes: Vec<Jobs> = (0..5).map(|_| world.process(&job, "*/10 * * * *")).collect();
    let _running: Vec<_> = processes.iter().map(run).collect();
    for_a_while().await;
    assert_eq!(job.counted(), [0; 0], "it is not due yet");
    world.clock.advance(Duration::minutes(10));
    ends(&processes[0], 1).await;
    world.clock.advance(Duration::days(1));
    let ended = ends(&processes[0], 2).await;
    for_a_while().await;
    assert_eq!(job.counted(), [0, 1, 2, 0, 1, 2]);
    assert_eq!(outcomes(&runs(&processes[0]).await), ["done", "done"]);
    assert_eq!(ended[0].progress.counts, BTreeMap::from([("numbers".to_owned(), 3)]));
    let due_at = status(&processes[0]).await.due_at.unwrap();
    assert!(due_at > world.clock.now() && due_at <= world.clock.now() + Duration::minutes(10), "{due_at}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_while_no_process_ran_is_done_once_at_the_next_start() {
    let (world, job) = (World::new().await, Counting::to(1));
    let jobs = world.process(&job, "0 3 * * *");
    let (shutdown, first) = run(&jobs);
    eventually("it is known", async || jobs.get(NAME).await.unwrap().is_some()).await;
    shutdown.cancel();
    first.await.unwrap();
    world.clock.advance(Duration::days(5));
    let _again = run(&world.process(&job, "0 3 * * *"));
    ends(&jobs, 1).await;
    for_a_while().await;
    assert_eq!(runs(&jobs).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_process_dies_goes_on_elsewhere_behind_its_cursor() {
    let (world, job) = (World::new().await, Counting::to(6).held());
    let (first, second) = (world.process(&job, "off"), world.process(&job, "off"));
    let (_, dying) = run(&first);
    ask(&first).await;
    job.permits.add_permits(3);
    eventually("it has begun", async || job.counted().len() == 3).await;
    let _other = run(&second);
    for_a_while().await;
    let shown = status(&second).await.current.unwrap();
    assert!(shown.held && shown.progress.done == 3 && shown.progress.total == Some(6), "{shown:?}");
    let pool = world.database.pool("event_bus");
    let holder = async || -> Option<uuid::Uuid> {
        sqlx::query_scalar("select holder from event_bus.job").fetch_one(&pool).await.unwrap()
    };
    let before = holder().await;
    // As a kill does: nothing is given back.
    dying.abort();
    eventually("another takes it on", async || holder().await != before).await;
    job.permits.add_permits(3);
    let ended = ends(&second, 1).await;
    assert_eq!(job.counted(), [0, 1, 2, 3, 4, 5]);
    assert_eq!((ended[0].progress.done, outcomes(&ended)), (6, vec!["done"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_stops_gives_its_run_back_at_once() {
    let (world, job) = (World::new().await, Counting::to(4).held());
    let (first, second) = (world.process(&job, "off"), world.process(&job, "off"));
    let (shutdown, stopping) = run(&first);
    ask(&first).await;
    job.permits.add_permits(2);
    eventually("it has begun", async || job.counted().len() == 2).await;
    shutdown.cancel();
    job.permits.add_permits(1);
    stopping.await.unwrap();
    let _other = run(&second);
    job.permits.add_permits(1);
    eventually_within(StdDuration::from_secs(3), "it goes on", async || !runs(&second).await.is_empty()).await;
    assert_eq!(job.counted(), [0, 1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "it blocks the runtime's thread, as a frozen process would")]
async fn a_process_that_was_frozen_finds_its_run_taken_and_changes_nothing_any_more() {
    let world = World::new().await;
    let freezes = Arc::new(Mutex::new(true));
    let (once, frozen) = (Arc::clone(&freezes), Arc::new(Mutex::new(None)));
    let woken = Arc::clone(&frozen);
    // The whole runtime of the first process stands still, and with it whoever would renew the lease.
    let job = Counting::to(4).with(move |number| {
        if number == 2 && std::mem::take(&mut *once.lock().unwrap()) {
            std::thread::sleep(StdDuration::from_secs(9));
            *woken.lock().unwrap() = Some(Instant::now());
        }
        Ok(())
    });
    let other = world.process(&job, "off");
    ask(&other).await;
    let (shutdown, its_job, clock) = (CancellationToken::new(), job.clone(), Arc::clone(&world.clock));
    let (until, database) = (shutdown.clone(), world.database.options("event_bus"));
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let pool = sqlx::postgres::PgPoolOptions::new().max_connections(4).connect_lazy_with(database);
            let entry = Entry { name: its_job.name(), job: Some(Arc::new(its_job)), schedule: "off".parse().unwrap() };
            Jobs::new(pool.into(), clock, TimeZone::UTC, vec![entry]).run(until).await;
        });
    });
    eventually("it freezes", async || !*freezes.lock().unwrap()).await;
    let _running = run(&other);
    let ended = ends(&other, 1).await;
    assert!(frozen.lock().unwrap().is_none(), "it ended before the first one woke up");
    eventually("it wakes up", async || frozen.lock().unwrap().is_some()).await;
    for_a_while().await;
    // The step at which it was is done twice, and none behind it.
    let mut counted = job.counted();
    counted.sort_unstable();
    assert_eq!(counted, [0, 1, 2, 2, 3]);
    let after = runs(&other).await;
    assert_eq!((after.len(), after[0].ended_at, after[0].progress.done), (1, ended[0].ended_at, 4));
    shutdown.cancel();
    thread.join().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_cancelled_ends_at_its_next_step_and_the_next_begins_anew() {
    let (world, job) = (World::new().await, Counting::to(5).held());
    let (runner, elsewhere) = (world.process(&job, "off"), world.process(&job, "off"));
    let _running = run(&runner);
    assert_eq!(elsewhere.cancel(NAME).await.unwrap(), Asked::Already, "there is nothing to cancel");
    assert_eq!(ask(&elsewhere).await, Asked::Yes);
    job.permits.add_permits(2);
    eventually("it has begun", async || job.counted().len() == 2).await;
    assert_eq!(ask(&elsewhere).await, Asked::Already, "it is under way");
    assert_eq!(elsewhere.cancel(NAME).await.unwrap(), Asked::Yes);
    assert!(status(&elsewhere).await.current.unwrap().cancel_asked);
    for_a_while().await;
    job.permits.add_permits(1);
    let ended = ends(&elsewhere, 1).await;
    assert_eq!((outcomes(&ended), ended[0].asked_by.clone()), (vec!["cancelled"], Some(somebody())));
    assert_eq!(status(&elsewhere).await.succeeded_at, None);
    job.permits.add_permits(5);
    ask(&elsewhere).await;
    assert_eq!(outcomes(&ends(&elsewhere, 2).await), ["done", "cancelled"]);
    assert_eq!(job.counted().split_at(3).1, [0, 1, 2, 3, 4]);
    assert_eq!(elsewhere.ask("books.nothing", &somebody()).await.unwrap(), Asked::Unknown);
    assert_eq!(elsewhere.cancel("books.nothing").await.unwrap(), Asked::Unknown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_does_not_come_to_its_next_step_is_dropped_where_it_is() {
    let (world, job) = (World::new().await, Counting::to(5).held());
    let jobs = world.process(&job, "off");
    let _running = run(&jobs);
    ask(&jobs).await;
    eventually("it has begun", async || status(&jobs).await.current.is_some_and(|run| run.held)).await;
    assert_eq!(jobs.cancel(NAME).await.unwrap(), Asked::Yes);
    assert_eq!(outcomes(&ends(&jobs, 1).await), ["cancelled"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_fails_says_why_and_is_tried_three_times_more_before_it_waits_for_its_time() {
    let world = World::new().await;
    let job = Counting::to(1).with(|_| Err(JobError::Failed { code: "TOO_DARK", source: "no lamp".into() }));
    let jobs = world.process(&job, "0 3 * * *");
    let _running = run(&jobs);
    eventually("it is known", async || jobs.get(NAME).await.unwrap().is_some()).await;
    world.clock.advance(Duration::days(1));
    for tries in 1..=4 {
        ends(&jobs, tries).await;
        world.clock.advance(Duration::minutes(10));
    }
    for_a_while().await;
    let ended = runs(&jobs).await;
    assert_eq!(outcomes(&ended), ["failed"; 4]);
    assert_eq!((ended[0].code.as_deref(), ended[0].error.as_deref()), (Some("TOO_DARK"), Some("no lamp")));
    assert!(status(&jobs).await.due_at.unwrap() > world.clock.now() + Duration::hours(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_fails_its_run_and_nothing_else() {
    let world = World::new().await;
    let job = Counting::to(1).with(|_| panic!("at a hostile row"));
    let jobs = world.process(&job, "off");
    let _running = run(&jobs);
    ask(&jobs).await;
    assert_eq!(ends(&jobs, 1).await[0].code.as_deref(), Some("PANIC"));
    ask(&jobs).await;
    ends(&jobs, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_does_not_keep_a_job_waiting_for_the_future() {
    let (world, job) = (World::new().await, Counting::to(1));
    world.clock.advance(Duration::days(400));
    let jobs = world.process(&job, "*/10 * * * *");
    let _running = run(&jobs);
    eventually("it is known", async || jobs.get(NAME).await.unwrap().is_some()).await;
    world.clock.advance(Duration::minutes(10));
    ends(&jobs, 1).await;
    world.clock.set(A_SATURDAY);
    eventually("it is planned anew", async || status(&jobs).await.due_at.unwrap() < A_SATURDAY + Duration::hours(1))
        .await;
    world.clock.advance(Duration::minutes(10));
    ends(&jobs, 2).await;
}

/// A clock that is further off than it may be.
struct Wrong(Arc<ManualClock>);

impl Clock for Wrong {
    fn now(&self) -> OffsetDateTime {
        self.0.now()
    }

    fn is_trusted(&self) -> bool {
        false
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_whose_clock_is_wrong_begins_only_what_somebody_asks_for() {
    let (world, job) = (World::new().await, Counting::to(1));
    let jobs = world.process_with(&job, "*/10 * * * *", Arc::new(Wrong(Arc::clone(&world.clock))));
    let _running = run(&jobs);
    eventually("it is known", async || jobs.get(NAME).await.unwrap().is_some()).await;
    world.clock.advance(Duration::days(1));
    for_a_while().await;
    assert_eq!(job.counted(), [0; 0]);
    ask(&jobs).await;
    ends(&jobs, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_fifty_runs_and_the_last_result_are_kept() {
    let (world, job) = (World::new().await, Counting::to(2));
    let jobs = world.process(&job, "off");
    let pool = world.database.pool("event_bus");
    jobs.list().await.unwrap();
    sqlx::query(
        "insert into event_bus.job_run (id, job, cause, started_at, ended_at, outcome)
        select gen_random_uuid(), $1, 'schedule', $2 - nth * interval '1 hour', $2, 'done' from generate_series(1, 60) nth",
    )
    .bind(NAME)
    .bind(A_SATURDAY)
    .execute(&pool)
    .await
    .unwrap();
    let _running = run(&jobs);
    ask(&jobs).await;
    eventually("the oldest are gone", async || runs(&jobs).await.len() == 50).await;
    assert_eq!(runs(&jobs).await[0].progress.done, 2, "the newest is there");
    assert_eq!(jobs.finding(NAME, "last").await.unwrap().unwrap().value, 2);
    assert_eq!(jobs.findings(NAME, 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_is_changed_holds_for_all_from_the_next_start_on() {
    let (world, job) = (World::new().await, Counting::to(1));
    let (old, new) = (world.process(&job, "0 3 * * *"), world.process(&job, "*/10 * * * *"));
    let _running = run(&old);
    eventually("it is known", async || old.get(NAME).await.unwrap().is_some()).await;
    let (shutdown, started) = run(&new);
    eventually("it is changed", async || status(&new).await.schedule == "*/10 * * * *").await;
    shutdown.cancel();
    started.await.unwrap();
    world.clock.advance(Duration::minutes(10));
    ends(&old, 1).await;
}
