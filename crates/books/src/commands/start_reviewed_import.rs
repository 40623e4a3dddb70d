use std::sync::Arc;

use async_trait::async_trait;
use bibliography::table::{Field, Layout};
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, Detail, ErrorKind, ImportId, Refusal};
use serde::Serialize;
use sqlx::types::Json;
use tokio::sync::Notify;

use super::start_import::count_under_way;
use crate::imports::count_shelves;
use crate::queries::ImportStatus;

/// What a member changes of a layout before its rows are read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LayoutChoice {
    /// Columns by their index, and what each is to be taken for. Columns that are not named stay as they are.
    pub columns: Vec<(usize, Option<Field>)>,
    /// The names of all shelves that are owned.
    pub shelves: Option<Vec<String>>,
}

/// The caller has looked at what was recognised of their file and says how to read it. The import worker then puts its rows
/// on the shelf.
#[derive(Debug, Clone, Serialize)]
pub struct StartReviewedImport {
    pub import_id: ImportId,
    pub choice: LayoutChoice,
}

impl Command for StartReviewedImport {
    const NAME: &'static str = "start_reviewed_import";
    type Output = ();
    type Error = StartReviewedImportError;
}

#[derive(Debug, thiserror::Error)]
pub enum StartReviewedImportError {
    /// Or somebody else's.
    #[error("there is no such import")]
    NotFound,
    #[error("this import does not wait for a review")]
    NotInReview { now: &'static str },
    #[error("{max} imports are under way: wait until one has ended")]
    TooMany { max: i64 },
    #[error("the file cannot be read so")]
    Invalid(Vec<Detail>),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for StartReviewedImportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::NotInReview { .. } | Self::TooMany { .. } => ErrorKind::Conflict,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "IMPORT_NOT_FOUND",
            Self::TooMany { .. } => "TOO_MANY_IMPORTS",
            Self::NotInReview { .. } => "IMPORT_NOT_IN_REVIEW",
            Self::Invalid(_) => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::NotInReview { now } => vec![Detail::new("status", *now)],
            Self::TooMany { max } => vec![Detail::new("imports", max.to_string())],
            Self::Invalid(details) => details.clone(),
            Self::NotFound | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct StartReviewedImportHandler {
    pool: Database,
    unfinished: i64,
    wake: Arc<Notify>,
}

impl StartReviewedImportHandler {
    /// `unfinished` as in [`crate::ImportSettings`].
    pub(crate) fn new(pool: Database, unfinished: i64, wake: Arc<Notify>) -> Self {
        Self { pool, unfinished, wake }
    }
}

#[async_trait]
impl CommandHandler<StartReviewedImport> for StartReviewedImportHandler {
    async fn handle(&self, call: &Call, command: StartReviewedImport) -> Result<(), StartReviewedImportError> {
        let owner = call.actor().user_id().ok_or(StartReviewedImportError::NotFound)?;
        let id = command.import_id.uuid();
        let mut work = call.begin(&self.pool).await?;
        let under_way = count_under_way(work.connection(), owner, call.now()).await?;
        let import = sqlx::query!(
            r#"select status, layout as "layout: Json<Layout>" from books.import
            where id = $1 and owner_id = $2 for update"#,
            id,
            owner.uuid(),
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(StartReviewedImportError::NotFound)?;
        let mut layout = match import.layout {
            Some(layout) if import.status == "review" => layout.0,
            _ => {
                let now = ImportStatus::of_column(&import.status).as_str();
                return Err(StartReviewedImportError::NotInReview { now });
            }
        };
        if under_way.unfinished >= self.unfinished {
            return Err(StartReviewedImportError::TooMany { max: self.unfinished });
        }
        let counted = layout.shelf_columns();
        layout.take_columns(&command.choice.columns).map_err(StartReviewedImportError::Invalid)?;
        if layout.shelf_columns() != counted {
            count_shelves(work.connection(), id, &mut layout).await?;
        }
        layout.own(command.choice.shelves.as_deref()).map_err(StartReviewedImportError::Invalid)?;
        sqlx::query!(
            "update books.import set status = 'ready', layout = $2, updated_at = $3 where id = $1",
            id,
            Json(layout) as _,
            call.now(),
        )
        .execute(work.connection())
        .await?;
        work.commit(()).await?;
        self.wake.notify_one();
        Ok(())
    }
}
