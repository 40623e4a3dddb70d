//! How often somebody may ask.
//!
//! Every request below `/api/v1` takes one permit: a member's own, with the limit of their role, or that of the network when
//! nobody is signed in ([`RateLimits::admit`]). Routes where a secret can be guessed, or that send a letter, also take the
//! extractor [`Tries`]: one try for the account and one for the network.
//!
//! All requests that come directly from this machine have the same address, so they are not counted by network. The limits
//! of accounts and members hold for them too.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use anyhow::Context as _;
use kernel::{Actor, ErrorKind, Permission, Refusal, UserId};
use limits::{Client, Limit, Limits, Network, Proxies, Refused, Subject, Taken};
use read_store::ReadStore;
use secrecy::{ExposeSecret, SecretString};
use strum::VariantArray;

use super::overload::Unmeasured;
use super::problem::Problem;
use super::refused_keys::RefusedKeys;
use crate::settings::{Figure, Settings};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Roles with the tier of premium members; an administrator is told by the permission.
const PREMIUM: [&str; 2] = ["premium", "moderator"];

/// The limits of this community, and who asks.
pub struct RateLimits {
    limits: Limits,
    /// By [`Figure`]; `None`: there is no such limit.
    figures: Vec<Option<Limit>>,
    proxies: Proxies,
    refused_keys: RefusedKeys,
    /// The log has warned of a proxy that the settings do not name.
    warned: AtomicBool,
}

impl RateLimits {
    pub fn new(store: &ReadStore, settings: &Settings) -> anyhow::Result<Self> {
        let bytes = |secret: &SecretString| secret.expose_secret().as_bytes().to_vec();
        let others = settings.auth.other_token_secrets.iter().map(bytes).collect();
        let limits = Limits::new(store, &bytes(&settings.auth.token_secret), others);
        let limit = |figure: &Figure| {
            let rate = settings.limits.rate(*figure).map_err(anyhow::Error::msg)?;
            Ok(rate.map(|rate| limits.limit(figure.name(), rate)))
        };
        let figures = Figure::VARIANTS.iter().map(limit).collect::<anyhow::Result<_>>()?;
        let proxies = Proxies::read(&settings.http.trusted_proxies).context("http.trusted_proxies")?;
        Ok(Self { limits, figures, proxies, refused_keys: RefusedKeys::default(), warned: AtomicBool::new(false) })
    }

    fn limit(&self, figure: Figure) -> Option<&Limit> {
        self.figures[figure as usize].as_ref()
    }

    fn client(&self, request: &HttpRequest) -> Client {
        let lines = |name| request.headers().get_all(name).map(header::HeaderValue::as_bytes);
        let Some(peer) = request.peer_addr() else {
            // Over a socket of this machine.
            return Client { network: Network::V4(0), local: true };
        };
        let lines_of = |name| lines(name).collect::<Vec<_>>();
        let (standard, usual) = (lines_of(header::FORWARDED), lines_of(X_FORWARDED_FOR));
        let client = self.proxies.client(peer.ip(), standard.iter().copied(), usual.iter().copied());
        let forwarded = !(standard.is_empty() && usual.is_empty());
        if client.local && forwarded && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "requests come through a proxy that http.trusted_proxies does not name: networks are not limited"
            );
        }
        client
    }

    /// Takes the request's permit, unless it has it from those who looked for an answer in memory.
    pub async fn admit(&self, request: &HttpRequest, actor: &Actor) -> Result<(), Refused> {
        if request.extensions().contains::<Admitted>() {
            return Ok(());
        }
        self.take(request, actor).await
    }

    /// The request has its permit.
    pub fn admitted(request: &HttpRequest) {
        request.extensions_mut().insert(Admitted);
    }

    /// Takes a permit.
    pub async fn take(&self, request: &HttpRequest, actor: &Actor) -> Result<(), Refused> {
        let (figure, subject) = match actor {
            // An administrator's programs are limited too.
            Actor::Member { id, .. } if actor.has_api_key() => (Figure::ApiKey, Subject::Programs(id.uuid().as_u128())),
            Actor::Member { id, role, .. } => {
                let figure = match role.as_str() {
                    _ if actor.may(Permission::Admin) => Figure::Admin,
                    role if PREMIUM.contains(&role) => Figure::Premium,
                    _ => Figure::Member,
                };
                (figure, Subject::Member(id.uuid().as_u128()))
            }
            Actor::Anonymous | Actor::System(_) | Actor::Service(_) => {
                let client = self.client(request);
                if client.local {
                    return Ok(());
                }
                (Figure::Anonymous, Subject::Network(client.network))
            }
        };
        match self.limit(figure) {
            Some(limit) => self.limits.take(limit, subject).await,
            None => Ok(()),
        }
    }
}

/// Unknown API keys, limited by network. A key in this host's memory is never unknown.
impl RateLimits {
    /// Refuses a key that was refused a moment ago, and a network that has sent too many unknown ones. Takes no permit.
    pub fn may_show_unknown_key(&self, request: &HttpRequest, key: &str) -> Result<(), Problem> {
        if let Some(problem) = self.refused_keys.refusal(key, Instant::now()) {
            return Err(problem);
        }
        match self.unknown_key(request) {
            Some((limit, subject)) => self.limits.is_refused(limit, subject).map_err(Problem::too_often),
            None => Ok(()),
        }
    }

    /// Counts a key that was refused as unknown.
    pub async fn showed_unknown_key(&self, request: &HttpRequest, key: &str, problem: &Problem) {
        self.refused_keys.keep(key, problem, Instant::now());
        if let Some((limit, subject)) = self.unknown_key(request) {
            // A refusal counts from the next key on.
            self.limits.take(limit, subject).await.ok();
        }
    }

