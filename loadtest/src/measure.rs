//! Searches by several clients at once, each asking the next question when it has its answer: through the query handlers,
//! without HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use async_trait::async_trait;
use books::{Books, ImportSettings, LendingGate, ListBooks, Pace, SearchBooks, SuggestBooks, WithdrawRefused};
use cqrs::{Ask, Caller};
use event_bus::{BusSettings, EventBus};
use kernel::{Actor, BookId, PageRequest, SystemClock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use read_store::{ReadStore, Settings};
use sqlx::PgPool;

use crate::language::Vocabulary;

/// Questions of one kind.
struct Class {
    name: &'static str,
    question: fn(&Vocabulary, &Vocabulary, &mut StdRng) -> Question,
}

enum Question {
    Search(String),
    Suggest(String),
    List(Box<ListBooks>),
}

fn rare<'a>(titles: &'a Vocabulary, random: &mut StdRng) -> &'a str {
    titles.ranked(random.random_range(5_000..100_000))
}

fn middling<'a>(titles: &'a Vocabulary, random: &mut StdRng) -> &'a str {
    titles.ranked(random.random_range(50..1_000))
}

/// Two neighbours swapped, or one letter for another.
fn mistyped(word: &str, random: &mut StdRng) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = random.random_range(1..letters.len().max(2));
    match letters.get(at).copied() {
        Some(_) if at + 1 < letters.len() && random.random_bool(0.5) => letters.swap(at, at + 1),
        Some(letter) => letters[at] = if letter == 'e' { 'a' } else { 'e' },
        None => {}
    }
    letters.into_iter().collect()
}

fn beginning(word: &str, letters: usize) -> String {
    word.chars().take(letters).collect()
}

fn newest() -> ListBooks {
    ListBooks::newest(PageRequest::first(20))
}

const CLASSES: [Class; 15] = [
    Class { name: "search: a rare word", question: |t, _, r| Question::Search(rare(t, r).to_owned()) },
    Class { name: "search: a middling word", question: |t, _, r| Question::Search(middling(t, r).to_owned()) },
    Class {
        name: "search: a common word",
        question: |t, _, r| Question::Search(t.ranked(r.random_range(7..50)).to_owned()),
    },
    Class {
        name: "search: the commonest",
        question: |t, _, r| Question::Search(t.ranked(r.random_range(0..8)).to_owned()),
    },
    Class { name: "search: a rare word, mistyped", question: |t, _, r| Question::Search(mistyped(rare(t, r), r)) },
    Class {
        name: "search: a middling word, mistyped",
        question: |t, _, r| Question::Search(mistyped(middling(t, r), r)),
    },
    Class {
        name: "search: two mistyped words",
        question: |t, _, r| {
            Question::Search(format!("{} {}", mistyped(middling(t, r), r), mistyped(middling(t, r), r)))
        },
    },
    Class {
        name: "search: hopeless",
        question: |_, _, r| Question::Search(format!("xq{}zw", beginning("kvjbgf", r.random_range(2..6)))),
    },
    Class { name: "search: three letters", question: |t, _, r| Question::Search(beginning(middling(t, r), 3)) },
    Class {
        name: "search: two words",
        question: |t, _, r| Question::Search(format!("{} {}", middling(t, r), t.ranked(r.random_range(7..300)))),
    },
    Class {
        name: "search: title and author",
        question: |t, n, r| Question::Search(format!("{} {}", middling(t, r), n.ranked(r.random_range(0..300)))),
    },
    Class { name: "suggest: one letter", question: |t, _, r| Question::Suggest(beginning(middling(t, r), 1)) },
    Class {
        name: "suggest: three letters",
        question: |t, n, r| {
            Question::Suggest(beginning(
                if r.random_bool(0.5) { middling(t, r) } else { n.ranked(r.random_range(0..1000)) },
                3,
            ))
        },
    },
    Class {
        name: "list: not available, in a language",
        question: |_, _, _| {
            Question::List(Box::new(ListBooks { available: Some(false), language: Some("en".to_owned()), ..newest() }))
        },
    },
    Class {
        name: "list: available, of a category",
        question: |_, _, _| {
            Question::List(Box::new(ListBooks {
                available: Some(true),
                category: Some("Fiction".to_owned()),
                ..newest()
            }))
        },
    },
];

