//! One file per program: what its header has, and what its columns hold.

mod babelio;
mod bookwyrm;
mod calibre;
mod folkshelf;
mod goodbooks;
mod goodreads;
mod inventaire;
mod isbn_list;
mod libib;
mod librarything;
mod openreads;
mod storygraph;

pub use isbn_list::COLUMN as ISBN_COLUMN;

use super::format::Spec;

/// In the order in which a header is compared with them. A table that is none of them is [`TABLE`].
pub(super) static ALL: [Spec; 13] = [
    folkshelf::SPEC,
    goodbooks::SPEC,
    librarything::SPEC,
    goodreads::SPEC,
    storygraph::SPEC,
    calibre::SPEC,
    openreads::SPEC,
    bookwyrm::SPEC,
    inventaire::SPEC,
    babelio::SPEC,
    libib::SPEC,
    isbn_list::SPEC,
    TABLE,
];

/// Anybody's own table, its columns known by `words`.
pub(super) const TABLE: Spec = Spec::BASE;
