//! What searches need beside the books themselves: the words that may be mistyped, the names that are suggested, and the
//! keys of books that an older folding made.

use std::collections::BTreeSet;

use bibliography::search::{AuthorKey, MOST_SUGGESTED};
use database::Database;
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::forgotten;
use crate::stored::Keys;

/// The folding that makes the keys of books now; raised when `kernel::text::fold` or what `bibliography` makes of
/// it gives other keys.
/// `migrations/books` has indexes of what an older one made: a migration makes them anew for each folding.
///
/// Who writes keys writes `-FOLDING`; a trigger stores it. So a host of an older version, which knows nothing of it, leaves a
/// 0 behind, and the book is folded again.
pub(crate) const FOLDING: i16 = 1;

/// Books that are folded again in one transaction.
const BATCH: i64 = 500;

/// Remembers what is new in the authors and words of these books. Sorted, so that two who learn the same at once wait for
/// each other in one order.
///
/// In a transaction that has written already: `forgotten` waits for such transactions before it removes a word. The words are
/// those that [`bibliography::search::SearchForms`] lets a book add; of its authors the first count.
pub(crate) async fn learn<'a>(
    connection: &mut PgConnection,
    books: impl IntoIterator<Item = (&'a [String], &'a [String])>,
) -> Result<(), sqlx::Error> {
    let (mut words, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (authors, spelt_words) in books {
        words.extend(spelt_words.iter().cloned());
        names.extend(authors.iter().take(MOST_SUGGESTED).cloned());
    }
    let words: Vec<String> = words.into_iter().collect();
    let mut keys: Vec<AuthorKey> = names.iter().flat_map(|name| AuthorKey::of(name)).collect();
    keys.sort_unstable();
    // Those that are marked or of an older folding first: from then on nobody removes them, and those that were removed before
    // are inserted. Others are not touched, or every import would wait for every other on the row of `the`.
    sqlx::query!(
        "with known as (
            select word from books.word where word = any($1) and folding < $2 order by word for no key update
        )
        update books.word set folding = $2 from known where word.word = known.word",
        &words,
        FOLDING,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "with learnt as (
            insert into books.word (word, folding)
            select word, $2 from unnest($1::text[]) with ordinality new (word, nth) order by nth
            on conflict do nothing
            returning word
        )
        insert into books.word_slip (slip, word)
        select slip, word from learnt, books.one_letter_less(word) slip
        on conflict do nothing",
        &words,
        FOLDING,
    )
    .execute(&mut *connection)
    .await?;
    let keys = Json(keys);
    sqlx::query!(
        "with new as (
            select * from jsonb_to_recordset($1) as new (key text, name text, words text[])
        ), known as (
            select key, name, new.words from books.author_name join new using (key, name)
            where author_name.folding < $2 order by key, name for no key update of author_name
        )
        update books.author_name set words = known.words, folding = $2 from known
        where (author_name.key, author_name.name) = (known.key, known.name)",
        &keys as _,
        FOLDING,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into books.author_name (key, name, words, folding)
        select key, name, words, $2 from jsonb_to_recordset($1) as new (key text, name text, words text[])
        on conflict do nothing",
        &keys as _,
        FOLDING,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(Serialize)]
struct Folded {
    id: Uuid,
    #[serde(flatten)]
    keys: Keys,
}

/// Folds again every book whose keys an older folding made, and then forgets the words and names that no book has. Hosts
/// share the work: each takes the books that no other works on. Until it is done, such a book is found by its old keys.
pub(crate) async fn make_findable(pool: &Database) -> Result<(), sqlx::Error> {
    while fold_some_again(pool).await? {}
    forgotten::forget(pool).await
}

/// `false`: there is none left.
async fn fold_some_again(pool: &Database) -> Result<bool, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let books = sqlx::query!(
        "select id, title, authors, categories, isbn13 from books.book where folding < 1 and folding < $1
        order by id limit $2 for update skip locked",
        FOLDING,
        BATCH,
    )
    .fetch_all(&mut *tx)
    .await?;
    if books.is_empty() {
        return Ok(false);
    }
    let folded: Vec<Folded> = books
        .iter()
        .map(|book| Folded {
            id: book.id,
            keys: Keys::new(&book.title, &book.authors, &book.categories, book.isbn13.as_deref()),
        })
        .collect();
    let learnt =
        books.iter().zip(&folded).map(|(book, new)| (book.authors.as_slice(), new.keys.spelt_words.as_slice()));
    learn(&mut tx, learnt).await?;
    // The version stays: no view shows a key.
    sqlx::query!(
        "update books.book set title_sort = f.title_sort, shelf_key = decode(f.shelf_key, 'hex'),
            author_words = f.author_words, category_keys = f.category_keys, search_title = f.search_title,
            search = array_to_tsvector(f.search_words), folding = -$2::smallint
        from jsonb_to_recordset($1) as f (id uuid, title_sort text, shelf_key text, author_words text[],
            category_keys text[], search_title text, search_words text[])
        where book.id = f.id",
        Json(folded) as _,
        FOLDING,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}
