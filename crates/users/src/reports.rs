//! What members tell the moderators about each other: how it is shown, and how long it is kept. The texts are in PostgreSQL
//! and nowhere else (ADR 72).

use async_trait::async_trait;
use database::Database;
use jobs::{Job, JobError, Run};
use kernel::{BorrowId, ReportId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A report is kept for so long after it was answered.
const KEPT: Duration = Duration::days(365);
/// Reports that are deleted in one transaction.
const BATCH: i64 = 500;

/// A report as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReportView {
    pub id: ReportId,
    pub state: ReportState,
    /// The reported member.
    pub about: ReportedPart,
    /// The borrow between the two that it is about.
    pub borrow_id: Option<BorrowId>,
    /// `insults`, `threats`, `fraud`, `spam`, `unreliable` or `other`.
    pub reason: String,
    pub text: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// What a moderator wrote to the reporter. Gone once that moderator has left.
    pub answer: Option<String>,
    /// For moderators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<ReportedPart>,
    /// For moderators: `answered`, `warned` or `deactivated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// For moderators: who answered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<ReportedPart>,
    /// For moderators: what the reported member was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReportState {
    /// It waits for a moderator.
    Open,
    Answered,
    /// The reported member has left.
    Left,
}

/// A member of whom a report speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportedPart {
    pub id: UserId,
    /// Empty of a former member.
    pub name: String,
    /// They have left. Whoever shows it says "a former member" in the language of the reader.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
}

impl ReportedPart {
    pub(crate) fn new(id: Uuid, name: String, left: bool) -> Self {
        Self { id: id.into(), name, left }
    }
}

/// What a report is read with: append what is wanted of `users.report r`.
pub(crate) const SELECT: &str = "select r.id, r.reporter_id, reporter.name as reporter_name,
        reporter.deleted_at is not null as reporter_left, r.member_id, about.name as about_name,
        about.deleted_at is not null as about_left, r.borrow_id, r.reason, r.text, r.created_at, r.closed_at, r.outcome,
        r.answered_by, moderator.name as moderator_name, moderator.deleted_at is not null as moderator_left, r.answer, r.warning
    from users.report r
    join users.member reporter on reporter.id = r.reporter_id
    join users.member about on about.id = r.member_id
    left join users.member moderator on moderator.id = r.answered_by";

/// A row of [`SELECT`].
#[derive(FromRow)]
pub(crate) struct Row {
    id: Uuid,
    pub reporter_id: Uuid,
    reporter_name: String,
    reporter_left: bool,
    pub member_id: Uuid,
    about_name: String,
    about_left: bool,
    borrow_id: Option<Uuid>,
    reason: String,
    text: String,
    created_at: OffsetDateTime,
    closed_at: Option<OffsetDateTime>,
    outcome: Option<String>,
    answered_by: Option<Uuid>,
    moderator_name: Option<String>,
    moderator_left: bool,
    answer: Option<String>,
    warning: Option<String>,
}

impl Row {
    /// As the reporter sees it: what was done about the other one, and by whom, is between those and the moderators.
    pub fn for_reporter(self) -> ReportView {
        let view = self.for_moderator();
        ReportView { reporter: None, outcome: None, answered_by: None, warning: None, ..view }
    }

    pub fn for_moderator(self) -> ReportView {
        let state = match self.outcome.as_deref() {
            None => ReportState::Open,
            Some("left") => ReportState::Left,
            Some(_) => ReportState::Answered,
        };
        let moderator = self.answered_by.zip(self.moderator_name);
        ReportView {
            id: self.id.into(),
            state,
            about: ReportedPart::new(self.member_id, self.about_name, self.about_left),
            borrow_id: self.borrow_id.map(BorrowId::from),
            reason: self.reason,
            text: self.text,
            created_at: self.created_at,
            closed_at: self.closed_at,
            answer: self.answer,
            reporter: Some(ReportedPart::new(self.reporter_id, self.reporter_name, self.reporter_left)),
            outcome: self.outcome.filter(|_| state == ReportState::Answered),
            answered_by: moderator.map(|(id, name)| ReportedPart::new(id, name, self.moderator_left)),
            warning: self.warning,
        }
    }
}

/// A member leaves: what they wrote goes, and nobody has to answer what was written about them.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    user: UserId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from users.report where reporter_id = $1", user.uuid()).execute(&mut *connection).await?;
    sqlx::query!(
        "update users.report set warning = null, closed_at = coalesce(closed_at, $2), outcome = coalesce(outcome, 'left')
        where member_id = $1",
        user.uuid(),
        now,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("update users.report set answer = null, warning = null where answered_by = $1", user.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes reports a year after they were answered.
pub(crate) struct ForgetReports(pub Database);

#[async_trait]
impl Job for ForgetReports {
    fn name(&self) -> &'static str {
        "users.forget_reports"
    }

    async fn run(&self, run: &Run) -> Result<(), JobError> {
        let closed_before = run.now() - KEPT;
        run.until_nothing_is_left("reports", || self.forget_some(closed_before)).await
    }
}

impl ForgetReports {
    async fn forget_some(&self, closed_before: OffsetDateTime) -> Result<u64, sqlx::Error> {
        let forgotten = sqlx::query!(
            "delete from users.report where id in (
                select id from users.report where closed_at <= $1 order by closed_at limit $2 for update skip locked
            )",
            closed_before,
            BATCH,
        )
        .execute(&self.0)
        .await?;
        Ok(forgotten.rows_affected())
    }
}
