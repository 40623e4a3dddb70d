//! A description as its columns: what was written, and what sorting, filtering and recognising need of it.

use bibliography::search::SearchForms;
use bibliography::{Isbn, keys};
use kernel::{BookId, UserId};
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{BookDetails, BookInput, CheckedChanges};
use crate::findable::{self, FOLDING};

/// What sorting, filtering, recognising and finding need of a description, all of it folded.
#[derive(Debug, Serialize)]
pub(crate) struct Keys {
    pub title_sort: String,
    /// In hexadecimal digits, for JSON.
    pub shelf_key: String,
    pub author_words: Vec<String>,
    pub category_keys: Vec<String>,
    pub search_title: String,
    pub search_words: Vec<String>,
    /// Those that are found when they are mistyped. No column: see [`findable::learn`].
    #[serde(skip)]
    pub spelt_words: Vec<String>,
}

impl Keys {
    pub fn new(title: &str, authors: &[String], categories: &[String], isbn13: Option<&str>) -> Self {
        let author_names = || authors.iter().map(String::as_str);
        let search = SearchForms::new(title, author_names(), categories.iter().map(String::as_str), isbn13);
        Self {
            title_sort: keys::title_sort(title),
            shelf_key: hex(&keys::shelf_key(title, author_names().next().unwrap_or_default())),
            author_words: keys::author_words(author_names()),
            category_keys: categories.iter().map(|category| keys::category_key(category)).collect(),
            search_title: search.title,
            search_words: search.words,
            spelt_words: search.spelt,
        }
    }
}

/// What was written, as stored. It may have been taken under older rules.
#[derive(Debug, Serialize)]
pub(crate) struct Written {
    pub title: String,
    pub authors: Vec<String>,
    pub isbn13: Option<String>,
    pub isbn10: Option<String>,
    pub published_year: Option<i16>,
    pub language: Option<String>,
    pub categories: Vec<String>,
    pub description: Option<String>,
    pub condition: Option<String>,
    pub notes: Option<String>,
    pub lending: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Stored {
    pub id: Uuid,
    #[serde(flatten)]
    pub written: Written,
    #[serde(flatten)]
    pub keys: Keys,
}

impl Stored {
    pub fn new(id: BookId, book: &BookDetails) -> Self {
        Self::written(
            id,
            Written {
                title: book.title.to_string(),
                authors: texts(&book.authors),
                isbn13: book.isbn.as_ref().map(|isbn| isbn.isbn13().to_owned()),
                isbn10: book.isbn.as_ref().and_then(Isbn::isbn10).map(str::to_owned),
                published_year: book.published_year,
                language: book.language.map(|language| language.tag().to_owned()),
                categories: texts(&book.categories),
                description: book.description.as_ref().map(ToString::to_string),
                condition: book.condition.map(|condition| condition.as_str().to_owned()),
                notes: book.notes.as_ref().map(ToString::to_string),
                lending: book.lending.as_str().to_owned(),
            },
        )
    }

    /// What is written, with the keys that are made of it now.
    pub fn written(id: BookId, written: Written) -> Self {
        let keys = Keys::new(&written.title, &written.authors, &written.categories, written.isbn13.as_deref());
        Self { id: id.uuid(), written, keys }
    }
}

impl Written {
    /// As its owner would type it in.
    pub fn input(&self) -> BookInput {
        BookInput {
            title: Some(self.title.clone()),
            authors: Some(self.authors.clone()),
            isbn: self.isbn13.clone(),
            published_year: self.published_year.map(i32::from),
            language: self.language.clone(),
            categories: Some(self.categories.clone()),
            description: self.description.clone(),
            condition: self.condition.clone(),
            notes: self.notes.clone(),
            lending: Some(self.lending.clone()),
        }
    }

