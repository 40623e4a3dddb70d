//! The adapters for every port a context declares: what one context needs, done by a command or query of
//! another.
//!
//! A context wants its ports before the buses exist that lead to the others, so the adapters get the buses afterwards.
//!
//! Each call carries the identity of the context that owns the port. Nowhere else is one made (`arch-tests`), so a command
//! that demands it is refused to every route, scheduler and command line.

mod file_mailer;
mod files;
mod post;
mod smtp_mailer;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use auth::{CheckPassword, GetMailAddress, Mail, MailNotSent};
use books::GetBook;
use borrowing::{BorrowParties, CloseMember, WithdrawBook};
use cqrs::{Announced, Ask, Caller, CommandBus, Dispatch, MissingHandler, OtherHosts, QueryBus};
use kernel::{Actor, BookId, BorrowId, ErrorKind, Refusal, ReportId, UserId};
use notifications::{LetterNotSent, MemberLetter, MemberMailer, Taken, Warnings, WarningsUnavailable};
use read_store::ReadStore;
use secrecy::SecretString;
use users::ReportWarnings;

use crate::contexts::Context;

pub use files::FileKeeper;
pub use post::Post;
pub use smtp_mailer::SmtpMailer;

/// Where the adapters lead.
struct Routes {
    withdraw_book: Dispatch<WithdrawBook>,
    close_member: Dispatch<CloseMember>,
    check_password: Ask<CheckPassword>,
    get_book: Ask<GetBook>,
    mail_address: Ask<GetMailAddress>,
    borrow_parties: Ask<BorrowParties>,
    report_warnings: Ask<ReportWarnings>,
}

/// All adapters in one; cheap to clone.
#[derive(Clone, Default)]
pub struct Ports {
    routes: Arc<OnceLock<Routes>>,
}

/// A port was used before the host was wired.
#[derive(Debug, thiserror::Error)]
#[error("the ports are not connected yet")]
struct NotConnected;

impl Refusal for NotConnected {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }

    fn code(&self) -> &'static str {
        "UNAVAILABLE"
    }
}

impl Ports {
    pub fn connect(&self, commands: &CommandBus, queries: &QueryBus) -> Result<(), MissingHandler> {
        let routes = Routes {
            withdraw_book: commands.dispatch()?,
            close_member: commands.dispatch()?,
            check_password: queries.asking()?,
            get_book: queries.asking()?,
            mail_address: queries.asking()?,
            borrow_parties: queries.asking()?,
            report_warnings: queries.asking()?,
        };
        // Connected once, when the host is wired; a second time would change nothing.
        drop(self.routes.set(routes));
        Ok(())
    }

    fn routes(&self) -> Result<&Routes, NotConnected> {
        self.routes.get().ok_or(NotConnected)
    }
}

/// `context`, which calls through its port because of `caller`.
fn service(context: Context, caller: &Caller) -> Caller {
    caller.as_service(context.name())
}

/// The other hosts, as the buses need them: the read store's word on who has heard of what.
pub struct Hosts(pub ReadStore);

// Or a writer would be answered while a frozen host may still trust what it keeps.
const _: () = assert!(cqrs::KEPT_WITHIN.as_millis() > read_store::LEASE_OVER.as_millis());

#[async_trait]
impl OtherHosts for Hosts {
    async fn known_everywhere(&self, since: Instant, within: Duration) -> bool {
        self.0.known_everywhere(since, within).await
    }

    async fn announce(&self, text: &str) -> bool {
        match self.0.announce(text).await {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(%error, "an announcement was not made");
                false
            }
        }
    }

    fn on_announcement(&self, hearer: Announced) {
        self.0.on_announcement(hearer);
    }

    fn session(&self) -> Option<u64> {
        self.0.session()
    }
}

/// books asks borrowing whether a book may leave its shelf.
#[async_trait]
impl books::LendingGate for Ports {
    async fn withdraw(&self, book: BookId, caller: &Caller) -> Result<(), books::WithdrawRefused> {
        let routes = self.routes().map_err(|error| books::WithdrawRefused::Unavailable(Box::new(error)))?;
        match routes.withdraw_book.send(&service(Context::Books, caller), WithdrawBook { book }).await {
            Ok(_) => Ok(()),
            Err(refused) if refused.kind() == ErrorKind::Conflict => {
                let told = |field: &str| {
                    refused.details().into_iter().find(|detail| detail.field == field).map(|detail| detail.message)
                };
                Err(books::WithdrawRefused::OnLoan {
                    status: told("status").unwrap_or_default(),
                    borrow: told("borrowId").and_then(|id| id.parse().ok()),
                })
            }
            Err(error) => Err(books::WithdrawRefused::Unavailable(Box::new(error))),
        }
    }
}

