//! The entry point: what the host wires.

use std::sync::Arc;

use auth_events::AuthEvent;
use cqrs::{CommandBusBuilder, QueryBusBuilder};
use database::Database;
use event_bus::{Family, Subscription};
use jobs::Job;
use kernel::Clock;
use read_store::{Projection, Rebuild};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use users_events::UserEvent;

use crate::access_token::AccessTokens;
use crate::addresses;
use crate::api_keys::ApiKeys;
use crate::commands::{
    ChangePassword, ChangePasswordHandler, CreateAccount, CreateAccountHandler, CreateApiKey, CreateApiKeyHandler,
    EndApiKey, EndApiKeyHandler, EndOtherSessions, EndOtherSessionsHandler, EndSession, EndSessionHandler,
    ForgotPassword, ForgotPasswordHandler, LogIn, LogInHandler, LogOut, LogOutHandler, NoteKeyUses, NoteKeyUsesHandler,
    RefreshTokens, RefreshTokensHandler, Register, RegisterHandler, ResendProof, ResendProofHandler, ResetPassword,
    ResetPasswordHandler, RetryMail, RetryMailHandler, VerifyEmail, VerifyEmailHandler,
};
use crate::credentials::Stored;
use crate::housekeeping::ForgetEnded;
use crate::key_uses::KeyUses;
use crate::mails::MailWorker;
use crate::outbox::Outbox;
use crate::passwords::Passwords;
use crate::ports::{CredentialSource, CredentialsUnavailable, Mailer};
use crate::queries::{
    CheckPassword, CheckPasswordHandler, FindAccountByEmail, FindAccountByEmailHandler, FindAccounts,
    FindAccountsHandler, FindApiKey, FindApiKeyHandler, FindSession, FindSessionHandler, GetAccount, GetAccountHandler,
    GetMailAddress, GetMailAddressHandler, KnownMembers, KnownMembersHandler, ListApiKeys, ListApiKeysHandler,
    ListMails, ListMailsHandler, ListSessions, ListSessionsHandler,
};
use crate::refresh_chain::RefreshChain;
use crate::session::{SessionOpener, SigningError};
use crate::sessions::{AuthenticateError, Sessions};
use crate::settings::{Proof, Settings};
use crate::subscribers::Subscriber;
use crate::view::{Authenticated, KeyHolder, Shown, View};

/// What auth tells the others.
pub const PUBLISHES: Family = Family::of::<AuthEvent>();

/// The schema `auth`, run as the role `folkshelf_auth`.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/auth");

/// What the handlers work with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Parts {
    pub pool: Database,
    pub view: View,
    pub passwords: Passwords,
    pub opener: SessionOpener,
    pub wake_mails: Arc<Notify>,
    pub proof: Proof,
}

/// The auth context. Cheap to clone.
#[derive(Clone)]
pub struct Auth {
    pub(crate) parts: Parts,
    stored: Arc<Stored>,
    check: CredentialCheck,
    mails: MailWorker,
}

impl Auth {
    /// `pool` is that of the role `folkshelf_auth`, `projection` the one named `auth`.
    pub fn new(
        pool: impl Into<Database>,
        projection: Projection,
        mailer: Arc<dyn Mailer>,
        clock: Arc<dyn Clock>,
        settings: &Settings,
    ) -> Result<Self, SigningError> {
        let pool = pool.into();
        let view = View::new(pool.clone(), projection);
        let tokens = AccessTokens::new(settings)?;
        let wake = Arc::new(Notify::new());
        let stored = Arc::new(Stored { pool: pool.clone(), view: view.clone() });
        let (source, shown) = (Arc::clone(&stored) as _, view.shown.clone());
        Ok(Self {
            stored,
            check: CredentialCheck::with(tokens.clone(), shown, source, Arc::clone(&clock)),
            mails: MailWorker {
                pool: pool.clone(),
                outbox: Outbox(pool.clone()),
                mailer,
                clock,
                wake: Arc::clone(&wake),
                public_url: settings.public_url.as_str().into(),
                language: settings.language,
            },
            parts: Parts {
                pool,
                view,
                passwords: Passwords::new(settings),
                opener: SessionOpener {
                    tokens,
                    chain: RefreshChain::new(&settings.token_secret, &settings.other_token_secrets),
                    lifetime: settings.session_lifetime,
                },
                wake_mails: wake,
                proof: settings.proof,
            },
        })
    }

