//! The contexts this program is made of. Matched exhaustively: a new one makes the compiler list every place to edit.

use sqlx::migrate::Migrator;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    Users,
    Auth,
    Books,
    Borrowing,
    Notifications,
}

impl Context {
    pub const ALL: [Context; 5] =
        [Context::Users, Context::Auth, Context::Books, Context::Borrowing, Context::Notifications];

    /// Its schema in PostgreSQL, its projection in Redis, the first word of its subscriptions.
    pub const fn name(self) -> &'static str {
        match self {
            Context::Users => "users",
            Context::Auth => "auth",
            Context::Books => "books",
            Context::Borrowing => "borrowing",
            Context::Notifications => "notifications",
        }
    }

    pub fn migrations(self) -> &'static Migrator {
        match self {
            Context::Users => &users::MIGRATIONS,
            Context::Auth => &auth::MIGRATIONS,
            Context::Books => &books::MIGRATIONS,
            Context::Borrowing => &borrowing::MIGRATIONS,
            Context::Notifications => &notifications::MIGRATIONS,
        }
    }
}