/// borrowing asks books for a book that it has not been told of.
#[async_trait]
impl borrowing::BookSource for Ports {
    async fn book(
        &self,
        id: BookId,
        caller: &Caller,
    ) -> Result<Option<borrowing::ListedBook>, borrowing::BooksUnavailable> {
        let unavailable = |error| borrowing::BooksUnavailable(error);
        let routes = self.routes().map_err(|error| unavailable(Box::new(error)))?;
        match routes.get_book.ask(&service(Context::Borrowing, caller), GetBook { book_id: id }).await {
            Ok(book) => Ok(Some(borrowing::ListedBook {
                id,
                owner: book.owner.id,
                title: book.title,
                authors: book.authors,
                lending: book.lending,
                version: book.version,
                updated_at: book.updated_at,
            })),
            Err(refused) if refused.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unavailable(Box::new(error))),
        }
    }
}

/// users asks borrowing whether a member may leave.
#[async_trait]
impl users::LendingGate for Ports {
    async fn close_member(&self, user: UserId, caller: &Caller) -> Result<(), users::CloseRefused> {
        let routes = self.routes().map_err(users::PortError::new)?;
        match routes.close_member.send(&service(Context::Users, caller), CloseMember { user }).await {
            Ok(_) => Ok(()),
            Err(refused) if refused.kind() == ErrorKind::Conflict => {
                Err(users::CloseRefused::OpenLoans { details: refused.details() })
            }
            Err(error) => Err(users::PortError::new(error).into()),
        }
    }
}

/// users asks auth whether a password is right.
#[async_trait]
impl users::PasswordCheck for Ports {
    async fn is_password_of(&self, user: UserId, password: &str, caller: &Caller) -> Result<bool, users::PortError> {
        let routes = self.routes().map_err(users::PortError::new)?;
        let query = CheckPassword { user, password: SecretString::from(password) };
        routes.check_password.ask(&service(Context::Users, caller), query).await.map_err(users::PortError::new)
    }
}

/// users asks borrowing whether a borrow is between two members.
#[async_trait]
impl users::LoanParties for Ports {
    async fn are_the_two(
        &self,
        borrow: BorrowId,
        members: [UserId; 2],
        caller: &Caller,
    ) -> Result<bool, users::PortError> {
        let routes = self.routes().map_err(users::PortError::new)?;
        let query = BorrowParties { borrow, members };
        routes.borrow_parties.ask(&service(Context::Users, caller), query).await.map_err(users::PortError::new)
    }
}

/// notifications asks users with what words a member was warned.
#[async_trait]
impl Warnings for Ports {
    async fn warnings(
        &self,
        member: UserId,
        reports: Vec<ReportId>,
    ) -> Result<Vec<(ReportId, String)>, WarningsUnavailable> {
        let routes = self.routes().map_err(|error| WarningsUnavailable(Box::new(error)))?;
        let nobody = service(Context::Notifications, &Caller::new(Actor::Anonymous, ""));
        let query = ReportWarnings { member, reports };
        routes.report_warnings.ask(&nobody, query).await.map_err(|error| WarningsUnavailable(Box::new(error)))
    }
}

/// notifications sends letters to members, and auth knows their addresses.
pub struct MemberPost {
    pub post: Post,
    pub ports: Ports,
}

#[async_trait]
impl MemberMailer for MemberPost {
    async fn send(&self, member: UserId, letter: MemberLetter) -> Result<Taken, LetterNotSent> {
        let routes = self.ports.routes().map_err(|error| LetterNotSent::Away(error.into()))?;
        let nobody = service(Context::Notifications, &Caller::new(Actor::Anonymous, ""));
        let found = routes.mail_address.ask(&nobody, GetMailAddress { user: member }).await;
        let Some(address) = found.map_err(|error| LetterNotSent::Away(error.into()))? else {
            return Ok(Taken::NoAddress);
        };
        let MemberLetter { id, language, subject, text, html, unsubscribe } = letter;
        let mail = Mail { id, to: address.0, language, subject, text, html };
        match self.post.take(mail, Some(&unsubscribe)).await {
            Ok(()) => Ok(Taken::Sent),
            Err(MailNotSent::Refused(cause)) => Err(LetterNotSent::Refused(cause)),
            Err(MailNotSent::Later(cause)) => Err(LetterNotSent::Later(cause)),
            Err(MailNotSent::Away(cause)) => Err(LetterNotSent::Away(cause)),
        }
    }
}
