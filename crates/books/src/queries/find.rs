//! Finding books by what somebody typed. Three looks, each only when the one before found little:
//!
//! 1. the words as they are, and titles that begin so; with few of these also the last word as one that is only begun;
//! 2. with each word that few books have the known words it may be a slip of, without the words that nothing is near to;
//! 3. with any one word left out.
//!
//! A look takes at most [`BOUND`] books out of the index and only then ranks them: a word that half of all books have costs
//! no more than a rare one, and what comes beyond the bound is not shown. Titles that begin with the query are looked up by
//! an index of their own, so that they are among the books that are ranked.

#![expect(clippy::disallowed_methods, reason = "statements without a name are asked on a `Reading`")]

use bibliography::ranking::{Candidate, Term, ranked};
use bibliography::search::{QueryText, can_be_mistyped};
use bibliography::spelling;
use kernel::UserId;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

use super::filter::Filter;

/// Books that one look takes out of the index of words.
const BOUND: i64 = 200;
/// Books that a look takes by the beginning of their titles.
const TITLES: i64 = 100;
/// With as many, nobody waits for words that only begin like the last one: there may be many.
const PLENTY: usize = 20;
/// Words that the last one may become.
const COMPLETIONS: i64 = 40;
/// A word that so many books have is meant as it is.
const TRUSTED: i64 = 100;
/// Fewer are little: then slips are looked for.
const ENOUGH: usize = 3;
/// Behind every text that begins with the text before it.
const LAST: char = char::MAX;

#[derive(sqlx::FromRow)]
struct Found {
    id: Uuid,
    title: String,
    search_title: String,
    authors: Vec<String>,
    categories: Vec<String>,
    available: bool,
    created_at: OffsetDateTime,
}

/// The ids of the books that fit, best first; at most a few hundred.
pub(super) async fn find(
    connection: &mut PgConnection,
    filter: &Filter,
    query: &QueryText,
) -> Result<Vec<Uuid>, sqlx::Error> {
    if let Some(isbn) = &query.isbn {
        let found = by_words(connection, filter, &quoted(isbn.isbn13())).await?;
        if !found.is_empty() {
            return Ok(ranked(query, &[], found));
        }
    }
    if query.title.is_empty() {
        return Ok(Vec::new());
    }
    let mut terms = Term::literally(query);
    let mut found = by_title(connection, filter, &query.title).await?;
    if !terms.is_empty() {
        found.extend(by_words(connection, filter, &all_of(&terms)).await?);
    }
    if found.len() < PLENTY
        && let Some(beginning) = &query.beginning
    {
        complete(connection, &mut terms, beginning).await?;
        if terms.iter().any(|term| !term.begins.is_empty()) {
            found.extend(by_words(connection, filter, &all_of(&terms)).await?);
        }
    }
    if found.len() >= ENOUGH || !terms.iter().any(|term| can_be_mistyped(&term.word)) {
        return Ok(ranked(query, &terms, found));
    }

    let spelt = respelt(connection, filter, &terms).await?;
    let (known, sure): (Vec<Term>, Vec<Term>) =
        spelt.iter().filter(|term| term.known).map(|term| (term.term.clone(), term.without_doubt())).unzip();
    let terms: Vec<Term> = spelt.into_iter().map(|term| term.term).collect();
    if !known.is_empty() {
        found.extend(by_words(connection, filter, &all_of(&known)).await?);
        if found.is_empty() && sure.len() >= 2 {
            found = by_words(connection, filter, &all_but_one_of(&sure)).await?;
        }
    }
    Ok(ranked(query, &terms, found))
}

const COLUMNS: &str = "select id, title, search_title, authors, categories, available, created_at from books.book";

async fn by_title(
    connection: &mut PgConnection,
    filter: &Filter,
    beginning: &str,
) -> Result<Vec<Candidate<Uuid>>, sqlx::Error> {
    let mut sql = QueryBuilder::new(COLUMNS);
    filter.push(&mut sql);
    sql.push(" and search_title >= ").push_bind(beginning.to_owned());
    sql.push(" and search_title < ").push_bind(format!("{beginning}{LAST}"));
    sql.push(" order by search_title, id limit ").push_bind(TITLES);
    candidates(connection, sql).await
}

async fn by_words(
    connection: &mut PgConnection,
    filter: &Filter,
    words: &str,
) -> Result<Vec<Candidate<Uuid>>, sqlx::Error> {
    // No order: the first that the index gives will do. An order would have all of them fetched.
    //
    // How many books have two words, or one of many, is anybody's guess. PostgreSQL guesses many, and would read the table
    // until it has met the bound: to its end when few books fit. What is materialized is planned as if all were wanted.
    let several = words.contains(['&', '|']);
    let mut sql = QueryBuilder::new(if several { "with found as materialized (" } else { "" });
    sql.push(COLUMNS);
    filter.push(&mut sql);
    sql.push(" and search @@ ").push_bind(words.to_owned()).push("::tsquery");
    sql.push(if several { ") select * from found limit " } else { " limit " }).push_bind(BOUND);
    candidates(connection, sql).await
}

async fn candidates(
    connection: &mut PgConnection,
    mut sql: QueryBuilder<Postgres>,
) -> Result<Vec<Candidate<Uuid>>, sqlx::Error> {
    // Planned for these words and no others: which index is best depends on how common they are.
    let found: Vec<Found> = sql.build_query_as().persistent(false).fetch_all(connection).await?;
    let candidate = |book: Found| Candidate {
        id: book.id,
        title: book.title,
        search_title: book.search_title,
        authors: book.authors,
        categories: book.categories,
        available: book.available,
        created_at: book.created_at,
    };
    Ok(found.into_iter().map(candidate).collect())
}

