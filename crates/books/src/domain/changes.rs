//! Changes to a description. A change is held to the rules in the fields that it changes: what an older version took under
//! other rules stays as it is until somebody writes it anew.

use bibliography::limits::{Author, Category, LONGEST_DESCRIPTION, LONGEST_NOTES, Title};
use bibliography::{Condition, Isbn, Language};
use books_events::Lending;
use kernel::{Detail, Prose};
use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;

use super::book::{BookInput, Wrong};

/// What becomes of one field of a book.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change<T> {
    /// Stays as it is: the field was not sent.
    #[default]
    Keep,
    /// Is emptied: null was sent.
    Clear,
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            Some(value) => Change::Set(value),
            None => Change::Clear,
        })
    }
}

impl<T: PartialEq> Change<T> {
    fn apply(self, field: &mut Option<T>) {
        match self {
            Change::Keep => {}
            Change::Clear => *field = None,
            Change::Set(value) => *field = Some(value),
        }
    }

    /// What the field is to be, where that differs from what it is.
    fn over(&self, now: Option<&T>) -> Option<Option<&T>> {
        let then = match self {
            Change::Keep => return None,
            Change::Clear => None,
            Change::Set(value) => Some(value),
        };
        (then != now).then_some(then)
    }
}

/// Changes to a description. A required field that is cleared is refused by the check that follows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct BookChanges {
    pub title: Change<String>,
    pub authors: Change<Vec<String>>,
    pub isbn: Change<String>,
    pub published_year: Change<i32>,
    pub language: Change<String>,
    pub categories: Change<Vec<String>>,
    pub description: Change<String>,
    pub condition: Change<String>,
    pub notes: Change<String>,
    pub lending: Change<String>,
}

/// Fields that change, with values that keep the rules; `None`: the field stays.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct CheckedChanges {
    pub title: Option<Title>,
    pub authors: Option<Vec<Author>>,
    pub isbn: Option<Option<Isbn>>,
    pub published_year: Option<Option<i16>>,
    pub language: Option<Option<Language>>,
    pub categories: Option<Vec<Category>>,
    pub description: Option<Option<Prose<LONGEST_DESCRIPTION>>>,
    pub condition: Option<Option<Condition>>,
    pub notes: Option<Option<Prose<LONGEST_NOTES>>>,
    pub lending: Option<Lending>,
}

impl BookChanges {
    pub fn apply(self, book: &mut BookInput) {
        self.title.apply(&mut book.title);
        self.authors.apply(&mut book.authors);
        self.isbn.apply(&mut book.isbn);
        self.published_year.apply(&mut book.published_year);
        self.language.apply(&mut book.language);
        self.categories.apply(&mut book.categories);
        self.description.apply(&mut book.description);
        self.condition.apply(&mut book.condition);
        self.notes.apply(&mut book.notes);
        self.lending.apply(&mut book.lending);
    }

    /// Checks the fields that differ from `stored`; names each one that breaks a rule. Forms send all of their fields.
    pub fn check(&self, stored: &BookInput, now: OffsetDateTime) -> Result<CheckedChanges, Vec<Detail>> {
        fn text(text: Option<&String>) -> Option<&str> {
            text.map(String::as_str)
        }
        fn texts(texts: Option<&Vec<String>>) -> Option<&[String]> {
            texts.map(Vec::as_slice)
        }
        let mut wrong = Wrong::default();
        let checked = CheckedChanges {
            title: self.title.over(stored.title.as_ref()).and_then(|title| wrong.title(text(title))),
            authors: self.authors.over(stored.authors.as_ref()).map(|authors| wrong.authors(texts(authors))),
            isbn: self.isbn.over(stored.isbn.as_ref()).map(|isbn| wrong.isbn(text(isbn))),
            published_year: self
                .published_year
                .over(stored.published_year.as_ref())
                .map(|year| wrong.year(year.copied(), now)),
            language: self.language.over(stored.language.as_ref()).map(|language| wrong.language(text(language))),
            categories: self
                .categories
                .over(stored.categories.as_ref())
                .map(|categories| wrong.categories(texts(categories).unwrap_or_default())),
            description: self
                .description
                .over(stored.description.as_ref())
                .map(|description| wrong.prose("description", text(description))),
            condition: self.condition.over(stored.condition.as_ref()).map(|condition| wrong.condition(text(condition))),
            notes: self.notes.over(stored.notes.as_ref()).map(|notes| wrong.prose("notes", text(notes))),
            lending: self.lending.over(stored.lending.as_ref()).and_then(|lending| wrong.lending(text(lending))),
        };
        if wrong.0.is_empty() { Ok(checked) } else { Err(wrong.0) }
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
            isbn: Some("9780439023481".to_owned()),
            notes: Some("signed".to_owned()),
            lending: Some("lend".to_owned()),
            ..BookInput::default()
        }
    }

    #[test]
    fn a_change_tells_absent_from_null() {
        let changes: BookChanges = serde_json::from_str(r#"{"notes": null, "title": "Emma II"}"#).unwrap();
        let checked = changes.check(&emma(), NOW).unwrap();
        assert_eq!(checked.title, Some(Title::new("Emma II").unwrap()));
        assert_eq!((&checked.notes, &checked.isbn), (&Some(None), &None));
        let mut book = emma();
        changes.apply(&mut book);
        assert_eq!((book.title.as_deref(), book.isbn, book.notes), (Some("Emma II"), emma().isbn, None));
    }

    #[test]
    fn every_bad_change_is_named_and_a_required_field_cannot_be_cleared() {
        let changes: BookChanges = serde_json::from_str(
            r#"{"title": null, "authors": ["a\u0000b"], "isbn": "1", "publishedYear": 0, "categories": ["Art", "ART"],
                "condition": "mint", "lending": null}"#,
        )
        .unwrap();
        let wrong = changes.check(&emma(), NOW).unwrap_err();
        let fields: Vec<&str> = wrong.iter().map(|detail| detail.field.as_str()).collect();
        assert_eq!(fields, ["title", "authors[0]", "isbn", "publishedYear", "categories", "condition", "lending"]);
    }

    #[test]
    fn what_is_stored_is_held_to_no_rule_until_it_changes() {
        let old = BookInput {
            title: Some("Em\u{202e}ma".to_owned()),
            authors: Some(vec!["\u{200b}".to_owned()]),
            categories: Some(vec!["Straße".to_owned(), "STRASSE".to_owned()]),
            published_year: Some(2999),
            ..emma()
        };
        // A form that sends all of its fields.
        let set = |text: &Option<String>| Change::Set(text.clone().unwrap());
        let changes = BookChanges {
            title: set(&old.title),
            authors: Change::Set(old.authors.clone().unwrap()),
            categories: Change::Set(old.categories.clone().unwrap()),
            published_year: Change::Set(2999),
            lending: Change::Set("off".to_owned()),
            ..BookChanges::default()
        };
        let expected = CheckedChanges { lending: Some(Lending::Off), ..CheckedChanges::default() };
        assert_eq!(changes.check(&old, NOW), Ok(expected));
        let changes = BookChanges { title: Change::Set("Em\u{202e}ma!".to_owned()), ..BookChanges::default() };
        assert_eq!(changes.check(&old, NOW).unwrap_err()[0].field, "title");
    }
}
