//! What a context tells the others, and where it stands in the log.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// For [`events!`](crate::events), which writes their names into other crates.
#[doc(hidden)]
pub use {serde, serde_json, uuid};

/// A place in the event log. Ordered by the transaction that wrote the event, then by the number the event drew:
/// that order is the one in which events become visible (see `event-bus/src/log.rs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Position {
    pub transaction: i64,
    pub sequence: i64,
}

impl Position {
    /// Before the first event.
    pub const START: Position = Position { transaction: 0, sequence: 0 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.transaction, self.sequence)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a position is two whole numbers joined by a dash, as in 748-12")]
pub struct PositionError;

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |digits: &str| {
            (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
                .then(|| digits.parse::<i64>().ok())
                .flatten()
                .ok_or(PositionError)
        };
        let (transaction, sequence) = text.split_once('-').ok_or(PositionError)?;
        Ok(Self { transaction: number(transaction)?, sequence: number(sequence)? })
    }
}

/// A position, and in whose log it is: each database has its own, and their positions cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogPosition {
    /// A context that has its tables beside that log. `None`: there is only one log, or it is that of whoever is asked.
    pub log: Option<&'static str>,
    pub position: Position,
}

impl From<Position> for LogPosition {
    fn from(position: Position) -> Self {
        Self { log: None, position }
    }
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.log {
            Some(log) => write!(f, "{log}:{}", self.position),
            None => write!(f, "{}", self.position),
        }
    }
}

impl LogPosition {
    /// `known`: the name of a log for what a text calls it; `None`: there is no such log.
    pub fn read(text: &str, known: impl FnOnce(&str) -> Option<&'static str>) -> Result<Self, PositionError> {
        let (log, position) = match text.split_once(':') {
            Some((log, position)) => (Some(known(log).ok_or(PositionError)?), position),
            None => (None, text),
        };
        Ok(Self { log, position: position.parse()? })
    }
}

/// A stored event could not be read as the family it belongs to.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("event {name} has no version {version} that this program knows")]
    UnknownVersion { name: String, version: i16 },
    #[error("the payload of event {name} version {version} does not fit")]
    Payload {
        name: String,
        version: i16,
        #[source]
        source: serde_json::Error,
    },
}

/// One event of a family as the others may rely on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    pub name: &'static str,
    pub version: i16,
    /// The checked-in `samples/<name>.v<version>.json`: producer and consumers test against it.
    pub sample: &'static str,
}

/// The family of events that one context publishes. Made by [`crate::events!`].
pub trait Event: Sized + Send + Sync + 'static {
    /// The context that publishes it, which is the family's name: `books`.
    const FAMILY: &'static str;
    /// The family, in the order of its declaration.
    const PUBLISHED: &'static [Published];

    /// Stable: `book.created`.
    fn name(&self) -> &'static str;
    fn version(&self) -> i16;
    /// The kind of thing it happened to: `book`.
    fn aggregate_type(&self) -> &'static str;
    fn aggregate_id(&self) -> Uuid;
    fn payload(&self) -> Result<serde_json::Value, serde_json::Error>;

    /// `None`: the name belongs to another family.
    fn decode(name: &str, version: i16, payload: &serde_json::Value) -> Result<Option<Self>, DecodeError>;
}

