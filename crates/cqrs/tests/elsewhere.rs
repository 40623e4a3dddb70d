//! Messages that are handled in another process: whoever sends them does not notice.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cqrs::{
    Call, Caller, CommandBus, Crossing, Endpoint, MissingHandler, Outgoing, Peer, QueryBus, QueryHandler,
    RefusedElsewhere,
};
use kernel::{Actor, ErrorKind, Position, Query, Refusal};
use serde::{Deserialize, Serialize};
use support::{Add, AddError, Counter};
use testkit::{a_user, member};

cqrs::travels_as_it_is!(Add, Who);

/// Who asks, as the handler sees it.
#[derive(Debug, Serialize, Deserialize)]
struct Who;

impl Query for Who {
    const NAME: &'static str = "who";
    type Answer = (String, String);
    type Error = AddError;
}

struct Seeing;

#[async_trait]
impl QueryHandler<Who> for Seeing {
    async fn handle(&self, call: &Call, _: Who) -> Result<(String, String), AddError> {
        Ok((format!("{:?}", call.actor()), call.trace().to_owned()))
    }
}

/// Another process: its endpoints, and how often it was asked.
#[derive(Default)]
struct There {
    endpoints: Vec<(&'static str, Arc<dyn Endpoint>)>,
    asked: AtomicU32,
    last: std::sync::Mutex<Option<(Duration, bool)>>,
}

#[async_trait]
impl Peer for There {
    async fn send(&self, message: Outgoing) -> Result<Vec<u8>, RefusedElsewhere> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        *self.last.lock().unwrap() = Some((message.within, message.twice_is_once));
        let endpoint = self.endpoints.iter().find(|(name, _)| *name == message.name);
        let (_, endpoint) = endpoint.ok_or_else(|| RefusedElsewhere::away("nobody is there"))?;
        endpoint.reply(&message.body).await.map_err(RefusedElsewhere::misunderstood)
    }
}

struct Two {
    counter: Counter,
    there: Arc<There>,
    /// Of the process that has no handler.
    commands: CommandBus,
    queries: QueryBus,
}

async fn two_processes() -> Result<Two, MissingHandler> {
    let counter = Counter::new().await;
    let builders = || cqrs::builders(counter.clock.clone(), counter.events.clone(), None);
    let crossings = [Crossing::command::<Add>(), Crossing::query::<Who>()];
    let (mut commands, mut queries) = builders();
    commands.register::<Add>(&counter.pool, counter.adder.clone());
    queries.register::<Who>(&counter.pool, Seeing);
    let (commands, queries) = (commands.build().unwrap(), queries.build().unwrap());
    let mut there = There::default();
    for crossing in &crossings {
        there.endpoints.push((crossing.name, crossing.endpoint(&commands, &queries)?));
    }
    let there = Arc::new(there);
    let peer: Arc<dyn Peer> = there.clone();
    let (mut commands, mut queries) = builders();
    crossings.iter().for_each(|crossing| crossing.lead_to(&peer, &mut commands, &mut queries));
    Ok(Two { commands: commands.build().unwrap(), queries: queries.build().unwrap(), counter, there })
}

#[tokio::test]
async fn a_command_is_done_there_and_its_answer_position_and_refusal_come_back() {
    let two = two_processes().await.unwrap();
    let add = two.commands.dispatch::<Add>().unwrap();
    let done = add.send(&member(a_user()), Add { by: 60 }).await.unwrap();
    assert_eq!(done.output, 60);
    assert_eq!(done.position, Some(two.counter.events.latest().await.unwrap().into()));
    let refused = add.send(&member(a_user()), Add { by: 60 }).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "TOO_MUCH"));
    assert_eq!(refused.to_string(), "a hundred is enough");
    assert_eq!(two.counter.n().await, 60);
}

#[tokio::test]
async fn a_key_means_once_and_lets_a_command_be_sent_again() {
    let two = two_processes().await.unwrap();
    let add = two.commands.dispatch::<Add>().unwrap();
    let mut caller: Caller = member(a_user());
    add.send(&caller, Add { by: 1 }).await.unwrap();
    assert!(!two.there.last.lock().unwrap().unwrap().1, "what has no key is sent once");
    caller.idempotency_key = Some("once".to_owned());
    let first = add.send(&caller, Add { by: 2 }).await.unwrap();
    let again = add.send(&caller, Add { by: 2 }).await.unwrap();
    assert!(two.there.last.lock().unwrap().unwrap().1);
    assert_eq!((first.output, first.position), (again.output, again.position));
    assert_eq!(two.counter.n().await, 3);
    let reused = add.send(&caller, Add { by: 3 }).await.unwrap_err();
    assert_eq!((reused.kind(), reused.code()), (ErrorKind::Conflict, "IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(reused.details().len(), 1);
}

#[tokio::test]
async fn who_asks_and_what_they_demand_arrives() {
    let two = two_processes().await.unwrap();
    let ask = two.queries.asking::<Who>().unwrap();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    let caller = Caller::new(member(a_user()).actor, trace);
    for actor in [Actor::Anonymous, Actor::System("gate"), caller.actor.clone(), caller.as_service("books").actor] {
        let (who, seen) = ask.ask(&Caller::new(actor.clone(), trace), Who).await.unwrap();
        assert_eq!(who, format!("{actor:?}"));
        assert!(seen.contains("4bf92f3577b34da6a3ce929d0e0e4736"), "{seen}");
    }
    // It says that it lacks what the caller has seen.
    let mut demanding: Caller = member(a_user());
    demanding.min_positions = vec![Position { transaction: i64::MAX, sequence: i64::MAX }.into()];
    ask.ask(&demanding, Who).await.unwrap();
    assert_eq!(demanding.behind.named().as_deref(), Some("books"));
}

#[tokio::test]
async fn a_process_that_is_away_is_something_that_is_away() {
    let two = two_processes().await.unwrap();
    let peer: Arc<dyn Peer> = Arc::new(There::default());
    let (mut commands, mut queries) = cqrs::builders(two.counter.clock.clone(), two.counter.events.clone(), None);
    Crossing::command::<Add>().lead_to(&peer, &mut commands, &mut queries);
    Crossing::query::<Who>().lead_to(&peer, &mut commands, &mut queries);
    let add = commands.build().unwrap().dispatch::<Add>().unwrap();
    let ask = queries.build().unwrap().asking::<Who>().unwrap();
    let caller = member(a_user());
    let refused = add.send(&caller, Add { by: 1 }).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Unavailable, "UNAVAILABLE"));
    assert_eq!(ask.ask(&caller, Who).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_the_reason() {
    let two = two_processes().await.unwrap();
    let (_, add) = &two.there.endpoints[0];
    for (body, why) in [
        (r#"{"#, "EOF"),
        (r#"{"caller":{"actor":{"kind":"anonymous"},"trace":""},"message":{}}"#, "missing field `by`"),
        (r#"{"caller":{"actor":{"kind":"ghost"},"trace":""},"message":{"by":1}}"#, "unknown variant `ghost`"),
    ] {
        let refused = add.reply(body.as_bytes()).await.unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    // What a newer build adds is passed over.
    let newer = r#"{"caller":{"actor":{"kind":"anonymous"},"trace":"","mood":"fine"},"message":{"by":1,"at":2}}"#;
    add.reply(newer.as_bytes()).await.unwrap();
    assert_eq!(two.counter.n().await, 1);
}
