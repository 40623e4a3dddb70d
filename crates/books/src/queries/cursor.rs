//! Where a page of books ended: the sort key and the id of its last book. The same in Redis and in PostgreSQL, so a walk
//! goes on when the one answers instead of the other.

use bibliography::keys::title_sort;
use kernel::BookId;
use uuid::Uuid;

use super::list_books::BookSort;
use crate::view::BookView;

/// The end of the year 9999. No book is as new, and PostgreSQL counts not much further.
const END_OF_TIME: i64 = 253_402_300_800_000_000;

/// Years nobody knows stand before all others, as in the index.
pub(super) const UNKNOWN_YEAR: i16 = i16::MIN;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// Microseconds since 1970.
    CreatedAt(i64),
    Title(String),
    Year(i16),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub key: Key,
    pub id: Uuid,
}

impl Cursor {
    /// `None`: this order has no cursors.
    pub fn behind(book: &BookView, sort: BookSort) -> Option<Self> {
        let key = match sort {
            BookSort::Relevance => return None,
            BookSort::CreatedAt => Key::CreatedAt(book.created_at_micros()),
            BookSort::Title => Key::Title(title_sort(&book.title)),
            BookSort::PublishedYear => Key::Year(book.published_year.unwrap_or(UNKNOWN_YEAR)),
        };
        Some(Self { key, id: book.id.uuid() })
    }

    /// Letters, digits, dots and dashes.
    pub fn encode(&self) -> String {
        let id = self.id.simple();
        match &self.key {
            Key::CreatedAt(micros) => format!("c.{micros}.{id}"),
            Key::Title(title) => {
                let hex: String = title.bytes().map(|byte| format!("{byte:02x}")).collect();
                format!("t.{hex}.{id}")
            }
            Key::Year(year) => format!("y.{year}.{id}"),
        }
    }

    /// `None`: no page of a list in this order ended so.
    pub fn decode(text: &str, sort: BookSort) -> Option<Self> {
        let mut parts = text.split('.');
        let (kind, key, id) = (parts.next()?, parts.next()?, parts.next()?);
        let key = match (kind, sort) {
            ("c", BookSort::CreatedAt) => {
                Key::CreatedAt(key.parse().ok().filter(|micros| (0..END_OF_TIME).contains(micros))?)
            }
            ("t", BookSort::Title) => Key::Title(text_of_hex(key)?),
            ("y", BookSort::PublishedYear) => Key::Year(key.parse().ok()?),
            _ => return None,
        };
        let id = id.parse::<BookId>().ok()?.uuid();
        parts.next().is_none().then_some(Self { key, id })
    }
}

fn text_of_hex(hex: &str) -> Option<String> {
    if !hex.len().is_multiple_of(2) || !hex.is_ascii() {
        return None;
    }
    let bytes: Result<Vec<u8>, _> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16)).collect();
    String::from_utf8(bytes.ok()?).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> impl Strategy<Value = (Key, BookSort)> {
        prop_oneof![
            (0..END_OF_TIME).prop_map(|micros| (Key::CreatedAt(micros), BookSort::CreatedAt)),
            "\\PC{0,100}".prop_map(|title| (Key::Title(title), BookSort::Title)),
            any::<i16>().prop_map(|year| (Key::Year(year), BookSort::PublishedYear)),
        ]
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back((key, sort) in keys(), id in any::<u128>()) {
            let cursor = Cursor { key, id: Uuid::from_u128(id) };
            prop_assert_eq!(Cursor::decode(&cursor.encode(), sort), Some(cursor));
        }

        #[test]
        fn whatever_is_taken_reads_back_as_the_same(
            text in prop_oneof![
                "[cty]?\\.?\\PC{0,40}",
                "[cty]\\.[-+]?[0-9a-f]{0,20}\\.[0-9a-fA-F-]{32,36}",
                "t\\.([0-9a-f]{2}){0,9}\\.[0-9a-f]{32}",
            ],
        ) {
            for sort in [BookSort::CreatedAt, BookSort::Title, BookSort::PublishedYear] {
                if let Some(cursor) = Cursor::decode(&text, sort) {
                    prop_assert_eq!(Cursor::decode(&cursor.encode(), sort), Some(cursor));
                }
            }
        }
    }

    #[test]
    fn a_moment_beyond_what_postgresql_counts_is_no_cursor() {
        let cursor = Cursor { key: Key::CreatedAt(i64::MAX), id: Uuid::nil() };
        assert_eq!(Cursor::decode(&cursor.encode(), BookSort::CreatedAt), None);
    }

    #[test]
    fn a_cursor_of_another_order_is_none() {
        let cursor = Cursor { key: Key::Year(1815), id: Uuid::nil() };
        assert_eq!(Cursor::decode(&cursor.encode(), BookSort::CreatedAt), None);
    }
}
