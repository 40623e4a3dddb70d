//! Finding the master where there are several servers: Sentinels know it for a group, the nodes of a cluster for each slot.
//!
//! # Most of them
//!
//! Whoever is asked alone may be wrong: a Sentinel or a node that was cut off, or frozen and woke, names the master of
//! before. Two hosts that believed in two masters would each write views that the other does not read. So every address
//! that we were given is asked all the time ([`EVERY`]), and a master is whom **most** of them name, with the same *epoch*:
//! the number that both Sentinels and clusters raise with each failover.
//!
//! # How long that is good for
//!
//! From when they were asked, an answer is good for [`GOOD`]. After that the connection is not used until most have
//! answered again, also when it works: we may have been cut off together with the old master. A host takes up a new master
//! only [`TAKEN_UP`] after it first saw most of them name it. By then nobody is left who trusts the old one: those who
//! name the new one do not go back, so nobody finds most of them for the old one any more, and whatever anybody asked
//! before is no longer good. The lease on memory (`roll.rs`) ends within that time, too.
//!
//! So a cut-off host has no Redis, as if Redis were away. While most Sentinels are away nobody has it: PostgreSQL answers.
//!
//! # What the new master lacks
//!
//! It may be behind, and nobody can say by how much. `link.rs` asks it for its `run_id`, which is not the one in the
//! markers of the projections, so all of them are rebuilt from PostgreSQL. A server that is made master again without a
//! restart has the `run_id` of before; the epoch, which belongs to our name for it, is another one.

use std::{sync::Arc, time::Duration};

use deadpool_redis::redis::{
    self, AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, RedisError, RedisResult, aio::MultiplexedConnection,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};

use crate::{address, roll::OVER};

/// How often each of them is asked.
const EVERY: Duration = Duration::from_millis(250);
/// How long one may take to answer, with connecting.
const PATIENCE: Duration = Duration::from_millis(700);
/// How long an answer is good for.
const GOOD: Duration = Duration::from_secs(1);
/// How long most have named a new master before it is taken up.
const TAKEN_UP: Duration = GOOD.saturating_add(OVER);

/// A master, as it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Another one after each failover.
    pub(crate) epoch: u64,
}

/// What one of them said: the master of some slots.
pub(crate) type Said = Vec<(std::ops::RangeInclusive<u16>, Named)>;

/// The last answer of each, and when it was asked for.
type Answers = Vec<Option<(Instant, Said)>>;

pub(crate) enum Question {
    /// To Sentinels: who is the master of this group?
    Group(String),
    /// To nodes of a cluster: who are the masters?
    Cluster,
}

/// All masters that most name. Asks until the last clone of the value that [`Masters::ask`] gave is gone.
#[derive(Clone)]
pub(crate) struct Masters {
    answers: watch::Receiver<Answers>,
    /// How a master is spoken to: user, password, TLS, database.
    manner: Arc<Client>,
}

impl Masters {
    pub(crate) fn ask(of: Vec<Client>, question: Question, manner: Client, runtime: &tokio::runtime::Handle) -> Self {
        let (answers, seen) = watch::channel(vec![None; of.len()]);
        let (answers, question) = (Arc::new(answers), Arc::new(question));
        for (nth, client) in of.into_iter().enumerate() {
            runtime.spawn(ask_on(client, nth, Arc::clone(&question), Arc::clone(&answers)));
        }
        Self { answers: seen, manner: Arc::new(manner) }
    }

    /// How many answer, of how many.
    pub(crate) fn answering(&self) -> (usize, usize) {
        let answers = self.answers.borrow();
        let now = Instant::now();
        (answers.iter().flatten().filter(|(asked, _)| now < *asked + GOOD).count(), answers.len())
    }

    /// The one that is master of `slot`, and until when that is certain.
    fn of(&self, slot: u16) -> Option<(Named, Instant)> {
        most(&self.answers.borrow(), slot)
    }
}

fn most(answers: &Answers, slot: u16) -> Option<(Named, Instant)> {
    let named = |said: &Said| said.iter().find(|(slots, _)| slots.contains(&slot)).map(|(_, named)| named.clone());
    let mut named: Vec<(Named, Instant)> =
        answers.iter().flatten().filter_map(|(asked, said)| Some((named(said)?, *asked))).collect();
    let needed = answers.len() / 2 + 1;
    let of_most =
        named.iter().map(|(one, _)| one).find(|one| named.iter().filter(|(n, _)| n == *one).count() >= needed);
    let of_most = of_most?.clone();
    named.retain(|(one, _)| *one == of_most);
    named.sort_unstable_by_key(|(_, asked)| std::cmp::Reverse(*asked));
    named.into_iter().nth(needed - 1).map(|(one, asked)| (one, asked + GOOD))
}

/// The master of one slot, as a link wants it.
pub(crate) struct Master {
    masters: Masters,
    slot: u16,
    /// Whom most name, and since when we have seen that.
    first_seen: std::sync::Mutex<Option<(Named, Instant)>>,
}

impl Master {
    pub(crate) fn new(masters: Masters, slot: u16) -> Self {
        Self { masters, slot, first_seen: std::sync::Mutex::default() }
    }

    pub(crate) fn client(&self, named: &Named) -> RedisResult<Client> {
        address::speaking_as(&self.masters.manner, &named.host, named.port)
    }

