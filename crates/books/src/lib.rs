//! Books: what members own and show, and whether it can be had.
//!
//! | a use case | its file |
//! |---|---|
//! | list a book, change it, delete it | `commands/create_book.rs`, `commands/update_book.rs`, `commands/delete_book.rs` |
//! | bring a whole shelf from a file | `commands/start_import.rs`, `imports/`, `queries/get_import.rs`, `queries/list_imports.rs` |
//! | the file as it was sent | `imports/original.rs`, `queries/get_import_file.rs` |
//! | say how to read the file, or cancel it | `commands/start_reviewed_import.rs`, `queries/review_shelves.rs`, `commands/cancel_import.rs` |
//! | repair a row that was not taken; add one that was left out | `commands/mark_row_repaired.rs`, `commands/add_left_out_row.rs` |
//! | what of one's imports waits for repair | `queries/open_import_rows.rs` |
//! | one book; the catalogue; one's own shelf | `queries/get_book.rs`, `queries/list_books.rs`, `queries/my_books.rs` |
//! | finding books by what one types; suggestions while typing | `queries/search_books.rs`, `queries/suggest_books.rs` |
//! | by what the catalogue can be narrowed down, with counts | `queries/count_facets.rs` |
//! | one's own shelf as a CSV file | `queries/export_shelf.rs` |
//! | rows held against what events tell | `audit.rs` |
//! | the figures of a month | `queries/count_shown_books.rs`, `queries/shown_titles.rs` |
//! | filling a database with books for a load test | `bulk.rs`, behind the feature `bulk` |
//! | what happened to a book; how many a member has | `queries/book_history.rs`, `queries/count_books.rs` |
//! | what searches keep beside the books, and its removal when no book has it | `findable.rs`, `forgotten.rs`, `leftovers.rs` |
//! | the rules of form for a description, and for a row that was read | `domain/`, pure |
//! | ISBNs, languages, rows of other programs' exports, words, the order of what is found | the crate `bibliography`, pure |
//! | who sees a book; members who block each other | `visible.rs`, `hidden.rs` |
//! | hearing borrows and members | `subscribers.rs` |
//! | the catalogue in Redis | `view.rs` |
//! | what borrowing must answer | `ports.rs` |

mod audit;
#[cfg(feature = "bulk")]
mod bulk;
mod commands;
mod context;
mod domain;
mod findable;
mod forgotten;
mod hidden;
mod imports;
mod leftovers;
mod metrics;
mod ports;
mod queries;
mod stored;
mod subscribers;
mod view;
mod visible;

#[cfg(feature = "bulk")]
pub use bulk::BulkBooks;
pub use commands::{
    AddLeftOutRow, AddLeftOutRowError, CancelImport, CancelImportError, CreateBook, CreateBookError, DeleteBook,
    DeleteBookError, ImportStarted, LayoutChoice, MarkRowRepaired, MarkRowRepairedError, RowAdded, StartImport,
    StartImportError, StartReviewedImport, StartReviewedImportError, UpdateBook, UpdateBookError,
};
pub use context::{Books, MIGRATIONS, PUBLISHES};
pub use domain::row::{LeftOutReason, RowValues};
pub use domain::{BookChanges, BookInput, BookSnapshot, Change};
pub use imports::{FileError, ImportSettings, Upload};
pub use ports::{FilePieces, FileStore, FilesUnavailable, LendingGate, Pace, WithdrawRefused};
pub use queries::{
    BookHistory, BookHistoryError, BookSort, CataloguePage, CategoryCount, CountBooks, CountBooksError, CountFacets,
    CountFacetsError, CountShownBooks, CountShownBooksError, CountedShelves, ExportPlace, ExportShelf,
    ExportShelfError, Facets, GetBook, GetBookError, GetImport, GetImportError, GetImportFile, GetImportFileError,
    HistoryEntry, IgnoredColumn, ImportReview, ImportStatus, ImportSummary, ImportView, KnownMembers,
    KnownMembersError, LanguageCount, LeftOutCount, LeftOutRow, ListBooks, ListBooksError, ListImports,
    ListImportsError, MyBooks, MyBooksError, OpenImportRows, OpenImportRowsError, OpenRows, ReviewColumn,
    ReviewShelves, ReviewShelvesError, RowError, RowNote, SearchBooks, ShelfPiece, ShownBooks, ShownTitle, ShownTitles,
    ShownTitlesError, SortOrder, SuggestBooks, SuggestBooksError, Suggestion, SuggestionKind,
};
pub use view::{BookOwner, BookStatus, BookView};
