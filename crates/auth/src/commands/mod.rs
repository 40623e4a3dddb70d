//! Everything that changes something.

mod change_password;
mod create_account;
mod end_other_sessions;
mod end_session;
mod forgot_password;
mod log_in;
mod log_out;
mod refresh_tokens;
mod register;
mod reset_password;
mod verify_email;

pub(crate) use change_password::ChangePasswordHandler;
pub use change_password::{ChangePassword, ChangePasswordError};
pub(crate) use create_account::CreateAccountHandler;
pub use create_account::{CreateAccount, CreateAccountError};
pub(crate) use end_other_sessions::EndOtherSessionsHandler;
pub use end_other_sessions::{EndOtherSessions, EndOtherSessionsError};
pub(crate) use end_session::EndSessionHandler;
pub use end_session::{EndSession, EndSessionError};
pub(crate) use forgot_password::ForgotPasswordHandler;
pub use forgot_password::{ForgotPassword, ForgotPasswordError};
pub(crate) use log_in::LogInHandler;
pub use log_in::{LogIn, LogInError};
pub(crate) use log_out::LogOutHandler;
pub use log_out::{LogOut, LogOutError};
pub(crate) use refresh_tokens::RefreshTokensHandler;
pub use refresh_tokens::{RefreshTokens, RefreshTokensError};
pub(crate) use register::RegisterHandler;
pub use register::{Register, RegisterError};
pub(crate) use reset_password::ResetPasswordHandler;
pub use reset_password::{ResetPassword, ResetPasswordError};
pub(crate) use verify_email::VerifyEmailHandler;
pub use verify_email::{VerifyEmail, VerifyEmailError};
