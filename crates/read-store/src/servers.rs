//! The servers of a community. One keeps everything, as long as there is no cluster: then each tag has the server that its
//! slot is on, with a connection, a breaker, and for a projection changes and a roll of its own. So a node that is away costs
//! what is on it, and nothing else.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use breaker::Breaker;
use tokio::runtime::Handle;

use crate::{
    Settings, SettingsError, address,
    call::Caller,
    changes::Changes,
    link::{Link, Way},
    masters::{Master, Masters, Question, slot},
    metrics,
    settings::Deployment,
};

/// The tag of what no projection publishes.
const ANNOUNCEMENTS: &str = "announcements";

pub(crate) struct Servers {
    settings: Arc<Settings>,
    runtime: Handle,
    /// Who is asked for masters.
    masters: Option<Masters>,
    is_cluster: bool,
    /// By tag in a cluster, else one.
    callers: Mutex<BTreeMap<String, Arc<Caller>>>,
    changes: Mutex<BTreeMap<String, Arc<Changes>>>,
}

impl Servers {
    pub(crate) fn new(settings: &Arc<Settings>) -> Result<Self, SettingsError> {
        let runtime = Handle::try_current().map_err(|_| SettingsError::NoRuntime)?;
        let client = address::client(&settings.url, &settings.tls)?;
        let is_cluster = matches!(settings.deployment, Deployment::Cluster { .. });
        let (masters, way) = match &settings.deployment {
            Deployment::One => (None, Some(Way::To(client))),
            Deployment::Sentinels { addresses, master } => {
                let of = addresses.iter().map(|url| address::client(url, &settings.tls)).collect::<Result<_, _>>()?;
                let masters = Masters::ask(of, Question::Group(master.clone()), client, &runtime);
                (Some(masters.clone()), Some(Way::ToMaster(Master::new(masters, 0))))
            }
            Deployment::Cluster { nodes } => {
                let of = nodes.iter().map(|node| address::client_at(&client, node)).collect::<Result<_, _>>()?;
                (Some(Masters::ask(of, Question::Cluster, client, &runtime)), None)
            }
        };
        let servers = Self {
            settings: Arc::clone(settings),
            runtime,
            masters,
            is_cluster,
            callers: Mutex::default(),
            changes: Mutex::default(),
        };
        if let Some(way) = way {
            locked(&servers.callers).insert(String::new(), servers.caller_to(way));
        }
        servers.announcements();
        Ok(servers)
    }

    /// Where keys with this hash tag are.
    pub(crate) fn caller(&self, tag: &str) -> Arc<Caller> {
        let key = self.key(tag);
        let mut callers = locked(&self.callers);
        if let Some(caller) = callers.get(key) {
            return Arc::clone(caller);
        }
        let masters = self.masters.clone().expect("without a cluster there is one from the beginning");
        let caller = self.caller_to(Way::ToMaster(Master::new(masters, slot(tag))));
        callers.insert(key.to_owned(), Arc::clone(&caller));
        caller
    }

    /// What changes in a projection.
    pub(crate) fn changes(&self, projection: &str) -> Arc<Changes> {
        let caller = self.caller(projection);
        let key = self.key(projection);
        let new = || Arc::new(Changes::new(caller, &self.settings, self.is_cluster.then_some(key)));
        Arc::clone(locked(&self.changes).entry(key.to_owned()).or_insert_with(new))
    }

    /// What processes tell each other.
    pub(crate) fn announcements(&self) -> Arc<Changes> {
        self.changes(ANNOUNCEMENTS)
    }

    pub(crate) fn all_callers(&self) -> Vec<Arc<Caller>> {
        locked(&self.callers).values().cloned().collect()
    }

    pub(crate) fn all_changes(&self) -> Vec<Arc<Changes>> {
        locked(&self.changes).values().cloned().collect()
    }

    /// How many of those who are asked for masters answer, and how many they are. `None`: nobody is asked.
    pub(crate) fn answering(&self) -> Option<(usize, usize)> {
        self.masters.as_ref().map(Masters::answering)
    }

    fn key<'t>(&self, tag: &'t str) -> &'t str {
        if self.is_cluster { tag } else { "" }
    }

    fn caller_to(&self, way: Way) -> Arc<Caller> {
        let link = Link::new(way, self.settings.connect_timeout, self.runtime.clone());
        Arc::new(Caller::new(Breaker::new(self.settings.breaker, metrics::breaker()), link))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
