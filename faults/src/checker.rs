//! Judges a run: from the ledger, and from what was found in PostgreSQL and Redis afterwards. It changes nothing and asks
//! nobody, so that it can be tried on ledgers that are made up.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::{ABSENT, Ending, Records, Request};

/// How long after the end of a fault it still excuses what fails.
pub const RECOVERS_WITHIN: f64 = 15.0;
/// So many examples of each kind are kept.
const EXAMPLES: usize = 5;

/// What a fault excuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excuse {
    /// 503 with Retry-After, 408 for what took too long, and connections without an answer, until [`RECOVERS_WITHIN`] after its end.
    pub unavailable: bool,
    /// A read without a position may be of before the reader's own write meanwhile: hosts cannot tell each other of it.
    pub old_without_token: bool,
    /// Events that were planted to be parked.
    pub dead_letters: usize,
}

/// From when to when something was broken.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub from: f64,
    pub to: f64,
}

/// What there is after the run.
#[derive(Debug, Default, Clone)]
pub struct Found {
    /// Each thing with the value of every row that is it.
    pub things: BTreeMap<String, Vec<String>>,
    /// Which values each thing has had, of those whose history is in the log.
    pub history: BTreeMap<String, BTreeSet<String>>,
    /// How many notifications there are of each event that causes one.
    pub notified: BTreeMap<String, usize>,
    /// The events of each context in each database, in their order; the first database is the owner's.
    pub orders: BTreeMap<String, Vec<Vec<String>>>,
    /// Aggregates whose versions have holes.
    pub holes: Vec<String>,
    /// Copies that two members hold, and events that were told twice.
    pub twice: Vec<String>,
    /// What differs between log, tables and Redis.
    pub differences: Vec<String>,
    pub dead_letters: usize,
}

#[derive(Debug, Default, Clone, PartialEq)]
pub struct Verdict {
    pub sent: usize,
    pub acknowledged: usize,
    pub lost: Vec<String>,
    pub doubled: Vec<String>,
    pub stale: Vec<String>,
    /// Beyond what the fault excuses.
    pub failed: Vec<String>,
    /// From the end of the fault to the end of the last request that went wrong.
    pub recovered: f64,
}

impl Verdict {
    pub fn is_green(&self) -> bool {
        [&self.lost, &self.doubled, &self.stale, &self.failed].iter().all(|faults| faults.is_empty())
            && self.recovered <= RECOVERS_WITHIN
            && self.acknowledged > 0
    }

    pub fn examples(&self) -> String {
        let columns =
            [("lost", &self.lost), ("doubled", &self.doubled), ("stale", &self.stale), ("failed", &self.failed)];
        let lines = columns
            .iter()
            .flat_map(|(name, faults)| faults.iter().take(EXAMPLES).map(move |fault| format!("    {name}: {fault}\n")));
        lines.collect()
    }
}

pub fn judge(records: &Records, found: &Found, excuse: Excuse, windows: &[Window]) -> Verdict {
    let mut verdict = Verdict {
        sent: records.requests.len(),
        acknowledged: records.acknowledged(),
        recovered: recovered(records, windows),
        ..Verdict::default()
    };
    things(records, found, &mut verdict);
    events(found, &mut verdict);
    reads(records, excuse, windows, &mut verdict);
    verdict.stale.extend(found.differences.iter().map(|difference| format!("audit: {difference}")));
    if found.dead_letters > excuse.dead_letters {
        verdict.failed.push(format!("{} events are parked, {} planted", found.dead_letters, excuse.dead_letters));
    }
    let faulty = records.requests.iter().filter(|request| !request.is_well());
    verdict.failed.extend(faulty.filter(|request| !is_excused(request, excuse, windows)).map(|request| {
        format!("{} at {:.1} to {:.1}: {:?}", request.kind, request.sent, request.ended, request.ending)
    }));
    verdict
}

fn things(records: &Records, found: &Found, verdict: &mut Verdict) {
    for (thing, writes) in &records.writes {
        // What was acknowledged and is covered by what came later was there all the same.
        if let Some(had) = found.history.get(thing) {
            let acknowledged = writes.iter().filter(|write| write.acknowledged.is_some());
            let missing = acknowledged.filter(|write| !had.contains(&write.value));
            verdict.lost.extend(missing.map(|write| format!("{thing} was never {}", write.value)));
        }
        let allowed = records.allowed(thing);
        let there = found.things.get(thing).map_or(&[][..], Vec::as_slice);
        if there.len() > 1 {
            verdict.doubled.push(format!("{thing}: {there:?}"));
        }
        let value = there.first().map_or(ABSENT, String::as_str);
        if !allowed.contains(value) {
            verdict.lost.push(format!("{thing} is {value}, not one of {allowed:?}"));
        }
    }
    verdict.doubled.extend(found.twice.iter().cloned());
}

fn events(found: &Found, verdict: &mut Verdict) {
    verdict.lost.extend(found.holes.iter().map(|hole| format!("a version is missing: {hole}")));
    for (event, count) in &found.notified {
        match count {
            0 => verdict.lost.push(format!("nobody was told of {event}")),
            1 => {}
            _ => verdict.doubled.push(format!("{event} was told {count} times")),
        }
    }
    for (context, databases) in &found.orders {
        let Some((owner, others)) = databases.split_first() else { continue };
        for other in others.iter().filter(|other| *other != owner) {
            let differs = owner.iter().zip(other).position(|(one, two)| one != two);
            let text = format!(
                "{context}: {} events in one database, {} in another, differ at {differs:?}",
                owner.len(),
                other.len()
            );
            if other.len() > owner.len() { verdict.doubled.push(text) } else { verdict.lost.push(text) }
        }
    }
}

fn reads(records: &Records, excuse: Excuse, windows: &[Window], verdict: &mut Verdict) {
    for read in records.reads.iter().filter(|read| !read.allowed.contains(&read.value)) {
        if excuse.old_without_token && !read.with_token && is_within(read.at, read.at, windows) {
            continue;
        }
        let token = if read.with_token { "with" } else { "without" };
        verdict.stale.push(format!(
            "{} at {:.1} {token} token: {}, not one of {:?}",
            read.thing, read.at, read.value, read.allowed
        ));
    }
}

fn is_excused(request: &Request, excuse: Excuse, windows: &[Window]) -> bool {
    let unavailable = match &request.ending {
        Ending::Answered { status, retry_after, .. } => *status == 408 || (*status == 503 && *retry_after),
        Ending::Unanswered(_) => true,
        Ending::HungUp => return true,
    };
    unavailable && excuse.unavailable && is_within(request.sent, request.ended, windows)
}

/// Whether something was broken meanwhile, or a moment before.
fn is_within(from: f64, to: f64, windows: &[Window]) -> bool {
    windows.iter().any(|window| from <= window.to + RECOVERS_WITHIN && to >= window.from)
}

fn recovered(records: &Records, windows: &[Window]) -> f64 {
    let Some(end) = windows.iter().map(|window| window.to).max_by(f64::total_cmp) else { return 0.0 };
    let troubled = records.requests.iter().filter(|request| !request.is_well());
    troubled.map(|request| request.ended - end).fold(0.0, f64::max)
}
