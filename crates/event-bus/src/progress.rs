//! How far subscriptions have come, and waiting for it. Our own runners report in memory; other processes tell while
//! somebody waits, and are seen in the table, which is read once for all who wait.
//!
//! Nobody waits for what does not move: a subscription that somebody has waited for in vain is late, and is not waited for
//! again until it has come as far as the last write that was answered without it while it stood; one that nobody has run for
//! some seconds is not waited for either. So a context that is blocked, poisoned or stopped costs the others' commands one
//! wait, not one each, also while it catches up.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::Position;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use crate::lease;
use crate::scope::Scope;
use crate::told::HURRY;

/// How often whoever runs subscriptions is told to hurry.
const HURRY_EVERY: Duration = Duration::from_millis(500);
/// While somebody waits for subscriptions of another process, that process tells how far they are. In case it was not asked
/// in time, the table is read this soon …
const FIRST_LOOK_AFTER: Duration = Duration::from_millis(5);
/// … and then ever less often, down to this.
const LOOK_EVERY: Duration = Duration::from_millis(12);
/// A list of subscriptions older than this is read again before it is relied on; holding leases reads it more often.
pub(crate) const LISTED_FOR: Duration = Duration::from_secs(1);
/// How long a busy database is given at least to tell how far subscriptions are.
const FIRST_LOOK: Duration = Duration::from_millis(500);
/// A subscription that was waited for this long in vain is late.
const LATE_AFTER: Duration = Duration::from_millis(250);
/// A subscription whose lease ran out is taken over within this time, if another process runs.
const TAKEN_OVER_WITHIN: Duration = lease::SPAN.saturating_add(lease::EVERY);

/// Whether the subscriptions asked for have handled an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Yes,
    /// Not in time, or nobody runs any.
    NotYet,
    /// The database is away, and we have not seen it ourselves.
    Unknown,
}

/// A subscription as the table has it.
#[derive(Debug, Clone)]
struct Listed {
    consumes: Option<Vec<String>>,
    projects: bool,
    position: Position,
    /// Somebody asked to try a dead letter of it again.
    retry: bool,
    /// When its lease runs out, or did.
    leased_until: Instant,
}

/// What somebody may want of a subscription, as the table had it at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub at: Instant,
    /// Its checkpoint; another one than we have written was set by somebody.
    pub position: Position,
    pub retry: bool,
}

#[derive(Default)]
struct State {
    /// Those that this process may run.
    declared: Vec<String>,
    /// Those, and every other one that some process has run within the last minute.
    listed: HashMap<String, Listed>,
    listed_at: Option<Instant>,
    hurried_at: Option<Instant>,
    /// How far those have come that we run.
    ours: HashMap<&'static str, Position>,
    /// How far each subscription had come when we last ran it: stays true when it runs elsewhere, or nowhere.
    seen: HashMap<&'static str, Position>,
    late: HashMap<String, Late>,
}

/// A subscription that was waited for in vain.
#[derive(Debug, Clone, Copy)]
struct Late {
    /// Where it stood then.
    at: Position,
    /// It is waited for again when it has come so far.
    until: Position,
}

impl State {
    fn reached(&self, name: &str, listed: &Listed) -> Position {
        // Another process may have taken over before we notice.
        self.ours.get(name).map_or(listed.position, |ours| listed.position.max(*ours))
    }

    fn is_late(&self, name: &str, reached: Position) -> bool {
        self.late.get(name).is_some_and(|late| reached < late.until)
    }

    fn standing(&self, position: Position, scope: Scope<'_>, now: Instant) -> Standing {
        let (mut behind, mut hopeful, mut elsewhere, mut unmanned) = (false, false, false, self.listed.is_empty());
        for (name, listed) in &self.listed {
            let reached = self.reached(name, listed);
            if reached >= position || !scope.holds(name, listed.consumes.as_deref(), listed.projects) {
                continue;
            }
            behind = true;
            let ours = self.ours.contains_key(name.as_str());
            let runs = ours || now < listed.leased_until + TAKEN_OVER_WITHIN;
            unmanned |= !runs;
            if runs && (scope == Scope::All || !self.is_late(name, reached)) {
                hopeful = true;
                elsewhere |= !ours;
            }
        }
        match (behind || unmanned, hopeful) {
            (false, _) => Standing::Passed,
            (true, true) => Standing::Moving { elsewhere },
            (true, false) => Standing::Never { unmanned },
        }
    }

    fn may_hurry(&mut self, now: Instant) -> bool {
        let may = self.hurried_at.is_none_or(|at| at + HURRY_EVERY <= now);
        if may {
            self.hurried_at = Some(now);
        }
        may
    }