    fn unknown_key(&self, request: &HttpRequest) -> Option<(&Limit, Subject)> {
        let client = self.client(request);
        let limit = self.limit(Figure::UnknownKeyNetwork).filter(|_| !client.local)?;
        Some((limit, Subject::Network(client.network)))
    }
}

/// The request has its permit.
struct Admitted;

/// What a route costs besides the request: a try at something, with a figure for an account from one network, one for an
/// account from everywhere, and one for a network.
pub trait Class: 'static {
    const ACCOUNT: Figure;
    const ANYWHERE: Option<Figure> = None;
    const NETWORK: Option<Figure> = None;
}

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident: $account:ident $(, anywhere: $anywhere:ident)? $(, network: $network:ident)?;)+) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Class for $name {
            const ACCOUNT: Figure = Figure::$account;
            $(const ANYWHERE: Option<Figure> = Some(Figure::$anywhere);)?
            $(const NETWORK: Option<Figure> = Some(Figure::$network);)?
        }
    )+};
}

classes! {
    /// A password is tried.
    LogInTry: LogInAccount, anywhere: LogInAnywhere, network: LogInNetwork;
    /// An account is opened.
    RegisterTry: RegisterAccount, network: RegisterNetwork;
    /// A letter goes to somebody who may not have asked for it.
    ForgotTry: ForgotAccount, network: ForgotNetwork;
    /// A token out of a letter is tried.
    VerifyTry: VerifyAccount, network: VerifyNetwork;
    /// A member tries their own password.
    PasswordTry: PasswordAccount;
    /// A member makes an API key.
    MakeKeyTry: MakeKeyAccount;
}

/// What a route of class `C` costs. The handler says at which account the try is, as soon as it knows.
pub struct Tries<C> {
    limits: web::Data<RateLimits>,
    client: Client,
    class: PhantomData<C>,
}

impl<C> FromRequest for Tries<C> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Most tries are passwords, which wait for a turn to be hashed.
        Unmeasured::mark(request);
        let limits = request.app_data::<web::Data<RateLimits>>().ok_or_else(Problem::not_found);
        ready(limits.map(|limits| Self { limits: limits.clone(), client: limits.client(request), class: PhantomData }))
    }
}

impl<C: Class> Tries<C> {
    /// A try at the account of this address, or at what this token stands for. Whether there is such an account makes no
    /// difference.
    pub async fn at(self, account: &str) -> Result<Try, Problem> {
        let from = Subject::account_from(account, self.client.network);
        self.take(from, Subject::account(account)).await
    }

    /// A try at the account of a member who is logged in.
    pub async fn of(self, member: UserId) -> Result<Try, Problem> {
        let member = Subject::Member(member.uuid().as_u128());
        self.take(member, member).await
    }

    async fn take(self, account: Subject, anywhere: Subject) -> Result<Try, Problem> {
        let network = C::NETWORK.filter(|_| !self.client.local);
        let costs = [(Some(C::ACCOUNT), account), (network, Subject::Network(self.client.network))];
        let limits = &self.limits;
        let known = |costs: &[(Option<Figure>, Subject)]| -> Vec<(&Limit, Subject)> {
            costs.iter().filter_map(|(figure, subject)| Some((limits.limit((*figure)?)?, *subject))).collect()
        };
        let nearby = known(&costs);
        // The limit of this network comes first. While Redis is away the limits are taken one by one, and a guesser who has
        // used up their own must not use up the one that the owner needs from elsewhere.
        let all = [nearby.clone(), known(&[(C::ANYWHERE, anywhere)])].concat();
        let taken = match limits.limits.take_all(&all).await {
            // A right password came from there before: guesses from elsewhere do not lock its owner out.
            Err(refused) if C::ANYWHERE.is_some_and(|figure| figure.name() == refused.class) => {
                if limits.limits.remembers(account).await {
                    limits.limits.take_all(&nearby).await
                } else {
                    Err(refused)
                }
            }
            taken => taken,
        };
        let taken = taken.map_err(Problem::too_often)?;
        let remember = C::ANYWHERE.map(|_| account);
        let at_home = match remember {
            Some(subject) => limits.limits.remembers(subject).await,
            None => false,
        };
        let network = (!self.client.local).then(|| self.client.network.number());
        Ok(Try { limits: self.limits, taken, remember, origin: Origin { network, at_home } })
    }
}

/// A try that was taken, and counts unless it turns out well.
#[must_use = "say how it turned out: spent() or judged()"]
pub struct Try {
    limits: web::Data<RateLimits>,
    taken: Taken,
    /// From where the account is tried, to be remembered when it turns out well.
    remember: Option<Subject>,
    pub origin: Origin,
}

/// Where a try comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// `None`: from this machine, where everybody has the same.
    pub network: Option<u128>,
    /// The right password came from there before.
    pub at_home: bool,
}

impl Try {
    /// It counts, however it turns out.
    pub fn spent(self) {
        drop(self.taken);
    }

    /// It counts only if it was refused: a right password costs nothing, nor does one that could not be looked at.
    pub async fn judged<T, R: Refusal>(self, outcome: Result<T, R>) -> Result<T, R> {
        let counts = outcome.as_ref().is_err_and(|refused| {
            matches!(
                refused.kind(),
                ErrorKind::Invalid | ErrorKind::Unauthenticated | ErrorKind::Forbidden | ErrorKind::NotFound
            )
        });
        if !counts {
            self.limits.limits.give_back(self.taken).await;
        }
        if let (Ok(_), Some(subject)) = (&outcome, self.remember) {
            self.limits.limits.remember(subject).await;
        }
        outcome
    }
}
