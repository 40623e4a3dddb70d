//! What the routes of auth send and ask.

use std::sync::Arc;

use auth::{
    ChangePassword, CreateApiKey, EndApiKey, EndOtherSessions, EndSession, ForgotPassword, GetAccount, ListApiKeys,
    ListMails, ListSessions, LogIn, LogOut, RefreshTokens, Register, ResendProof, ResetPassword, RetryMail,
    VerifyEmail,
};
use cqrs::{Ask, Dispatch, MissingHandler};
use kernel::Clock;
use users::GetProfile;

use crate::http::edge::host::Host;

pub struct AuthApi {
    pub(super) register: Dispatch<Register>,
    pub(super) log_in: Dispatch<LogIn>,
    pub(super) refresh: Dispatch<RefreshTokens>,
    pub(super) log_out: Dispatch<LogOut>,
    pub(super) forgot_password: Dispatch<ForgotPassword>,
    pub(super) reset_password: Dispatch<ResetPassword>,
    pub(super) verify_email: Dispatch<VerifyEmail>,
    pub(super) resend_proof: Dispatch<ResendProof>,
    pub(super) change_password: Dispatch<ChangePassword>,
    pub(super) end_session: Dispatch<EndSession>,
    pub(super) end_other_sessions: Dispatch<EndOtherSessions>,
    pub(super) create_api_key: Dispatch<CreateApiKey>,
    pub(super) end_api_key: Dispatch<EndApiKey>,
    pub(super) retry_mail: Dispatch<RetryMail>,
    pub(super) api_keys: Ask<ListApiKeys>,
    pub(super) mails: Ask<ListMails>,
    pub(super) sessions: Ask<ListSessions>,
    pub(super) account: Ask<GetAccount>,
    pub(super) profile: Ask<GetProfile>,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether cookies may only travel encrypted.
    pub(super) secure_cookies: bool,
}

impl AuthApi {
    pub fn new(host: &Host) -> Result<Self, MissingHandler> {
        let (commands, queries) = (&host.commands, &host.queries);
        Ok(Self {
            register: commands.dispatch()?,
            log_in: commands.dispatch()?,
            refresh: commands.dispatch()?,
            log_out: commands.dispatch()?,
            forgot_password: commands.dispatch()?,
            reset_password: commands.dispatch()?,
            verify_email: commands.dispatch()?,
            resend_proof: commands.dispatch()?,
            change_password: commands.dispatch()?,
            end_session: commands.dispatch()?,
            end_other_sessions: commands.dispatch()?,
            create_api_key: commands.dispatch()?,
            end_api_key: commands.dispatch()?,
            retry_mail: commands.dispatch()?,
            api_keys: queries.asking()?,
            mails: queries.asking()?,
            sessions: queries.asking()?,
            account: queries.asking()?,
            profile: queries.asking()?,
            clock: Arc::clone(&host.clock),
            secure_cookies: host.secure_cookies,
        })
    }
}
