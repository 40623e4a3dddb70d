//! What of a page an importer takes. Each event names the one before it, so whatever a road does to a page (loses, doubles,
//! swaps, cuts), only what follows the cursor without a gap is taken.

use std::collections::{HashMap, HashSet};

use kernel::EventId;

use crate::carried::Carried;

/// What of a page follows the cursor.
pub(crate) struct Fit<'p> {
    /// In order; some of it may be in the log already.
    pub events: Vec<&'p Carried>,
    /// So many were here already, and do not follow.
    pub doubled: usize,
    /// What comes next does not follow.
    pub gap: bool,
}

/// `known`: which of the page's events are in the log.
pub(crate) fn fit<'p>(page: &'p [Carried], cursor: Option<EventId>, known: &HashSet<EventId>) -> Fit<'p> {
    let mut taken = HashSet::new();
    let mut fit = Fit { events: Vec::new(), doubled: 0, gap: false };
    let mut last = cursor;
    for carried in page {
        let id = carried.event.id;
        if carried.previous == last && taken.insert(id) {
            fit.events.push(carried);
            last = Some(id);
        } else if known.contains(&id) || taken.contains(&id) {
            fit.doubled += 1;
        } else {
            fit.gap = true;
            break;
        }
    }
    fit
}

/// How many of `events` have their causes here, from the first on, and for which cause the next one waits. `sources`: of which
/// contexts causes come from elsewhere.
pub(crate) fn caused<'p>(
    events: &[&'p Carried],
    known: &HashSet<EventId>,
    is_awaited: impl Fn(&str) -> bool,
) -> (usize, HashMap<&'p str, EventId>) {
    for (count, carried) in events.iter().enumerate() {
        let missing: HashMap<&str, EventId> = carried
            .after
            .iter()
            .filter(|(context, cause)| is_awaited(context) && !known.contains(cause))
            .map(|(context, cause)| (context.as_str(), *cause))
            .collect();
        if !missing.is_empty() {
            return (count, missing);
        }
    }
    (events.len(), HashMap::new())
}

#[cfg(test)]
mod tests {
    use kernel::Position;
    use kernel::actor::RecordedActor;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;
    use crate::log::Recorded;

    fn id(n: u128) -> EventId {
        Uuid::from_u128(n).into()
    }

    fn carried(n: u128, previous: u128, after: &[(&str, u128)]) -> Carried {
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
            occurred_at: OffsetDateTime::UNIX_EPOCH,
        };
        let previous = (previous > 0).then(|| id(previous));
        Carried { event, previous, after: after.iter().map(|(of, n)| ((*of).to_owned(), id(*n))).collect() }
    }

    /// Which events are taken behind `cursor`, how many are doubled, and whether there is a gap.
    fn taken(page: &[(u128, u128)], cursor: u128, known: &[u128]) -> (Vec<u128>, usize, bool) {
        let page: Vec<Carried> = page.iter().map(|(n, previous)| carried(*n, *previous, &[])).collect();
        let fit = fit(&page, (cursor > 0).then(|| id(cursor)), &known.iter().map(|n| id(*n)).collect());
        (fit.events.iter().map(|carried| carried.event.id.uuid().as_u128()).collect(), fit.doubled, fit.gap)
    }

    #[test]
    fn only_what_follows_the_cursor_is_taken() {
        assert_eq!(taken(&[(1, 0), (2, 1)], 0, &[]), (vec![1, 2], 0, false));
        assert_eq!(taken(&[(2, 1)], 0, &[]), (vec![], 0, true), "the first was lost");
        assert_eq!(taken(&[(2, 1), (4, 3)], 1, &[1]), (vec![2], 0, true), "one was lost on the way");
        assert_eq!(taken(&[(3, 2), (2, 1)], 1, &[1]), (vec![], 0, true), "swapped");
        assert_eq!(taken(&[(2, 1), (2, 1), (3, 2)], 1, &[1]), (vec![2, 3], 1, false), "doubled");
        assert_eq!(taken(&[(1, 0), (2, 1), (3, 2)], 2, &[1, 2]), (vec![3], 2, false), "told again");
        assert_eq!(taken(&[(2, 0)], 1, &[1]), (vec![], 0, true), "it lies about what was before it");
        assert_eq!(taken(&[(2, 2)], 1, &[1]), (vec![], 0, true), "it names itself");
        assert_eq!(taken(&[(1, 0), (2, 1)], 0, &[1]), (vec![1, 2], 0, false), "from the beginning, with some here");
    }

    #[test]
    fn an_event_waits_for_causes_that_come_from_elsewhere() {
        let page = [carried(1, 0, &[("users", 7)]), carried(2, 1, &[("users", 8), ("own", 99)])];
        let page: Vec<&Carried> = page.iter().collect();
        let waits = |known: &[u128]| {
            let known = known.iter().map(|n| id(*n)).collect();
            let (count, missing) = caused(&page, &known, |context| context != "own");
            (count, missing.get("users").map(|cause| cause.uuid().as_u128()))
        };
        assert_eq!(waits(&[]), (0, Some(7)));
        assert_eq!(waits(&[7]), (1, Some(8)));
        assert_eq!(waits(&[7, 8]), (2, None));
    }
}