struct Asked {
    search: Ask<SearchBooks>,
    suggest: Ask<SuggestBooks>,
    list: Ask<ListBooks>,
    caller: Caller,
}

impl Asked {
    /// How many were found.
    async fn answer(&self, question: Question) -> Result<usize> {
        Ok(match question {
            Question::Search(text) => {
                self.search.ask(&self.caller, SearchBooks::new(text, PageRequest::first(20))).await?.items.len()
            }
            Question::Suggest(text) => self.suggest.ask(&self.caller, SuggestBooks { text }).await?.len(),
            Question::List(list) => self.list.ask(&self.caller, *list).await?.page.items.len(),
        })
    }
}

pub async fn search(pool: PgPool, clients: usize, queries: usize, seed: u64) -> Result<()> {
    let (titles, names) = (Arc::new(Vocabulary::of_titles(seed)), Arc::new(Vocabulary::of_names(seed)));
    let asked = Arc::new(handlers(pool)?);
    println!(
        "{:<38} {:>8} {:>8} {:>8}   {:>7} found",
        "ms, 8 clients".replace('8', &clients.to_string()),
        "p50",
        "p99",
        "max",
        "mean"
    );
    // Connections are opened once in a host's life.
    let first = (0..clients).map(|_| asked.answer(Question::Suggest("the".to_owned())));
    futures_util::future::try_join_all(first).await?;
    for class in &CLASSES {
        let tasks: Vec<_> = (0..clients)
            .map(|client| {
                let (titles, names, asked) = (Arc::clone(&titles), Arc::clone(&names), Arc::clone(&asked));
                let (question, share) = (class.question, queries.div_ceil(clients));
                tokio::spawn(async move {
                    let mut random = StdRng::seed_from_u64(seed + 1 + client as u64);
                    let mut took = Vec::with_capacity(share);
                    for _ in 0..share {
                        let question = question(&titles, &names, &mut random);
                        let started = Instant::now();
                        let found = asked.answer(question).await?;
                        took.push((started.elapsed(), found));
                    }
                    Ok::<_, anyhow::Error>(took)
                })
            })
            .collect();
        let mut took = Vec::with_capacity(queries);
        for task in tasks {
            took.extend(task.await.context("a client")??);
        }
        print(class.name, &mut took);
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "a few thousand at most")]
fn print(name: &str, took: &mut [(Duration, usize)]) {
    took.sort_unstable();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)].0.as_secs_f64() * 1000.0;
    let found = took.iter().map(|(_, found)| found).sum::<usize>() as f64 / took.len() as f64;
    println!("{name:<38} {:>8.1} {:>8.1} {:>8.1}   {found:>7.1}", at(50), at(99), at(100));
}

fn handlers(pool: PgPool) -> Result<Asked> {
    let clock = Arc::new(SystemClock);
    let events = EventBus::new(pool.clone(), clock.clone(), BusSettings::default());
    // Nobody listens there: searches ask PostgreSQL, and lists are measured as they are without Redis.
    let store = ReadStore::connect(Settings::new("redis://127.0.0.1:9/0", "loadtest", b"no Redis"))?;
    let books = Books::new(
        pool,
        store.projection("books"),
        events.own(),
        Arc::new(NoGate),
        clock.clone(),
        Arc::new(NoGate),
        ImportSettings::default(),
    );
    let (mut commands, mut queries) = cqrs::builders(clock, events, None);
    books.register(&mut commands, &mut queries);
    let queries = queries.build()?;
    let caller = Caller::new(Actor::Anonymous, "loadtest");
    Ok(Asked { search: queries.asking()?, suggest: queries.asking()?, list: queries.asking()?, caller })
}

/// Nothing is deleted here, and nothing waits.
struct NoGate;

impl Pace for NoGate {
    fn requests_are_slow(&self) -> bool {
        false
    }
}

#[async_trait]
impl LendingGate for NoGate {
    async fn withdraw(&self, _book: BookId, _caller: &Caller) -> Result<(), WithdrawRefused> {
        Err(WithdrawRefused::Unavailable("a load test deletes no book".into()))
    }
}