    pub fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        let (parts, pool) = (|| self.parts.clone(), &self.parts.pool);
        commands.register::<Register>(pool, RegisterHandler(parts()));
        commands.register::<CreateAccount>(pool, CreateAccountHandler(parts()));
        commands.register::<LogIn>(pool, LogInHandler(parts()));
        commands.register::<RefreshTokens>(pool, RefreshTokensHandler(parts()));
        commands.register::<LogOut>(pool, LogOutHandler(parts()));
        commands.register::<EndSession>(pool, EndSessionHandler(parts()));
        commands.register::<EndOtherSessions>(pool, EndOtherSessionsHandler(parts()));
        commands.register::<ForgotPassword>(pool, ForgotPasswordHandler(parts()));
        commands.register::<ResendProof>(pool, ResendProofHandler(parts()));
        commands.register::<ResetPassword>(pool, ResetPasswordHandler(parts()));
        commands.register::<RetryMail>(pool, RetryMailHandler(parts()));
        commands.register::<VerifyEmail>(pool, VerifyEmailHandler(parts()));
        commands.register::<ChangePassword>(pool, ChangePasswordHandler(parts()));
        commands.register::<NoteKeyUses>(pool, NoteKeyUsesHandler(Arc::clone(&self.stored) as _));
        commands.register::<CreateApiKey>(pool, CreateApiKeyHandler(parts()));
        commands.register::<EndApiKey>(pool, EndApiKeyHandler(parts()));
        queries.register::<CheckPassword>(pool, CheckPasswordHandler(parts()));
        queries.register::<FindAccountByEmail>(pool, FindAccountByEmailHandler(pool.clone()));
        queries.register::<FindAccounts>(pool, FindAccountsHandler(pool.clone()));
        queries.register::<FindApiKey>(pool, FindApiKeyHandler(Arc::clone(&self.stored) as _));
        queries.register::<FindSession>(pool, FindSessionHandler(Arc::clone(&self.stored) as _));
        queries.register::<GetAccount>(pool, GetAccountHandler { pool: pool.clone(), view: self.parts.view.clone() });
        queries.register::<GetMailAddress>(pool, GetMailAddressHandler(pool.clone()));
        queries.register::<KnownMembers>(pool, KnownMembersHandler(pool.clone()));
        queries.register::<ListApiKeys>(pool, ListApiKeysHandler(pool.clone()));
        queries.register::<ListMails>(pool, ListMailsHandler(pool.clone()));
        queries.register::<ListSessions>(pool, ListSessionsHandler(pool.clone()));
    }

    pub fn subscriptions(&self) -> Vec<Subscription> {
        vec![
            Subscription::hear("auth", self.parts.pool.pool().clone(), Subscriber).consumes::<UserEvent>().into(),
            Subscription::show("auth.view", self.parts.view.clone())
                .consumes::<AuthEvent>()
                .consumes::<UserEvent>()
                .after("auth"),
        ]
    }

    /// All sessions, for the read store to build the projection from.
    pub fn rebuild(&self) -> Arc<dyn Rebuild> {
        Arc::new(self.parts.view.clone())
    }

    /// The check that every request passes: whose access token or API key it brings.
    pub fn check(&self) -> &CredentialCheck {
        &self.check
    }

    /// Sends mails until `shutdown`. Every replica may run it.
    pub async fn run_mails(&self, shutdown: CancellationToken) {
        self.mails.run(shutdown).await;
    }

    /// Sends what is due now; answers how many were sent.
    pub async fn send_due_mails(&self) -> Result<u64, sqlx::Error> {
        Ok(self.mails.send_due().await?.sent)
    }

    /// Gives mail addresses from before there were keys their keys; returns how many.
    pub async fn complete_addresses(&self) -> Result<u64, sqlx::Error> {
        addresses::complete(&self.parts.pool).await
    }

    /// As [`Self::complete_addresses`] now and then until `shutdown`: hosts of an older version may write meanwhile.
    pub async fn run_addresses(&self, shutdown: CancellationToken) {
        addresses::run(&self.parts.pool, shutdown).await;
    }

    /// What one of the hosts does by the clock.
    pub fn jobs(&self) -> Vec<Arc<dyn Job>> {
        vec![Arc::new(ForgetEnded { pool: self.parts.pool.clone(), view: self.parts.view.clone() })]
    }
}

/// The checks that requests pass, also in processes that do not run auth. They are no queries on the bus, because they come
/// before the caller is known. Cheap to clone.
#[derive(Clone)]
pub struct CredentialCheck {
    tokens: AccessTokens,
    sessions: Sessions,
    keys: ApiKeys,
    key_uses: KeyUses,
}

impl CredentialCheck {
    /// `projection` is the one named `auth`; `source` leads to the process that runs auth.
    pub fn new(
        projection: Projection,
        source: Arc<dyn CredentialSource>,
        clock: Arc<dyn Clock>,
        settings: &Settings,
    ) -> Result<Self, SigningError> {
        Ok(Self::with(AccessTokens::new(settings)?, Shown::new(projection), source, clock))
    }

    pub(crate) fn with(
        tokens: AccessTokens,
        shown: Shown,
        source: Arc<dyn CredentialSource>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let key_uses = KeyUses::new(Arc::clone(&source));
        Self {
            sessions: Sessions::new(tokens.clone(), Arc::clone(&source), shown.clone(), Arc::clone(&clock)),
            keys: ApiKeys::new(source, shown, clock, key_uses.clone()),
            key_uses,
            tokens,
        }
    }

    /// Whose session it is and their role now.
    pub async fn authenticate(&self, access_token: &str) -> Result<Arc<Authenticated>, AuthenticateError> {
        self.sessions.authenticate(access_token).await
    }

    /// As [`Self::authenticate`], as far as this process knows the token from before and its session has not changed.
    pub fn known(&self, access_token: &str) -> Option<Arc<Authenticated>> {
        self.sessions.known(access_token)
    }

    /// The public keys with which access tokens can be checked, as a JSON Web Key Set.
    pub fn public_keys(&self) -> Result<serde_json::Value, SigningError> {
        Ok(serde_json::to_value(self.tokens.public_keys()).map_err(jsonwebtoken::errors::Error::from)?)
    }

    /// As [`Self::authenticate`], for a program's API key.
    pub async fn authenticate_key(&self, key: &str) -> Result<Arc<KeyHolder>, AuthenticateError> {
        self.keys.authenticate(key).await
    }

    /// As [`Self::known`], for a program's API key.
    pub fn known_key(&self, key: &str) -> Option<Arc<KeyHolder>> {
        self.keys.known(key)
    }

    /// Writes when keys were last used until `shutdown`. Every process runs it for the requests that it has had.
    pub async fn run_key_uses(&self, shutdown: CancellationToken) {
        self.key_uses.run(shutdown).await;
    }

    /// Writes now when keys were last used; returns how many it moved.
    pub async fn write_key_uses(&self) -> Result<u64, CredentialsUnavailable> {
        self.key_uses.write().await
    }
}
