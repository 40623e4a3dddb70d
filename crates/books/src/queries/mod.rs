mod book_history;
mod count_books;
mod count_facets;
mod cursor;
mod export_shelf;
mod filter;
mod find;
mod get_book;
mod get_import;
mod import_view;
mod list_books;
mod list_imports;
mod my_books;
mod open_import_rows;
mod review_shelves;
mod search_books;
mod suggest_books;

pub(crate) use book_history::BookHistoryHandler;
pub use book_history::{BookHistory, BookHistoryError, HistoryEntry};
pub(crate) use count_books::CountBooksHandler;
pub use count_books::{CountBooks, CountBooksError};
pub(crate) use count_facets::CountFacetsHandler;
pub use count_facets::{CategoryCount, CountFacets, CountFacetsError, Facets, LanguageCount};
pub(crate) use export_shelf::ExportShelfHandler;
pub use export_shelf::{ExportPlace, ExportShelf, ExportShelfError, ShelfPiece};
pub(crate) use get_book::GetBookHandler;
pub use get_book::{GetBook, GetBookError};
pub(crate) use get_import::GetImportHandler;
pub use get_import::{GetImport, GetImportError};
pub use import_view::{
    IgnoredColumn, ImportReview, ImportStatus, ImportSummary, ImportView, LeftOutCount, LeftOutRow, ReviewColumn,
    RowError, RowNote,
};
pub(crate) use list_books::ListBooksHandler;
pub use list_books::{BookSort, CataloguePage, ListBooks, ListBooksError, SortOrder};
pub(crate) use list_imports::ListImportsHandler;
pub use list_imports::{ListImports, ListImportsError};
pub(crate) use my_books::MyBooksHandler;
pub use my_books::{MyBooks, MyBooksError};
pub(crate) use open_import_rows::OpenImportRowsHandler;
pub use open_import_rows::{OpenImportRows, OpenImportRowsError, OpenRows};
pub(crate) use review_shelves::ReviewShelvesHandler;
pub use review_shelves::{CountedShelves, ReviewShelves, ReviewShelvesError};
pub use search_books::SearchBooks;
pub(crate) use search_books::SearchBooksHandler;
pub(crate) use suggest_books::SuggestBooksHandler;
pub use suggest_books::{SuggestBooks, SuggestBooksError, Suggestion, SuggestionKind};
