//! The job that looks through all words, names and slips for those that no book has, although no trigger noted them: a crash,
//! an older version or a change by hand may leave such. It marks them; [`crate::forgotten`] removes what is marked.

use async_trait::async_trait;
use bibliography::search::AuthorKey;
use database::Database;
use jobs::{Job, JobError, Run};
use serde::{Deserialize, Serialize};

use crate::forgotten::{mark_names, mark_words, remove_marked, unused_names, unused_words};

/// Words or names that one step looks at.
const STEP: i64 = 500;
/// Slips that one step looks at.
const SLIPS: i64 = 5_000;

pub(crate) struct ForgetWords(pub Database);

/// The last thing that the walk has looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Word(String),
    Name(String, String),
    Slip(String, String),
    End,
}

/// What one step looked at, and how many leftovers it found.
struct Step {
    looked_at: usize,
    found: u64,
    next: Place,
}

#[async_trait]
impl Job for ForgetWords {
    fn name(&self) -> &'static str {
        "books.forget_words"
    }

    async fn run(&self, run: &Run) -> Result<(), JobError> {
        run.set_total(self.about_so_many().await?);
        let mut place = run.cursor()?.unwrap_or_else(|| Place::Word(String::new()));
        loop {
            run.proceed()?;
            let (what, step) = match &place {
                Place::Word(after) => ("words", self.words(after).await?),
                Place::Name(key, name) => ("names", self.names(key, name).await?),
                Place::Slip(slip, word) => ("slips", self.slips(slip, word).await?),
                Place::End => break,
            };
            run.advance(step.looked_at as u64);
            run.count(what, step.found);
            place = step.next;
            run.save(&place).await?;
        }
        while remove_marked(&self.0).await? {
            run.proceed()?;
        }
        Ok(())
    }
}

impl ForgetWords {
    /// As PostgreSQL estimates it.
    async fn about_so_many(&self) -> Result<u64, sqlx::Error> {
        let rows = sqlx::query_scalar!(
            r#"select sum(greatest(reltuples, 0))::bigint as "rows!" from pg_class
            where oid in ('books.word'::regclass, 'books.author_name'::regclass, 'books.word_slip'::regclass)"#
        )
        .fetch_one(&self.0)
        .await?;
        Ok(rows.unsigned_abs())
    }

    async fn words(&self, after: &str) -> Result<Step, sqlx::Error> {
        let mut connection = self.0.acquire().await?;
        let words =
            sqlx::query_scalar!("select word from books.word where word > $1 order by word limit $2", after, STEP)
                .fetch_all(&mut *connection)
                .await?;
        let (looked_at, last) = (words.len(), words.last().cloned());
        let unused = unused_words(&mut connection, words).await?;
        let found = mark_words(&mut connection, &unused).await?;
        Ok(Step { looked_at, found, next: last.map_or_else(|| Place::Name(String::new(), String::new()), Place::Word) })
    }

    async fn names(&self, key: &str, name: &str) -> Result<Step, sqlx::Error> {
        let mut connection = self.0.acquire().await?;
        let names = sqlx::query_as!(
            AuthorKey,
            "select key, name, words from books.author_name where (key, name) > ($1, $2) order by key, name limit $3",
            key,
            name,
            STEP,
        )
        .fetch_all(&mut *connection)
        .await?;
        let next = match names.last() {
            Some(last) => Place::Name(last.key.clone(), last.name.clone()),
            None => Place::Slip(String::new(), String::new()),
        };
        let looked_at = names.len();
        let unused = unused_names(&mut connection, names).await?;
        let found = mark_names(&mut connection, &unused).await?;
        Ok(Step { looked_at, found, next })
    }

    /// The word of a slip without a word is inserted with a mark: then it goes with all its slips as any other. A slip alone
    /// could not be removed: the word may be learnt in the same moment.
    async fn slips(&self, slip: &str, word: &str) -> Result<Step, sqlx::Error> {
        let step = sqlx::query!(
            r#"with page as materialized (
                select slip, word from books.word_slip where (slip, word) > ($1, $2) order by slip, word limit $3
            ), without_word as (
                insert into books.word (word, folding)
                select distinct word, 0::smallint from page
                where not exists (select from books.word where word.word = page.word)
                on conflict do nothing
                returning word
            )
            select slip, word, (select count(*) from page) as "looked_at!", (select count(*) from without_word) as "found!"
            from page order by slip desc, word desc limit 1"#,
            slip,
            word,
            SLIPS,
        )
        .fetch_optional(&self.0)
        .await?;
        Ok(match step {
            Some(step) => Step {
                looked_at: usize::try_from(step.looked_at).unwrap_or(0),
                found: step.found.unsigned_abs(),
                next: Place::Slip(step.slip, step.word),
            },
            None => Step { looked_at: 0, found: 0, next: Place::End },
        })
    }
}
