//! The description of a book: what comes in, and what is left once every rule of form holds.

use std::collections::HashSet;

use bibliography::keys::category_key;
use bibliography::limits::{
    Author, Category, LONGEST_DESCRIPTION, LONGEST_NOTES, MOST_AUTHORS, MOST_CATEGORIES, Title,
};
use bibliography::{Condition, Isbn, Language};
use books_events::Lending;
use kernel::text::is_blank;
use kernel::{Detail, Line, Prose};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// No known text is older.
const EARLIEST_YEAR: i32 = -5000;

/// A description as a member wrote it, nothing checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct BookInput {
    pub title: Option<String>,
    pub authors: Option<Vec<String>>,
    pub isbn: Option<String>,
    pub published_year: Option<i32>,
    pub language: Option<String>,
    pub categories: Option<Vec<String>>,
    pub description: Option<String>,
    /// `new`, `like_new`, `good`, `fair` or `poor`.
    pub condition: Option<String>,
    /// For the owner's eyes.
    pub notes: Option<String>,
    /// `lend`, `give` or `off`.
    pub lending: Option<String>,
}

/// A description that keeps every rule of form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookDetails {
    pub title: Title,
    pub authors: Vec<Author>,
    pub isbn: Option<Isbn>,
    /// Negative: before our era.
    pub published_year: Option<i16>,
    pub language: Option<Language>,
    pub categories: Vec<Category>,
    pub description: Option<Prose<LONGEST_DESCRIPTION>>,
    pub condition: Option<Condition>,
    pub notes: Option<Prose<LONGEST_NOTES>>,
    pub lending: Lending,
}

impl BookInput {
    /// Checks every field; the answer to a bad description names each one that breaks a rule.
    pub fn check(&self, now: OffsetDateTime) -> Result<BookDetails, Vec<Detail>> {
        let mut wrong = Wrong::default();
        let title = wrong.title(self.title.as_deref());
        let authors = wrong.authors(self.authors.as_deref());
        let isbn = wrong.isbn(self.isbn.as_deref());
        let published_year = wrong.year(self.published_year, now);
        let language = wrong.language(self.language.as_deref());
        let categories = wrong.categories(self.categories.as_deref().unwrap_or_default());
        let description = wrong.prose("description", self.description.as_deref());
        let condition = wrong.condition(self.condition.as_deref());
        let notes = wrong.prose("notes", self.notes.as_deref());
        let lending = wrong.lending(self.lending.as_deref());
        match (title, lending) {
            (Some(title), Some(lending)) if wrong.0.is_empty() => Ok(BookDetails {
                title,
                authors,
                isbn,
                published_year,
                language,
                categories,
                description,
                condition,
                notes,
                lending,
            }),
            _ => Err(wrong.0),
        }
    }
}

/// What is wrong so far, field by field.
#[derive(Default)]
pub(super) struct Wrong(pub Vec<Detail>);

impl Wrong {
    pub fn title(&mut self, text: Option<&str>) -> Option<Title> {
        self.required("title", text, |text| Title::new(text).map_err(|error| error.to_string()))
    }

    pub fn isbn(&mut self, text: Option<&str>) -> Option<Isbn> {
        self.optional("isbn", text, |text| Isbn::parse(text).map_err(|error| error.to_string()))
    }

    pub fn language(&mut self, text: Option<&str>) -> Option<Language> {
        self.optional("language", text, |text| Language::parse(text).map_err(|error| error.to_string()))
    }

    pub fn condition(&mut self, text: Option<&str>) -> Option<Condition> {
        self.optional("condition", text, |text| {
            Condition::from_name(text).ok_or_else(|| "must be one of new, like_new, good, fair, poor".to_owned())
        })
    }

    pub fn prose<const MAX: usize>(&mut self, field: &str, text: Option<&str>) -> Option<Prose<MAX>> {
        self.optional(field, text, |text| Prose::new(text).map_err(|error| error.to_string()))
    }

    pub fn lending(&mut self, text: Option<&str>) -> Option<Lending> {
        self.required("lending", text, |text| {
            Lending::from_name(text).ok_or_else(|| "must be one of lend, give, off".to_owned())
        })
    }

