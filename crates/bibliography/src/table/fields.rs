//! The fields of a book from the cells of one row. What cannot be read is left out and noted.

use std::collections::HashSet;

use kernel::text::{composed, mended};

use super::cells::{self, MOST_COPIES, Spoken};
use super::field::Field;
use super::format::{Format, Spec, plain};
use super::html;
use super::names::{one_line, split};
use super::reading::{BookText, Misread, Row};
use crate::export;
use crate::keys::category_key;
use crate::limits::{
    Category, LONGEST_AUTHOR, LONGEST_DESCRIPTION, LONGEST_NOTES, LONGEST_TITLE, MOST_AUTHORS, MOST_CATEGORIES,
};

/// Reads one row, and remembers what of it could not be read.
pub(super) struct Fields<'a> {
    row: &'a Row<'a>,
    spec: &'static Spec,
    pub misread: Vec<Misread>,
}

impl<'a> Fields<'a> {
    pub fn new(row: &'a Row<'a>, spec: &'static Spec) -> Self {
        Self { row, spec, misread: Vec::new() }
    }

    fn note(&mut self, field: &'static str, cell: Option<&str>, message: impl Into<String>) {
        self.misread.push(Misread { field, cell: cell.map(str::to_owned), message: message.into() });
    }

    /// Our own export: nothing is guessed, every cell says exactly what was there.
    pub fn exact(&mut self) -> BookText {
        let version = self.row.text(Field::Version).unwrap_or_default();
        let row = self.row;
        let cell = |field| row.text(field).map(|cell| export::bare(cell, version));
        let published_year = cell(Field::PublishedYear).and_then(|cell| self.year(&cell));
        BookText {
            title: cell(Field::Title),
            authors: cell(Field::Authors).map(|cell| export::parts(&cell)),
            isbn: cell(Field::Isbn),
            published_year,
            language: cell(Field::Language),
            categories: cell(Field::Categories).map(|cell| export::parts(&cell)),
            description: cell(Field::Description),
            condition: cell(Field::Condition),
            notes: cell(Field::Notes),
            lending: Some(cell(Field::Lending).unwrap_or_else(|| "lend".to_owned())),
        }
    }

    /// What other programs and people write.
    pub fn guessed(&mut self) -> BookText {
        BookText {
            title: self.title(),
            authors: self.authors(),
            isbn: self.isbn(),
            published_year: self.published_year(),
            language: self.language(),
            categories: self.categories(),
            description: self.prose(Field::Description, "description", LONGEST_DESCRIPTION),
            condition: self.condition(),
            notes: self.prose(Field::Notes, "notes", LONGEST_NOTES),
            lending: Some(self.lending()),
        }
    }

    fn line(&self, field: Field) -> Option<String> {
        let line = one_line(&mended(&html::text(self.row.text(field)?)));
        (!line.is_empty()).then_some(line)
    }

    fn title(&mut self) -> Option<String> {
        let title = self.line(Field::Title).or_else(|| self.line(Field::OtherTitle))?;
        let title = match self.line(Field::Subtitle) {
            Some(subtitle) => format!("{title}: {subtitle}"),
            None => title,
        };
        if title.contains('\u{fffd}') {
            self.note("title", Some(&title), "has a letter that could not be read");
        }
        let (cut, whole) = cut(title, LONGEST_TITLE);
        if let Some(whole) = whole {
            self.note("title", Some(&whole), format!("has more than {LONGEST_TITLE} characters and was cut"));
        }
        Some(cut)
    }

    fn authors(&mut self) -> Option<Vec<String>> {
        let (mut names, mut seen) = (Vec::new(), HashSet::new());
        for (field, style) in [(Field::Authors, self.spec.authors), (Field::MoreAuthors, self.spec.more_authors)] {
            let Some(cell) = self.row.text(field) else { continue };
            for name in style.read(&mended(&html::text(cell)), self.row.column(field)) {
                if seen.insert(name.to_lowercase()) {
                    names.push(name);
                }
            }
        }
        if names.iter().any(|name| name.contains('\u{fffd}')) {
            self.note("authors", None, "has a letter that could not be read");
        }
        if names.len() > MOST_AUTHORS {
            self.note("authors", None, format!("names more than {MOST_AUTHORS} authors; the first were taken"));
            names.truncate(MOST_AUTHORS);
        }
        for name in &mut names {
            let (short, whole) = cut(std::mem::take(name), LONGEST_AUTHOR);
            if whole.is_some() {
                self.note(
                    "authors",
                    None,
                    format!("has a name of more than {LONGEST_AUTHOR} characters, which was cut"),
                );
            }
            *name = short;
        }
        (!names.is_empty()).then_some(names)
    }

