//! What a context puts into its projection.

use crate::ReadStoreError;

/// One view, ready to be served.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Unique within the projection, and never used again after a deletion.
    pub id: String,
    /// The version of the row the view was made from, from 0. A write is taken only when it is newer than what is there, so
    /// every change that the view shows must raise it.
    pub version: i64,
    /// The bytes that readers get. `None`: the thing is deleted, a tombstone is left.
    pub body: Option<Vec<u8>>,
    /// Every list that holds the document; it leaves those that an earlier version named and this one does not.
    pub lists: Vec<Listing>,
}

/// A place in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// As in `newest` or `owner:<id>`.
    pub list: String,
    /// Lists are ordered by score, then by the bytes of the document's id, so the order is total. Microseconds since 1970
    /// are exact: they fit into 53 bits until the year 2255.
    pub score: f64,
}

impl Document {
    /// The thing is gone, and so is its row with the last version: nothing written earlier or later brings it back.
    pub fn deleted(id: impl Into<String>) -> Self {
        Self { id: id.into(), version: i64::MAX, body: None, lists: Vec::new() }
    }

    /// Refuses what Redis would store wrongly or not at all.
    pub(crate) fn check(&self) -> Result<(), ReadStoreError> {
        let invalid = |what| ReadStoreError::Invalid { id: self.id.clone(), what };
        if self.id.is_empty() {
            return Err(invalid("the id is empty"));
        }
        if self.version < 0 {
            return Err(invalid("the version is negative"));
        }
        for listing in &self.lists {
            if listing.list.is_empty() || listing.list.contains('\n') {
                return Err(invalid("the name of a list is empty or has a line break"));
            }
            if !listing.score.is_finite() {
                return Err(invalid("a score is not a finite number"));
            }
        }
        Ok(())
    }
}

impl Listing {
    pub fn new(list: impl Into<String>, score: f64) -> Self {
        Self { list: list.into(), score }
    }
}
