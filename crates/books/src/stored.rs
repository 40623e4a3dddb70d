//! A description as its columns: what was written, and what sorting, filtering and recognising need of it.

use kernel::{BookId, UserId};
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::search::SearchForms;
use crate::domain::{BookDetails, keys};
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
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Stored {
    pub id: Uuid,
    pub title: String,
    pub authors: Vec<String>,
    pub isbn13: Option<String>,
    pub isbn10: Option<String>,
    pub published_year: Option<i16>,
    pub language: Option<&'static str>,
    pub categories: Vec<String>,
    pub description: Option<String>,
    pub condition: Option<&'static str>,
    pub notes: Option<String>,
    pub lending: &'static str,
    #[serde(flatten)]
    pub keys: Keys,
}

impl Stored {
    pub fn new(id: BookId, book: &BookDetails) -> Self {
        let title = book.title.as_str().to_owned();
        let authors: Vec<String> = book.authors.iter().map(|author| author.as_str().to_owned()).collect();
        let categories: Vec<String> = book.categories.iter().map(|c| c.as_str().to_owned()).collect();
        let isbn13 = book.isbn.as_ref().map(|isbn| isbn.isbn13().to_owned());
        Self {
            id: id.uuid(),
            keys: Keys::new(&title, &authors, &categories, isbn13.as_deref()),
            title,
            authors,
            isbn13,
            isbn10: book.isbn.as_ref().and_then(|isbn| isbn.isbn10()).map(str::to_owned),
            published_year: book.published_year,
            language: book.language.map(|language| language.tag()),
            categories,
            description: book.description.as_ref().map(|text| text.as_str().to_owned()),
            condition: book.condition.map(|condition| condition.as_str()),
            notes: book.notes.as_ref().map(|text| text.as_str().to_owned()),
            lending: book.lending.as_str(),
        }
    }
}

/// By which the book is recognised on its owner's shelf.
pub(crate) fn shelf_key(book: &BookDetails) -> Vec<u8> {
    let first_author = book.authors.first().map_or("", |author| author.as_str());
    keys::shelf_key(book.title.as_str(), first_author)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
    let learnt = books.iter().map(|book| (book.authors.as_slice(), book.keys.search_words.as_slice()));
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
