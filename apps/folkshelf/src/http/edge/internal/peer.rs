//! The way to another process: bounded in time, behind a breaker, and once more where that is safe.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_trait::async_trait;
use breaker::{Breaker, BreakerSettings, BreakerState};
use cqrs::{Outgoing, RefusedElsewhere, ToldThere};
use event_bus::{Owner, OwnerError, Page};
use kernel::EventId;
use prometheus::{HistogramVec, IntGaugeVec, register_histogram_vec, register_int_gauge_vec};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use super::{ANSWERS, CONTEXTS, EVENTS, Fed, MESSAGES, PROJECTIONS, SHOWN, Told, WITHIN, Wanted};

/// A process that is there takes a connection at once.
const CONNECTS_WITHIN: Duration = Duration::from_millis(500);
/// How long another process is given for what administrators ask of all of them.
const TELLS_WITHIN: Duration = Duration::from_secs(3);
/// How long a question takes that is answered from memory.
const WAY: Duration = Duration::from_millis(100);
/// How long it is given for a page of events that lie far behind, beyond the time that it waits for new ones.
const FEEDS_WITHIN: Duration = Duration::from_secs(25);
/// How long it is given to forget a lot of answers.
const FORGETS_WITHIN: Duration = Duration::from_secs(30);
/// Five hundred events of the longest kind, with room to spare.
const LONGEST_ANSWER: usize = 32 * 1024 * 1024;
/// How long a connection is kept that nobody uses: less than the other side keeps it.
const IDLE: Duration = Duration::from_secs(30);
/// So many calls in vain, one after the other, and nobody calls for a second.
const FAILURES: u32 = 3;

/// How often a process that was never there is looked for, and of how many looks one is in the log.
const LOOKS_EVERY: Duration = Duration::from_secs(2);
const LONG: u32 = 10;

static SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    register_histogram_vec!(
        "peer_call_seconds",
        "Seconds until another process answered what this one asked it, or did not (answered, refused, away).",
        &["message", "outcome"],
        vec![0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0]
    )
    .expect("each metric is registered once")
});
static BREAKER: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    register_int_gauge_vec!(
        "peer_breaker_state",
        "Whether calls to the process at an address go out: 0 they do, 1 one tries, 2 they do not.",
        &["peer"]
    )
    .expect("each metric is registered once")
});

/// Another process, or several of the same contexts behind one address.
pub struct Peer {
    url: String,
    /// What it runs, by name.
    pub contexts: Vec<&'static str>,
    client: Client,
    token: HeaderValue,
    breaker: Breaker,
}

/// What became of a call.
enum Failed {
    /// It never left.
    NotSent(String),
    /// Nobody knows whether it was heard.
    Lost(String),
    TimedOut,
    /// It was heard and not understood.
    Misunderstood(String),
}

impl Failed {
    fn refusal(self, url: &str) -> RefusedElsewhere {
        match self {
            Self::NotSent(why) | Self::Lost(why) => RefusedElsewhere::away(format!("{url} did not answer: {why}")),
            Self::TimedOut => RefusedElsewhere::away(format!("{url} did not answer in time")),
            Self::Misunderstood(why) => RefusedElsewhere::misunderstood(format!("{url}: {why}")),
        }
    }
}

/// The causes say what happened: the error itself only that it did.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    text
}

impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        match () {
            () if error.is_connect() => Self::NotSent(causes(&error)),
            () if error.is_timeout() => Self::TimedOut,
            () => Self::Lost(causes(&error)),
        }
    }
}

impl Peer {
    pub fn new(url: &str, contexts: Vec<&'static str>, token: &SecretString) -> anyhow::Result<Arc<Self>> {
        let client = Client::builder()
            .connect_timeout(CONNECTS_WITHIN)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            // What may be repeated is decided here.
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()?;
        let mut token = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
            .context("internal.token has a character that no header may have")?;
        token.set_sensitive(true);
        let settings = BreakerSettings { failures: FAILURES, ..BreakerSettings::default() };
        let gauge = BREAKER.with_label_values(&[url]);
        let breaker = Breaker::new(settings, move |state| gauge.set(state.number()));
        Ok(Arc::new(Self { url: url.to_owned(), contexts, client, token, breaker }))
    }

