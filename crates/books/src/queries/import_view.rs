//! What the owner of an import is shown of it.

use bibliography::table::{Field, Format, Layout, Shelf};
use kernel::{BookId, ImportId};
use serde::Serialize;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::row::{LeftOutReason, RowValues};
use crate::imports::LeftOutCounts;

/// Characters of a cell that are shown.
const LONGEST_CELL: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// The file is on its way.
    Receiving,
    /// It waits for its owner to say how to read it.
    Review,
    Queued,
    Running,
    /// Every row is dealt with, and lists show the books.
    Completed,
    /// It could not go on; what was imported stays.
    Failed,
}

impl ImportStatus {
    /// Whether nothing more comes of it.
    pub const fn is_over(self) -> bool {
        matches!(self, ImportStatus::Completed | ImportStatus::Failed)
    }

    /// As `books.import.status` has it; `queued` and `running` are those of the version before.
    pub(crate) fn of_column(status: &str) -> Self {
        match status {
            "receiving" => ImportStatus::Receiving,
            "review" => ImportStatus::Review,
            "completed" => ImportStatus::Completed,
            "failed" => ImportStatus::Failed,
            "running" | "shelving" => ImportStatus::Running,
            _ => ImportStatus::Queued,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            ImportStatus::Receiving => "receiving",
            ImportStatus::Review => "review",
            ImportStatus::Queued => "queued",
            ImportStatus::Running => "running",
            ImportStatus::Completed => "completed",
            ImportStatus::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImportSummary {
    pub id: ImportId,
    pub status: ImportStatus,
    /// Who wrote the file; null where it is not known yet.
    pub format: Option<Format>,
    /// Rows of the file without the header and empty ones.
    pub total: i32,
    /// Books that were put on the shelf. A row may stand for several copies.
    pub imported: i32,
    /// Rows whose book is on the shelf already, or in an earlier row.
    pub duplicates: i32,
    /// Rows left out for another reason: not owned, deleted, no book.
    pub skipped: i32,
    /// Rows that were not taken, and not repaired since.
    pub failed: i32,
    pub repaired: i32,
    /// Bad rows that a later import has again.
    pub superseded: i32,
    /// Rows whose book is on the shelf without all they said, and that nobody has dealt with since.
    pub noted: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A row of `books.import`.
pub(super) struct ImportRow {
    pub id: Uuid,
    pub status: String,
    pub total: i32,
    pub imported: i32,
    pub duplicates: i32,
    pub skipped: i32,
    pub failed: i32,
    pub repaired: i32,
    pub superseded: i32,
    pub noted: i32,
    /// Null: of the version before.
    pub format: Option<Json<Format>>,
    pub created_at: OffsetDateTime,
}

impl From<&ImportRow> for ImportSummary {
    fn from(row: &ImportRow) -> Self {
        Self {
            id: row.id.into(),
            status: ImportStatus::of_column(&row.status),
            format: row.format.as_ref().map(|format| format.0),
            total: row.total,
            imported: row.imported,
            duplicates: row.duplicates,
            skipped: row.skipped,
            failed: row.failed,
            repaired: row.repaired,
            superseded: row.superseded,
            noted: row.noted,
            created_at: row.created_at,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImportView {
    #[serde(flatten)]
    pub summary: ImportSummary,
    /// In which the file is written, as in `utf-8` or `windows-1252`.
    pub encoding: Option<String>,
    /// Whether the file can be had as it was sent, by `GET /books/imports/{id}/file`: until a day after the import has ended,
    /// where the community keeps files.
    pub file_kept: bool,
    /// While it waits for its owner.
    pub review: Option<ImportReview>,
    /// The first thousand, without those of repaired rows. While the import is under way rows are counted and none is listed,
    /// here and in `notes` and `leftOut`: whoever waits for its end asks often.
    pub errors: Vec<RowError>,
    /// What was left out of books that are on the shelf: the first thousand, without those that were dealt with.
    pub notes: Vec<RowNote>,
    /// Rows that are on no shelf although nothing is wrong with them: the first thousand, without those that were added since.
    pub left_out: Vec<LeftOutRow>,
    /// How many were left out, by reason; those that were added since are not counted.
    pub left_out_counts: Vec<LeftOutCount>,
    /// Columns that have something in them and are not read.
    pub ignored_columns: Vec<IgnoredColumn>,
}

/// What was recognised of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImportReview {
    pub columns: Vec<ReviewColumn>,
    /// Shelves, lists and states that rows stand on. Books on those that are not owned stay out.
    pub shelves: Vec<Shelf>,
    /// The first five, cell by cell.
    pub rows: Vec<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewColumn {
    pub index: usize,
    pub name: String,
    /// What it is taken for; null: it is not read.
    pub field: Option<Field>,
    /// Up to three of its cells.
    pub samples: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct IgnoredColumn {
    pub name: String,
    /// Rows that have something in it.
    pub filled: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowError {
    /// As a spreadsheet numbers it: the header is row 1.
    pub row: i32,
    pub field: String,
    pub message: String,
    /// The row as it was read, the same in each of its errors.
    pub values: RowValues,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RowNote {
    pub row: i32,
    pub field: String,
    pub message: String,
    /// The book that came of the row.
    pub book_id: BookId,
    /// The row as it was read, the same in each of its notes.
    pub values: RowValues,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeftOutRow {
    pub row: i32,
    pub reason: LeftOutReason,
    pub title: Option<String>,
    pub authors: Vec<String>,
    /// The book that the row equals.
    pub book_id: Option<BookId>,
    /// How many copies the row stands for.
    pub copies: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LeftOutCount {
    pub reason: LeftOutReason,
    pub count: i32,
}

/// A reason as stored.
pub(super) fn reason(name: &str) -> LeftOutReason {
    match name {
        "twice_in_file" => LeftOutReason::TwiceInFile,
        "not_owned" => LeftOutReason::NotOwned,
        "deleted" => LeftOutReason::Deleted,
        "not_a_book" => LeftOutReason::NotABook,
        "shelf_full" => LeftOutReason::ShelfFull,
        _ => LeftOutReason::AlreadyOnShelf,
    }
}

pub(super) fn left_out_counts(counts: &LeftOutCounts) -> Vec<LeftOutCount> {
    let some = counts.iter().filter(|(_, count)| **count > 0);
    some.map(|(name, count)| LeftOutCount { reason: reason(name), count: *count }).collect()
}

pub(super) fn review(layout: &Layout, rows: Vec<Vec<String>>) -> ImportReview {
    let columns = layout.columns.iter().enumerate().map(|(index, column)| ReviewColumn {
        index,
        name: column.name.clone(),
        field: column.field,
        samples: column.samples.clone(),
    });
    let beginning = |cell: String| cell.chars().take(LONGEST_CELL).collect();
    let rows = rows.into_iter().map(|row| row.into_iter().map(beginning).collect());
    ImportReview { columns: columns.collect(), shelves: layout.shelves.clone(), rows: rows.collect() }
}

pub(super) fn ignored_columns(layout: &Layout) -> Vec<IgnoredColumn> {
    let ignored = layout.columns.iter().filter(|column| column.field.is_none() && column.filled > 0);
    ignored.map(|column| IgnoredColumn { name: column.name.clone(), filled: column.filled }).collect()
}