/// Declares the events of a context as one enum with one struct per event, each with a sample in `samples/`:
///
/// ```text
/// use serde::{Deserialize, Serialize};
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// pub struct BookDeleted { pub book_id: kernel::BookId }
///
/// kernel::events! {
///     /// What books publishes.
///     pub enum BookEvent of "books" {
///         "book.deleted" 1 about "book" by book_id => Deleted(BookDeleted),
///     }
/// }
/// ```
#[macro_export]
macro_rules! events {
    (
        $(#[$doc:meta])*
        pub enum $family:ident of $context:literal {
            $($name:literal $version:literal about $aggregate:literal by $id:ident => $variant:ident($payload:ty)),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $family { $($variant($payload)),+ }

        impl $crate::Event for $family {
            const FAMILY: &'static str = $context;
            const PUBLISHED: &'static [$crate::event::Published] = &[$($crate::event::Published {
                name: $name,
                version: $version,
                sample: include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"), "/samples/", $name, ".v", $version, ".json"
                )),
            }),+];

            fn name(&self) -> &'static str {
                match self { $($family::$variant(_) => $name),+ }
            }

            fn version(&self) -> i16 {
                match self { $($family::$variant(_) => $version),+ }
            }

            fn aggregate_type(&self) -> &'static str {
                match self { $($family::$variant(_) => $aggregate),+ }
            }

            fn aggregate_id(&self) -> $crate::event::uuid::Uuid {
                match self { $($family::$variant(event) => event.$id.uuid()),+ }
            }

            fn payload(&self) -> ::std::result::Result<$crate::event::serde_json::Value, $crate::event::serde_json::Error> {
                match self { $($family::$variant(event) => $crate::event::serde_json::to_value(event)),+ }
            }

            fn decode(
                name: &str,
                version: i16,
                payload: &$crate::event::serde_json::Value,
            ) -> ::std::result::Result<Option<Self>, $crate::DecodeError> {
                match (name, version) {
                    $(($name, $version) => <$payload as $crate::event::serde::Deserialize>::deserialize(payload)
                        .map(|event| Some($family::$variant(event)))
                        .map_err(|source| $crate::DecodeError::Payload { name: name.to_owned(), version, source }),)+
                    $(($name, _) => Err($crate::DecodeError::UnknownVersion { name: name.to_owned(), version }),)+
                    _ => Ok(None),
                }
            }
        }

        $(impl From<$payload> for $family {
            fn from(event: $payload) -> Self {
                $family::$variant(event)
            }
        })+
    };
}

/// Reads every sample of a family and writes it again: what comes out must be what is checked in. Meant for the tests
/// of the crates that publish.
///
/// # Panics
/// When a sample does not fit its struct, or the struct writes something else than its sample.
pub fn assert_samples_hold<E: Event>() {
    for published in E::PUBLISHED {
        let sample: serde_json::Value = serde_json::from_str(published.sample).expect(published.name);
        let event = E::decode(published.name, published.version, &sample)
            .expect(published.name)
            .expect("a published name belongs to its family");
        assert_eq!(event.name(), published.name);
        assert_eq!(event.payload().expect(published.name), sample, "{}", published.name);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_taken_as_a_position_reads_back_as_the_same(
            text in prop_oneof!["\\PC{0,40}", "[-+]?[0-9]{0,20}-[-+]?[0-9]{0,20}"],
        ) {
            if let Ok(position) = text.parse::<Position>() {
                prop_assert_eq!(position.to_string().parse(), Ok(position));
            }
        }
    }

    #[test]
    fn a_position_of_a_log_names_it_where_there_are_several() {
        let known = |name: &str| ["borrowing"].into_iter().find(|log| *log == name);
        let position = Position { transaction: 748, sequence: 12 };
        for (text, log) in [("748-12", None), ("borrowing:748-12", Some("borrowing"))] {
            let read = LogPosition::read(text, known).unwrap();
            assert_eq!((read, read.to_string().as_str()), (LogPosition { log, position }, text));
        }
        for wrong in ["lending:748-12", ":748-12", "borrowing:", "borrowing:748", "borrowing:borrowing:1-1", ""] {
            assert_eq!(LogPosition::read(wrong, known), Err(PositionError), "{wrong}");
        }
    }

    #[test]
    fn a_position_reads_back_what_it_shows() {
        let position = Position { transaction: 748, sequence: 12 };
        assert_eq!("748-12".parse(), Ok(position));
        for wrong in ["", "748", "-", "748-", "-12", "+1-2", "1--2", "x-1", "99999999999999999999-1"] {
            assert_eq!(wrong.parse::<Position>(), Err(PositionError), "{wrong}");
        }
    }

    #[test]
    fn a_later_transaction_is_later_whatever_number_it_drew() {
        let earlier = Position { transaction: 5, sequence: 100 };
        let later = Position { transaction: 6, sequence: 1 };
        assert!(earlier < later);
    }
}
