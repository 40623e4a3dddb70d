//! What a row said, so that it can be repaired.

use bibliography::table::{BookText, Misread};
use kernel::text::mended;
use serde::{Deserialize, Serialize};

use crate::domain::BookDetails;

/// Characters of one row that are kept.
const LONGEST: usize = 8_000;

/// A row as it was read, by the names of a book's fields. What the row does not say is left out; of a very long row the end
/// is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RowValues {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authors: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isbn: Option<String>,
    /// As text, since it may be no number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_year: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// `lend` where the row does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lending: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl RowValues {
    /// What was read of a row, and the cells of it that could not be.
    pub fn of(said: &BookText, misread: &[Misread]) -> Self {
        let mut room = Room(LONGEST);
        let text = |text: &Option<String>, field| {
            let cell = || misread.iter().find(|cell| cell.field == field).and_then(|misread| misread.cell.clone());
            cell().or_else(|| text.clone())
        };
        Self {
            title: room.text(text(&said.title, "title")),
            authors: room.texts(said.authors.clone()),
            isbn: room.text(text(&said.isbn, "isbn")),
            published_year: room.text(text(&said.published_year.map(|year| year.to_string()), "publishedYear")),
            language: room.text(text(&said.language, "language")),
            categories: room.texts(said.categories.clone()),
            condition: room.text(text(&said.condition, "condition")),
            lending: room.text(text(&said.lending, "lending")),
            notes: room.text(said.notes.clone()),
            description: room.text(said.description.clone()),
        }
    }

    /// What a book says that is complete.
    pub fn of_book(book: &BookDetails) -> Self {
        Self::of(&said_by(book), &[])
    }
}

/// A row that says all of this book.
fn said_by(book: &BookDetails) -> BookText {
    BookText {
        title: Some(book.title.to_string()),
        authors: Some(book.authors.iter().map(ToString::to_string).collect()),
        isbn: book.isbn.as_ref().map(ToString::to_string),
        published_year: book.published_year.map(i32::from),
        language: book.language.map(|language| language.to_string()),
        categories: Some(book.categories.iter().map(ToString::to_string).collect()),
        description: book.description.as_ref().map(ToString::to_string),
        condition: book.condition.map(|condition| condition.as_str().to_owned()),
        notes: book.notes.as_ref().map(ToString::to_string),
        lending: Some(book.lending.as_str().to_owned()),
    }
}

/// How many characters may still come.
struct Room(usize);

impl Room {
    /// Without what no field takes: the row is repaired by sending these values, and PostgreSQL keeps no NUL.
    fn text(&mut self, text: Option<String>) -> Option<String> {
        let text: String = mended(&text?).chars().take(self.0).collect();
        self.0 -= text.chars().count();
        (!text.is_empty()).then_some(text)
    }

    fn texts(&mut self, texts: Option<Vec<String>>) -> Option<Vec<String>> {
        let texts: Vec<String> = texts?.into_iter().filter_map(|text| self.text(Some(text))).collect();
        (!texts.is_empty()).then_some(texts)
    }
}
