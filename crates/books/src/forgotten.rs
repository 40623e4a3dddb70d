//! Removes the words and author names that no book has any more. A search stays right throughout: a word is never missing
//! while a book has it. Three steps, in bounded batches, and no lock that a writer of a common word would wait for:
//!
//! 1. A trigger notes in `left_behind` what a change or a deletion took from a book. A walk along the tables finds what was
//!    left in any other way: see [`crate::leftovers`].
//! 2. A word that no book has is *marked*: its folding becomes 0. The next transaction that learns it removes the mark, and
//!    holds the row until it commits: see [`crate::findable::learn`].
//! 3. A transaction that learnt the word before it was marked did not see the mark. So a marked word waits until every
//!    transaction of that time has ended. If then no book has it and the mark is still the same, it is removed with its slips.
//!
//! Hosts may do this at the same time: each step holds for whatever the others did meanwhile. ADR 39 names what lost.

#![expect(clippy::disallowed_methods, reason = "statements without a name are asked on a `Reading`")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bibliography::search::AuthorKey;
use database::Database;
use sqlx::{PgConnection, QueryBuilder};

use crate::findable::FOLDING;
use crate::metrics::leftovers_removed;

/// Changes of books that are looked at together.
const CHANGES: i64 = 200;
/// How often changes are looked at in one sweep: more than a second's edits, so that words go also while edits come.
const ROUNDS: usize = 20;
/// Marked words or names that are removed in one transaction.
const REMOVED: i64 = 1_000;
/// Words or names that one statement looks up. Each is planned by itself.
const LOOKED_UP: usize = 100;
/// How often, and how many times, we look whether the transactions of the mark's time have ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: u32 = 20;

/// Removes what books left behind, as far as one sweep gets.
pub(crate) async fn forget(pool: &Database) -> Result<(), sqlx::Error> {
    for _ in 0..ROUNDS {
        if !check_changes(pool).await? {
            break;
        }
    }
    while remove_marked(pool).await? {}
    Ok(())
}

/// `false`: there is none left.
async fn check_changes(pool: &Database) -> Result<bool, sqlx::Error> {
    let mut connection = pool.reading().await?;
    let changes = sqlx::query!("select id, words, authors from books.left_behind order by id limit $1", CHANGES)
        .fetch_all(&mut *connection)
        .await?;
    if changes.is_empty() {
        return Ok(false);
    }
    let ids: Vec<i64> = changes.iter().map(|change| change.id).collect();
    let (words, names): (Vec<_>, Vec<_>) = changes.into_iter().map(|change| (change.words, change.authors)).unzip();
    let words: BTreeSet<String> = words.into_iter().flatten().collect();
    let names: BTreeSet<String> = names.into_iter().flatten().collect();
    let words = known_words(&mut connection, words).await?;
    let unused = unused_words(&mut connection, words).await?;
    let names = names.iter().flat_map(|name| AuthorKey::of(name)).collect();
    let unused_names = unused_names(&mut connection, names).await?;
    // Nothing is locked while we look. A book that came meanwhile is seen before the word is removed.
    let mut tx = pool.begin().await?;
    mark_words(&mut tx, &unused).await?;
    mark_names(&mut tx, &unused_names).await?;
    sqlx::query!("delete from books.left_behind where id = any($1)", &ids).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// Those of the words that searches know and that are not marked.
async fn known_words(connection: &mut PgConnection, words: BTreeSet<String>) -> Result<Vec<String>, sqlx::Error> {
    let words: Vec<String> = words.into_iter().collect();
    sqlx::query_scalar!("select word from books.word where word = any($1) and folding > 0", &words)
        .fetch_all(connection)
        .await
}

/// Those that no book has.
pub(crate) async fn unused_words(
    connection: &mut PgConnection,
    words: Vec<String>,
) -> Result<Vec<String>, sqlx::Error> {
    let mut unused = Vec::new();
    for chunk in words.chunks(LOOKED_UP) {
        let mut sql = QueryBuilder::new("select array[");
        let mut all = sql.separated(", ");
        for word in chunk {
            // `array_to_tsvector` and this quotation name the same lexeme, whatever is in it.
            let quoted = format!("'{}'", word.replace('\\', "\\\\").replace('\'', "''"));
            all.push("exists (select from books.book where search @@ ");
            all.push_bind_unseparated(quoted).push_unseparated("::tsquery)");
        }
        sql.push("]");
        // Planned for these words: a common one is met at once in the table, a rare one is looked up in the index.
        let used: Vec<bool> = sql.build_query_scalar().persistent(false).fetch_one(&mut *connection).await?;
        unused.extend(chunk.iter().zip(used).filter(|(_, used)| !used).map(|(word, _)| word.clone()));
    }
    Ok(unused)
}

/// Those of no book's author.
pub(crate) async fn unused_names(
    connection: &mut PgConnection,
    keys: Vec<AuthorKey>,
) -> Result<Vec<AuthorKey>, sqlx::Error> {
    // A name has several keys and is looked up once.
    let mut by_name: BTreeMap<String, Vec<AuthorKey>> = BTreeMap::new();
    for key in keys {
        by_name.entry(key.name.clone()).or_default().push(key);
    }
    let by_name: Vec<(String, Vec<AuthorKey>)> = by_name.into_iter().collect();
    let mut unused = Vec::new();
    for chunk in by_name.chunks(LOOKED_UP) {
        let mut sql = QueryBuilder::new("select array[");
        let mut all = sql.separated(", ");
        for (name, keys) in chunk {
            let words = keys.first().map(|key| key.words.clone()).unwrap_or_default();
            all.push("exists (select from books.book where author_words @> ");
            all.push_bind_unseparated(words).push_unseparated(" and authors @> ");
            all.push_bind_unseparated(vec![name.clone()]).push_unseparated(")");
        }
        sql.push("]");
        let used: Vec<bool> = sql.build_query_scalar().persistent(false).fetch_one(&mut *connection).await?;
        unused.extend(chunk.iter().zip(used).filter(|(_, used)| !used).flat_map(|((_, keys), _)| keys.clone()));
    }
    Ok(unused)
}

/// A word that somebody learns just now is not marked. Returns how many were.
pub(crate) async fn mark_words(connection: &mut PgConnection, words: &[String]) -> Result<u64, sqlx::Error> {
    let marked = sqlx::query!(
        "with unused as (
            select word from books.word where word = any($1) and folding > 0 order by word
            for no key update skip locked
        )
        update books.word set folding = 0 from unused where word.word = unused.word",
        words,
    )
    .execute(connection)
    .await?;
    Ok(marked.rows_affected())
}

