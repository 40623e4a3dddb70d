#![expect(clippy::disallowed_methods, reason = "statements without a name are asked on a `Reading`")]

use std::time::{Duration, Instant};

use async_trait::async_trait;
use bibliography::search::{QueryText, QueryTextError, main_title};
use bibliography::words::words;
use cqrs::{Call, QueryHandler};
use database::{Database, Reading};
use kernel::{Detail, ErrorKind, Query, Refusal};
use serde::Serialize;
use sqlx::{PgConnection, QueryBuilder};

use super::searches::Searches;
use crate::hidden::{Hidden, HiddenOwners};
use crate::visible::TO_EVERYBODY;

/// Suggestions at once, of both kinds.
const SUGGESTIONS: usize = 10;
/// Of these, as many may be authors.
const AUTHORS: usize = 5;
/// How many names each statement looks at; one follows the other until enough are found. Some names have no book that is
/// shown. A member who lists such books must not keep other authors from being suggested.
const NAMES: [i64; 7] = [8, 16, 32, 64, 128, 256, 512];
/// After so long no further statement begins. Each takes about twice as long as the one before: a member who lists thousands of
/// books under each of a thousand names, and shows none, must not make a suggestion last for seconds.
const PATIENCE: Duration = Duration::from_millis(100);
/// Titles that are looked at. Only for whom books are hidden it is more than are suggested.
const TITLES: i64 = 500;
/// Books of one title or name that are looked at for one that the reader sees: a member whom many books are hidden from costs no
/// more than others.
const SEEN_AMONG: i64 = 50;

/// Titles and authors that begin with what somebody has typed so far.
#[derive(Debug, Clone)]
pub struct SuggestBooks {
    pub text: String,
}

impl Query for SuggestBooks {
    const NAME: &'static str = "suggest_books";
    type Answer = Vec<Suggestion>;
    type Error = SuggestBooksError;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SuggestionKind {
    Title,
    Author,
}

/// What may be meant; as a query it finds at least one book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Suggestion {
    pub kind: SuggestionKind,
    pub text: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SuggestBooksError {
    #[error(transparent)]
    Text(#[from] QueryTextError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for SuggestBooksError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Text(_) => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Text(_) => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Text(error) => vec![Detail::new("q", error.to_string())],
            Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct SuggestBooksHandler {
    pool: Database,
    hidden: Hidden,
    searches: Searches,
}

impl SuggestBooksHandler {
    pub(crate) fn new(pool: Database, hidden: Hidden, searches: Searches) -> Self {
        Self { pool, hidden, searches }
    }
}

#[async_trait]
impl QueryHandler<SuggestBooks> for SuggestBooksHandler {
    async fn handle(&self, call: &Call, query: SuggestBooks) -> Result<Vec<Suggestion>, SuggestBooksError> {
        let typed = QueryText::read(&query.text)?;
        if typed.title.is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.searches.turn().await;
        let hidden = self.hidden.from(call).await?;
        let name: Vec<String> = words(&query.text).into_iter().map(|word| word.text).collect();
        let (name, title, hidden) = (&name.join(" "), &typed.title, &hidden);
        let found = |mut connection: Reading| async move {
            Ok((authors(&mut connection, name, hidden).await?, titles(&mut connection, title, hidden).await?))
        };
        let (authors, titles) = call.read(&self.pool, found).await?;
        let titles = titles.into_iter().take(SUGGESTIONS - authors.len());
        let titles = titles.map(|text| Suggestion { kind: SuggestionKind::Title, text });
        Ok(titles.chain(authors.into_iter().map(|text| Suggestion { kind: SuggestionKind::Author, text })).collect())
    }
}

/// Titles in the order of the alphabet, each once however many have the book: every step goes to the next other title.
async fn titles(
    connection: &mut PgConnection,
    beginning: &str,
    hidden: &HiddenOwners,
) -> Result<Vec<String>, sqlx::Error> {
    let titles = sqlx::query_scalar!(
        r#"with recursive found as (
            (select search_title from books.book
                where owner_active and lending <> 'off' and search_title >= $1 and search_title < $1 || chr(1114111)
                order by search_title, id limit 1)
            union all
            select next.search_title from found cross join lateral (
                select search_title from books.book
                where owner_active and lending <> 'off'
                    and search_title > found.search_title and search_title < $1 || chr(1114111)
                order by search_title, id limit 1
            ) next
        )
        select seen.title as "title!" from (select search_title from found limit $4) found cross join lateral (
            select title from (
                select title, owner_id from books.book
                where owner_active and lending <> 'off' and search_title = found.search_title order by id limit $5
            ) looked_at where owner_id <> all($3) limit 1
        ) seen limit $2"#,
        beginning,
        SUGGESTIONS as i64,
        hidden.ids(),
        TITLES,
        SEEN_AMONG,
    )
    .fetch_all(connection)
    .await?;
    Ok(titles.iter().map(|title| main_title(title).to_owned()).collect())
}

async fn authors(
    connection: &mut PgConnection,
    beginning: &str,
    hidden: &HiddenOwners,
) -> Result<Vec<String>, sqlx::Error> {
    if beginning.is_empty() {
        return Ok(Vec::new());
    }
    let mut authors: Vec<String> = Vec::new();
    let mut after = (String::new(), String::new());
    let began = Instant::now();
    for most in NAMES {
        let names = sqlx::query!(
            "select key, name, words from books.author_name
            where key >= $1 and key < $1 || chr(1114111) and (key, name) > ($2, $3) order by key, name limit $4",
            beginning,
            after.0,
            after.1,
            most,
        )
        .fetch_all(&mut *connection)
        .await?;
        let words: Vec<&[String]> = names.iter().map(|name| name.words.as_slice()).collect();
        let shown = are_shown(connection, &words, hidden).await?;
        let are_all = i64::try_from(names.len()).is_ok_and(|looked_at| looked_at < most);
        for (name, shown) in names.into_iter().zip(shown) {
            // Somebody whose first and last name begin alike is found by both.
            if shown && !authors.contains(&name.name) {
                authors.push(name.name.clone());
            }
            after = (name.key, name.name);
        }
        authors.truncate(AUTHORS);
        if are_all || authors.len() == AUTHORS || began.elapsed() > PATIENCE {
            break;
        }
    }
    Ok(authors)
}

/// Of each name, by its words, whether the reader sees a book of theirs.
async fn are_shown(
    connection: &mut PgConnection,
    names: &[&[String]],
    hidden: &HiddenOwners,
) -> Result<Vec<bool>, sqlx::Error> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    // One statement, each name planned by itself.
    let mut sql = QueryBuilder::new("select array[");
    for (nth, words) in names.iter().enumerate() {
        sql.push(if nth == 0 { "" } else { ", " });
        sql.push("exists (select from (select owner_id from books.book where ").push(TO_EVERYBODY);
        sql.push(" and author_words @> ").push_bind(words.to_vec());
        sql.push(format!(" limit {SEEN_AMONG}) looked_at where owner_id <> all("));
        // Once for all of them: there may be thousands.
        if nth == 0 {
            sql.push_bind(hidden.ids().to_vec())
        } else {
            sql.push("$2")
        };
        sql.push("))");
    }
    sql.push("]");
    sql.build_query_scalar().persistent(false).fetch_one(connection).await
}