    /// Whom we may use now.
    pub(crate) fn now(&self) -> Option<Named> {
        let now = Instant::now();
        let (named, since) = self.seen(now)?;
        (now >= since + TAKEN_UP).then_some(named)
    }

    /// Waits until we may use one.
    pub(crate) async fn found(&self) -> RedisResult<Named> {
        let mut answers = self.masters.answers.clone();
        loop {
            if let Some(named) = self.now() {
                return Ok(named);
            }
            let since = self.seen(Instant::now()).map(|(_, since)| since + TAKEN_UP);
            let changed = answers.changed();
            let gone = match since {
                Some(due) => tokio::select! {
                    changed = changed => changed.is_err(),
                    () = sleep_until(due) => false,
                },
                None => changed.await.is_err(),
            };
            if gone {
                return Err(RedisError::from((ErrorKind::Client, "nobody asks for the master any more")));
            }
        }
    }

    fn seen(&self, now: Instant) -> Option<(Named, Instant)> {
        let (named, until) = self.masters.of(self.slot)?;
        if until <= now {
            return None;
        }
        let mut first = self.first_seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*first {
            Some((before, since)) if *before == named => Some((named, *since)),
            _ => {
                tracing::info!(
                    host = named.host,
                    port = named.port,
                    epoch = named.epoch,
                    slot = self.slot,
                    "Redis has a master"
                );
                *first = Some((named.clone(), now));
                Some((named, now))
            }
        }
    }
}

async fn ask_on(client: Client, nth: usize, question: Arc<Question>, answers: Arc<watch::Sender<Answers>>) {
    let mut line = None;
    loop {
        let asked = Instant::now();
        match timeout(PATIENCE, ask(&client, &mut line, &question)).await {
            Ok(Ok(said)) => {
                answers.send_modify(|all| all[nth] = Some((asked, said)));
            }
            Ok(Err(error)) => {
                tracing::debug!(at = %client.get_connection_info().addr(), %error, "cannot be asked for the master");
                line = None;
            }
            Err(_elapsed) => line = None,
        }
        tokio::select! {
            () = sleep_until(asked + EVERY) => {}
            () = answers.closed() => return,
        }
    }
}

async fn ask(client: &Client, line: &mut Option<MultiplexedConnection>, question: &Question) -> RedisResult<Said> {
    let connection = match line {
        Some(connection) => connection,
        None => {
            let config = AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE));
            line.insert(client.get_multiplexed_async_connection_with_config(&config).await?)
        }
    };
    match question {
        Question::Group(name) => {
            let ask = redis::cmd("SENTINEL").arg("MASTER").arg(name).to_owned();
            let fields: std::collections::HashMap<String, String> = ask.query_async(connection).await?;
            of_group(&fields).ok_or_else(|| RedisError::from((ErrorKind::Client, "a Sentinel names no master")))
        }
        Question::Cluster => {
            let nodes: String = redis::cmd("CLUSTER").arg("NODES").query_async(connection).await?;
            let asked = client.get_connection_info().addr();
            let here = match asked {
                ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host.as_str(),
                _ => "",
            };
            Ok(of_cluster(&nodes, here))
        }
    }
}

fn of_group(fields: &std::collections::HashMap<String, String>) -> Option<Said> {
    let named = Named {
        host: fields.get("ip")?.clone(),
        port: fields.get("port")?.parse().ok()?,
        epoch: fields.get("config-epoch")?.parse().ok()?,
    };
    Some(vec![(0..=u16::MAX, named)])
}

/// Each line is: id, address, flags, master, two times, epoch, state, slots. `here` is for a node that knows no address of
/// its own.
fn of_cluster(nodes: &str, here: &str) -> Said {
    let mut said = Vec::new();
    for line in nodes.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, address, flags, _, _, _, epoch, _, slots @ ..] = fields.as_slice() else { continue };
        if !flags.split(',').any(|flag| flag == "master") {
            continue;
        }
        // `10.0.0.7:6379@16379,redis-7.example`
        let (address, names) = address.split_once('@').unwrap_or((address, ""));
        let Some((ip, port)) = address.rsplit_once(':') else { continue };
        let name = names.split(',').nth(1).filter(|name| !name.is_empty() && !name.contains('='));
        let ip = ip.trim_matches(|bracket| "[]".contains(bracket));
        let host = name.or(Some(ip).filter(|ip| !ip.is_empty())).unwrap_or(here);
        let (Ok(port), Ok(epoch)) = (port.parse(), epoch.parse()) else { continue };
        for slots in slots.iter().filter(|slots| !slots.starts_with('[')) {
            let (first, last) = slots.split_once('-').unwrap_or((slots, slots));
            if let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) {
                said.push((first..=last, Named { host: host.to_owned(), port, epoch }));
            }
        }
    }
    said
}

/// The slot of a hash tag: CRC16 (XMODEM) of it, modulo 16,384.
pub(crate) fn slot(tag: &str) -> u16 {
    let crc = tag.bytes().fold(0_u16, |crc, byte| {
        (0..8)
            .fold(crc ^ (u16::from(byte) << 8), |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 })
    });
    crc % 16_384
}

#[cfg(test)]
mod tests;