    pub fn change(&mut self, changes: CheckedChanges) {
        let CheckedChanges {
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
        } = changes;
        replace(&mut self.title, title.map(|title| title.to_string()));
        replace(&mut self.authors, authors.map(|authors| texts(&authors)));
        if let Some(isbn) = isbn {
            self.isbn13 = isbn.as_ref().map(|isbn| isbn.isbn13().to_owned());
            self.isbn10 = isbn.as_ref().and_then(Isbn::isbn10).map(str::to_owned);
        }
        replace(&mut self.published_year, published_year);
        replace(&mut self.language, language.map(|language| Some(language?.tag().to_owned())));
        replace(&mut self.categories, categories.map(|categories| texts(&categories)));
        replace(&mut self.description, description.map(|text| Some(text?.into_string())));
        replace(&mut self.condition, condition.map(|condition| Some(condition?.as_str().to_owned())));
        replace(&mut self.notes, notes.map(|text| Some(text?.into_string())));
        replace(&mut self.lending, lending.map(|lending| lending.as_str().to_owned()));
    }
}

fn replace<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn texts(texts: &[impl ToString]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

/// By which the book is recognised on its owner's shelf.
pub(crate) fn shelf_key(book: &BookDetails) -> Vec<u8> {
    let first_author = book.authors.first().map_or("", |author| author.as_str());
    keys::shelf_key(book.title.as_str(), first_author)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// For how many books `owner`'s shelf has room, of `most` that it may hold. Imports of one member take turns. Books that are
/// listed one by one at the same time do not wait for each other: they may pass the limit by as many as are under way.
pub(crate) async fn room(connection: &mut PgConnection, owner: UserId, most: u32) -> Result<u32, sqlx::Error> {
    let books = sqlx::query_scalar!(
        r#"select count(*) as "books!" from (select from books.book where owner_id = $1 limit $2) as counted"#,
        owner.uuid(),
        i64::from(most),
    )
    .fetch_one(connection)
    .await?;
    Ok(most.saturating_sub(u32::try_from(books).unwrap_or(u32::MAX)))
}

/// Puts new books on `owner`'s shelf, in one statement. JSON instead of UNNEST: there are no arrays of arrays of
/// different lengths, and books have several authors.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    owner: UserId,
    books: &[Stored],
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into books.book (id, owner_id, title, title_sort, shelf_key, authors, author_words, isbn13, isbn10,
            published_year, language, categories, category_keys, description, condition, notes, lending, owner_active,
            search_title, search, folding, version, created_at, updated_at)
        select b.id, $1, b.title, b.title_sort, decode(b.shelf_key, 'hex'), b.authors, b.author_words, b.isbn13, b.isbn10,
            b.published_year, b.language, b.categories, b.category_keys, b.description, b.condition, b.notes, b.lending,
            coalesce((select active from books.member where id = $1), true), b.search_title,
            array_to_tsvector(b.search_words), -$4::smallint, 1, $3, $3
        from jsonb_to_recordset($2) as b (id uuid, title text, title_sort text, shelf_key text, authors text[],
            author_words text[], isbn13 text, isbn10 text, published_year smallint, language text, categories text[],
            category_keys text[], description text, condition text, notes text, lending text,
            search_title text, search_words text[])",
        owner.uuid(),
        Json(books) as _,
        now,
        FOLDING,
    )
    .execute(&mut *connection)
    .await?;
    let learnt = books.iter().map(|book| (book.written.authors.as_slice(), book.keys.spelt_words.as_slice()));
    findable::learn(connection, learnt).await
}

/// Takes the book off its shelf: its owner and the version under which that is told. `None`: it is gone already.
pub(crate) async fn remove(connection: &mut PgConnection, book: BookId) -> Result<Option<(UserId, i64)>, sqlx::Error> {
    let removed = sqlx::query!(
        "with forgotten as (delete from books.availability where book_id = $1)
        delete from books.book where id = $1 returning owner_id, version",
        book.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(removed.map(|row| (row.owner_id.into(), row.version + 1)))
}
