//! When jobs are due.

use jobs::{Schedule, ScheduleError};
use serde::Deserialize;
use utoipa::ToSchema;

/// When one of the hosts does what recurs: cron patterns of five fields (minute, hour, day, month, weekday) in the time zone
/// of the community, or `off`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// Forgets sessions, API keys and tokens that ended, and accounts that were never opened. Never `off`.
    pub auth_forget_ended: String,
    /// Forgets imports that ended 30 days ago, and reviews that nobody came back to for 7 days.
    pub books_forget_imports: String,
    /// Looks through all words of searches for those that no book has.
    pub books_forget_words: String,
    /// Deletes messages 90 days after their borrow ended, and ends what moderators read because of a report. Never `off`.
    pub borrowing_forget_messages: String,
    /// Forgets answers to commands that were stored for whoever asks again, after 24 hours. Never `off`.
    pub commands_forget_answers: String,
    /// Counts the figures of the month before, and of earlier months that nobody counted.
    pub community_count_month: String,
    /// Compares what each part of Folkshelf knows of members, and mends it.
    pub members_reconcile: String,
    /// Forgets what became of letters about notifications after 14 days.
    pub notifications_forget_letters: String,
    /// Deletes notifications after 30 days, read or not.
    pub notifications_forget_old: String,
    /// Deletes reports a year after they were answered. Never `off`.
    pub users_forget_reports: String,
}

/// These keep a promise to members, or a table from growing without end.
const NEVER_OFF: [&str; 4] =
    ["auth.forget_ended", "borrowing.forget_messages", "commands.forget_answers", "users.forget_reports"];

/// The setting of a job.
fn setting(job: &str) -> String {
    job.replace('.', "_")
}

impl Jobs {
    /// By the names of the jobs.
    fn all(&self) -> [(&'static str, &str); 10] {
        [
            ("auth.forget_ended", &self.auth_forget_ended),
            ("books.forget_imports", &self.books_forget_imports),
            ("books.forget_words", &self.books_forget_words),
            ("borrowing.forget_messages", &self.borrowing_forget_messages),
            ("commands.forget_answers", &self.commands_forget_answers),
            ("community.count_month", &self.community_count_month),
            ("members.reconcile", &self.members_reconcile),
            ("notifications.forget_letters", &self.notifications_forget_letters),
            ("notifications.forget_old", &self.notifications_forget_old),
            ("users.forget_reports", &self.users_forget_reports),
        ]
    }

    /// Of every job.
    pub fn schedules(&self) -> impl Iterator<Item = (&'static str, Result<Schedule, ScheduleError>)> {
        self.all().into_iter().map(|(name, pattern)| (name, pattern.parse()))
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let fault = |(name, pattern): (&str, &str)| match pattern.parse::<Schedule>() {
            Err(error) => Some(format!("jobs.{} {error}", setting(name))),
            Ok(schedule) if schedule.is_off() && NEVER_OFF.contains(&name) => {
                Some(format!("jobs.{} must not be off", setting(name)))
            }
            Ok(_) => None,
        };
        self.all().into_iter().filter_map(fault).collect()
    }
}