    /// Who has not come in time is waited for by nobody until they have.
    fn give_up_on(&mut self, position: Position, scope: Scope<'_>) {
        let late: Vec<String> = self
            .listed
            .iter()
            .filter(|(name, listed)| {
                scope.holds(name, listed.consumes.as_deref(), listed.projects) && self.reached(name, listed) < position
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in late {
            let reached = self.listed.get(&name).map(|listed| self.reached(&name, listed)).unwrap_or_default();
            if !self.is_late(&name, reached) {
                tracing::warn!(subscription = name, %reached, %position, "a subscription is late; nobody waits for it");
            }
            let late = self.late.entry(name).or_insert(Late { at: reached, until: position });
            *late = Late { at: reached, until: position.max(late.until) };
        }
    }

    /// A write is answered without those of `scope` that are late. While they stand, they are late up to there too: when
    /// they move again, nobody waits until they have caught up with what came meanwhile. What comes while they move does not
    /// count, or one that is always a little behind would be late for ever.
    fn answered_without_the_late(&mut self, position: Position, scope: Scope<'_>) {
        let Self { listed, ours, late, .. } = self;
        for (name, late) in late {
            let Some(listed) = listed.get(name) else { continue };
            let reached = ours.get(name.as_str()).map_or(listed.position, |ours| listed.position.max(*ours));
            if reached == late.at && scope.holds(name, listed.consumes.as_deref(), listed.projects) {
                late.until = position.max(late.until);
            }
        }
    }
}

enum Standing {
    Passed,
    /// Somebody who is behind may still come in time.
    Moving {
        /// Some of them run in another process.
        elsewhere: bool,
    },
    /// Waiting would be in vain.
    Never {
        /// Because nobody runs some of them, as far as the list tells.
        unmanned: bool,
    },
}

#[derive(Default)]
pub(crate) struct Progress {
    state: Mutex<State>,
    /// Held by whoever reads the table for all.
    reading: tokio::sync::Mutex<()>,
    pub moved: Notify,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These may run here: whoever waits learns that they have not come, even when nobody has run them for long.
    pub fn declare(&self, names: &[String]) {
        names.clone_into(&mut self.state().declared);
    }

    /// One of our runners handled everything up to `position`.
    pub fn reached(&self, name: &'static str, position: Position) {
        let mut state = self.state();
        state.seen.entry(name).and_modify(|furthest| *furthest = position.max(*furthest)).or_insert(position);
        let before = state.ours.insert(name, position);
        drop(state);
        // A runner that reads its checkpoint again has not moved: it must not wake itself, nor the others, in a circle.
        if before != Some(position) {
            self.moved.notify_waiters();
        }
    }

    /// Another process tells how far subscriptions have come.
    pub fn hear<'s>(&self, reached: impl Iterator<Item = (&'s str, Position)>) {
        let mut state = self.state();
        let State { listed, ours, .. } = &mut *state;
        for (name, position) in reached.filter(|(name, _)| !ours.contains_key(name)) {
            if let Some(listed) = listed.get_mut(name) {
                listed.position = listed.position.max(position);
            }
        }
        drop(state);
        self.moved.notify_waiters();
    }

    /// One of our subscriptions runs elsewhere now.
    pub fn forget(&self, name: &'static str) {
        if self.state().ours.remove(name).is_some() {
            self.moved.notify_waiters();
        }
    }