    fn isbn(&mut self) -> Option<String> {
        let cells = [self.row.text(Field::Isbn), self.row.text(Field::OtherIsbn)];
        match cells::isbn(cells.into_iter().flatten()) {
            Ok(isbn) => isbn.map(|isbn| isbn.isbn13().to_owned()),
            Err((cell, error)) => {
                self.note("isbn", Some(cell), error.to_string());
                None
            }
        }
    }

    fn published_year(&mut self) -> Option<i32> {
        let cell = self.row.text(Field::PublishedYear).or_else(|| self.row.text(Field::OtherYear))?;
        self.year(cell)
    }

    fn year(&mut self, cell: &str) -> Option<i32> {
        cells::year(cell).unwrap_or_else(|message| {
            self.note("publishedYear", Some(cell), message);
            None
        })
    }

    fn language(&mut self) -> Option<String> {
        let cell = self.row.text(Field::Language)?;
        match cells::language(cell) {
            Spoken::None => None,
            Spoken::One(language) => Some(language.to_string()),
            Spoken::First(language) => {
                self.note("language", Some(cell), "names several languages; the first was taken");
                Some(language.to_string())
            }
            Spoken::Unknown => {
                self.note("language", Some(cell), "names no language that is known");
                None
            }
        }
    }

    fn categories(&mut self) -> Option<Vec<String>> {
        // The list on which a reader keeps a book says nothing of what it is about.
        let shelf = self.row.text(Field::Shelf).map(plain);
        let reading = ["read", "toread", "currentlyreading"];
        let lists = self.spec.format == Format::Goodreads || self.row.layout.place(Field::Shelf).is_some();
        let (mut categories, mut seen) = (Vec::new(), HashSet::new());
        let cells = [Field::Categories, Field::MoreCategories].map(|field| self.row.text(field));
        for name in cells.into_iter().flatten().flat_map(|cell| split(&mended(&html::text(cell)), self.spec.tags)) {
            let word = plain(&name);
            let says_how = lists && reading.contains(&word.as_str());
            // As a book tells its categories apart: `science fiction` and `science-fiction` are one.
            if says_how || shelf.as_ref() == Some(&word) || !seen.insert(category_key(&name)) {
                continue;
            }
            if Category::new(&name).is_ok() {
                categories.push(name);
            } else {
                self.note("categories", None, "holds one that is too long, which was left out");
            }
        }
        if categories.len() > MOST_CATEGORIES {
            self.note("categories", None, format!("are more than {MOST_CATEGORIES}; the first were taken"));
            categories.truncate(MOST_CATEGORIES);
        }
        (!categories.is_empty()).then_some(categories)
    }

    fn prose(&mut self, field: Field, name: &'static str, most: usize) -> Option<String> {
        let (text, whole) = cut(mended(&html::text(self.row.text(field)?)), most);
        if whole.is_some() {
            self.note(name, None, format!("has more than {most} characters and was cut"));
        }
        Some(text)
    }

    fn condition(&mut self) -> Option<String> {
        let cell = self.row.text(Field::Condition)?;
        let condition = cells::condition(cell).map(|condition| condition.as_str().to_owned());
        if condition.is_none() {
            self.note("condition", Some(cell), "must be one of new, like_new, good, fair, poor");
        }
        condition
    }

    /// What nobody understands is not offered to others.
    fn lending(&mut self) -> String {
        let Some(cell) = self.row.text(Field::Lending) else { return "lend".to_owned() };
        let lending = cells::lending(cell);
        if lending.is_none() {
            self.note("lending", Some(cell), "must be one of lend, give, off; off was taken");
        }
        lending.unwrap_or("off").to_owned()
    }

    pub fn copies(&mut self) -> Option<u32> {
        let cell = self.row.text(Field::Copies)?;
        match cells::copies(cell) {
            Some(0) if self.spec.zero_copies_unknown => None,
            Some(copies @ ..=MOST_COPIES) => Some(copies.max(1)),
            Some(_) => {
                self.note("copies", Some(cell), format!("are more than {MOST_COPIES}; as many were taken"));
                Some(MOST_COPIES)
            }
            None => {
                self.note("copies", Some(cell), "must be a number; one copy was taken");
                Some(1)
            }
        }
    }
}

/// The beginning of a text that is too long, and then the whole of it.
fn cut(text: String, most: usize) -> (String, Option<String>) {
    // As it will be counted.
    let text = composed(&text).into_owned();
    match text.char_indices().nth(most) {
        None => (text, None),
        Some((end, _)) => (text[..end].trim_end().to_owned(), Some(text)),
    }
}
