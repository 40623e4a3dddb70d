//! Everything that answers something.

mod check_password;
mod find_account_by_email;
mod find_accounts;
mod find_api_key;
mod find_session;
mod get_account;
mod get_mail_address;
mod known_members;
mod list_api_keys;
mod list_mails;
mod list_sessions;

pub(crate) use check_password::CheckPasswordHandler;
pub use check_password::{CheckPassword, CheckPasswordError};
pub(crate) use find_account_by_email::FindAccountByEmailHandler;
pub use find_account_by_email::{FindAccountByEmail, FindAccountByEmailError};
pub(crate) use find_accounts::FindAccountsHandler;
pub use find_accounts::{FindAccounts, FindAccountsError};
pub(crate) use find_api_key::FindApiKeyHandler;
pub use find_api_key::{FindApiKey, FindCredentialError};
pub use find_session::FindSession;
pub(crate) use find_session::FindSessionHandler;
pub(crate) use get_account::GetAccountHandler;
pub use get_account::{AccountView, GetAccount, GetAccountError};
pub(crate) use get_mail_address::GetMailAddressHandler;
pub use get_mail_address::{GetMailAddress, GetMailAddressError, MailAddress};
pub(crate) use known_members::KnownMembersHandler;
pub use known_members::{KnownMembers, KnownMembersError};
pub(crate) use list_api_keys::ListApiKeysHandler;
pub use list_api_keys::{ApiKeyView, ListApiKeys, ListApiKeysError};
pub(crate) use list_mails::ListMailsHandler;
pub use list_mails::{ListMails, ListMailsError, MailState, MailView};
pub(crate) use list_sessions::ListSessionsHandler;
pub use list_sessions::{ListSessions, ListSessionsError, SessionView};
