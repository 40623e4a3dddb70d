use async_trait::async_trait;
use bibliography::table::Layout;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, ImportId, Query, Refusal};
use sqlx::types::Json;
use uuid::Uuid;

use super::import_view::{
    self, ImportRow, ImportStatus, ImportSummary, ImportView, LeftOutRow, RowError, RowNote, ignored_columns,
    left_out_counts,
};
use crate::domain::row::RowValues;
use crate::imports::LeftOutCounts;

/// How far an import has come, for the one who started it.
#[derive(Debug, Clone)]
pub struct GetImport {
    pub import_id: ImportId,
}

impl Query for GetImport {
    const NAME: &'static str = "get_import";
    type Answer = ImportView;
    type Error = GetImportError;
}

#[derive(Debug, thiserror::Error)]
pub enum GetImportError {
    /// Or somebody else's.
    #[error("there is no such import")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetImportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "IMPORT_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct GetImportHandler {
    pool: Database,
}

impl GetImportHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }

    async fn errors(&self, import: Uuid) -> Result<Vec<RowError>, sqlx::Error> {
        let errors = sqlx::query!(
            r#"select row, field, message, row_values as "row_values: Json<RowValues>" from books.import_error
            where import_id = $1 order by nth"#,
            import,
        )
        .fetch_all(&self.pool)
        .await?;
        let errors = errors.into_iter().map(|error| RowError {
            row: error.row,
            field: error.field,
            message: error.message,
            // Those of before there were any have none.
            values: error.row_values.map(|values| values.0).unwrap_or_default(),
        });
        Ok(errors.collect())
    }

    async fn notes(&self, import: Uuid) -> Result<Vec<RowNote>, sqlx::Error> {
        let notes = sqlx::query!(
            r#"select row, field, message, book_id, row_values as "row_values: Json<RowValues>" from books.import_note
            where import_id = $1 order by nth"#,
            import,
        )
        .fetch_all(&self.pool)
        .await?;
        let notes = notes.into_iter().map(|note| RowNote {
            row: note.row,
            field: note.field,
            message: note.message,
            book_id: note.book_id.into(),
            values: note.row_values.0,
        });
        Ok(notes.collect())
    }

    async fn left_out(&self, import: Uuid) -> Result<Vec<LeftOutRow>, sqlx::Error> {
        let rows = sqlx::query!(
            r#"select row, reason, same_book, copies, row_values ->> 'title' as title,
                row_values -> 'authors' as "authors: Json<Vec<String>>"
            from books.import_left_out where import_id = $1 and added is null order by row"#,
            import,
        )
        .fetch_all(&self.pool)
        .await?;
        let rows = rows.into_iter().map(|left_out| LeftOutRow {
            row: left_out.row,
            reason: import_view::reason(&left_out.reason),
            title: left_out.title,
            authors: left_out.authors.map(|authors| authors.0).unwrap_or_default(),
            book_id: left_out.same_book.map(Into::into),
            copies: left_out.copies,
        });
        Ok(rows.collect())
    }

    async fn first_rows(&self, import: Uuid) -> Result<Vec<Vec<String>>, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select cells as "cells!" from books.import_row where import_id = $1 and cells is not null
            order by row limit 5"#,
            import,
        )
        .fetch_all(&self.pool)
        .await
    }
}

#[async_trait]
impl QueryHandler<GetImport> for GetImportHandler {
    async fn handle(&self, call: &Call, query: GetImport) -> Result<ImportView, GetImportError> {
        let owner = call.actor().user_id().ok_or(GetImportError::NotFound)?;
        let import = sqlx::query_as!(
            ImportRow,
            r#"select id, status, total, imported, duplicates, skipped, failed, repaired, superseded, noted,
                layout -> 'format' as "format: _", created_at
            from books.import where id = $1 and owner_id = $2"#,
            query.import_id.uuid(),
            owner.uuid(),
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(GetImportError::NotFound)?;
        let summary = ImportSummary::from(&import);
        let recognised = sqlx::query!(
            r#"select left_out as "left_out: Json<LeftOutCounts>", layout as "layout: Json<Layout>",
                exists (select from books.import_file where import_id = import.id and stored) as "file_kept!"
            from books.import where id = $1"#,
            import.id,
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(GetImportError::NotFound)?;
        let layout = recognised.layout.as_ref().map(|layout| &layout.0);
        let review = match layout.filter(|_| summary.status == ImportStatus::Review) {
            Some(layout) => Some(import_view::review(layout, self.first_rows(import.id).await?)),
            None => None,
        };
        let (errors, notes, left_out) = if summary.status.is_over() {
            (self.errors(import.id).await?, self.notes(import.id).await?, self.left_out(import.id).await?)
        } else {
            Default::default()
        };
        Ok(ImportView {
            encoding: layout.map(|layout| layout.encoding.clone()),
            file_kept: recognised.file_kept,
            review,
            errors,
            notes,
            left_out,
            left_out_counts: left_out_counts(&recognised.left_out),
            ignored_columns: layout.map(ignored_columns).unwrap_or_default(),
            summary,
        })
    }
}