    fn say(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Detail::new(field, message));
    }

    fn required<T>(
        &mut self,
        field: &str,
        text: Option<&str>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match text.map(read) {
            Some(Ok(value)) => Some(value),
            Some(Err(message)) => {
                self.say(field, message);
                None
            }
            None => {
                self.say(field, "is required");
                None
            }
        }
    }

    /// An empty text counts as none.
    fn optional<T>(
        &mut self,
        field: &str,
        text: Option<&str>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = text.filter(|text| !is_blank(text))?;
        read(text).map_err(|message| self.say(field, message)).ok()
    }

    pub fn authors(&mut self, authors: Option<&[String]>) -> Vec<Author> {
        let Some(authors) = authors else {
            self.say("authors", "is required");
            return Vec::new();
        };
        if authors.is_empty() || authors.len() > MOST_AUTHORS {
            self.say("authors", format!("must name 1 to {MOST_AUTHORS} authors"));
            return Vec::new();
        }
        self.lines("authors", authors)
    }

    pub fn categories(&mut self, categories: &[String]) -> Vec<Category> {
        if categories.len() > MOST_CATEGORIES {
            self.say("categories", format!("must be at most {MOST_CATEGORIES}"));
            return Vec::new();
        }
        let categories: Vec<Category> = self.lines("categories", categories);
        let mut seen = HashSet::new();
        for category in &categories {
            if !seen.insert(category_key(category.as_str())) {
                self.say("categories", format!("names {category} twice"));
            }
        }
        categories
    }

    fn lines<const MAX: usize>(&mut self, field: &str, texts: &[String]) -> Vec<Line<MAX>> {
        let mut lines = Vec::with_capacity(texts.len());
        for (place, text) in texts.iter().enumerate() {
            match Line::new(text) {
                Ok(line) => lines.push(line),
                Err(error) => self.say(format!("{field}[{place}]"), error.to_string()),
            }
        }
        lines
    }

    pub fn year(&mut self, year: Option<i32>, now: OffsetDateTime) -> Option<i16> {
        let year = year?;
        let latest = now.year() + 1;
        if year == 0 || !(EARLIEST_YEAR..=latest).contains(&year) {
            let message = format!("must be from {EARLIEST_YEAR} to {latest}, and there was no year 0");
            self.say("publishedYear", message);
            return None;
        }
        i16::try_from(year).ok()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

    fn emma() -> BookInput {
        BookInput {
            title: Some("Emma".to_owned()),
            authors: Some(vec!["Jane Austen".to_owned()]),
            lending: Some("lend".to_owned()),
            ..BookInput::default()
        }
    }

    fn wrong_fields(input: &BookInput) -> Vec<String> {
        input.check(NOW).err().unwrap_or_default().into_iter().map(|detail| detail.field).collect()
    }

    #[test]
    fn title_authors_and_lending_are_enough() {
        let book = emma().check(NOW).unwrap();
        assert_eq!(book.title.as_str(), "Emma");
        assert_eq!(book.isbn, None);
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let input = BookInput {
            title: Some("  ".to_owned()),
            authors: Some(vec!["Ann".to_owned(), "a\0b".to_owned()]),
            isbn: Some("0439023484".to_owned()),
            published_year: Some(2028),
            language: Some("klingon".to_owned()),
            categories: Some(vec!["Art".to_owned(), "ART".to_owned()]),
            description: Some("x".repeat(5001)),
            condition: Some("mint".to_owned()),
            notes: Some("x".repeat(1001)),
            lending: Some("sell".to_owned()),
        };
        assert_eq!(
            wrong_fields(&input),
            [
                "title",
                "authors[1]",
                "isbn",
                "publishedYear",
                "language",
                "categories",
                "description",
                "condition",
                "notes",
                "lending"
            ]
        );
        assert_eq!(wrong_fields(&BookInput::default()), ["title", "authors", "lending"]);
    }

    #[test]
    fn a_year_may_be_before_our_era_but_not_after_the_next() {
        for (year, fine) in [(-1750, true), (2027, true), (2028, false), (0, false), (i32::MIN, false)] {
            let input = BookInput { published_year: Some(year), ..emma() };
            assert_eq!(input.check(NOW).is_ok(), fine, "{year}");
        }
    }

    #[test]
    fn authors_and_categories_are_limited_in_number() {
        let many = |n: usize| Some((0..n).map(|i| format!("Number {i}")).collect());
        let input = BookInput { authors: many(51), categories: many(21), ..emma() };
        assert_eq!(wrong_fields(&input), ["authors", "categories"]);
        let input = BookInput { authors: many(50), categories: many(20), ..emma() };
        assert!(input.check(NOW).is_ok());
    }

    #[test]
    fn a_checked_description_reads_back_from_its_json() {
        let book = BookInput {
            isbn: Some("439023483".to_owned()),
            language: Some("eng".to_owned()),
            condition: Some("like_new".to_owned()),
            ..emma()
        }
        .check(NOW)
        .unwrap();
        let json = serde_json::to_value(&book).unwrap();
        assert_eq!(serde_json::from_value::<BookDetails>(json).unwrap(), book);
    }
}
