//! NATS between databases, where `[nats]` names servers: what the contexts of this process tell is brought onto it, and events of
//! other databases come over it.

use std::sync::Arc;

use anyhow::Context as _;
use event_bus::{EventBus, Owner};
use event_road::Road;
use secrecy::ExposeSecret;

use crate::background::Background;
use crate::contexts::Context;
use crate::settings::Settings;

/// `None`: there is no NATS.
pub fn settings(settings: &Settings) -> Option<event_road::Settings> {
    let nats = &settings.nats;
    (!nats.urls.is_empty()).then(|| event_road::Settings {
        servers: nats.urls.iter().map(|url| url.expose_secret().to_owned()).collect(),
        prefix: nats.prefix(&settings.redis.prefix).to_owned(),
        replicas: nats.replicas,
        authority: nats.ca_file.clone(),
        name: "folkshelf".to_owned(),
    })
}

pub async fn open(settings: Option<&event_road::Settings>) -> anyhow::Result<Option<Road>> {
    let Some(settings) = settings else { return Ok(None) };
    Ok(Some(Road::connect(settings.clone()).await.context("nats.urls cannot be used")?))
}

/// The events of other databases: over the road, where there is one.
pub fn over(road: Option<&Road>, owners: &[(String, Arc<dyn Owner>)]) -> Vec<(String, Arc<dyn Owner>)> {
    let owners = owners.iter().map(|(context, owner)| {
        let owner = Arc::clone(owner);
        (context.clone(), road.map_or_else(|| Arc::clone(&owner), |road| road.from(context, Arc::clone(&owner))))
    });
    owners.collect()
}

/// Brings onto the road what these contexts tell.
pub fn relay(road: &Road, events: &EventBus, contexts: impl Iterator<Item = Context>, background: &Background) {
    for context in contexts {
        let (road, events) = (road.clone(), events.clone());
        background.run(|until| async move {
            until.run_until_cancelled(road.relay(events, context.name())).await;
        });
    }
}
