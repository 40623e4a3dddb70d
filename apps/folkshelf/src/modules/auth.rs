//! auth, as the host sees it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth::{
    Auth, Authenticated, CheckPassword, CreateAccount, CredentialCheck, CredentialSource, CredentialsUnavailable,
    FindAccountByEmail, FindAccounts, FindApiKey, FindSession, GetAccount, GetMailAddress, KeyHolder, KeyUse,
    KnownMembers, LiveSession, NoteKeyUses, Proof, StoredKey, TokenHash,
};
use cqrs::{Ask, Caller, CommandBus, CommandBusBuilder, Crossing, Dispatch, MissingHandler, QueryBus, QueryBusBuilder};
use event_bus::{Family, Subscription};
use jobs::Job;
use kernel::{Refusal, SessionId};
use read_store::Rebuild;
use sqlx::migrate::Migrator;

use crate::background::Background;
use crate::contexts::Context;
use crate::http::auth::{self as routes, api::AuthApi};
use crate::http::edge::gate::{Key, Session, SessionSource};
use crate::http::edge::host::{Host, Mount, mount};
use crate::http::edge::problem::Problem;
use crate::http::edge::routes::Configure;
use crate::module::{Module, SessionsElsewhere, Wired, Wiring};
use crate::ports::Post;

pub struct AuthModule;

const DAY: u64 = 24 * 60 * 60;

impl Module for AuthModule {
    fn migrations(&self) -> &'static Migrator {
        &auth::MIGRATIONS
    }

    fn publishes(&self) -> Family {
        auth::PUBLISHES
    }

    fn routes(&self) -> Configure {
        routes::configure
    }

    fn crossings(&self) -> Vec<Crossing> {
        vec![
            Crossing::command::<CreateAccount>(),
            Crossing::command_twice_is_once::<NoteKeyUses>(),
            Crossing::query::<CheckPassword>(),
            Crossing::query::<FindAccountByEmail>(),
            Crossing::query::<FindAccounts>(),
            Crossing::query::<FindApiKey>(),
            Crossing::query::<FindSession>(),
            Crossing::query::<GetAccount>(),
            Crossing::query::<GetMailAddress>(),
            Crossing::query::<KnownMembers>(),
        ]
    }

    fn sessions_elsewhere(
        &self,
        wiring: &Wiring<'_>,
        commands: &CommandBus,
        queries: &QueryBus,
    ) -> anyhow::Result<Option<Box<dyn SessionsElsewhere>>> {
        let source =
            AskedElsewhere { session: queries.asking()?, key: queries.asking()?, note_uses: commands.dispatch()? };
        let (projection, clock) = (wiring.projection(Context::Auth), Arc::clone(wiring.clock));
        let check = CredentialCheck::new(projection, Arc::new(source), clock, &settings(wiring)?)?;
        Ok(Some(Box::new(check)))
    }

    fn wire(&self, wiring: &Wiring<'_>) -> anyhow::Result<Box<dyn Wired>> {
        let settings = settings(wiring)?;
        Ok(Box::new(Auth::new(
            wiring.pool(Context::Auth),
            wiring.projection(Context::Auth),
            Arc::new(Post::new(wiring.settings, wiring.clock)?),
            Arc::clone(wiring.clock),
            &settings,
        )?))
    }
}

fn settings(wiring: &Wiring<'_>) -> anyhow::Result<auth::Settings> {
    let ours = &wiring.settings.auth;
    Ok(auth::Settings {
        access_token_lifetime: Duration::from_secs(u64::from(ours.access_token_minutes) * 60),
        session_lifetime: Duration::from_secs(u64::from(ours.refresh_token_days) * DAY),
        bcrypt_cost: ours.bcrypt_cost,
        hashing_threads: ours.hashing_threads,
        other_token_secrets: ours.other_token_secrets.clone(),
        proof: if wiring.settings.proof_required() { Proof::Required } else { Proof::Later },
        language: wiring.language()?,
        ..auth::Settings::new(ours.token_secret.clone(), wiring.settings.http.public_url.as_str())
    })
}

#[async_trait]
impl Wired for Auth {
    fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        Auth::register(self, commands, queries);
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        Auth::subscriptions(self)
    }

    fn rebuild(&self) -> Arc<dyn Rebuild> {
        Auth::rebuild(self)
    }

    fn start(&self, background: &Background) {
        let (mails, addresses) = (self.clone(), self.clone());
        background.run(|until| async move { mails.run_mails(until).await });
        background.run(|until| async move { addresses.run_addresses(until).await });
        SessionsElsewhere::start(self.check(), background);
    }

    fn jobs(&self) -> Vec<Arc<dyn Job>> {
        Auth::jobs(self)
    }

    fn api(&self, host: &Host) -> Result<Mount, MissingHandler> {
        Ok(mount(AuthApi::new(host)?))
    }

    fn sessions(&self) -> Option<Arc<dyn SessionSource>> {
        Some(Arc::new(self.check().clone()))
    }
}

fn session(of: &Authenticated) -> Session {
    Session { id: of.session_id, user: of.user_id, role: of.role.clone() }
}

fn key(of: &KeyHolder) -> Key {
    Key { id: of.key_id, user: of.user_id, role: of.role.clone(), scopes: of.scopes.permissions() }
}

impl SessionsElsewhere for CredentialCheck {
    fn sessions(&self) -> Arc<dyn SessionSource> {
        Arc::new(self.clone())
    }

    fn start(&self, background: &Background) {
        let check = self.clone();
        background.run(|until| async move { check.run_key_uses(until).await });
    }
}

/// The check asks the process that runs auth.
struct AskedElsewhere {
    session: Ask<FindSession>,
    key: Ask<FindApiKey>,
    note_uses: Dispatch<NoteKeyUses>,
}

fn unavailable(refusal: impl Refusal) -> CredentialsUnavailable {
    CredentialsUnavailable::Elsewhere(Box::new(refusal))
}

#[async_trait]
impl CredentialSource for AskedElsewhere {
    async fn session(&self, session: SessionId) -> Result<Option<LiveSession>, CredentialsUnavailable> {
        self.session.ask(&Caller::system("gate"), FindSession { session }).await.map_err(unavailable)
    }

    async fn key(&self, hash: TokenHash) -> Result<Option<StoredKey>, CredentialsUnavailable> {
        self.key.ask(&Caller::system("gate"), FindApiKey { hash }).await.map_err(unavailable)
    }

    async fn note_uses(&self, uses: Vec<KeyUse>) -> Result<u64, CredentialsUnavailable> {
        let noted = self.note_uses.send(&Caller::system("gate"), NoteKeyUses { uses }).await;
        Ok(noted.map_err(unavailable)?.output)
    }
}

/// The gate asks whose session or API key it is.
#[async_trait]
impl SessionSource for CredentialCheck {
    async fn session(&self, token: &str) -> Result<Session, Problem> {
        Ok(session(&*self.authenticate(token).await?))
    }

    fn known_session(&self, token: &str) -> Option<Session> {
        Some(session(&*self.known(token)?))
    }

    fn public_keys(&self) -> Result<serde_json::Value, Problem> {
        CredentialCheck::public_keys(self).map_err(|error| Problem::internal(&error))
    }

    async fn key(&self, text: &str) -> Result<Key, Problem> {
        Ok(key(&*self.authenticate_key(text).await?))
    }

    fn known_key(&self, text: &str) -> Option<Key> {
        Some(key(&*self.known_key(text)?))
    }
}
