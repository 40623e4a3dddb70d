//! Comparing the tables of a context with what the log tells: whether what is stored follows from what was published.
//!
//! The log and the rows are read side by side in the order of their ids, page by page, so that neither is ever held whole.
//! What differs may just be moving: a row is read a moment after its events. So each suspect is looked at again. Its events
//! are read before and after its row; state and event commit together, so a row that was read while the log stood still
//! belongs to exactly those events, and a difference then is one.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use async_trait::async_trait;
use kernel::{DecodeError, Event, Position};
use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::bus::EventBus;
use crate::log::Recorded;

mod read;

/// Rows that are read at once.
const ROWS: i64 = 500;
/// Events that are read at once.
const EVENTS: i64 = 2_000;
/// Suspects that are looked at again together.
const SUSPECTS: usize = 200;
/// How often a suspect is looked at again that changes meanwhile, or whose row follows events of another context.
const LOOKS: usize = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The fields of one thing, by name.
pub type Fields = Map<String, Value>;

/// What events tell of one thing.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Nothing that could be held against a row: the log does not reach back to its beginning.
    Unknown,
    Is(Fields),
    /// It is deleted, and has no row.
    Gone,
}

/// Takes the events of one thing, one after the other.
pub trait Fold: Send {
    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError>;
    fn told(self: Box<Self>) -> Told;
}

/// Things of one kind that a context stores and publishes events about.
#[async_trait]
pub trait Audited: Send + Sync + 'static {
    /// As events name the kind: `book`.
    fn aggregate_type(&self) -> &'static str;

    /// The names of the events that determine the rows.
    fn events(&self) -> Vec<&'static str>;

    /// Whether events of other contexts are among them: a row then follows its event a moment later.
    fn follows_others(&self) -> bool {
        false
    }

    fn fold(&self) -> Box<dyn Fold>;

    /// Rows behind `after` in the order of their ids, with the fields that are to be compared and no others.
    async fn rows(&self, after: Uuid, limit: i64) -> Result<Vec<(Uuid, Fields)>, sqlx::Error>;

    async fn rows_of(&self, ids: &[Uuid]) -> Result<Vec<(Uuid, Fields)>, sqlx::Error>;
}

/// A fold over the events of one family.
pub struct FoldOf<E, S> {
    state: Option<S>,
    after: fn(Option<S>, &E) -> Option<S>,
    told: fn(S) -> Told,
}

impl<E: Event, S: Send + 'static> FoldOf<E, S> {
    pub fn boxed(after: fn(Option<S>, &E) -> Option<S>, told: fn(S) -> Told) -> Box<dyn Fold> {
        Box::new(Self { state: None, after, told })
    }
}

impl<E: Event, S: Send> Fold for FoldOf<E, S> {
    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        if let Some(event) = event.decode::<E>()? {
            self.state = (self.after)(self.state.take(), &event);
        }
        Ok(())
    }

    fn told(self: Box<Self>) -> Told {
        self.state.map_or(Told::Unknown, self.told)
    }
}

/// What is wrong with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A field of the row is not what the events say.
    Differs,
    /// The events say that it is there, and there is no row.
    NoRow,
    /// The events say that it is gone, and there is a row.
    NotGone,
    /// There is a row of which no event tells.
    NoEvents,
    /// An event cannot be read by this program.
    Unreadable,
}

/// A place where a row is not what the log says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub aggregate_type: String,
    pub aggregate_id: Uuid,
    pub fault: Fault,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What the events say.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub log: Value,
    /// What the row says.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub row: Value,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    pub compared: u64,
    pub differences: u64,
    /// Things that changed at each look, and were left alone.
    pub moving: u64,
}

/// One thing as the log has it.
struct OfLog {
    last: Position,
    told: Result<Told, DecodeError>,
}

impl EventBus {
    /// Compares all things of a kind, or those that have an event `since`, and reports each difference as it is found.
    pub async fn audit(
        &self,
        audited: &dyn Audited,
        since: Option<OffsetDateTime>,
        report: &mut (dyn FnMut(Difference) + Send),
    ) -> Result<Audit, sqlx::Error> {
        let names: Vec<String> = audited.events().into_iter().map(str::to_owned).collect();
        let mut walk = Walk { bus: self, audited, names, audit: Audit::default(), suspects: Vec::new(), report };
        match since {
            None => walk.all().await?,
            Some(since) => walk.since(since).await?,
        }
        walk.settle().await?;
        Ok(walk.audit)
    }
}

