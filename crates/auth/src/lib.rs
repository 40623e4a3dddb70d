//! Accounts and sessions: who somebody is, and whether they still are signed in.
//!
//! | a use case | its file |
//! |---|---|
//! | open an account, for oneself or for somebody | `commands/register.rs`, `commands/create_account.rs` |
//! | sign in, stay signed in, sign out | `commands/log_in.rs`, `commands/refresh_tokens.rs`, `commands/log_out.rs` |
//! | end a session on another device, or on all others | `commands/end_session.rs`, `commands/end_other_sessions.rs` |
//! | prove the mail address | `commands/verify_email.rs`, `commands/resend_proof.rs` |
//! | forget, reset and change the password | `commands/forgot_password.rs`, `commands/reset_password.rs` with `renewal.rs`, `commands/change_password.rs` |
//! | keys for programs | `commands/create_api_key.rs`, `commands/end_api_key.rs`, `queries/list_api_keys.rs` |
//! | check the password before something grave | `queries/check_password.rs` |
//! | one's account and sessions | `queries/get_account.rs`, `queries/list_sessions.rs` |
//! | find a member for the command line | `queries/find_account_by_email.rs` |
//! | the check at each request, in every process | `CredentialCheck` in `context.rs`; `sessions.rs`, with `access_token.rs` and `view.rs`; `api_keys.rs`, with `key_uses.rs` |
//! | what that check asks auth, here or from another process | `ports.rs`, `credentials.rs`, `queries/find_session.rs`, `queries/find_api_key.rs`, `commands/note_key_uses.rs` |
//! | opening and ending sessions, and the chain of their refresh tokens | `session.rs`, `refresh_chain.rs` |
//! | hashing passwords, bounded, and in which order | `passwords.rs`, `asker.rs` |
//! | passwords on the way to another process | `plaintext.rs` |
//! | when two mail addresses are the same | `domain/email.rs`, `addresses.rs` |
//! | what mails say, and sending them | `letter.rs`, `mails.rs`, `ports.rs` |
//! | mails that wait or were given up | `outbox.rs`, `queries/list_mails.rs`, `commands/retry_mail.rs` |
//! | hearing users | `subscribers.rs` |

mod access_token;
mod account;
mod addresses;
mod api_key;
mod api_keys;
mod asker;
mod commands;
mod context;
mod credentials;
mod domain;
mod housekeeping;
mod key_uses;
mod keyed;
mod letter;
mod mails;
mod metrics;
mod outbox;
mod passwords;
mod plaintext;
mod ports;
mod queries;
mod refresh_chain;
mod renewal;
mod session;
mod sessions;
mod settings;
mod subscribers;
mod view;

pub use asker::Asker;
pub use commands::{
    ChangePassword, ChangePasswordError, CreateAccount, CreateAccountError, CreateApiKey, CreateApiKeyError, EndApiKey,
    EndApiKeyError, EndOtherSessions, EndOtherSessionsError, EndSession, EndSessionError, ForgotPassword,
    ForgotPasswordError, LogIn, LogInError, LogOut, LogOutError, NewApiKey, NoteKeyUses, RefreshTokens,
    RefreshTokensError, Register, RegisterError, Registered, ResendProof, ResendProofError, ResetPassword,
    ResetPasswordError, RetryMail, RetryMailError, VerifyEmail, VerifyEmailError,
};
pub use context::{Auth, CredentialCheck, MIGRATIONS, PUBLISHES};
pub use credentials::{KeyUse, StoredKey};
pub use domain::{Email, EmailError, Password, PasswordError, Scopes, TokenHash};
pub use passwords::HashingError;
pub use ports::{CredentialSource, CredentialsUnavailable, Mail, MailNotSent, Mailer};
pub use queries::{
    AccountView, ApiKeyView, CheckPassword, CheckPasswordError, FindAccountByEmail, FindAccountByEmailError,
    FindAccounts, FindAccountsError, FindApiKey, FindCredentialError, FindSession, GetAccount, GetAccountError,
    GetMailAddress, GetMailAddressError, KnownMembers, KnownMembersError, ListApiKeys, ListApiKeysError, ListMails,
    ListMailsError, ListSessions, ListSessionsError, MailAddress, MailState, MailView, SessionView,
};
pub use session::{Device, SignedIn, SigningError};
pub use sessions::AuthenticateError;
pub use settings::{Proof, Settings};
pub use view::{Authenticated, KeyHolder, LiveSession};
