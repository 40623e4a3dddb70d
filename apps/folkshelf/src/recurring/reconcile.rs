//! Compares what each context knows of members with what users says, and lets users tell again what is known wrongly.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use cqrs::{Ask, Caller, CommandBus, Dispatch, MissingHandler, QueryBus};
use event_bus::EventBus;
use jobs::{Job, JobError, Run};
use kernel::{KnownMember, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};
use users::{RetellMember, WalkMembers};

const NAME: &str = "members.reconcile";
/// Members that one step compares.
const PAGE: u32 = 500;
/// What differs is looked at again after this time: it may have been on its way.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Members whose ids the result names.
const NAMED: usize = 100;
/// Members that are told again in one run. More is no accident of one event, and wants somebody to look.
const MENDED: u64 = 1_000;

/// A context that keeps something of members.
#[async_trait]
trait Keeper: Send + Sync {
    async fn known(&self, caller: &Caller, ids: Vec<UserId>) -> Result<Vec<KnownMember>, JobError>;
}

struct Asked<Q: Query> {
    ask: Ask<Q>,
    of: fn(Vec<UserId>) -> Q,
}

#[async_trait]
impl<Q> Keeper for Asked<Q>
where
    Q: Query<Answer = Vec<KnownMember>>,
    cqrs::AskError<Q::Error>: Refusal,
{
    async fn known(&self, caller: &Caller, ids: Vec<UserId>) -> Result<Vec<KnownMember>, JobError> {
        self.ask.ask(caller, (self.of)(ids)).await.map_err(JobError::refused)
    }
}

pub struct Reconcile {
    walk: Ask<WalkMembers>,
    retell: Dispatch<RetellMember>,
    events: EventBus,
    keepers: Vec<(&'static str, Box<dyn Keeper>)>,
}

impl Reconcile {
    pub fn new(commands: &CommandBus, queries: &QueryBus, events: EventBus) -> Result<Self, MissingHandler> {
        Ok(Self {
            walk: queries.asking()?,
            retell: commands.dispatch()?,
            events,
            keepers: vec![
                ("auth", Box::new(Asked { ask: queries.asking()?, of: |ids| auth::KnownMembers { ids } })),
                ("books", Box::new(Asked { ask: queries.asking()?, of: |ids| books::KnownMembers { ids } })),
                ("borrowing", Box::new(Asked { ask: queries.asking()?, of: |ids| borrowing::KnownMembers { ids } })),
                (
                    "notifications",
                    Box::new(Asked { ask: queries.asking()?, of: |ids| notifications::KnownMembers { ids } }),
                ),
            ],
        })
    }
}

/// How far the walk is, and who differs where. What differs is kept as the job's result.
#[derive(Default, Serialize, Deserialize)]
struct Walked {
    after: Option<UserId>,
    /// The first hundred, by the context that knows them wrongly.
    different: BTreeMap<String, Vec<UserId>>,
}

#[async_trait]
impl Job for Reconcile {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn run(&self, run: &Run) -> Result<(), JobError> {
        let caller = Caller::system(NAME);
        for figure in ["members", "different", "mended", "late"] {
            run.count(figure, 0);
        }
        let mut walked: Walked = run.cursor()?.unwrap_or_default();
        loop {
            run.proceed()?;
            let page = self.page(&caller, walked.after).await?;
            let Some(last) = page.last().map(|member| member.id) else { break };
            let suspects = self.suspects(&caller, &page).await?;
            if !suspects.is_empty() {
                self.settle(run, &caller, &page, suspects, &mut walked).await?;
            }
            run.advance(page.len() as u64);
            run.count("members", page.len() as u64);
            walked.after = Some(last);
            run.save(&walked).await?;
        }
        run.keep("last", &walked.different).await
    }
}

impl Reconcile {
    async fn page(&self, caller: &Caller, after: Option<UserId>) -> Result<Vec<KnownMember>, JobError> {
        self.walk.ask(caller, WalkMembers { after, limit: PAGE }).await.map_err(JobError::refused)
    }