/// Words are letters, digits, marks, and `+`, `#` or a dot: nothing in them ends the quotation.
fn quoted(word: &str) -> String {
    format!("'{word}'")
}

fn one_of(term: &Term) -> String {
    let others = term.also.iter().chain(&term.near).map(|(word, _)| word);
    let any: Vec<String> =
        std::iter::once(&term.word).chain(&term.begins).chain(others).map(|word| quoted(word)).collect();
    format!("({})", any.join(" | "))
}

fn all_of<'a>(terms: impl IntoIterator<Item = &'a Term>) -> String {
    terms.into_iter().map(one_of).collect::<Vec<_>>().join(" & ")
}

fn all_but_one_of(terms: &[Term]) -> String {
    let but = |left_out: usize| {
        let others = terms.iter().enumerate().filter(|(place, _)| *place != left_out).map(|(_, term)| term);
        format!("({})", all_of(others))
    };
    (0..terms.len()).map(but).collect::<Vec<_>>().join(" | ")
}

/// Looks up what the word under way may become: the shortest words, which are the most likely.
async fn complete(connection: &mut PgConnection, terms: &mut [Term], beginning: &str) -> Result<(), sqlx::Error> {
    let begins = sqlx::query_scalar!(
        "select word from books.word where word > $1 and word < $1 || chr(1114111) order by length(word), word limit $2",
        beginning,
        COMPLETIONS,
    )
    .fetch_all(connection)
    .await?;
    if let Some(term) = terms.iter_mut().find(|term| term.word == beginning) {
        term.begins = begins;
    }
    Ok(())
}

struct Respelt {
    term: Term,
    /// Some book that the reader sees had it or something near it.
    known: bool,
    /// Some book that the reader sees has the word itself.
    exact: bool,
}

impl Respelt {
    /// A word that some book has stands for itself alone.
    fn without_doubt(&self) -> Term {
        if self.exact { Term { begins: Vec::new(), near: Vec::new(), ..self.term.clone() } } else { self.term.clone() }
    }
}

/// How many books that the reader sees have each word, counted as far as it matters.
async fn counted(connection: &mut PgConnection, filter: &Filter, terms: &[&Term]) -> Result<Vec<i64>, sqlx::Error> {
    let mut sql = QueryBuilder::new("select array[");
    for (place, term) in terms.iter().enumerate() {
        sql.push(if place == 0 { "" } else { ", " });
        sql.push("(select count(*) from (select from books.book");
        filter.push_known(&mut sql);
        sql.push(" and search @@ ").push_bind(quoted(&term.word)).push("::tsquery limit ");
        sql.push_bind(TRUSTED).push(") counted)");
    }
    sql.push("]::bigint[]");
    sql.build_query_scalar().persistent(false).fetch_one(connection).await
}

/// Whether the reader sees a book with one of the words.
async fn any_is_known(connection: &mut PgConnection, filter: &Filter, words: &[String]) -> Result<bool, sqlx::Error> {
    let mut sql = QueryBuilder::new("select exists (select from books.book");
    filter.push_known(&mut sql);
    let any: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    sql.push(" and search @@ ").push_bind(any.join(" | ")).push("::tsquery)");
    sql.build_query_scalar().persistent(false).fetch_one(connection).await
}

/// The words with those that they may be meant for. Only books that the reader sees count: a word that others have would be
/// demanded of what is found, and so be told of.
async fn respelt(connection: &mut PgConnection, filter: &Filter, terms: &[Term]) -> Result<Vec<Respelt>, sqlx::Error> {
    let doubted: Vec<&Term> = terms.iter().filter(|term| can_be_mistyped(&term.word)).collect();
    let counts = counted(connection, filter, &doubted).await?;
    let with_counts = doubted.iter().zip(counts);
    let words: Vec<String> =
        with_counts.filter(|(_, count)| *count < TRUSTED).map(|(term, _)| term.word.clone()).collect();
    let like = sqlx::query!(
        r#"select typed.word as "typed!", near.word as "near!" from unnest($1::text[]) typed (word)
        cross join lateral books.near_shown_words(typed.word, $2, $3) near (word)"#,
        &words,
        filter.eyes.owner().map(UserId::uuid),
        filter.hidden.ids(),
    )
    .fetch_all(&mut *connection)
    .await?;
    // The word under way alone may become others.
    let begun = match terms.iter().find(|term| !term.begins.is_empty() && words.contains(&term.word)) {
        Some(term) => any_is_known(connection, filter, &term.begins).await?,
        None => false,
    };
    let respelt = |term: &Term| {
        let like = like.iter().filter(|row| row.typed == term.word).map(|row| row.near.as_str());
        let near = spelling::nearest(&term.word, like);
        // Numbers and `c++` are meant as they are; what is too short to tell is often a slip of its own: `ender s game`.
        let doubted = words.contains(&term.word);
        let known = if doubted {
            !near.is_empty() || (begun && !term.begins.is_empty())
        } else {
            can_be_mistyped(&term.word) || !term.word.chars().all(char::is_alphabetic)
        };
        let exact = (known && !doubted) || near.iter().any(|(_, slips)| *slips == 0);
        Respelt { term: Term { near, ..term.clone() }, known, exact }
    };
    Ok(terms.iter().map(respelt).collect())
}
