//! Books by the million: works with authors, series and categories, and copies of them on members' shelves.

use anyhow::{Context, Result, anyhow};
use books::{BookInput, BulkBooks};
use kernel::{BookId, UserId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::postgres::PgPoolCopyExt;
use sqlx::{AssertSqlSafe, PgPool};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::language::{Vocabulary, Zipf, capital, pick};

const FROM: OffsetDateTime = datetime!(2023-01-01 0:00 UTC);
const CATEGORIES: [&str; 24] = [
    "Fiction",
    "Fantasy",
    "Science Fiction",
    "Crime",
    "History",
    "Biography",
    "Poetry",
    "Children",
    "Young Adult",
    "Romance",
    "Travel",
    "Cooking",
    "Art",
    "Music",
    "Philosophy",
    "Religion",
    "Science",
    "Nature",
    "Politics",
    "Economics",
    "Comics",
    "Health",
    "Sport",
    "Classics",
];
const LANGUAGES: [&str; 8] = ["en", "en", "en", "en", "de", "fr", "es", "fi"];
/// Bytes handed to COPY at a time.
const PIECE: usize = 1 << 20;

/// Fills an empty table; its indexes are taken away meanwhile, which halves the time.
pub async fn books(pool: &PgPool, count: u64, members: u32, seed: u64) -> Result<()> {
    let there: bool = sqlx::query_scalar("select exists (select from books.book)").fetch_one(pool).await?;
    if there {
        return Err(anyhow!("there are books already: an empty database is wanted"));
    }
    let owners = fill_members(pool, members).await?;
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "select indexname::text, indexdef from pg_indexes where schemaname = 'books' and tablename = 'book'
        and indexname <> 'book_pkey'",
    )
    .fetch_all(pool)
    .await?;
    for (name, _) in &indexes {
        run(pool, &format!("drop index books.{name}")).await?;
    }
    let known = fill_books(pool, count, &owners, seed).await;
    for (name, definition) in &indexes {
        eprintln!("index {name}");
        run(pool, definition).await?;
    }
    known?.learn(pool).await?;
    run(pool, "vacuum analyze books.book, books.word, books.word_slip, books.author_name, books.member").await
}

async fn run(pool: &PgPool, statement: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(pool).await.context(statement.to_owned())?;
    Ok(())
}

async fn fill_members(pool: &PgPool, members: u32) -> Result<Vec<UserId>> {
    let owners: Vec<UserId> = (0..members).map(|nth| UserId::new(FROM + Duration::seconds(nth.into()))).collect();
    let mut copy = pool.copy_in_raw("copy books.member (id, name, active, version) from stdin").await?;
    let lines: String = owners.iter().enumerate().map(|(nth, id)| format!("{id}\tMember {nth}\tt\t1\n")).collect();
    copy.send(lines.into_bytes()).await?;
    copy.finish().await?;
    Ok(owners)
}

async fn fill_books(pool: &PgPool, count: u64, owners: &[UserId], seed: u64) -> Result<BulkBooks> {
    let library = Library::new(count, seed);
    let (copies, shelves) = (Zipf::new(library.works, 500.0), Zipf::new(owners.len(), 2_000.0));
    let mut random = StdRng::seed_from_u64(seed);
    let mut bulk = BulkBooks::default();
    let mut copy = pool.copy_in_raw(BulkBooks::COPY).await?;
    let mut piece = String::with_capacity(PIECE * 2);
    for nth in 0..count {
        let book = library.work(copies.rank(&mut random));
        let book = BookInput {
            lending: Some(pick(&["lend", "lend", "lend", "give", "off"], &mut random).to_owned()),
            condition: Some(pick(&["new", "good", "fair"], &mut random).to_owned()),
            ..book
        };
        let at = FROM + Duration::seconds(i64::try_from(nth)? * 90);
        let line = bulk
            .line(BookId::new(at), owners[shelves.rank(&mut random)], &book, at)
            .map_err(|wrong| anyhow!("{book:?}: {wrong:?}"))?;
        piece.push_str(&line);
        if piece.len() > PIECE {
            copy.send(std::mem::take(&mut piece).into_bytes()).await?;
        }
        if (nth + 1).is_multiple_of(100_000) {
            eprintln!("{} books", nth + 1);
        }
    }
    copy.send(piece.into_bytes()).await?;
    copy.finish().await?;
    Ok(bulk)
}

/// The works that there are; each follows from its number.
struct Library {
    titles: Vocabulary,
    names: Vocabulary,
    works: usize,
    seed: u64,
}

impl Library {
    /// Of one work there are three copies on average, of the favourites hundreds.
    fn new(count: u64, seed: u64) -> Self {
        let works = usize::try_from(count / 3 + 1).unwrap_or(usize::MAX);
        Self { titles: Vocabulary::of_titles(seed), names: Vocabulary::of_names(seed), works, seed }
    }

    fn phrase(&self, words: usize, random: &mut StdRng) -> String {
        (0..words).map(|_| capital(self.titles.word(random))).collect::<Vec<_>>().join(" ")
    }

    fn work(&self, number: usize) -> BookInput {
        let mut random = StdRng::seed_from_u64(self.seed ^ ((number as u64) << 20));
        let mut title = self.phrase(random.random_range(1..7), &mut random);
        if random.random_bool(0.3) {
            let mut series = StdRng::seed_from_u64(self.seed ^ random.random_range(0..20_000u64));
            let name = self.phrase(series.random_range(1..3), &mut series);
            title = format!("{title} ({name}, #{})", random.random_range(1..13));
        }
        // An author has written several works.
        let authors = (0..[1, 1, 1, 2, 3][random.random_range(0..5)]).map(|_| {
            let mut author = StdRng::seed_from_u64(!self.seed ^ (Zipf::new(100_000, 2_000.0).rank(&mut random) as u64));
            format!("{} {}", capital(self.names.word(&mut author)), capital(self.names.word(&mut author)))
        });
        let authors = authors.collect();
        let mut categories: Vec<String> = (0..random.random_range(0..4))
            .map(|_| CATEGORIES[Zipf::new(CATEGORIES.len(), 3.0).rank(&mut random)].to_owned())
            .collect();
        categories.sort_unstable();
        categories.dedup();
        BookInput {
            title: Some(title),
            authors: Some(authors),
            isbn: random.random_bool(0.7).then(|| isbn(number)),
            published_year: Some(random.random_range(1900..2023)),
            language: Some(pick(&LANGUAGES, &mut random).to_owned()),
            categories: Some(categories),
            description: random.random_bool(0.5).then(|| self.phrase(40, &mut random)),
            ..BookInput::default()
        }
    }
}

/// A valid ISBN-13 of this number.
fn isbn(number: usize) -> String {
    let body = format!("978{number:09}");
    let sum: u32 =
        body.bytes().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}
