//! What was sent, what was acknowledged, and what its writers read afterwards. Nothing here has asked a database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The value of a thing that does not exist.
pub const ABSENT: &str = "absent";

/// Kinds of requests that 404 may answer: another database may not know a new book yet, and what these reads find is judged by
/// itself.
const MAY_BE_ABSENT: [&str; 3] = ["ask", "read a book", "read a borrow"];

/// `thing` shall have `value`. Each thing has one writer, who waits for an answer before the next write.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    pub thing: String,
    pub value: String,
    /// Seconds since the ledger began, as all moments here.
    pub sent: f64,
    /// `None`: nobody knows whether it was done.
    pub acknowledged: Option<f64>,
}

/// How one request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Answered {
        status: u16,
        retry_after: bool,
        code: String,
    },
    /// No answer came.
    Unanswered(String),
    /// The client hung up, on purpose.
    HungUp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub kind: &'static str,
    pub sent: f64,
    pub ended: f64,
    pub ending: Ending,
}

impl Request {
    /// Whether the one who sent it has what they wanted, or has changed their mind.
    pub fn is_well(&self) -> bool {
        match &self.ending {
            Ending::Answered { status, .. } => *status < 400 || (*status == 404 && MAY_BE_ABSENT.contains(&self.kind)),
            Ending::Unanswered(_) => false,
            Ending::HungUp => true,
        }
    }
}

/// A writer's look at what they had written themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub thing: String,
    pub at: f64,
    /// Whether the read demanded the position of the write.
    pub with_token: bool,
    pub value: String,
    /// What it may have been.
    pub allowed: BTreeSet<String>,
}

#[derive(Debug, Default, Clone)]
pub struct Records {
    pub requests: Vec<Request>,
    pub writes: BTreeMap<String, Vec<Write>>,
    pub reads: Vec<Read>,
}

impl Records {
    /// What `thing` may be now: the last value acknowledged, or one of those that were sent after it.
    pub fn allowed(&self, thing: &str) -> BTreeSet<String> {
        let mut values = BTreeSet::from([ABSENT.to_owned()]);
        for write in self.writes.get(thing).into_iter().flatten() {
            if write.acknowledged.is_some() {
                values.clear();
            }
            values.insert(write.value.clone());
        }
        values
    }

    pub fn acknowledged(&self) -> usize {
        self.writes.values().flatten().filter(|write| write.acknowledged.is_some()).count()
    }
}

pub struct Ledger {
    begun: Instant,
    records: Mutex<Records>,
}

impl Ledger {
    pub fn begin() -> Self {
        Self { begun: Instant::now(), records: Mutex::default() }
    }

    pub fn now(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    pub fn with<T>(&self, work: impl FnOnce(&mut Records) -> T) -> T {
        work(&mut self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn sent(&self, thing: &str, value: &str) {
        let write = Write { thing: thing.to_owned(), value: value.to_owned(), sent: self.now(), acknowledged: None };
        self.with(|records| records.writes.entry(thing.to_owned()).or_default().push(write));
    }

    /// The last write of `thing`.
    pub fn acknowledged(&self, thing: &str) {
        let now = self.now();
        self.with(|records| {
            if let Some(write) = records.writes.get_mut(thing).and_then(|writes| writes.last_mut()) {
                write.acknowledged = Some(now);
            }
        });
    }

    /// When the last request that went wrong had ended.
    pub fn last_trouble(&self) -> Option<f64> {
        self.with(|records| {
            let troubled = records.requests.iter().filter(|request| !request.is_well());
            troubled.map(|request| request.ended).max_by(f64::total_cmp)
        })
    }
}
