mod create_book;
mod delete_book;
mod mark_row_repaired;
mod start_import;
mod update_book;

pub(crate) use create_book::CreateBookHandler;
pub use create_book::{CreateBook, CreateBookError};
pub use delete_book::{DeleteBook, DeleteBookError};
pub(crate) use delete_book::{DeleteBookHandler, Deletions};
pub(crate) use mark_row_repaired::MarkRowRepairedHandler;
pub use mark_row_repaired::{MarkRowRepaired, MarkRowRepairedError};
pub(crate) use start_import::StartImportHandler;
pub use start_import::{ImportStarted, StartImport, StartImportError};
pub(crate) use update_book::UpdateBookHandler;
pub use update_book::{UpdateBook, UpdateBookError};
