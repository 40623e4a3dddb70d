//! The processes that run what this one does not.

use std::sync::Arc;

use anyhow::{Context as _, bail};

use crate::contexts::Context;
use crate::http::edge::internal::peer::Peer;
use crate::settings::Settings;

#[derive(Default)]
pub struct Peers {
    /// One for each address.
    all: Vec<Arc<Peer>>,
    by_context: Vec<(Context, Arc<dyn cqrs::Peer>)>,
}

impl Peers {
    /// To each context that is not `here`. A context that is nowhere is an error that names it.
    pub fn of(settings: &Settings, here: &[Context]) -> anyhow::Result<Self> {
        let elsewhere: Vec<Context> = Context::ALL.iter().copied().filter(|context| !here.contains(context)).collect();
        let lost = elsewhere.iter().find(|context| settings.peers.of(**context).is_none());
        match lost.map(|context| context.name()) {
            None => Self::to_each(settings, &elsewhere),
            Some(name) => bail!("{name} does not run here, and peers.{name} does not say where"),
        }
    }

    /// To all that have a line.
    pub fn named(settings: &Settings) -> anyhow::Result<Self> {
        Self::to_each(settings, Context::ALL)
    }

    fn to_each(settings: &Settings, contexts: &[Context]) -> anyhow::Result<Self> {
        let mut addresses: Vec<(&str, Vec<Context>)> = Vec::new();
        for context in contexts {
            let Some(url) = settings.peers.of(*context) else { continue };
            match addresses.iter_mut().find(|(known, _)| *known == url) {
                Some((_, contexts)) => contexts.push(*context),
                None => addresses.push((url, vec![*context])),
            }
        }
        let mut peers = Self::default();
        for (url, contexts) in addresses {
            let token = settings.internal.token.as_ref().context("internal.token is not set")?;
            let peer = Peer::new(url, contexts.iter().map(|context| context.name()).collect(), token)?;
            peers.by_context.extend(contexts.into_iter().map(|it| (it, Arc::clone(&peer) as Arc<dyn cqrs::Peer>)));
            peers.all.push(peer);
        }
        Ok(peers)
    }

    /// `None`: it runs here.
    pub fn to(&self, context: Context) -> Option<Arc<dyn cqrs::Peer>> {
        self.by_context.iter().find(|(there, _)| *there == context).map(|(_, peer)| Arc::clone(peer))
    }

    pub fn all(&self) -> Vec<Arc<Peer>> {
        self.all.clone()
    }
}