    /// Whether it has answered lately, as far as anybody has asked.
    pub fn is_away(&self) -> bool {
        self.breaker.state() != BreakerState::Closed
    }

    /// Whether the breaker is open or not.
    async fn exchange(&self, method: Method, path: &str, body: Vec<u8>, within: Duration) -> Result<Vec<u8>, Failed> {
        let request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .header(AUTHORIZATION, self.token.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(WITHIN, within.as_millis().to_string())
            .timeout(within)
            .body(body);
        let mut response = request.send().await?;
        let (status, mut body) = (response.status(), Vec::new());
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(Failed::Misunderstood(format!("its answer is longer than {LONGEST_ANSWER} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        match status {
            status if status.is_success() => Ok(body),
            // A proxy before several of them has found nobody; the token is another one, or the context runs elsewhere.
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::UNAUTHORIZED | StatusCode::MISDIRECTED_REQUEST => {
                Err(Failed::NotSent(status.to_string()))
            }
            // A proxy has lost who it had passed it on to.
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => Err(Failed::Lost(status.to_string())),
            StatusCode::REQUEST_TIMEOUT => Err(Failed::TimedOut),
            status => Err(Failed::Misunderstood(format!("{status}: {}", String::from_utf8_lossy(&body)))),
        }
    }

    async fn once(&self, method: Method, path: &str, body: Vec<u8>, within: Duration) -> Result<Vec<u8>, Failed> {
        let Some(permit) = self.breaker.admit(tokio::time::Instant::now()) else {
            return Err(Failed::NotSent("it did not answer a moment ago".to_owned()));
        };
        let answered = self.exchange(method, path, body, within).await;
        match &answered {
            Ok(_) | Err(Failed::Misunderstood(_)) => permit.succeeded(),
            Err(_) => {
                if permit.failed(tokio::time::Instant::now()) {
                    tracing::warn!(peer = self.url, contexts = ?self.contexts, "another process does not answer");
                }
            }
        }
        answered
    }

    /// Once more, where the first call did not arrive or may arrive twice.
    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        within: Duration,
        twice_is_once: bool,
    ) -> Result<Vec<u8>, Failed> {
        let begun = Instant::now();
        match self.once(method.clone(), path, body.clone(), within).await {
            Err(Failed::Lost(_)) if twice_is_once => {}
            Err(Failed::NotSent(_)) if !self.is_away() => {}
            outcome => return outcome,
        }
        self.once(method, path, body, within.saturating_sub(begun.elapsed())).await
    }

    async fn tell<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        within: Duration,
    ) -> Result<T, RefusedElsewhere> {
        let body =
            self.call(method, path, Vec::new(), within, true).await.map_err(|failed| failed.refusal(&self.url))?;
        serde_json::from_slice(&body).map_err(|error| RefusedElsewhere::misunderstood(error.to_string()))
    }

    /// Which of the contexts that it is asked for it does not run.
    pub async fn lacks(&self) -> Result<Vec<&'static str>, RefusedElsewhere> {
        let runs: Vec<String> = self.tell(Method::GET, CONTEXTS, TELLS_WITHIN).await?;
        Ok(self.contexts.iter().copied().filter(|context| !runs.iter().any(|name| name == context)).collect())
    }