    /// By context, those whom it knows otherwise.
    async fn suspects(&self, caller: &Caller, page: &[KnownMember]) -> Result<Vec<(&'static str, UserId)>, JobError> {
        let ids: Vec<UserId> = page.iter().map(|member| member.id).collect();
        let mut suspects = Vec::new();
        for (context, keeper) in &self.keepers {
            let known = keeper.known(caller, ids.clone()).await?;
            let known: HashMap<UserId, KnownMember> = known.into_iter().map(|member| (member.id, member)).collect();
            let different = page.iter().filter(|member| differs(member, known.get(&member.id)));
            suspects.extend(different.map(|member| (*context, member.id)));
        }
        Ok(suspects)
    }

    /// Looks again, and lets those be told again who still differ and have not changed meanwhile.
    async fn settle(
        &self,
        run: &Run,
        caller: &Caller,
        page: &[KnownMember],
        suspects: Vec<(&'static str, UserId)>,
        walked: &mut Walked,
    ) -> Result<(), JobError> {
        tokio::time::sleep(AGAIN_AFTER).await;
        run.proceed()?;
        let mut unchanged = self.page(caller, walked.after).await?;
        unchanged.retain(|member| page.contains(member));
        let subscriptions = self.events.subscriptions().await?;
        let is_late =
            |context: &str| subscriptions.iter().any(|it| it.name == context && (it.behind > 0 || !it.running));
        let mut told = BTreeSet::new();
        let still = self.suspects(caller, &unchanged).await?;
        for (context, member) in still.into_iter().filter(|it| suspects.contains(it)) {
            if is_late(context) {
                run.count("late", 1);
                continue;
            }
            run.count("different", 1);
            tracing::warn!(context, %member, "a context knows a member otherwise than users does");
            if walked.different.values().map(Vec::len).sum::<usize>() < NAMED {
                walked.different.entry(context.to_owned()).or_default().push(member);
            }
            let Some(truth) = unchanged.iter().find(|it| it.id == member) else { continue };
            if told.insert(member) && run.counted("mended") < MENDED {
                let retell = RetellMember { id: member, version: truth.version };
                let done = self.retell.send(caller, retell).await.map_err(JobError::refused)?;
                run.count("mended", u64::from(done.output));
            }
        }
        Ok(())
    }
}

/// Whether a context knows something else than the truth. What it was told later than the truth was read is no difference.
fn differs(truth: &KnownMember, known: Option<&KnownMember>) -> bool {
    let Some(known) = known else { return !truth.gone };
    if known.version > truth.version {
        return false;
    }
    if truth.gone || known.gone {
        // Who was closed because they want to leave, and did not, is open again with their next change while they are active.
        return truth.gone != known.gone && (truth.gone || truth.active == Some(true));
    }
    truth.name != known.name || known.active.is_some_and(|active| truth.active != Some(active))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_otherwise_differs_and_what_is_newer_or_not_kept_does_not() {
        let id = UserId::from(uuid::Uuid::from_u128(1));
        let of = |name: &str, active, gone, version| KnownMember { id, name: name.to_owned(), active, gone, version };
        let truth = of("Ada", Some(true), false, 5);
        for (known, expected) in [
            (of("Ada", Some(true), false, 3), false),
            (of("Ada", None, false, 5), false),
            (of("Eve", None, false, 5), true),
            (of("Eve", None, false, 6), false),
            (of("Ada", Some(false), false, 5), true),
            (of("", Some(false), true, 5), true),
        ] {
            assert_eq!(differs(&truth, Some(&known)), expected, "{known:?}");
        }
        assert!(differs(&truth, None));
        let left = of("", Some(false), true, 7);
        assert!(!differs(&left, None) && differs(&left, Some(&truth)));
        assert!(!differs(&left, Some(&of("", Some(false), true, 5))));
        let asleep = of("Ada", Some(false), false, 5);
        assert!(!differs(&asleep, Some(&of("", Some(false), true, 5))), "it may be that they are leaving");
    }
}
