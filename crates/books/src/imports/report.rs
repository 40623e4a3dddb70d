//! What is kept of rows that were not taken as they stand: errors, notes, and rows left out. All are counted, the first
//! thousand of each are kept, and of all together no more than some MiB.

use std::collections::{BTreeMap, HashSet};

use kernel::{BookId, Detail, UserId};
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::BookDetails;
use crate::domain::row::{BadRow, GoodRow, LeftOutReason, RowValues};

/// Of errors, of notes and of rows left out.
const KEPT: i64 = 1_000;
/// Of what all rows of an import said, as JSON. A row may say 8,000 characters, and again for each field that is wrong.
const KEPT_BYTES: i64 = 4 * 1024 * 1024;

/// How many rows were left out for each reason.
pub(crate) type LeftOutCounts = BTreeMap<String, i32>;

/// A row that is on no shelf although nothing is wrong with it.
pub(super) struct LeftOutRow {
    pub row: i32,
    pub reason: LeftOutReason,
    pub same_book: Option<BookId>,
    pub copies: u32,
    pub book: Option<BookDetails>,
    pub values: RowValues,
}

/// Of one batch.
#[derive(Default)]
pub(super) struct Report {
    errors: Vec<(i32, Detail, RowValues)>,
    notes: Vec<(i32, Detail, BookId, RowValues)>,
    left_out: Vec<LeftOutRow>,
    pub failed: i32,
    pub noted: i32,
    pub duplicates: i32,
    pub skipped: i32,
    pub reasons: LeftOutCounts,
}

/// A reason as stored and as shown.
pub(crate) fn reason_name(reason: LeftOutReason) -> &'static str {
    match reason {
        LeftOutReason::AlreadyOnShelf => "already_on_shelf",
        LeftOutReason::TwiceInFile => "twice_in_file",
        LeftOutReason::NotOwned => "not_owned",
        LeftOutReason::Deleted => "deleted",
        LeftOutReason::NotABook => "not_a_book",
        LeftOutReason::ShelfFull => "shelf_full",
    }
}

/// Whether the row is counted among the duplicates; others are skipped.
pub(crate) fn is_duplicate(reason: &str) -> bool {
    matches!(reason, "already_on_shelf" | "twice_in_file")
}

/// What is kept of the batches before.
struct Kept {
    bytes: i64,
    errors: i64,
    last_error: i32,
    notes: i64,
    last_note: i32,
    left_out: i64,
}

impl Kept {
    async fn read(connection: &mut PgConnection, import: Uuid) -> Result<Self, sqlx::Error> {
        sqlx::query_as!(
            Kept,
            r#"select kept_bytes as "bytes!", e.number as "errors!", e.nth as "last_error!", n.number as "notes!",
                n.nth as "last_note!", (select count(*) from books.import_left_out where import_id = $1) as "left_out!"
            from books.import,
                (select count(*) as number, coalesce(max(nth), 0) as nth from books.import_error where import_id = $1) e,
                (select count(*) as number, coalesce(max(nth), 0) as nth from books.import_note where import_id = $1) n
            where id = $1"#,
            import,
        )
        .fetch_one(connection)
        .await
    }

    /// Those of a kind that are kept as well, when so many are: the first ones, as long as there is room.
    fn fitting<'a, T, S: Serialize>(&mut self, kept: i64, new: &'a [T], said: impl Fn(&'a T) -> S) -> &'a [T] {
        let room = usize::try_from(KEPT - kept).unwrap_or(0);
        let new = &new[..new.len().min(room)];
        for (nth, one) in new.iter().enumerate() {
            // What is no JSON is refused when it is stored.
            let bytes = serde_json::to_vec(&said(one)).map_or(0, |json| i64::try_from(json.len()).unwrap_or(i64::MAX));
            match self.bytes.checked_add(bytes) {
                Some(bytes) if bytes <= KEPT_BYTES => self.bytes = bytes,
                _ => return &new[..nth],
            }
        }
        new
    }
}

impl Report {
    pub fn bad(&mut self, row: i32, bad: BadRow) {
        self.failed += 1;
        self.errors.extend(bad.wrong.into_iter().map(|detail| (row, detail, (*bad.values).clone())));
    }

    pub fn noted(&mut self, row: i32, book: BookId, good: GoodRow) {
        let Some(values) = good.values else { return };
        self.noted += 1;
        self.notes.extend(good.notes.into_iter().map(|detail| (row, detail, book, (*values).clone())));
    }

    pub fn left_out(&mut self, row: LeftOutRow) {
        let name = reason_name(row.reason);
        *self.reasons.entry(name.to_owned()).or_default() += 1;
        if is_duplicate(name) {
            self.duplicates += 1;
        } else {
            self.skipped += 1;
        }
        self.left_out.push(row);
    }

    pub async fn store(&self, connection: &mut PgConnection, import: Uuid, owner: UserId) -> Result<(), sqlx::Error> {
        if self.errors.is_empty() && self.notes.is_empty() && self.left_out.is_empty() {
            return Ok(());
        }
        let mut kept = Kept::read(connection, import).await?;
        self.store_errors(connection, import, owner, &mut kept).await?;
        self.store_notes(connection, import, &mut kept).await?;
        self.store_left_out(connection, import, &mut kept).await?;
        sqlx::query!("update books.import set kept_bytes = $2 where id = $1", import, kept.bytes)
            .execute(connection)
            .await?;
        Ok(())
    }