    /// Says in the log, once it answers, whether it is the process that `peers` means; also that it does not answer for long.
    pub async fn introduce(&self) {
        let mut tries = 0_u32;
        loop {
            match self.lacks().await {
                Ok(lacking) if lacking.is_empty() => {
                    tracing::info!(peer = self.url, contexts = ?self.contexts, "another process is there");
                    return;
                }
                Ok(lacking) => {
                    tracing::error!(
                        peer = self.url,
                        ?lacking,
                        "peers leads to a process that does not run these contexts"
                    );
                }
                Err(error) if tries % LONG == LONG - 1 => {
                    tracing::warn!(peer = self.url, contexts = ?self.contexts, %error, "another process is not there yet");
                }
                Err(_) => {}
            }
            tries = tries.saturating_add(1);
            tokio::time::sleep(LOOKS_EVERY).await;
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its projections, as it sees them: what `admin::projections` shows.
    pub async fn projections<T: DeserializeOwned>(&self) -> Result<Vec<T>, RefusedElsewhere> {
        self.tell(Method::GET, PROJECTIONS, TELLS_WITHIN).await
    }

    /// It begins to rebuild one of its projections.
    pub async fn rebuild(&self, projection: &str) -> Result<(), RefusedElsewhere> {
        self.tell(Method::POST, &format!("{PROJECTIONS}/{projection}"), TELLS_WITHIN).await
    }

    /// Whether its database shows what was told in ours, now or at most `within`.
    pub async fn shows(&self, told: ToldThere<'_>, within: Duration) -> Result<bool, RefusedElsewhere> {
        let families = told.families.iter().map(|family| (*family).to_owned()).collect();
        let told = Told { context: told.context.to_owned(), position: told.position.to_string(), families, within };
        let body = serde_json::to_vec(&told).map_err(|error| RefusedElsewhere::misunderstood(error.to_string()))?;
        // It waits itself; what comes on top is the way there and back.
        let answered = self.call(Method::POST, SHOWN, body, within + WAY, true).await;
        let body = answered.map_err(|failed| failed.refusal(&self.url))?;
        serde_json::from_slice(&body).map_err(|error| RefusedElsewhere::misunderstood(error.to_string()))
    }

    /// It forgets some of its stored answers that are old; how many.
    pub async fn forget_answers(&self) -> Result<u64, RefusedElsewhere> {
        self.tell(Method::POST, ANSWERS, FORGETS_WITHIN).await
    }
}

#[async_trait]
impl cqrs::Peer for Peer {
    async fn send(&self, message: Outgoing) -> Result<Vec<u8>, RefusedElsewhere> {
        let Outgoing { name, body, within, twice_is_once } = message;
        let begun = Instant::now();
        let answered = self.call(Method::POST, &format!("{MESSAGES}/{name}"), body, within, twice_is_once).await;
        let outcome = match &answered {
            Ok(_) => "answered",
            Err(Failed::Misunderstood(_)) => "refused",
            Err(_) => "away",
        };
        SECONDS.with_label_values(&[name, outcome]).observe(begun.elapsed().as_secs_f64());
        answered.map_err(|failed| failed.refusal(&self.url))
    }
}

#[async_trait]
impl Owner for Peer {
    async fn events(
        &self,
        context: &str,
        after: Option<EventId>,
        limit: u32,
        wait: Duration,
    ) -> Result<Page, OwnerError> {
        let unreadable = |error: &dyn std::fmt::Display| OwnerError::Unreadable(error.to_string());
        let wait_for = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let wanted =
            serde_json::to_vec(&Wanted { after, limit, wait: wait_for }).map_err(|error| unreadable(&error))?;
        let path = format!("{EVENTS}/{context}");
        // An import has pauses of its own, and its tries keep nobody else from calling.
        let body = match self.exchange(Method::POST, &path, wanted, wait + FEEDS_WITHIN).await {
            Ok(body) => body,
            Err(Failed::Misunderstood(why)) => return Err(OwnerError::Unreadable(why)),
            Err(failed) => return Err(OwnerError::Unavailable(failed.refusal(&self.url).to_string())),
        };
        match serde_json::from_slice(&body).map_err(|error| unreadable(&error))? {
            Fed::Page(page) => Ok(page),
            Fed::UnknownCursor => Err(OwnerError::UnknownCursor),
            Fed::NotOwned => Err(OwnerError::NotOwned),
        }
    }
}

#[cfg(test)]
mod tests;
