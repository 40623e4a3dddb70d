use async_trait::async_trait;
use cqrs::{Call, CommandHandler, Work};
use database::Database;
use kernel::{BorrowId, Command, Detail, ErrorKind, Permission, Prose, Refusal, ReportId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use users_events::{ReportOutcome, UserEvent, UserReportAnswered};
use uuid::Uuid;

use super::update_user::{self, UpdateUserError};

/// A moderator who has no part in it answers a report: once. Whoever reported reads the answer and no more.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerReport {
    pub report: ReportId,
    /// To the reporter.
    pub answer: Prose<1000>,
    pub measure: Measure,
}

/// What is done about the reported member.
#[derive(Debug, Clone, Serialize)]
pub enum Measure {
    Nothing,
    /// They read these words, and not who reported them.
    Warn(Prose<1000>),
    Deactivate,
}

impl Measure {
    const fn outcome(&self) -> ReportOutcome {
        match self {
            Measure::Nothing => ReportOutcome::Answered,
            Measure::Warn(_) => ReportOutcome::Warned,
            Measure::Deactivate => ReportOutcome::Deactivated,
        }
    }
}

impl Command for AnswerReport {
    const NAME: &'static str = "answer_report";
    type Output = AnsweredReportView;
    type Error = AnswerReportError;
}

/// A report that has just been answered. Without names and words: the answer to a command is kept for a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AnsweredReportView {
    pub id: ReportId,
    #[serde(with = "time::serde::rfc3339")]
    pub closed_at: OffsetDateTime,
}

#[derive(Debug, thiserror::Error)]
pub enum AnswerReportError {
    #[error("Your role does not permit answering reports.")]
    NotPermitted,
    /// Or it is about the caller.
    #[error("There is no such report.")]
    NotFound,
    #[error("You made this report. Another moderator has to answer it.")]
    Own,
    #[error("The report is closed already.")]
    Closed { by: Option<(UserId, String)>, at: OffsetDateTime, outcome: String },
    #[error("Only an administrator deactivates somebody who looks after others.")]
    Staff,
    #[error(transparent)]
    Deactivate(#[from] UpdateUserError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for AnswerReportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted | Self::Own | Self::Staff => ErrorKind::Forbidden,
            Self::NotFound => ErrorKind::NotFound,
            Self::Closed { .. } => ErrorKind::Conflict,
            Self::Deactivate(refused) => refused.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::NotFound => "REPORT_NOT_FOUND",
            Self::Own => "OWN_REPORT",
            Self::Closed { .. } => "REPORT_CLOSED",
            Self::Staff => "MEMBER_IS_STAFF",
            Self::Deactivate(refused) => refused.code(),
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Closed { by, at, outcome } => {
                let by = by.iter().flat_map(|(id, name)| {
                    [Detail::new("answeredById", id.to_string()), Detail::new("answeredBy", name.clone())]
                });
                let at = at.format(&Rfc3339).map(|at| Detail::new("closedAt", at));
                by.chain(at).chain([Detail::new("outcome", outcome.clone())]).collect()
            }
            Self::Deactivate(refused) => refused.details(),
            Self::NotPermitted | Self::NotFound | Self::Own | Self::Staff | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct AnswerReportHandler {
    pub pool: Database,
}

#[async_trait]
impl CommandHandler<AnswerReport> for AnswerReportHandler {
    async fn handle(&self, call: &Call, command: AnswerReport) -> Result<AnsweredReportView, AnswerReportError> {
        let moderator = call.actor().user_id().filter(|_| call.actor().may(Permission::ModerateBorrow));
        let moderator = moderator.ok_or(AnswerReportError::NotPermitted)?;
        let mut work = call.begin(&self.pool).await?;
        // Who reported whom never changes, so it is read before any lock: members are locked before their reports.
        let parties = sqlx::query!(
            "select reporter_id, member_id, borrow_id from users.report where id = $1",
            command.report.uuid(),
        )
        .fetch_optional(work.connection())
        .await?
        .filter(|report| report.member_id != moderator.uuid())
        .ok_or(AnswerReportError::NotFound)?;
        if parties.reporter_id == moderator.uuid() {
            return Err(AnswerReportError::Own);
        }
        refuse_closed(&mut work, command.report).await?;
        let outcome = command.measure.outcome();
        let (warning, member) = (words(command.measure), UserId::from(parties.member_id));
        if outcome == ReportOutcome::Deactivated {
            deactivate(&mut work, call, member).await?;
        }
        // A moderator who leaves waits for us, or we find them gone: their words would stay.
        sqlx::query_scalar!(
            "select id from users.member where id = $1 and deleted_at is null for key share",
            moderator.uuid(),
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(AnswerReportError::NotPermitted)?;
        let answered = sqlx::query!(
            "update users.report set closed_at = $2, outcome = $3, answered_by = $4, answer = $5, warning = $6
            where id = $1 and is_open",
            command.report.uuid(),
            call.now(),
            outcome.as_str(),
            moderator.uuid(),
            command.answer.as_str(),
            warning.as_ref().map(Prose::as_str),
        )
        .execute(work.connection())
        .await?;
        if answered.rows_affected() == 0 {
            refuse_closed(&mut work, command.report).await?;
            return Err(AnswerReportError::NotFound);
        }
        let event = UserReportAnswered {
            report_id: command.report,
            user_id: member,
            reporter_id: parties.reporter_id.into(),
            borrow_id: parties.borrow_id.map(BorrowId::from),
            outcome,
        };
        work.append(&UserEvent::ReportAnswered(event), 2).await?;
        Ok(work.commit(AnsweredReportView { id: command.report, closed_at: call.now() }).await?)
    }
}

fn words(measure: Measure) -> Option<Prose<1000>> {
    match measure {
        Measure::Warn(words) => Some(words),
        Measure::Nothing | Measure::Deactivate => None,
    }
}

/// Tells who was faster.
async fn refuse_closed(work: &mut Work<'_>, report: ReportId) -> Result<(), AnswerReportError> {
    let closed = sqlx::query!(
        r#"select r.closed_at as "at!", r.outcome as "outcome!", r.answered_by as "by?: Uuid", m.name as "name?"
        from users.report r left join users.member m on m.id = r.answered_by
        where r.id = $1 and r.closed_at is not null"#,
        report.uuid(),
    )
    .fetch_optional(work.connection())
    .await?;
    match closed {
        Some(it) => {
            let by = it.by.map(|id| (id.into(), it.name.unwrap_or_default()));
            Err(AnswerReportError::Closed { by, at: it.at, outcome: it.outcome })
        }
        None => Ok(()),
    }
}

/// As an administrator does it. Moderators may, too, as long as the member looks after nobody.
async fn deactivate(work: &mut Work<'_>, call: &Call, member: UserId) -> Result<(), AnswerReportError> {
    update_user::lock_for_deactivation(work, member).await?;
    if !call.actor().may(Permission::WriteUser) {
        let is_staff = sqlx::query_scalar!(
            r#"select exists (
                select from users.member m join users.role_permission p on p.role = m.role
                where m.id = $1 and p.permission in ('moderate:book', 'moderate:borrow', 'write:user', 'admin')
            ) as "is_staff!""#,
            member.uuid(),
        )
        .fetch_one(work.connection())
        .await?;
        if is_staff {
            return Err(AnswerReportError::Staff);
        }
    }
    update_user::save(work, member, None, Some(false)).await?;
    Ok(())
}