    async fn store_errors(
        &self,
        connection: &mut PgConnection,
        import: Uuid,
        owner: UserId,
        kept: &mut Kept,
    ) -> Result<(), sqlx::Error> {
        let errors = kept.fitting(kept.errors, &self.errors, |(_, _, said)| said);
        if errors.is_empty() {
            return Ok(());
        }
        let (mut rows, mut fields, mut messages, mut values) = (vec![], vec![], vec![], vec![]);
        for (row, detail, said) in errors {
            rows.push(*row);
            fields.push(detail.field.clone());
            messages.push(detail.message.clone());
            values.push(Json(said));
        }
        // What is not kept here stays with the older import, or nobody could repair it.
        supersede(connection, import, owner, &values).await?;
        sqlx::query!(
            "insert into books.import_error (import_id, nth, row, field, message, row_values)
            select $1, $6 + e.place, e.row, e.field, e.message, e.row_values
            from unnest($2::integer[], $3::text[], $4::text[], $5::jsonb[])
                with ordinality as e (row, field, message, row_values, place)",
            import,
            &rows,
            &fields,
            &messages,
            &values as _,
            i64::from(kept.last_error),
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn store_notes(
        &self,
        connection: &mut PgConnection,
        import: Uuid,
        kept: &mut Kept,
    ) -> Result<(), sqlx::Error> {
        let notes = kept.fitting(kept.notes, &self.notes, |(_, _, _, said)| said);
        if notes.is_empty() {
            return Ok(());
        }
        let (mut rows, mut fields, mut messages, mut books, mut values) = (vec![], vec![], vec![], vec![], vec![]);
        for (row, detail, book, said) in notes {
            rows.push(*row);
            fields.push(detail.field.clone());
            messages.push(detail.message.clone());
            books.push(book.uuid());
            values.push(Json(said));
        }
        sqlx::query!(
            "insert into books.import_note (import_id, nth, row, field, message, book_id, row_values)
            select $1, $7 + n.place, n.row, n.field, n.message, n.book_id, n.row_values
            from unnest($2::integer[], $3::text[], $4::text[], $5::uuid[], $6::jsonb[])
                with ordinality as n (row, field, message, book_id, row_values, place)",
            import,
            &rows,
            &fields,
            &messages,
            &books,
            &values as _,
            i64::from(kept.last_note),
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn store_left_out(
        &self,
        connection: &mut PgConnection,
        import: Uuid,
        kept: &mut Kept,
    ) -> Result<(), sqlx::Error> {
        let new = kept.fitting(kept.left_out, &self.left_out, |row| (&row.values, &row.book));
        if new.is_empty() {
            return Ok(());
        }
        let (mut rows, mut reasons, mut same, mut copies) = (vec![], vec![], vec![], vec![]);
        let (mut books, mut values) = (vec![], vec![]);
        for left_out in new {
            rows.push(left_out.row);
            reasons.push(reason_name(left_out.reason).to_owned());
            same.push(left_out.same_book.map(|book| book.uuid()));
            copies.push(i32::try_from(left_out.copies).unwrap_or(1));
            books.push(left_out.book.as_ref().map(Json));
            values.push(Json(&left_out.values));
        }
        sqlx::query!(
            "insert into books.import_left_out (import_id, row, reason, same_book, copies, book, row_values)
            select $1, l.row, l.reason, l.same_book, l.copies, l.book, l.row_values
            from unnest($2::integer[], $3::text[], $4::uuid[], $5::integer[], $6::jsonb[], $7::jsonb[])
                as l (row, reason, same_book, copies, book, row_values)",
            import,
            &rows,
            &reasons,
            &same as _,
            &copies,
            &books as _,
            &values as _,
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// Strikes equal bad rows from older imports of the same member: the file was mended or sent once more, and one row is to be
/// repaired once. Imports that are under way are left alone: whoever works on one may wait for us.
///
/// Equal rows are looked up by their hash (`import_error_by_row`), whatever number of older imports there is.
async fn supersede(
    connection: &mut PgConnection,
    import: Uuid,
    owner: UserId,
    values: &[Json<&RowValues>],
) -> Result<(), sqlx::Error> {
    let distinct: HashSet<String> = values.iter().filter_map(|said| serde_json::to_string(said.0).ok()).collect();
    let distinct: Vec<String> = distinct.into_iter().collect();
    let older: Vec<Uuid> = sqlx::query_scalar!(
        // By the rows first, through their index: by the imports it would look through every bad row of each.
        "with same as materialized (
            select distinct e.import_id from unnest($3::text[]) as said (text)
            join books.import_error e on e.row_values = said.text::jsonb
        )
        select i.id from books.import i join same on same.import_id = i.id
        where i.owner_id = $1 and i.id < $2 and i.failed > 0 and i.status in ('completed', 'failed')
        order by i.id for update of i",
        owner.uuid(),
        import,
        &distinct,
    )
    .fetch_all(&mut *connection)
    .await?;
    if older.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with struck as (
            delete from books.import_error e using unnest($2::text[]) as said (text)
            where e.row_values = said.text::jsonb and e.import_id = any($1) returning e.import_id, e.row
        ), counted as (
            select import_id, count(distinct row)::integer as rows from struck group by import_id
        )
        update books.import i set failed = failed - rows, superseded = superseded + rows
        from counted where i.id = counted.import_id",
        &older,
        &distinct,
    )
    .execute(connection)
    .await?;
    Ok(())
}
