//! A context's events as the road brings them, in front of their owner.
//!
//! What follows the cursor without a gap is given to the importer. The owner is asked when something does not follow, when
//! nothing has come for a second (a lost end shows no gap), and as long as NATS is away or has not proved itself: after every new
//! beginning the owner gives the events until the road brings one that is here already. So nobody waits for a road onto which
//! nothing is brought.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_bus::{Carried, Owner, OwnerError, Page};
use kernel::EventId;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::reading::{Brought, Came, Reading, make};
use crate::{Road, WITHIN, metrics};

/// When nothing has come for this long, the owner is asked whether there is something.
pub(crate) const QUIET: Duration = Duration::from_secs(1);

/// So many events that the owner gave are remembered.
const REMEMBERED: usize = 1_000;

pub(crate) struct Incoming {
    road: Road,
    context: String,
    owner: Arc<dyn Owner>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    consumer: Option<Reading>,
    /// The next one.
    making: Option<AbortOnDropHandle<Option<Reading>>>,
    /// Where in the stream the last event stood that followed. A hint where to begin anew, and never believed.
    last_sequence: Option<u64>,
    /// The road has brought what the owner gave: from now on it is waited for.
    proved: bool,
    given: Given,
    /// Why the owner has to be asked first all the same.
    ask: Option<&'static str>,
}

/// Events that the owner gave lately. The road brings them too, and later: then they are no strays.
#[derive(Default)]
struct Given {
    ids: HashSet<EventId>,
    in_order: VecDeque<EventId>,
}

impl Given {
    fn add(&mut self, events: &[Carried]) {
        for carried in events {
            if self.ids.insert(carried.event.id) {
                self.in_order.push_back(carried.event.id);
            }
            if self.in_order.len() > REMEMBERED
                && let Some(oldest) = self.in_order.pop_front()
            {
                self.ids.remove(&oldest);
            }
        }
    }

    fn has(&self, came: &Came) -> bool {
        came.1.as_ref().is_some_and(|carried| self.ids.contains(&carried.event.id))
    }
}

impl Incoming {
    pub fn new(road: Road, context: &str, owner: Arc<dyn Owner>) -> Self {
        Self { road, context: context.to_owned(), owner, state: Mutex::default() }
    }

    /// Whether the road can be used. A consumer that is missing is made meanwhile: a server that does not answer keeps nobody
    /// waiting.
    async fn is_open(&self, state: &mut State) -> bool {
        if !self.road.is_connected() {
            state.consumer = None;
            return false;
        }
        if state.consumer.is_some() {
            return true;
        }
        let Some(making) = &mut state.making else {
            let from = state.last_sequence.map(|last| last + 1);
            let making = make(self.road.stream.clone(), self.context.clone(), from);
            state.making = Some(AbortOnDropHandle::new(tokio::spawn(making)));
            return false;
        };
        if !making.is_finished() {
            return false;
        }
        let made = making.await.ok().flatten();
        state.making = None;
        if made.is_none() {
            state.last_sequence = None;
        }
        state.consumer = made;
        (state.proved, state.ask) = (false, None);
        state.consumer.is_some()
    }

    /// Asks the owner for the events behind `after`. `reason` is for the metrics.
    async fn ask(
        &self,
        given: &mut Given,
        reason: &'static str,
        after: Option<EventId>,
        limit: u32,
        wait: Duration,
    ) -> Result<Page, OwnerError> {
        let page = self.owner.events(&self.context, after, limit, wait).await?;
        given.add(&page.events);
        let events = u64::try_from(page.events.len()).unwrap_or(u64::MAX);
        metrics::FETCHED.with_label_values(&[self.context.as_str(), reason]).inc_by(events);
        Ok(page)
    }

    fn count(&self, outcome: &str, events: usize) {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        metrics::RECEIVED.with_label_values(&[self.context.as_str(), outcome]).inc_by(events);
    }
}