/// As [`mark_words`].
pub(crate) async fn mark_names(connection: &mut PgConnection, unused: &[AuthorKey]) -> Result<u64, sqlx::Error> {
    let (keys, names): (Vec<String>, Vec<String>) =
        unused.iter().map(|author| (author.key.clone(), author.name.clone())).unzip();
    let marked = sqlx::query!(
        "with unused as (
            select key, name from books.author_name join unnest($1::text[], $2::text[]) unused (key, name) using (key, name)
            where folding > 0 order by key, name for no key update of author_name skip locked
        )
        update books.author_name set folding = 0 from unused
        where (author_name.key, author_name.name) = (unused.key, unused.name)",
        &keys,
        &names,
    )
    .execute(connection)
    .await?;
    Ok(marked.rows_affected())
}

/// Removes words and names that are marked. While a book waits to be folded again, none is removed: its words may be needed.
/// `false`: there is nothing left that can be removed now.
pub(crate) async fn remove_marked(pool: &Database) -> Result<bool, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    // `xmin` names the transaction that set the mark: a mark that was removed and set anew is another.
    let words = sqlx::query!(
        r#"select word, xmin::text as "marked_by!" from books.word where folding < 1 and folding < $1
            and not exists (select from books.book where folding < 1 and folding < $1)
        order by word limit $2"#,
        FOLDING,
        REMOVED,
    )
    .fetch_all(&mut *connection)
    .await?;
    let names = sqlx::query!(
        r#"select key, name, words, xmin::text as "marked_by!" from books.author_name where folding < 1 and folding < $1
            and not exists (select from books.book where folding < 1 and folding < $1)
        order by key, name limit $2"#,
        FOLDING,
        REMOVED,
    )
    .fetch_all(&mut *connection)
    .await?;
    if (words.is_empty() && names.is_empty()) || !writers_have_ended(&mut connection).await? {
        return Ok(false);
    }
    let (words, marked_by): (Vec<String>, Vec<String>) = words.into_iter().map(|row| (row.word, row.marked_by)).unzip();
    let unused = unused_words(&mut connection, words.clone()).await?;
    let words = remove_words(&mut connection, &words, &marked_by, &unused).await?;
    let (names, marked_by): (Vec<AuthorKey>, Vec<String>) = names
        .into_iter()
        .map(|row| (AuthorKey { key: row.key, name: row.name, words: row.words }, row.marked_by))
        .unzip();
    let unused = unused_names(&mut connection, names.clone()).await?;
    let names = remove_names(&mut connection, &names, &marked_by, &unused).await?;
    Ok(words + names > 0)
}

