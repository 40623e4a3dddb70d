//! How far the machine's clock is from PostgreSQL's. The process's clock is corrected by it.

use std::sync::LazyLock;
use std::time::Duration;

use kernel::{Clock, CorrectedClock};
use prometheus::{Gauge, register_gauge};
use sqlx::Error;
use sqlx::postgres::PgConnection;
use tokio::time::Instant;

use crate::address::{Told, ask};

/// A smaller difference is not worth a step: the clocks may run a little differently, and so may the answers.
const STEP: time::Duration = time::Duration::milliseconds(20);
/// Worth an operator's look.
const WORTH_A_LOOK: time::Duration = time::Duration::seconds(2);
/// How often the log repeats it.
const REPEAT: Duration = Duration::from_secs(600);

static OFFSET_SECONDS: LazyLock<Gauge> = LazyLock::new(|| {
    register_gauge!(
        "clock_offset_seconds",
        "Seconds by which the machine's clock is behind PostgreSQL's; negative: ahead."
    )
    .expect("registered once")
});

pub(crate) struct Skew<'c> {
    clock: &'c CorrectedClock,
    told: Option<Instant>,
}

impl<'c> Skew<'c> {
    pub fn new(clock: &'c CorrectedClock) -> Self {
        Self { clock, told: None }
    }

    /// Asks PostgreSQL for the time, and whether it takes writes.
    pub async fn measure(&mut self, connection: &mut PgConnection) -> Result<Told, Error> {
        let (asked, begun) = (self.clock.machine(), Instant::now());
        let told = ask(connection).await?;
        let took = begun.elapsed();
        self.learn(told.time - (asked + took / 2), took);
        Ok(told)
    }

    fn learn(&mut self, offset: time::Duration, took: Duration) {
        let before = self.clock.offset();
        // The answer was given at some time while we waited: only a larger difference says anything.
        let steps = (offset - before).abs() > STEP.max(time::Duration::try_from(took).unwrap_or(STEP));
        if planted::bug("time-of-the-machine") {
            return;
        }
        self.clock.correct(if steps { offset } else { before });
        let seconds = self.clock.offset().as_seconds_f64();
        OFFSET_SECONDS.set(seconds);
        if self.clock.offset().abs() <= WORTH_A_LOOK {
            if self.told.take().is_some() {
                tracing::info!(seconds, "the machine's clock is right again");
            }
        } else if self.told.is_none_or(|at| at.elapsed() >= REPEAT) {
            self.told = Some(Instant::now());
            tracing::warn!(seconds, "the machine's clock is wrong; PostgreSQL's time is used");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_differences_and_those_within_the_wait_for_an_answer_are_no_steps() {
        let clock = CorrectedClock::default();
        let mut skew = Skew::new(&clock);
        let (quick, slow) = (Duration::from_millis(1), Duration::from_millis(200));
        for (offset, took, then) in
            [(19, quick, 0), (150, slow, 0), (150, quick, 150), (140, quick, 150), (-3_000, slow, -3_000)]
        {
            skew.learn(time::Duration::milliseconds(offset), took);
            assert_eq!(clock.offset(), time::Duration::milliseconds(then), "{offset} ms in {took:?}");
        }
        assert!(skew.told.is_some());
    }
}