    /// Resolves at the next move of any of our subscriptions, also one between this call and the first poll.
    pub fn moved(&self) -> Notified<'_> {
        self.moved.notified()
    }

    /// While the database is away: whether each subscription of `scope` is known to have passed `position`, because we ran it,
    /// were told, or saw it in the table. Of subscriptions that we have never heard of nothing is known.
    pub fn seen(&self, position: Position, scope: Scope<'_>) -> Heard {
        let state = self.state();
        let mut of_scope = state
            .listed
            .iter()
            .filter(|(name, listed)| scope.holds(name, listed.consumes.as_deref(), listed.projects))
            .map(|(name, listed)| {
                state.seen.get(name.as_str()).map_or(listed.position, |seen| listed.position.max(*seen))
            })
            .peekable();
        if of_scope.peek().is_some() && of_scope.all(|seen| seen >= position) { Heard::Yes } else { Heard::Unknown }
    }

    fn is_listed_since(&self, moment: Instant) -> bool {
        self.state().listed_at.is_some_and(|at| at >= moment)
    }

    /// Reads the table, unless somebody has done so since `wanted`. A connection that hangs must not hold up all who wait.
    pub async fn list(&self, pool: &PgPool, wanted: Instant) -> Result<(), sqlx::Error> {
        let _reading = self.reading.lock().await;
        if self.is_listed_since(wanted) {
            return Ok(());
        }
        let declared = self.state().declared.clone();
        let asked_at = Instant::now();
        let rows = sqlx::query!(
            r#"select name, transaction_id::text::bigint as "transaction!", position, consumes,
                coalesce(projects, follows is not null) as "projects!",
                coalesce(extract(epoch from lease_until - now())::float8, -3600) as "leased_for!",
                exists (select 1 from event_bus.dead_letter d
                    where d.subscription = subscription.name and d.retry_requested_at is not null) as "retry!"
            from event_bus.subscription where lease_until > now() - interval '1 minute' or name = any($1)"#,
            &declared,
        )
        .fetch_all(pool);
        let rows = tokio::time::timeout(LISTED_FOR, rows).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        let listed = rows.into_iter().map(|row| {
            let leased = Duration::from_secs_f64(row.leased_for.abs().min(3600.0));
            let leased_until =
                if row.leased_for < 0.0 { asked_at.checked_sub(leased).unwrap_or(asked_at) } else { asked_at + leased };
            let position = Position { transaction: row.transaction, sequence: row.position };
            (
                row.name,
                Listed { consumes: row.consumes, projects: row.projects, position, retry: row.retry, leased_until },
            )
        });
        let listed = listed.collect();
        let mut state = self.state();
        state.listed = listed;
        state.listed_at = Some(asked_at);
        let gone: HashSet<String> =
            state.late.keys().filter(|name| !state.listed.contains_key(*name)).cloned().collect();
        state.late.retain(|name, _| !gone.contains(name));
        Ok(())
    }

    /// Whether other processes run any subscription but these.
    pub fn others_run(&self, ours: &HashSet<String>) -> bool {
        let now = Instant::now();
        self.state().listed.iter().any(|(name, listed)| now < listed.leased_until && !ours.contains(name))
    }

    /// What the table says that somebody wants of a subscription.
    pub fn asked(&self, name: &str) -> Option<Asked> {
        let state = self.state();
        let listed = state.listed.get(name)?;
        Some(Asked { at: state.listed_at?, position: listed.position, retry: listed.retry })
    }

    /// How far one of our own has come.
    pub fn ours(&self, name: &str) -> Option<Position> {
        self.state().ours.get(name).copied()
    }

    /// Whether those of `scope` are known to have handled the event at `position`. Asks nobody.
    pub fn has_passed(&self, position: Position, scope: Scope<'_>) -> bool {
        matches!(self.state().standing(position, scope, Instant::now()), Standing::Passed)
    }

    /// Waits until those of `scope` have handled the event at `position`, at most `within`.
    pub async fn wait_for(&self, pool: &PgPool, position: Position, scope: Scope<'_>, within: Duration) -> Heard {
        let begun = Instant::now();
        let deadline = begun + within;
        let known = self.state().listed_at.is_some_and(|at| at + LISTED_FOR > begun);
        if !known && !matches!(tokio::time::timeout(within.max(FIRST_LOOK), self.list(pool, begun)).await, Ok(Ok(()))) {
            return self.seen(position, scope);
        }
        let mut pause = FIRST_LOOK_AFTER;
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            let now = Instant::now();
            let standing = self.state().standing(position, scope, now);
            let elsewhere = match standing {
                Standing::Passed => return Heard::Yes,
                // Somebody may run them by now. Commands and queries go by the list as it is: they would read it once each.
                Standing::Never { unmanned: true } if scope == Scope::All && !self.is_listed_since(begun) => {
                    match tokio::time::timeout(FIRST_LOOK, self.list(pool, begun)).await {
                        Ok(Ok(())) => continue,
                        Ok(Err(_)) | Err(_) => return Heard::Unknown,
                    }
                }
                Standing::Never { .. } => {
                    if scope.is_certain() {
                        self.state().answered_without_the_late(position, scope);
                    }
                    return Heard::NotYet;
                }
                Standing::Moving { elsewhere } => elsewhere,
            };
            if now >= deadline {
                if within >= LATE_AFTER && scope.is_certain() {
                    self.state().give_up_on(position, scope);
                }
                return Heard::NotYet;
            }
            if elsewhere && self.state().may_hurry(now) {
                let hurry = sqlx::query!("select pg_notify('event_bus_log', $1)", HURRY).execute(pool);
                // Without it they say so a quarter of a second later.
                drop(tokio::time::timeout_at(deadline, hurry).await);
            }
            let look_at = if elsewhere { deadline.min(now + pause) } else { deadline };
            if tokio::time::timeout_at(look_at, moved).await.is_err() && elsewhere {
                pause = LOOK_EVERY.min(pause * 2);
                let listed = tokio::time::timeout_at(deadline, self.list(pool, now)).await;
                if matches!(listed, Ok(Err(_))) {
                    return Heard::Unknown;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
