//! What one batch makes of its rows: books, and a report of what was not taken as it stood. Inside the worker's transaction.

use std::collections::HashMap;

use bibliography::table::{Layout, Reading, read};
use books_events::{BookCreated, BookEvent};
use event_bus::Meta;
use kernel::actor::RecordedActor;
use kernel::{BookId, Detail, Position, UserId};
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};
use time::OffsetDateTime;
use uuid::Uuid;

use super::doubles::{OnShelf, Shelf};
use super::report::{LeftOutRow, Report};
use crate::domain::BookDetails;
use crate::domain::row::{BadRow, GoodRow, LeftOutReason, RowValues, settle};
use crate::stored::{self, Stored};

/// Books that one batch makes before it leaves its further rows to the next, as a multiple of its rows.
const BOOKS_A_ROW: usize = 4;

/// A row that waits.
pub(super) enum Waiting {
    Cells(Vec<String>),
    /// Read already, by a host of the version before.
    Book(Box<BookDetails>),
    /// Of such a host too, and refused since: there are rules that it did not have.
    Refused(Box<BadRow>),
}

impl Waiting {
    pub fn of_older_host(book: Value) -> Self {
        let said = |field: &str| book.get(field).cloned().and_then(|said| serde_json::from_value(said).ok());
        let values = RowValues { title: said("title"), ..RowValues::default() };
        match serde_json::from_value(book) {
            Ok(book) => Self::Book(book),
            Err(error) => {
                let wrong = vec![Detail::new("title", error.to_string())];
                Self::Refused(Box::new(BadRow { wrong, values: Box::new(values) }))
            }
        }
    }
}

pub(super) struct Batch<'a> {
    pub import: Uuid,
    pub owner: UserId,
    pub layout: Option<&'a Layout>,
    pub now: OffsetDateTime,
    /// Books that this import may still make.
    pub room: u32,
    /// Books that the owner's shelf has room for.
    pub shelf_room: u32,
}

/// What was done.
#[derive(Default)]
pub(super) struct Done {
    /// The last row that was dealt with.
    pub row: Option<i32>,
    pub imported: usize,
    pub report: Report,
    pub last: Option<Position>,
}

/// A row with its meaning.
enum Read {
    Good { good: Box<GoodRow>, copies: Option<u32> },
    Bad(BadRow),
    LeftOut(Box<LeftOutRow>),
}

