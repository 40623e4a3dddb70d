//! Books: what members own and show, and whether it can be had.
//!
//! | a use case | its file |
//! |---|---|
//! | list a book, change it, delete it | `commands/create_book.rs`, `commands/update_book.rs`, `commands/delete_book.rs` |
//! | bring a whole shelf from a CSV file | `commands/start_import.rs`, `imports/`, `queries/get_import.rs`, `queries/list_imports.rs` |
//! | repair a row that was not taken | `commands/mark_row_repaired.rs` |
//! | one book; the catalogue; one's own shelf | `queries/get_book.rs`, `queries/list_books.rs`, `queries/my_books.rs` |
//! | finding books by what one types; suggestions while typing | `queries/search_books.rs`, `queries/suggest_books.rs` |
//! | by what the catalogue can be narrowed down, with counts | `queries/count_facets.rs` |
//! | one's own shelf as a CSV file | `queries/export_shelf.rs` |
//! | filling a database with books for a load test | `bulk.rs` |
//! | what happened to a book; how many a member has | `queries/book_history.rs`, `queries/count_books.rs` |
//! | the forms books are found by, typing errors, the order of what is found | `findable.rs`, `domain/search.rs`, `domain/ranking.rs` |
//! | ISBNs, languages, years, rows of other programs' exports | `domain/`, pure |
//! | hearing borrows and members | `subscribers.rs` |
//! | the catalogue in Redis | `view.rs` |
//! | what borrowing must answer | `ports.rs` |

mod bulk;
mod commands;
mod context;
mod domain;
mod findable;
mod imports;
mod ports;
mod queries;
mod stored;
mod subscribers;
mod view;

pub use bulk::BulkBooks;
pub use commands::{
    CreateBook, CreateBookError, DeleteBook, DeleteBookError, ImportStarted, MarkRowRepaired, MarkRowRepairedError,
    StartImport, StartImportError, UpdateBook, UpdateBookError,
};
pub use context::{Books, MIGRATIONS};
pub use domain::import::RowValues;
pub use domain::search::QueryTextError;
pub use domain::{BookChanges, BookInput, Change, Condition, Isbn, IsbnError};
pub use imports::{FileError, ImportSettings, Upload, UploadClosed, UploadSender};
pub use ports::{LendingGate, WithdrawRefused};
pub use queries::{
    BookHistory, BookHistoryError, BookSort, CategoryCount, CountBooks, CountBooksError, CountFacets, CountFacetsError,
    ExportPlace, ExportShelf, ExportShelfError, Facets, GetBook, GetBookError, GetImport, GetImportError, HistoryEntry,
    ImportStatus, ImportSummary, ImportView, LanguageCount, ListBooks, ListBooksError, ListImports, ListImportsError,
    MyBooks, MyBooksError, RowError, SearchBooks, ShelfPiece, SortOrder, SuggestBooks, SuggestBooksError, Suggestion,
    SuggestionKind,
};
pub use view::{BookOwner, BookStatus, BookView};