/// Waits for the transactions of this database that are open now and have written. One that only reads, such as a backup, is not
/// waited for; where one stays open, the next round looks again.
async fn writers_have_ended(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    // Larger than every number that was given out before. That of a snapshot would not be: it ends with the last that ended.
    let until =
        sqlx::query_scalar!(r#"select pg_current_xact_id()::text as "until!""#).fetch_one(&mut *connection).await?;
    for _ in 0..LOOKS {
        let ended = sqlx::query_scalar!(r#"select (select event_bus.horizon()) >= $1::text::xid8 as "ended!""#, until,)
            .fetch_one(&mut *connection)
            .await?;
        if ended {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(false)
}

/// Removes `unused` ones of the marked words; the others lose their mark. Returns how many changed.
async fn remove_words(
    connection: &mut PgConnection,
    words: &[String],
    marked_by: &[String],
    unused: &[String],
) -> Result<u64, sqlx::Error> {
    let removed = sqlx::query_scalar!(
        r#"with old as (
            select word.word from books.word join unnest($1::text[], $2::text[]) marked (word, by) on word.word = marked.word
            where folding < 1 and word.xmin::text = marked.by and word.word = any($3)
            order by word.word for update of word skip locked
        ), gone as (
            delete from books.word using old where word.word = old.word returning word.word
        ), slips as (
            delete from books.word_slip using (select slip, word from gone, books.one_letter_less(word) slip) as old_slip
            where (word_slip.slip, word_slip.word) = (old_slip.slip, old_slip.word)
        )
        select count(*) as "removed!" from gone"#,
        words,
        marked_by,
        unused,
    )
    .fetch_one(&mut *connection)
    .await?;
    let removed = removed.unsigned_abs();
    leftovers_removed("word", removed);
    let used = sqlx::query!(
        "with used as (
            select word from books.word where word = any($1) and not word = any($2) and folding < 1
            order by word for no key update skip locked
        )
        update books.word set folding = $3 from used where word.word = used.word",
        words,
        unused,
        FOLDING,
    )
    .execute(connection)
    .await?;
    Ok(removed + used.rows_affected())
}

/// As [`remove_words`].
async fn remove_names(
    connection: &mut PgConnection,
    names: &[AuthorKey],
    marked_by: &[String],
    unused: &[AuthorKey],
) -> Result<u64, sqlx::Error> {
    let unused: BTreeSet<&AuthorKey> = unused.iter().collect();
    let is_used: Vec<bool> = names.iter().map(|name| !unused.contains(name)).collect();
    let (keys, names): (Vec<String>, Vec<String>) =
        names.iter().map(|author| (author.key.clone(), author.name.clone())).unzip();
    let removed = sqlx::query!(
        "with old as (
            select author_name.key, author_name.name from books.author_name
            join unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) marked (key, name, by, is_used) using (key, name)
            where folding < 1 and author_name.xmin::text = marked.by and not is_used
            order by key, name for update of author_name skip locked
        )
        delete from books.author_name using old where (author_name.key, author_name.name) = (old.key, old.name)",
        &keys,
        &names,
        marked_by,
        &is_used,
    )
    .execute(&mut *connection)
    .await?;
    leftovers_removed("author_name", removed.rows_affected());
    let used = sqlx::query!(
        "with used as (
            select key, name from books.author_name
            join unnest($1::text[], $2::text[], $3::boolean[]) marked (key, name, is_used) using (key, name)
            where folding < 1 and is_used order by key, name for no key update of author_name skip locked
        )
        update books.author_name set folding = $4 from used
        where (author_name.key, author_name.name) = (used.key, used.name)",
        &keys,
        &names,
        &is_used,
        FOLDING,
    )
    .execute(connection)
    .await?;
    Ok(removed.rows_affected() + used.rows_affected())
}
