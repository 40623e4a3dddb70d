//! How long lists are.

use crate::generation::COUNT;
use crate::link::Connected;
use crate::{Projection, ReadStoreError};

/// Other lists that one count looks at: each takes Redis a microsecond.
const OTHERS: usize = 2_000;
/// Documents of other lists that one count looks up: these take Redis a millisecond or two, in which it does nothing else.
const LOOKED_UP: usize = 10_000;

/// Documents that a count leaves out.
#[derive(Debug, Clone, Copy)]
pub struct LeftOut<'l> {
    /// The lists that name them. No document is in two of these.
    pub lists: &'l [String],
    /// Whether all of these documents are in the list that is counted.
    pub are_in_the_list: bool,
}

impl Projection {
    /// The length of `list`.
    pub async fn count(&self, list: &str) -> Result<u64, ReadStoreError> {
        let whole = self.length(list, LeftOut { lists: &[], are_in_the_list: true }).await?;
        whole.ok_or(ReadStoreError::NotReady)
    }

    /// The length of `list` without what is left out, both as they are at one moment. `None`: too much is left out for Redis
    /// to look at it while everybody waits.
    pub async fn count_without(&self, list: &str, left_out: LeftOut<'_>) -> Result<Option<u64>, ReadStoreError> {
        if left_out.lists.len() > OTHERS {
            return Ok(None);
        }
        self.length(list, left_out).await
    }

    async fn length(&self, list: &str, left_out: LeftOut<'_>) -> Result<Option<u64>, ReadStoreError> {
        let inner = &self.inner;
        let answer = inner
            .caller
            .call("count", inner.settings.read_timeout, async |mut at: Connected| {
                let mut call = COUNT.key(&inner.keys.generation);
                call.arg(&inner.keys.base).arg(&*at.run).arg(inner.schema()).arg(list);
                call.arg(u8::from(left_out.are_in_the_list)).arg(LOOKED_UP).arg(left_out.lists);
                call.invoke_async::<(String, u64)>(&mut at.connection).await
            })
            .await
            .and_then(|(outcome, count)| match outcome.as_str() {
                "ok" => Ok(Some(count)),
                "too_many" => Ok(None),
                _ => Err(ReadStoreError::NotReady),
            });
        self.counted(answer, |_| (1, 0))
    }
}
