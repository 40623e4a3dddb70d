//! Knowledge about books that holds in any library: numbers, languages, the tables that other programs write, and how
//! titles and names are found, sorted and told apart. Pure: no I/O, no async, no clock, and no word of any context.
//!
//! | module | holds |
//! |---|---|
//! | [`isbn`] | [`Isbn`]: the number of an edition, however it was written |
//! | [`language`] | [`Language`]: a short tag for the language of a book, from codes and names |
//! | [`condition`] | [`Condition`]: how well a copy is kept |
//! | [`limits`] | how much a description may hold: titles, authors, categories |
//! | [`words`] | the words of a text, folded |
//! | [`keys`] | folded titles, names and categories, to sort, filter and recognise books by |
//! | [`search`] | the forms by which a book is found, and a query understood |
//! | [`spelling`] | which known words a mistyped one may be meant for |
//! | [`ranking`] | in which order found books are shown |
//! | [`table`] | rows of other programs' exports, and of anybody's own table, read as books |
//! | [`export`] | a shelf written as a table that reads back unchanged and that no spreadsheet runs |
//!
//! A row of somebody's spreadsheet, read and found again:
//!
//! ```
//! use bibliography::search::{QueryText, SearchForms};
//! use bibliography::table::{Format, Layout, read};
//!
//! let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
//!
//! // The header tells which program wrote the table, and what its columns hold.
//! let layout = Layout::of_header(&texts(&["Titre", "Auteur", "ISBN", "Langue"]), "utf-8");
//! layout.check()?;
//! assert_eq!(layout.format, Format::Table);
//!
//! // A row always reads. What cannot be taken as it stands is noted.
//! let row = read(&layout, &texts(&["L’Étranger", "Albert Camus", "=\"2070360024\"", "Klingon"]));
//! assert_eq!(row.text.isbn.as_deref(), Some("9782070360024"));
//! assert_eq!(row.misread[0].message, "names no language that is known");
//!
//! // What was written and what is typed pass through one folding.
//! let (title, authors) = (row.text.title.unwrap_or_default(), row.text.authors.unwrap_or_default());
//! let found_by = SearchForms::new(&title, authors.iter().map(String::as_str), [], row.text.isbn.as_deref());
//! let typed = QueryText::read("etranger camus")?;
//! assert!(typed.words.iter().all(|word| found_by.words.contains(&word.text)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(missing_docs)]

pub mod condition;
pub mod export;
pub mod isbn;
pub mod keys;
pub mod language;
mod language_table;
pub mod limits;
pub mod ranking;
pub mod search;
pub mod spelling;
pub mod table;
pub mod words;

pub use condition::Condition;
pub use isbn::{Isbn, IsbnError};
pub use language::{Language, LanguageError};
