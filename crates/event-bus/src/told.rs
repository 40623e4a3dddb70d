//! What processes tell each other on the log's channel, by NOTIFY. A lost one costs time and nothing else: everything told
//! is also found by looking.

use std::sync::Arc;
use std::time::Duration;

use kernel::Position;

use crate::bus::Inner;
use crate::source::Arrival;

/// Somebody has set a checkpoint, or wants a dead letter tried again.
pub(crate) const ASK: &str = "ask";
/// Somebody waits: whoever runs subscriptions says at once how far they are, for a second.
pub(crate) const HURRY: &str = "hurry";

/// How far subscriptions have come: `at books 817 4031,books.view 817 4031`, each with the transaction and the position of the
/// last event that it handled. Told while somebody waits.
pub(crate) struct Reached;

impl Reached {
    pub const BEGINNING: &'static str = "at ";

    pub fn told<'s>(all: impl IntoIterator<Item = (&'s str, Position)>) -> String {
        let each = all.into_iter().map(|(name, at)| format!("{name} {} {}", at.transaction, at.sequence));
        format!("{}{}", Self::BEGINNING, each.collect::<Vec<_>>().join(","))
    }

    /// `None`: something else was told. What cannot be read is left out.
    pub fn heard(payload: &str) -> Option<impl Iterator<Item = (&str, Position)>> {
        Some(payload.strip_prefix(Self::BEGINNING)?.split(',').filter_map(|one| {
            let mut words = one.split(' ');
            let (name, transaction, sequence) = (words.next()?, words.next()?, words.next()?);
            Some((name, Position { transaction: transaction.parse().ok()?, sequence: sequence.parse().ok()? }))
        }))
    }
}

/// How far the import of a context is: `from books 748 12 900 34`, the place of the last event in its owner's log, then in
/// ours. Told with the commit of the import.
pub(crate) struct Arrived;

impl Arrived {
    pub const BEGINNING: &'static str = "from ";

    pub fn told(context: &str, Arrival { there, here }: Arrival) -> String {
        let places = [there.transaction, there.sequence, here.transaction, here.sequence];
        let places = places.map(|number| number.to_string()).join(" ");
        format!("{}{context} {places}", Self::BEGINNING)
    }

    /// `None`: something else was told, or it cannot be read.
    pub fn heard(payload: &str) -> Option<(&str, Arrival)> {
        let (context, places) = payload.strip_prefix(Self::BEGINNING)?.split_once(' ')?;
        let mut numbers = places.split(' ').map(str::parse);
        let mut place = || Some(Position { transaction: numbers.next()?.ok()?, sequence: numbers.next()?.ok()? });
        Some((context, Arrival { there: place()?, here: place()? }))
    }
}

/// Hears what is told; anything else is the log's own trigger, which tells of new events. Never ends.
pub(crate) async fn listen(bus: Arc<Inner>) {
    loop {
        let listening = async {
            let mut listener = bus.database.listener().await?;
            listener.listen("event_bus_log").await?;
            // Whatever was told before we listened nobody tells again.
            bus.wake.send_replace(());
            while let Some(told) = listener.next().await? {
                if let Some(reached) = Reached::heard(&told) {
                    bus.progress.hear(reached);
                    continue;
                }
                if let Some((context, arrival)) = Arrived::heard(&told) {
                    bus.arrivals.set(context, arrival);
                    continue;
                }
                match &*told {
                    HURRY => bus.checkpoints.hurry(),
                    ASK => bus.asked.notify_one(),
                    _ => {
                        bus.wake.send_replace(());
                    }
                }
            }
            Ok(())
        };
        let ended: Result<(), sqlx::Error> = listening.await;
        if let Err(error) = ended {
            tracing::warn!(%error, "not woken by the log for now; polling goes on");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard_and_what_cannot_be_read_is_left_out() {
        let at = |transaction, sequence| Position { transaction, sequence };
        let told = Reached::told([("books", at(7, 1)), ("books.view", at(i64::MAX, 2))]);
        let heard: Vec<_> = Reached::heard(&told).unwrap().collect();
        assert_eq!(heard, [("books", at(7, 1)), ("books.view", at(i64::MAX, 2))]);
        for other in ["", HURRY, ASK, "attention"] {
            assert!(Reached::heard(other).is_none(), "{other}");
        }
        assert_eq!(Reached::heard("at books,users 3,auth 1 2").unwrap().count(), 1);

        let arrival = Arrival { there: at(748, 12), here: at(900, 34) };
        assert_eq!(Arrived::heard(&Arrived::told("books", arrival)), Some(("books", arrival)));
        for other in ["", HURRY, ASK, "from", "from books", "from books 1 2 3", "from books 1 2 3 x"] {
            assert!(Arrived::heard(other).is_none(), "{other}");
        }
    }
}
