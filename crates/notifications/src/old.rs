//! The jobs that forget old notifications and letters.

use async_trait::async_trait;
use database::Database;
use event_bus::Meta;
use jobs::{Job, JobError, Run};
use kernel::actor::RecordedActor;
use notifications_events::{NotificationDeleted, NotificationEvent};
use time::{Duration, OffsetDateTime};

use crate::letters::Queue;

/// How long a notification stays, read or not.
const KEPT: Duration = Duration::days(30);
/// Notifications that are deleted in one transaction.
const BATCH: i64 = 500;

pub(crate) struct ForgetOld(pub Database);

#[async_trait]
impl Job for ForgetOld {
    fn name(&self) -> &'static str {
        "notifications.forget_old"
    }

    async fn run(&self, run: &Run) -> Result<(), JobError> {
        run.until_nothing_is_left("notifications", || self.forget_some(run.now())).await
    }
}

impl ForgetOld {
    /// As when their members delete them: the rows stay empty, so that a replay of the log tells nothing again.
    async fn forget_some(&self, now: OffsetDateTime) -> Result<u64, sqlx::Error> {
        let mut tx = self.0.begin().await?;
        let deleted = sqlx::query!(
            "update notifications.notification
            set facts = null, words = null, words_by = null, data = '{}', deleted_at = $1, version = version + 1
            where id in (
                select id from notifications.notification
                where created_at <= $2 and deleted_at is null
                order by created_at, id limit $3 for update skip locked
            )
            returning id, user_id, version",
            now,
            now - KEPT,
            BATCH,
        )
        .fetch_all(&mut *tx)
        .await?;
        if deleted.is_empty() {
            return Ok(0);
        }
        let events: Vec<(NotificationEvent, i64)> = deleted
            .iter()
            .map(|row| {
                let gone = NotificationDeleted { notification_id: row.id.into(), user_id: row.user_id.into() };
                (gone.into(), row.version)
            })
            .collect();
        let actor = RecordedActor::System { name: self.name().to_owned() };
        event_bus::append_all(&mut tx, &Meta { actor, trace: None, occurred_at: now }, &events).await?;
        tx.commit().await?;
        Ok(events.len() as u64)
    }
}

pub(crate) struct ForgetLetters(pub Queue);

#[async_trait]
impl Job for ForgetLetters {
    fn name(&self) -> &'static str {
        "notifications.forget_letters"
    }

    async fn run(&self, run: &Run) -> Result<(), JobError> {
        run.until_nothing_is_left("letters", || self.0.forget_some(run.now())).await
    }
}
