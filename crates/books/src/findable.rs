//! What searches need beside the books themselves: the words that may be mistyped, the names that are suggested, and the
//! forms of books that were there before.

use std::collections::BTreeSet;

use serde::Serialize;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::search::{AuthorKey, SearchForms, can_be_mistyped};

/// Books whose forms are worked out in one transaction.
const BATCH: i64 = 500;

/// Remembers what is new in the authors and words of these books. Sorted, so that two who learn the same at once wait for
/// each other in one order.
pub(crate) async fn learn<'a>(
    connection: &mut PgConnection,
    books: impl IntoIterator<Item = (&'a [String], &'a [String])>,
) -> Result<(), sqlx::Error> {
    let (mut words, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (authors, search_words) in books {
        words.extend(search_words.iter().filter(|word| can_be_mistyped(word)).cloned());
        names.extend(authors.iter().cloned());
    }
    let words: Vec<String> = words.into_iter().collect();
    let mut keys: Vec<AuthorKey> = names.iter().flat_map(|name| AuthorKey::of(name)).collect();
    keys.sort_unstable();
    sqlx::query!(
        "with learnt as (
            insert into books.word (word)
            select word from unnest($1::text[]) with ordinality new (word, nth) order by nth
            on conflict do nothing
            returning word
        )
        insert into books.word_slip (slip, word)
        select slip, word from learnt, books.one_letter_less(word) slip
        on conflict do nothing",
        &words,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into books.author_name (key, name, words)
        select key, name, words from jsonb_to_recordset($1) as new (key text, name text, words text[])
        on conflict do nothing",
        Json(keys) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(Serialize)]
struct Forms {
    id: Uuid,
    search_title: String,
    search_words: Vec<String>,
}

/// Works out the forms of every book that has none.
pub(crate) async fn make_findable(pool: &PgPool) -> Result<(), sqlx::Error> {
    loop {
        let mut tx = pool.begin().await?;
        let books = sqlx::query!(
            "select id, title, authors, categories, isbn13 from books.book where search is null
            limit $1 for update skip locked",
            BATCH,
        )
        .fetch_all(&mut *tx)
        .await?;
        if books.is_empty() {
            return Ok(());
        }
        let forms: Vec<Forms> = books
            .iter()
            .map(|book| {
                let forms = SearchForms::new(
                    &book.title,
                    book.authors.iter().map(String::as_str),
                    book.categories.iter().map(String::as_str),
                    book.isbn13.as_deref(),
                );
                Forms { id: book.id, search_title: forms.title, search_words: forms.words }
            })
            .collect();
        let pairs =
            books.iter().zip(&forms).map(|(book, forms)| (book.authors.as_slice(), forms.search_words.as_slice()));
        learn(&mut tx, pairs).await?;
        sqlx::query!(
            "update books.book set search_title = f.search_title, search = array_to_tsvector(f.search_words)
            from jsonb_to_recordset($1) as f (id uuid, search_title text, search_words text[])
            where book.id = f.id",
            Json(forms) as _,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
    }
}