impl Batch<'_> {
    pub async fn shelve(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        rows: Vec<(i32, Waiting)>,
    ) -> Result<Done, sqlx::Error> {
        let most = rows.len() * BOOKS_A_ROW;
        let rows = self.read(tx, rows).await?;
        let mut shelf = self.shelf(tx, &rows).await?;
        let mut done = Done::default();
        let (mut stored, mut events, mut stand_for) = (Vec::new(), Vec::new(), Vec::new());
        for (row, read) in rows {
            if stored.len() > most {
                break;
            }
            done.row = Some(row);
            let (mut good, copies) = match read {
                Read::Good { good, copies } => (good, copies),
                Read::Bad(bad) => {
                    done.report.bad(row, bad);
                    continue;
                }
                Read::LeftOut(left_out) => {
                    done.report.left_out(*left_out);
                    continue;
                }
            };
            let made = u32::try_from(stored.len()).unwrap_or(u32::MAX);
            let room = self.room.saturating_sub(made).max(1);
            if copies.is_some_and(|copies| copies > room) {
                good.notes.push(Detail::new("copies", "are more than this import may still put on the shelf"));
                good.values.get_or_insert_with(|| Box::new(RowValues::of_book(&good.book)));
            }
            let copies = copies.map(|copies| copies.min(room));
            let (isbn, key) = (good.book.isbn.as_ref().map(|isbn| isbn.isbn13()), stored::shelf_key(&good.book));
            let wanted = shelf.new_books(isbn, &key, copies);
            if wanted > self.shelf_room.saturating_sub(made) {
                done.report.left_out(LeftOutRow {
                    row,
                    reason: LeftOutReason::ShelfFull,
                    same_book: None,
                    // Without those that stand there already: added later, it makes no more than were missing.
                    copies: wanted,
                    values: RowValues::of_book(&good.book),
                    book: Some(good.book),
                });
                continue;
            }
            let placed = shelf.place(isbn, &key, copies, || BookId::new(self.now));
            stand_for.extend(placed.claimed.iter().chain(&placed.created).map(|id| id.uuid()));
            for id in &placed.created {
                stored.push(Stored::new(*id, &good.book));
                events.push((created(*id, self.owner, &good.book), 1));
            }
            match (placed.left_out, placed.created.first()) {
                (Some((reason, same)), _) => done.report.left_out(LeftOutRow {
                    row,
                    reason,
                    same_book: Some(same),
                    copies: copies.unwrap_or(1),
                    values: RowValues::of_book(&good.book),
                    book: Some(good.book),
                }),
                (None, Some(id)) => done.report.noted(row, *id, *good),
                (None, None) => {}
            }
        }
        stored::insert(tx, self.owner, &stored, self.now).await?;
        let meta = Meta { actor: RecordedActor::User { id: self.owner }, trace: None, occurred_at: self.now };
        done.last = event_bus::append_all(tx, &meta, &events).await?;
        done.imported = stored.len();
        if !stand_for.is_empty() {
            sqlx::query!(
                "insert into books.import_book (import_id, book_id) select $1, unnest($2::uuid[]) on conflict do nothing",
                self.import,
                &stand_for,
            )
            .execute(&mut **tx)
            .await?;
        }
        done.report.store(tx, self.import, self.owner).await?;
        Ok(done)
    }

    async fn read(
        &self,
        connection: &mut PgConnection,
        rows: Vec<(i32, Waiting)>,
    ) -> Result<Vec<(i32, Read)>, sqlx::Error> {
        let mut readings: Vec<(i32, Result<Reading, Read>)> = rows
            .into_iter()
            .filter_map(|(row, waiting)| match (waiting, self.layout) {
                (Waiting::Cells(cells), Some(layout)) => Some((row, Ok(read(layout, &cells)))),
                (Waiting::Book(book), _) => {
                    let good = Box::new(GoodRow { book: *book, notes: Vec::new(), values: None });
                    Some((row, Err(Read::Good { good, copies: None })))
                }
                (Waiting::Refused(bad), _) => Some((row, Err(Read::Bad(*bad)))),
                // Cells never wait without a layout.
                (Waiting::Cells(_), None) => None,
            })
            .collect();
        self.tell_titles(connection, readings.iter_mut().filter_map(|(_, reading)| reading.as_mut().ok())).await?;
        let read = readings.into_iter().map(|(row, reading)| {
            let read = reading.map_or_else(|read| read, |reading| self.settle(row, reading));
            (row, read)
        });
        Ok(read.collect())
    }

    fn settle(&self, row: i32, reading: Reading) -> Read {
        let (copies, reason) = (reading.copies, reading.left_out.map(LeftOutReason::from));
        match (settle(reading, self.now), reason) {
            (Ok(good), None) => Read::Good { good: Box::new(good), copies },
            (Err(bad), None) => Read::Bad(bad),
            (settled, Some(reason)) => Read::LeftOut(Box::new(self.left_out(row, reason, copies, settled))),
        }
    }

    fn left_out(
        &self,
        row: i32,
        reason: LeftOutReason,
        copies: Option<u32>,
        settled: Result<GoodRow, BadRow>,
    ) -> LeftOutRow {
        let (book, values) = match settled {
            Ok(good) => (Some(good.book.clone()), RowValues::of_book(&good.book)),
            Err(bad) => (None, *bad.values),
        };
        LeftOutRow { row, reason, same_book: None, copies: copies.unwrap_or(1), book, values }
    }

    /// Titles and authors for numbers that stand alone, from any book that is shown under that number.
    async fn tell_titles(
        &self,
        connection: &mut PgConnection,
        readings: impl Iterator<Item = &mut Reading>,
    ) -> Result<(), sqlx::Error> {
        let mut alone: Vec<&mut Reading> = readings.filter(|reading| reading.isbn_alone().is_some()).collect();
        let isbns: Vec<String> = alone.iter().filter_map(|reading| reading.isbn_alone()).map(str::to_owned).collect();
        if isbns.is_empty() {
            return Ok(());
        }
        let known = sqlx::query!(
            r#"select distinct on (isbn13) isbn13 as "isbn13!", title, authors, published_year, language
            from books.book where isbn13 = any($1) and (owner_id = $2 or owner_active and lending <> 'off' and not exists (
                select from books.block where stands
                    and ((blocker_id, blocked_id) = (owner_id, $2) or (blocker_id, blocked_id) = ($2, owner_id))
            ))
            order by isbn13, owner_id = $2 desc, created_at, id"#,
            &isbns,
            self.owner.uuid(),
        )
        .fetch_all(connection)
        .await?;
        let known: HashMap<String, _> = known.into_iter().map(|book| (book.isbn13.clone(), book)).collect();
        for reading in &mut alone {
            let Some(book) = reading.isbn_alone().and_then(|isbn| known.get(isbn)) else { continue };
            let text = &mut reading.text;
            text.title = Some(book.title.clone());
            text.authors.get_or_insert_with(|| book.authors.clone());
            text.published_year = text.published_year.or(book.published_year.map(i32::from));
            text.language = text.language.take().or_else(|| book.language.clone());
        }
        Ok(())
    }

    /// The books of the shelf that may be the same as one of the batch.
    async fn shelf(&self, connection: &mut PgConnection, rows: &[(i32, Read)]) -> Result<Shelf, sqlx::Error> {
        let books = || {
            rows.iter().filter_map(|(_, read)| match read {
                Read::Good { good, .. } => Some(&good.book),
                Read::Bad(_) | Read::LeftOut(_) => None,
            })
        };
        let keys: Vec<Vec<u8>> = books().map(stored::shelf_key).collect();
        let isbns: Vec<String> =
            books().filter_map(|book| book.isbn.as_ref()).map(|isbn| isbn.isbn13().to_owned()).collect();
        // Each half has an index of its own.
        let there = sqlx::query!(
            r#"select id as "id!", shelf_key as "shelf_key!", isbn13,
                exists (select from books.import_book i where i.import_id = $4 and i.book_id = b.id) as "claimed!"
            from (
                select id, shelf_key, isbn13 from books.book where owner_id = $1 and shelf_key = any($2)
                union all
                select id, shelf_key, isbn13 from books.book where owner_id = $1 and isbn13 = any($3)
            ) b order by id"#,
            self.owner.uuid(),
            &keys,
            &isbns,
            self.import,
        )
        .fetch_all(connection)
        .await?;
        Ok(Shelf::new(there.into_iter().map(|book| OnShelf {
            id: book.id.into(),
            isbn13: book.isbn13,
            key: book.shelf_key,
            claimed: book.claimed,
        })))
    }
}

/// What others are told of a new book.
pub(crate) fn created(id: BookId, owner: UserId, book: &BookDetails) -> BookEvent {
    BookEvent::from(BookCreated {
        book_id: id,
        owner_id: owner,
        title: book.title.to_string(),
        authors: book.authors.iter().map(ToString::to_string).collect(),
        lending: book.lending,
    })
}
