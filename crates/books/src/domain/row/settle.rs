//! A reading held to the rules of form.

use bibliography::table::{BookText, Misread, Reading};
use kernel::Detail;
use time::OffsetDateTime;

use super::values::RowValues;
use crate::domain::book::{BookDetails, BookInput};

/// A row that is no book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// What is wrong with each bad field.
    pub wrong: Vec<Detail>,
    pub values: Box<RowValues>,
}

/// A row that is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoodRow {
    pub book: BookDetails,
    /// What was left out of it.
    pub notes: Vec<Detail>,
    /// What it said, where there are notes.
    pub values: Option<Box<RowValues>>,
}

impl From<BookText> for BookInput {
    fn from(text: BookText) -> Self {
        let BookText {
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
        } = text;
        Self { title, authors, isbn, published_year, language, categories, description, condition, notes, lending }
    }
}

/// The book, where title and authors can be read. What is wrong with any other field is left out and noted.
pub fn settle(reading: Reading, now: OffsetDateTime) -> Result<GoodRow, BadRow> {
    let Reading { text: said, mut misread, fault, .. } = reading;
    if let Some(fault) = fault {
        return Err(BadRow { wrong: vec![fault], values: Box::new(RowValues::of(&said, &misread)) });
    }
    // A field that breaks a rule goes; a second look sees what is left.
    let mut input = BookInput::from(said.clone());
    let mut checked = input.check(now);
    if let Err(wrong) = &checked {
        for detail in wrong {
            drop_field(&mut input, &mut misread, detail);
        }
        checked = input.check(now);
    }
    match checked {
        Ok(book) => {
            let values = (!misread.is_empty()).then(|| Box::new(RowValues::of(&said, &misread)));
            let notes = misread.into_iter().map(|misread| Detail::new(misread.field, misread.message)).collect();
            Ok(GoodRow { book, notes, values })
        }
        Err(wrong) => Err(BadRow { wrong, values: Box::new(RowValues::of(&said, &misread)) }),
    }
}

/// Takes an optional field out of the input and notes why.
fn drop_field(input: &mut BookInput, misread: &mut Vec<Misread>, wrong: &Detail) {
    let (field, cell) = match wrong.field.split('[').next().unwrap_or_default() {
        "isbn" => ("isbn", input.isbn.take()),
        "publishedYear" => ("publishedYear", input.published_year.take().map(|year| year.to_string())),
        "language" => ("language", input.language.take()),
        "categories" => {
            input.categories = None;
            ("categories", None)
        }
        "description" => {
            input.description = None;
            ("description", None)
        }
        "condition" => ("condition", input.condition.take()),
        "notes" => {
            input.notes = None;
            ("notes", None)
        }
        "lending" => ("lending", input.lending.replace("off".to_owned())),
        _ => return,
    };
    if !misread.iter().any(|known| known.field == field) {
        misread.push(Misread { field, cell, message: wrong.message.clone() });
    }
}
