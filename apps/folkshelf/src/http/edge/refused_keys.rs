//! API keys that this host refused a moment ago. A program whose key has ended goes on asking: it is refused from here, and
//! uses up neither a look into the database nor what its network may try. Others behind the same address go on.

use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::problem::Problem;

/// Keys that are remembered: more than one network may try.
const KEPT: usize = 10_000;
/// A refused key counts once in so long.
const FOR: Duration = Duration::from_secs(60);

/// By their digests: a key may be right elsewhere.
pub struct RefusedKeys(Cache<[u8; 32], (Instant, Problem)>);

impl Default for RefusedKeys {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl RefusedKeys {
    pub fn keep(&self, key: &str, problem: &Problem, now: Instant) {
        self.0.insert(digest(key), (now, problem.clone()));
    }

    /// How this key was refused, if that was a moment ago.
    pub fn refusal(&self, key: &str, now: Instant) -> Option<Problem> {
        let (since, problem) = self.0.get(&digest(key))?;
        (now.saturating_duration_since(since) < FOR).then_some(problem)
    }
}

fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_refused_from_memory_for_a_minute_and_no_other_is() {
        let (keys, now) = (RefusedKeys::default(), Instant::now());
        keys.keep("fsk_ended", &Problem::unauthenticated(), now);
        let refused = |key, after| keys.refusal(key, now + Duration::from_secs(after)).is_some();
        assert!(refused("fsk_ended", 0) && refused("fsk_ended", 59));
        assert!(!refused("fsk_ended", 60) && !refused("fsk_other", 0));
    }

    #[test]
    fn it_does_not_grow_with_what_is_tried() {
        let (keys, now) = (RefusedKeys::default(), Instant::now());
        for nth in 0..KEPT * 2 {
            keys.keep(&format!("fsk_{nth}"), &Problem::unauthenticated(), now);
        }
        assert!(keys.0.len() <= KEPT * 11 / 10, "{}", keys.0.len());
    }
}
