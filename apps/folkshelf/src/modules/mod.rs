//! The contexts as a list: one file each, which holds all that the host knows of it.

mod auth;
mod books;
mod borrowing;
mod notifications;
#[cfg(test)]
mod tests;
mod users;

use anyhow::bail;
use event_bus::Subscription;

use crate::contexts::Context;
use crate::http::edge::routes::Routes;
use crate::module::Module;

impl Context {
    /// A new context has a file here and a line in this match; the compiler asks for both.
    pub fn module(self) -> &'static dyn Module {
        match self {
            Context::Users => &users::UsersModule,
            Context::Auth => &auth::AuthModule,
            Context::Books => &books::BooksModule,
            Context::Borrowing => &borrowing::BorrowingModule,
            Context::Notifications => &notifications::NotificationsModule,
        }
    }
}

/// The routes of these contexts, and the host's own.
pub fn routes(contexts: &[Context]) -> Routes {
    Routes::new(contexts.iter().map(|context| context.module().routes()).collect())
}

/// A subscription to what nobody publishes would wait for ever.
pub fn require_published(subscriptions: &[Subscription]) -> anyhow::Result<()> {
    for subscription in subscriptions {
        for family in subscription.consumes().unwrap_or_default() {
            if !Context::ALL.iter().any(|context| context.module().publishes().name == family.name) {
                bail!("{} consumes events of {}, which no context publishes", subscription.name(), family.name);
            }
        }
    }
    Ok(())
}