struct Walk<'a> {
    bus: &'a EventBus,
    audited: &'a dyn Audited,
    names: Vec<String>,
    audit: Audit,
    suspects: Vec<Uuid>,
    report: &'a mut (dyn FnMut(Difference) + Send),
}

impl Walk<'_> {
    async fn all(&mut self) -> Result<(), sqlx::Error> {
        let mut log = LogPages::new(None);
        let mut rows = RowPages { after: Uuid::nil(), page: VecDeque::new(), ended: false };
        let mut from_log = log.next(self).await?;
        let mut row = rows.next(self.audited).await?;
        loop {
            let (of_log, of_row) = match (from_log.take(), row.take()) {
                (None, None) => return Ok(()),
                (Some(l), Some(r)) if l.0 == r.0 => (Some(l), Some(r)),
                (Some(l), Some(r)) if l.0 < r.0 => {
                    row = Some(r);
                    (Some(l), None)
                }
                (Some(l), Some(r)) => {
                    from_log = Some(l);
                    (None, Some(r))
                }
                (l, r) => (l, r),
            };
            let Some(id) = of_log.as_ref().map(|l| l.0).or(of_row.as_ref().map(|r| r.0)) else { return Ok(()) };
            if from_log.is_none() && of_log.is_some() {
                from_log = log.next(self).await?;
            }
            if row.is_none() && of_row.is_some() {
                row = rows.next(self.audited).await?;
            }
            self.compare(id, of_log.map(|l| l.1), of_row.map(|r| r.1)).await?;
        }
    }

    async fn since(&mut self, since: OffsetDateTime) -> Result<(), sqlx::Error> {
        let mut after = Uuid::nil();
        loop {
            let ids = read::aggregates_since(&self.bus.inner.pool, &self.names, since, after, ROWS).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = *last;
            let told = self.log_of(&ids).await?;
            let mut rows: HashMap<Uuid, Fields> = self.audited.rows_of(&ids).await?.into_iter().collect();
            for (id, of_log) in told {
                self.compare(id, Some(of_log), rows.remove(&id)).await?;
            }
        }
    }

    async fn compare(&mut self, id: Uuid, log: Option<OfLog>, row: Option<Fields>) -> Result<(), sqlx::Error> {
        self.audit.compared += 1;
        if !differences(self.audited.aggregate_type(), id, log.as_ref(), row.as_ref()).is_empty() {
            self.suspects.push(id);
        }
        if self.suspects.len() >= SUSPECTS { self.settle().await } else { Ok(()) }
    }

    /// Looks at the suspects again, and reports what is no movement.
    async fn settle(&mut self) -> Result<(), sqlx::Error> {
        let mut suspects = std::mem::take(&mut self.suspects);
        for look in 1..=LOOKS {
            if suspects.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
            let before = self.log_of(&suspects).await?;
            let mut rows: HashMap<Uuid, Fields> = self.audited.rows_of(&suspects).await?.into_iter().collect();
            let after = self.log_of(&suspects).await?;
            let place = |of: &BTreeMap<Uuid, OfLog>, id: Uuid| of.get(&id).map(|of_log| of_log.last);
            let mut again = Vec::new();
            for id in suspects {
                let row = rows.remove(&id);
                let found = differences(self.audited.aggregate_type(), id, before.get(&id), row.as_ref());
                let still = place(&before, id) == place(&after, id);
                let may_follow = self.audited.follows_others() && look < LOOKS;
                if !still || (!found.is_empty() && may_follow) {
                    again.push(id);
                    continue;
                }
                self.audit.differences += found.len() as u64;
                found.into_iter().for_each(&mut *self.report);
            }
            suspects = again;
        }
        self.audit.moving += suspects.len() as u64;
        Ok(())
    }

    /// The events of these things, page by page.
    async fn log_of(&self, ids: &[Uuid]) -> Result<BTreeMap<Uuid, OfLog>, sqlx::Error> {
        let mut pages = LogPages::new(Some(ids.to_vec()));
        let mut all = BTreeMap::new();
        while let Some((id, of_log)) = pages.next(self).await? {
            all.insert(id, of_log);
        }
        Ok(all)
    }
}

