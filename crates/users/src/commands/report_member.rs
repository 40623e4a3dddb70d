use std::sync::Arc;

use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{BorrowId, Command, Detail, ErrorKind, Prose, Refusal, ReportId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use users_events::{ReportReason, UserEvent, UserReported};

use crate::member;
use crate::ports::{LoanParties, PortError};

/// Reports of one member within 24 hours.
const MOST_A_DAY: i64 = 10;
/// Reports of one member that wait for a moderator.
const MOST_OPEN: i64 = 200;

/// The caller tells the moderators about another member, or about what one did in a borrow of the two. The other one is not
/// told who did.
#[derive(Debug, Clone, Serialize)]
pub struct ReportMember {
    pub member: UserId,
    /// Moderators read its messages as long as the report is open.
    pub borrow: Option<BorrowId>,
    pub reason: ReportReason,
    pub text: Prose<1000>,
}

impl Command for ReportMember {
    const NAME: &'static str = "report_member";
    type Output = FiledReportView;
    type Error = ReportMemberError;
}

/// A report that has just been made. Without names and words: the answer to a command is kept for a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FiledReportView {
    pub id: ReportId,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

#[derive(Debug, thiserror::Error)]
pub enum ReportMemberError {
    #[error("Sign in first.")]
    NotSignedIn,
    #[error("You cannot report yourself.")]
    Oneself,
    #[error("There is no such member.")]
    NoMember,
    /// Or it is not between the two.
    #[error("There is no such borrow between you and this member.")]
    NoBorrow,
    /// They registered a moment ago, and that was not told of yet.
    #[error("The profile is not there yet.")]
    NotYet,
    #[error("You have reported this already. A moderator will answer.")]
    Already { report: ReportId },
    #[error("You have made {MOST_A_DAY} reports within 24 hours. Please wait.")]
    TooManyToday,
    #[error("{MOST_OPEN} of your reports wait for an answer. Please wait.")]
    TooManyOpen,
    #[error("another part of Folkshelf did not answer")]
    Port(#[from] PortError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ReportMemberError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::Oneself => ErrorKind::Invalid,
            Self::NoMember | Self::NoBorrow => ErrorKind::NotFound,
            Self::NotYet => ErrorKind::Unavailable,
            Self::Already { .. } | Self::TooManyToday | Self::TooManyOpen => ErrorKind::Conflict,
            Self::Port(error) => error.kind,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::Oneself => "VALIDATION_ERROR",
            Self::NoMember => "USER_NOT_FOUND",
            Self::NoBorrow => "BORROW_NOT_FOUND",
            Self::NotYet => "UNAVAILABLE",
            Self::Already { .. } => "ALREADY_REPORTED",
            Self::TooManyToday => "TOO_MANY_REPORTS_TODAY",
            Self::TooManyOpen => "TOO_MANY_OPEN_REPORTS",
            Self::Port(_) | Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Oneself => vec![Detail::new("about.userId", self.to_string())],
            Self::Already { report } => vec![Detail::new("reportId", report.to_string())],
            Self::TooManyToday => vec![Detail::new("limit", MOST_A_DAY.to_string())],
            Self::TooManyOpen => vec![Detail::new("limit", MOST_OPEN.to_string())],
            Self::NotSignedIn | Self::NoMember | Self::NoBorrow | Self::NotYet | Self::Port(_) | Self::Database(_) => {
                Vec::new()
            }
        }
    }
}

pub(crate) struct ReportMemberHandler {
    pub pool: Database,
    pub loans: Arc<dyn LoanParties>,
}

#[async_trait]
impl CommandHandler<ReportMember> for ReportMemberHandler {
    async fn handle(&self, call: &Call, command: ReportMember) -> Result<FiledReportView, ReportMemberError> {
        let reporter = call.actor().user_id().ok_or(ReportMemberError::NotSignedIn)?;
        if reporter == command.member {
            return Err(ReportMemberError::Oneself);
        }
        // Whose borrow it is never changes, so it is asked before any lock. One answer for what is not there and what is not
        // theirs.
        if let Some(borrow) = command.borrow
            && !self.loans.are_the_two(borrow, [reporter, command.member], &call.caller()).await?
        {
            return Err(ReportMemberError::NoBorrow);
        }
        let mut work = call.begin(&self.pool).await?;
        if !member::lock_own(work.connection(), reporter).await? {
            return Err(ReportMemberError::NotYet);
        }
        // Who is deactivated has no page that one could report. Who had a borrow with them knows them.
        sqlx::query_scalar!(
            "select id from users.member where id = $1 and (active or $2) and deleted_at is null for key share",
            command.member.uuid(),
            command.borrow.is_some(),
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(ReportMemberError::NoMember)?;
        leaves_room(work.connection(), reporter, &command, call.now()).await?;
        let filed = FiledReportView { id: ReportId::new(call.now()), created_at: call.now() };
        sqlx::query!(
            "insert into users.report (id, reporter_id, member_id, borrow_id, reason, text, created_at)
            values ($1, $2, $3, $4, $5, $6, $7)",
            filed.id.uuid(),
            reporter.uuid(),
            command.member.uuid(),
            command.borrow.map(BorrowId::uuid),
            command.reason.as_str(),
            command.text.as_str(),
            filed.created_at,
        )
        .execute(work.connection())
        .await?;
        let event = UserReported {
            report_id: filed.id,
            user_id: command.member,
            reporter_id: reporter,
            borrow_id: command.borrow,
            reason: command.reason,
        };
        work.append(&UserEvent::Reported(event), 1).await?;
        Ok(work.commit(filed).await?)
    }
}

/// Under the lock of the reporter.
async fn leaves_room(
    connection: &mut PgConnection,
    reporter: UserId,
    command: &ReportMember,
    now: OffsetDateTime,
) -> Result<(), ReportMemberError> {
    let there = sqlx::query!(
        r#"select count(*) filter (where created_at > $4) as "today!", count(*) filter (where is_open) as "open!",
            max(id::text) filter (where is_open and member_id = $2 and borrow_id is not distinct from $3) as same
        from users.report where reporter_id = $1"#,
        reporter.uuid(),
        command.member.uuid(),
        command.borrow.map(BorrowId::uuid),
        now - Duration::DAY,
    )
    .fetch_one(connection)
    .await?;
    match there.same.map(|id| id.parse()) {
        Some(Ok(report)) => Err(ReportMemberError::Already { report }),
        Some(Err(error)) => Err(sqlx::Error::Decode(Box::new(error)).into()),
        None if there.today >= MOST_A_DAY => Err(ReportMemberError::TooManyToday),
        None if there.open >= MOST_OPEN => Err(ReportMemberError::TooManyOpen),
        None => Ok(()),
    }
}
