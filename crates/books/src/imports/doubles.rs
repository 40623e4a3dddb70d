//! Which rows stand for books that are on the shelf already. Pure.
//!
//! Two books are the same when they have the same ISBN, or, where one of them has none, the same title and first author. A
//! row stands for one copy. Each book of the shelf answers for one row of an import, so that a shelf with two copies of a book
//! and a file with three make one new book, and the same file again makes none. A file that does not count copies names no
//! book twice on purpose: there the second row is left out.

use std::collections::HashMap;

use kernel::BookId;

use crate::domain::row::LeftOutReason;

/// A book of the shelf.
#[derive(Debug, Clone)]
pub(super) struct OnShelf {
    pub id: BookId,
    pub isbn13: Option<String>,
    pub key: Vec<u8>,
    /// A row of this import stands for it already.
    pub claimed: bool,
}

/// What becomes of one row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// New books to put on the shelf.
    pub created: Vec<BookId>,
    /// Books that were there before.
    pub claimed: Vec<BookId>,
    /// The row makes no book, and which one it equals.
    pub left_out: Option<(LeftOutReason, BookId)>,
}

#[derive(Debug, Default)]
pub(super) struct Shelf {
    books: Vec<OnShelf>,
    by_isbn: HashMap<String, Vec<usize>>,
    by_key: HashMap<Vec<u8>, Vec<usize>>,
}

impl Shelf {
    pub fn new(books: impl IntoIterator<Item = OnShelf>) -> Self {
        let mut shelf = Self::default();
        let mut known = std::collections::HashSet::new();
        for book in books {
            if known.insert(book.id) {
                shelf.put(book);
            }
        }
        shelf
    }

    fn put(&mut self, book: OnShelf) {
        let place = self.books.len();
        if let Some(isbn) = &book.isbn13 {
            self.by_isbn.entry(isbn.clone()).or_default().push(place);
        }
        self.by_key.entry(book.key.clone()).or_default().push(place);
        self.books.push(book);
    }

    /// Places of books that are the same, those of the same ISBN first.
    fn same(&self, isbn13: Option<&str>, key: &[u8]) -> Vec<usize> {
        let by_isbn = isbn13.and_then(|isbn| self.by_isbn.get(isbn)).into_iter().flatten();
        let by_key = self.by_key.get(key).into_iter().flatten();
        let without = by_key.filter(|place| isbn13.is_none() || self.books[**place].isbn13.is_none());
        by_isbn.chain(without).copied().collect()
    }

    /// How many new books a row would make.
    pub fn new_books(&self, isbn13: Option<&str>, key: &[u8], copies: Option<u32>) -> u32 {
        let same = self.same(isbn13, key);
        let free = same.iter().filter(|place| !self.books[**place].claimed).count();
        match copies {
            Some(copies) => copies.saturating_sub(u32::try_from(free).unwrap_or(u32::MAX)),
            None => u32::from(same.is_empty()),
        }
    }

    /// Puts a row on the shelf. `copies`: for how many books it stands, where the file counts them.
    pub fn place(
        &mut self,
        isbn13: Option<&str>,
        key: &[u8],
        copies: Option<u32>,
        mut new_id: impl FnMut() -> BookId,
    ) -> Placed {
        let same = self.same(isbn13, key);
        let mut placed = Placed { created: Vec::new(), claimed: Vec::new(), left_out: None };
        let mut free = same.iter().copied().filter(|place| !self.books[*place].claimed).collect::<Vec<_>>().into_iter();
        for _ in 0..copies.unwrap_or(1) {
            if let Some(place) = free.next() {
                self.books[place].claimed = true;
                placed.claimed.push(self.books[place].id);
            } else if copies.is_none()
                && let Some(place) = same.first()
            {
                placed.left_out = Some((LeftOutReason::TwiceInFile, self.books[*place].id));
            } else {
                let id = new_id();
                self.put(OnShelf { id, isbn13: isbn13.map(str::to_owned), key: key.to_vec(), claimed: true });
                placed.created.push(id);
            }
        }
        if placed.created.is_empty()
            && let Some(there) = placed.claimed.first()
        {
            placed.left_out = Some((LeftOutReason::AlreadyOnShelf, *there));
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const ISBN: Option<&str> = Some("9780439023481");
    const OTHER: Option<&str> = Some("9780618002214");

    fn id() -> BookId {
        BookId::new(datetime!(2026-11-21 10:00 UTC))
    }

    fn on_shelf(isbn13: Option<&str>, key: &[u8]) -> OnShelf {
        OnShelf { id: id(), isbn13: isbn13.map(str::to_owned), key: key.to_vec(), claimed: false }
    }

    /// How many books each row makes, and why it makes none.
    fn placed(shelf: &mut Shelf, rows: &[(Option<&str>, &[u8], Option<u32>)]) -> Vec<(usize, Option<LeftOutReason>)> {
        let place = |(isbn, key, copies): &(Option<&str>, &[u8], Option<u32>)| {
            let placed = shelf.place(*isbn, key, *copies, id);
            (placed.created.len(), placed.left_out.map(|(reason, _)| reason))
        };
        rows.iter().map(place).collect()
    }

    use LeftOutReason::{AlreadyOnShelf, TwiceInFile};

    #[test]
    fn another_isbn_is_another_book_whatever_the_title() {
        let mut shelf = Shelf::new([on_shelf(ISBN, b"emma")]);
        assert_eq!(placed(&mut shelf, &[(OTHER, b"emma", None)]), [(1, None)]);
    }

    #[test]
    fn without_an_isbn_on_one_side_the_title_decides() {
        let mut shelf = Shelf::new([on_shelf(ISBN, b"emma"), on_shelf(None, b"ilias")]);
        let rows = [(None, &b"emma"[..], None), (OTHER, b"ilias", None), (None, b"odyssey", None)];
        assert_eq!(placed(&mut shelf, &rows), [(0, Some(AlreadyOnShelf)), (0, Some(AlreadyOnShelf)), (1, None)]);
    }

    #[test]
    fn a_file_that_counts_no_copies_names_a_book_once() {
        let mut shelf = Shelf::default();
        let rows = [(ISBN, &b"emma"[..], None), (ISBN, b"other title", None)];
        assert_eq!(placed(&mut shelf, &rows), [(1, None), (0, Some(TwiceInFile))]);
        let mut shelf = Shelf::new([on_shelf(ISBN, b"emma")]);
        assert_eq!(placed(&mut shelf, &rows), [(0, Some(AlreadyOnShelf)), (0, Some(TwiceInFile))]);
    }

    #[test]
    fn copies_that_are_counted_add_up_and_the_same_file_again_makes_none() {
        let rows = [(ISBN, &b"emma"[..], Some(1)), (ISBN, b"emma", Some(1)), (None, b"other", Some(4))];
        let mut shelf = Shelf::default();
        assert_eq!(placed(&mut shelf, &rows), [(1, None), (1, None), (4, None)]);
        shelf.books.iter_mut().for_each(|book| book.claimed = false);
        let there = (0, Some(AlreadyOnShelf));
        assert_eq!(placed(&mut shelf, &rows), [there, there, there]);
        assert_eq!(shelf.books.len(), 6);
    }

    #[test]
    fn a_shelf_with_fewer_copies_gets_those_that_are_missing() {
        let mut shelf = Shelf::new([on_shelf(ISBN, b"emma"), on_shelf(ISBN, b"emma")]);
        assert_eq!(placed(&mut shelf, &[(ISBN, b"emma", Some(3))]), [(1, None)]);
    }
}