/// Things in the order of their ids, each with what its events tell.
struct LogPages {
    ids: Option<Vec<Uuid>>,
    after: (Uuid, Position),
    page: VecDeque<Recorded>,
    ended: bool,
}

impl LogPages {
    fn new(ids: Option<Vec<Uuid>>) -> Self {
        Self { ids, after: (Uuid::nil(), Position::START), page: VecDeque::new(), ended: false }
    }

    async fn event(&mut self, walk: &Walk<'_>) -> Result<Option<&Recorded>, sqlx::Error> {
        if self.page.is_empty() && !self.ended {
            let pool = &walk.bus.inner.pool;
            let events = read::by_aggregate(pool, &walk.names, self.ids.as_deref(), self.after, EVENTS).await?;
            self.ended = (events.len() as i64) < EVENTS;
            if let Some(last) = events.last() {
                self.after = (last.aggregate_id, last.position);
            }
            self.page = events.into();
        }
        Ok(self.page.front())
    }

    async fn next(&mut self, walk: &Walk<'_>) -> Result<Option<(Uuid, OfLog)>, sqlx::Error> {
        let Some(id) = self.event(walk).await?.map(|event| event.aggregate_id) else { return Ok(None) };
        let (mut fold, mut last, mut unreadable) = (walk.audited.fold(), Position::START, None);
        while self.event(walk).await?.is_some_and(|event| event.aggregate_id == id) {
            let Some(event) = self.page.pop_front() else { break };
            last = event.position;
            if let Err(error) = fold.apply(&event) {
                unreadable.get_or_insert(error);
            }
        }
        let told = unreadable.map_or_else(|| Ok(fold.told()), Err);
        Ok(Some((id, OfLog { last, told })))
    }
}

struct RowPages {
    after: Uuid,
    page: VecDeque<(Uuid, Fields)>,
    ended: bool,
}

impl RowPages {
    async fn next(&mut self, audited: &dyn Audited) -> Result<Option<(Uuid, Fields)>, sqlx::Error> {
        if self.page.is_empty() && !self.ended {
            let rows = audited.rows(self.after, ROWS).await?;
            self.ended = (rows.len() as i64) < ROWS;
            if let Some((last, _)) = rows.last() {
                self.after = *last;
            }
            self.page = rows.into();
        }
        Ok(self.page.pop_front())
    }
}

fn differences(aggregate_type: &str, id: Uuid, log: Option<&OfLog>, row: Option<&Fields>) -> Vec<Difference> {
    let is = |fault, field: Option<&str>, log: Value, row: Value| Difference {
        aggregate_type: aggregate_type.to_owned(),
        aggregate_id: id,
        fault,
        field: field.map(str::to_owned),
        log,
        row,
    };
    let whole = |fault| vec![is(fault, None, Value::Null, Value::Null)];
    let told = match log.map(|log| log.told.as_ref()) {
        Some(Ok(told)) => Some(told),
        Some(Err(error)) => return vec![is(Fault::Unreadable, None, error.to_string().into(), Value::Null)],
        None => None,
    };
    match (told, row) {
        (None | Some(Told::Unknown), Some(_)) => whole(Fault::NoEvents),
        (None | Some(Told::Unknown | Told::Gone), None) => Vec::new(),
        (Some(Told::Gone), Some(_)) => whole(Fault::NotGone),
        (Some(Told::Is(_)), None) => whole(Fault::NoRow),
        (Some(Told::Is(told)), Some(row)) => {
            let differ = row.iter().filter(|(name, value)| told.get(*name).unwrap_or(&Value::Null) != *value);
            let tell = |(name, value): (&String, &Value)| {
                is(Fault::Differs, Some(name), told.get(name).cloned().unwrap_or_default(), value.clone())
            };
            differ.map(tell).collect()
        }
    }
}
