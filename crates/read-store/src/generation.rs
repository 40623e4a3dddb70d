//! Generations: why a rebuild loses no write, and shows no short list.
//!
//! A projection's documents and lists live in a numbered space, the **generation**. Two small hashes say which ones matter:
//!
//! ```text
//! folkshelf:{books}:generation    number, run, schema           the one that is served: the marker
//! folkshelf:{books}:rebuild       number, run, schema, token …  the one that is being built; expires with its holder
//! folkshelf:{books}:generations   every number that has keys
//! folkshelf:{books}:7:doc:<id>    hash: version, body, names of its lists
//! folkshelf:{books}:7:list:<name> sorted set of ids
//! folkshelf:{books}:7:all         set of the ids alive
//! ```
//!
//! The braces are a cluster hash tag: all keys of a projection are in one slot, so one script can touch them.
//!
//! **Reading** needs the marker with the `run_id` of the server process that answers and with the schema of this program.
//! An emptied Redis has no marker; one that was restarted, perhaps from an old snapshot, has another `run_id`; a list that
//! names a document whose body is missing deletes the marker. In each case readers get `NotReady` and ask PostgreSQL.
//!
//! **Writing if newer** happens in one script, in every generation that is served or being built. With neither, a write is
//! dropped, and that is safe: a rebuild reads the source only after its generation has begun. So a write either came before
//! that and is in the source already, or comes after it and reaches the generation. What the rebuild itself writes from an
//! older reading loses against the newer version, or against the tombstone, that a write has left meanwhile. Duplicates,
//! reordering and replays fall to the same comparison.
//!
//! **Rebuilding** fills a new generation beside the served one and then turns the marker. Nobody sees it half full, documents
//! that the source no longer has are not in it, and equal versions are written again without asking. The price is twice the
//! memory for some seconds; the old generation is then removed in small steps. The rebuild's hash is the lock: it holds a
//! token, expires unless renewed, and every chunk is written only while the token is there. After a FLUSHALL half way the
//! token is gone and the rebuild starts over.
//!
//! **Schemas** only go up. A program with a higher schema rebuilds; one with a lower schema, in a rolling deployment, stops
//! reading Redis, and its writes are refused as `Unavailable` until a newer process has taken its subscription over.
//!
//! Rejected: wiping keys and filling in place (short lists while it lasts); an epoch in each document and a sweep at the end
//! (a list whose document was lost stays damaged, and every write has to know of the epoch).

use std::sync::LazyLock;

use deadpool_redis::redis::Script;

macro_rules! script {
    ($name:literal) => {
        LazyLock::new(|| Script::new(include_str!(concat!("scripts/", $name, ".lua"))))
    };
}

pub(crate) static WRITE: LazyLock<Script> = script!("write");
pub(crate) static PAGE: LazyLock<Script> = script!("page");
pub(crate) static COUNT: LazyLock<Script> = script!("count");
pub(crate) static BEGIN: LazyLock<Script> = script!("begin");
pub(crate) static LEASE: LazyLock<Script> = script!("lease");
pub(crate) static RETIRE: LazyLock<Script> = script!("retire");
pub(crate) static BEAT: LazyLock<Script> = script!("beat");
pub(crate) static ROLL_CALL: LazyLock<Script> = script!("roll_call");
pub(crate) static STATUS: LazyLock<Script> = script!("status");

/// The names of a projection's keys.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Begins every key of the projection.
    pub(crate) base: String,
    pub(crate) generation: String,
    pub(crate) rebuild: String,
    pub(crate) generations: String,
    pub(crate) sequence: String,
}

impl Keys {
    pub(crate) fn new(prefix: &str, projection: &str) -> Self {
        let base = format!("{prefix}:{{{projection}}}:");
        Self {
            generation: format!("{base}generation"),
            rebuild: format!("{base}rebuild"),
            generations: format!("{base}generations"),
            sequence: format!("{base}sequence"),
            base,
        }
    }

    pub(crate) fn document(&self, number: u64, id: &str) -> String {
        format!("{}{number}:doc:{id}", self.base)
    }
}
