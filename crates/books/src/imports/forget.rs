//! The job that forgets imports which are over, each with what is kept of its rows. Their files go as soon as it has.

use async_trait::async_trait;
use database::Database;
use jobs::{Job, JobError, Run};
use time::{Duration, OffsetDateTime};

/// An import that is at its end.
const ENDED: Duration = Duration::days(30);
/// A review that its owner never came back to.
const REVIEW: Duration = Duration::days(7);
/// A member's last turn.
const TURN: Duration = Duration::days(1);
/// Imports that are forgotten in one transaction. Each may have some thousand rows.
const BATCH: i64 = 20;

pub(crate) struct ForgetImports(pub Database);

#[async_trait]
impl Job for ForgetImports {
    fn name(&self) -> &'static str {
        "books.forget_imports"
    }

    async fn run(&self, run: &Run) -> Result<(), JobError> {
        let now = run.now();
        run.until_nothing_is_left("imports", || self.forget_some(now)).await?;
        sqlx::query!("delete from books.import_turn where at < $1", now - TURN).execute(&self.0).await?;
        Ok(())
    }
}

impl ForgetImports {
    async fn forget_some(&self, now: OffsetDateTime) -> Result<u64, sqlx::Error> {
        let forgotten = sqlx::query!(
            "delete from books.import where id in (
                select id from books.import
                where (status = 'review' and created_at < $1) or (status in ('completed', 'failed') and updated_at < $2)
                limit $3 for update skip locked
            )",
            now - REVIEW,
            now - ENDED,
            BATCH,
        )
        .execute(&self.0)
        .await?;
        Ok(forgotten.rows_affected())
    }
}