#[async_trait]
impl Owner for Incoming {
    async fn events(
        &self,
        context: &str,
        after: Option<EventId>,
        limit: u32,
        wait: Duration,
    ) -> Result<Page, OwnerError> {
        debug_assert_eq!(context, self.context);
        let mut state = self.state.lock().await;
        let deadline = Instant::now() + wait;
        loop {
            if !self.is_open(&mut state).await {
                return self.ask(&mut state.given, "away", after, limit, wait.min(QUIET)).await;
            }
            if !state.proved {
                let came = match &mut state.consumer {
                    Some(reading) => reading.ready(limit as usize).await,
                    None => continue,
                };
                match came {
                    Ok(came) => {
                        state.proved = came.iter().any(|came| state.given.has(came));
                        let (follows, last_sequence, _) = following(came, after, &state.given);
                        state.last_sequence = last_sequence.or(state.last_sequence);
                        if !follows.is_empty() {
                            state.proved = true;
                            self.count("followed", follows.len());
                            return Ok(Page { events: follows });
                        }
                    }
                    Err(error) => {
                        tracing::debug!(context, %error, "a consumer is lost");
                        state.consumer = None;
                    }
                }
            }
            if !state.proved {
                match self.ask(&mut state.given, "begin", after, limit, wait.min(QUIET)).await {
                    // It cannot be asked: what the road brings is worth as much.
                    Err(OwnerError::Unavailable(_)) if Instant::now() < deadline => state.proved = true,
                    Ok(page) if !page.events.is_empty() => {
                        state.forget_what_proves_nothing();
                        return Ok(page);
                    }
                    answered => return answered,
                }
            }
            if let Some(reason) = state.ask {
                match self.ask(&mut state.given, reason, after, limit, Duration::ZERO).await {
                    Ok(page) if page.events.is_empty() => state.be_level(),
                    Ok(page) => {
                        if page.events.len() < limit as usize {
                            state.ask = None;
                        }
                        if reason == "quiet" {
                            // The road did not bring it: it has to prove itself anew.
                            state.begin_anew();
                        }
                        return Ok(page);
                    }
                    // The owner is away: what the road brings is worth as much.
                    Err(OwnerError::Unavailable(why)) if Instant::now() < deadline => {
                        tracing::debug!(context, why, "an owner cannot be asked; what NATS brings is taken");
                        state.be_level();
                    }
                    Err(error) => return Err(error),
                }
            }
            let Some(reading) = &mut state.consumer else { continue };
            match reading.next(limit as usize).await {
                Brought::Events(came) => {
                    let (follows, last_sequence, strays) = following(came, after, &state.given);
                    self.count("followed", follows.len());
                    self.count("stray", strays);
                    state.last_sequence = last_sequence.or(state.last_sequence);
                    if strays > 0 {
                        state.ask = Some("gap");
                    }
                    if !follows.is_empty() {
                        return Ok(Page { events: follows });
                    }
                }
                Brought::Nothing => state.ask = Some("quiet"),
                Brought::Lost(error) => {
                    tracing::debug!(context, %error, "a consumer is lost");
                    state.consumer = None;
                }
            }
            if Instant::now() >= deadline && state.ask.is_none() {
                return Ok(Page::default());
            }
        }
    }
}

impl State {
    /// A consumer that has brought nothing for a while, although there was something, is made anew.
    fn forget_what_proves_nothing(&mut self) {
        if self.consumer.as_ref().is_some_and(|reading| reading.made_at.elapsed() > WITHIN) {
            self.begin_anew();
        }
    }

    fn begin_anew(&mut self) {
        *self = Self { given: std::mem::take(&mut self.given), ..Self::default() };
    }

    fn be_level(&mut self) {
        self.ask = None;
        if let Some(reading) = &mut self.consumer {
            reading.stirred_at = Instant::now();
        }
    }
}

/// What follows `after` without a gap, where in the stream the last of it stands, and how many do not follow and were not given
/// by the owner before.
fn following(came: Vec<Came>, after: Option<EventId>, given: &Given) -> (Vec<Carried>, Option<u64>, usize) {
    let (mut last, mut last_sequence, mut strays) = (after, None, 0);
    let mut follows = Vec::with_capacity(came.len());
    for came in came {
        let is_given = given.has(&came);
        match came {
            (sequence, Some(carried)) if carried.previous == last => {
                last = Some(carried.event.id);
                last_sequence = sequence;
                follows.push(carried);
            }
            _ if is_given => {}
            _ => strays += 1,
        }
    }
    (follows, last_sequence, strays)
}

#[cfg(test)]
mod tests {
    use event_bus::Recorded;
    use kernel::Position;
    use kernel::actor::RecordedActor;
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> EventId {
        Uuid::from_u128(n).into()
    }

    /// The event with this number, behind another one (0: none).
    fn came(sequence: u64, n: u128, previous: u128) -> Came {
        let event = Recorded {
            position: Position::START,
            id: id(n),
            name: "book.created".to_owned(),
            version: 1,
            aggregate_type: "book".to_owned(),
            aggregate_id: Uuid::nil(),
            aggregate_version: 1,
            payload: serde_json::Value::Null,
            actor: RecordedActor::Anonymous,
            trace: None,
            occurred_at: time::OffsetDateTime::UNIX_EPOCH,
        };
        let previous = (previous > 0).then(|| id(previous));
        (Some(sequence), Some(Carried { event, previous, after: std::collections::BTreeMap::new() }))
    }

    fn follows(came: Vec<Came>, after: u128) -> (Vec<u128>, Option<u64>, usize) {
        let mut given = Given::default();
        if let (_, Some(carried)) = super::tests::came(1, 9, 8) {
            given.add(&[carried]);
        }
        let (follows, last, strays) = following(came, Some(id(after)), &given);
        (follows.iter().map(|carried| carried.event.id.uuid().as_u128()).collect(), last, strays)
    }

    #[test]
    fn what_does_not_follow_is_left_out_and_counted() {
        assert_eq!(follows(vec![came(7, 2, 1), came(8, 3, 2)], 1), (vec![2, 3], Some(8), 0));
        assert_eq!(follows(vec![came(7, 2, 1), came(9, 4, 3)], 1), (vec![2], Some(7), 1), "one was lost");
        assert_eq!(follows(vec![came(7, 3, 2), came(8, 2, 1)], 1), (vec![2], Some(8), 1), "swapped");
        assert_eq!(follows(vec![came(7, 2, 1), came(8, 2, 1), came(9, 3, 2)], 1), (vec![2, 3], Some(9), 1), "doubled");
        assert_eq!(follows(vec![(Some(7), None), came(8, 2, 1)], 1), (vec![2], Some(8), 1), "gibberish before it");
        assert_eq!(follows(vec![came(7, 5, 4)], 1), (vec![], None, 1), "the beginning was lost");
        assert_eq!(follows(vec![came(7, 9, 8), came(8, 2, 1)], 1), (vec![2], Some(8), 0), "the owner gave it before");
    }
}
