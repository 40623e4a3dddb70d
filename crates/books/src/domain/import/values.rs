//! What a row said that was not taken, so that it can be repaired.

use serde::{Deserialize, Serialize};

use super::Misread;
use crate::domain::BookInput;

/// Characters of one row that are kept.
const LONGEST: usize = 8_000;

/// A row as it was read, by the names of a book's fields. What the row does not say is left out; of a very long row the end
/// is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
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
    pub fn of(input: BookInput, misread: &[Misread]) -> Self {
        let mut room = Room(LONGEST);
        let cell = |field| misread.iter().find(|misread| misread.field == field).map(|misread| misread.cell.clone());
        Self {
            title: room.text(input.title),
            authors: room.texts(input.authors),
            isbn: room.text(input.isbn.or_else(|| cell("isbn"))),
            published_year: room
                .text(input.published_year.map(|year| year.to_string()).or_else(|| cell("publishedYear"))),
            language: room.text(input.language),
            categories: room.texts(input.categories),
            condition: room.text(input.condition),
            lending: room.text(input.lending),
            notes: room.text(input.notes),
            description: room.text(input.description),
        }
    }
}

/// How many characters may still come.
struct Room(usize);

impl Room {
    /// Control characters become spaces: no field takes them, and PostgreSQL keeps no NUL.
    fn text(&mut self, text: Option<String>) -> Option<String> {
        let visible = |c: char| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c };
        let text: String = text?.chars().map(visible).take(self.0).collect();
        self.0 -= text.chars().count();
        (!text.is_empty()).then_some(text)
    }

    fn texts(&mut self, texts: Option<Vec<String>>) -> Option<Vec<String>> {
        let texts: Vec<String> = texts?.into_iter().filter_map(|text| self.text(Some(text))).collect();
        (!texts.is_empty()).then_some(texts)
    }
}
