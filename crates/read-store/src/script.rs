//! A script of another part of the host. What it keeps is as disposable as the rest: a caller can do without the answer.

use std::{sync::Arc, time::Duration};

use deadpool_redis::redis;

use crate::{ReadStoreError, call::Caller, link::Connected};

/// Cheap to clone.
#[derive(Clone)]
pub struct Script {
    name: &'static str,
    script: Arc<redis::Script>,
    /// Begins every key. Its braces put all keys into one slot of a cluster.
    base: String,
    limit: Duration,
    caller: Arc<Caller>,
}

impl Script {
    pub(crate) fn new(name: &'static str, text: &str, base: String, limit: Duration, caller: Arc<Caller>) -> Self {
        Self { name, script: Arc::new(redis::Script::new(text)), base, limit, caller }
    }

    /// Runs it over these keys; its answer is a list of whole numbers.
    pub async fn run<K: AsRef<str>>(&self, keys: &[K], arguments: &[i64]) -> Result<Vec<i64>, ReadStoreError> {
        let mut call = self.script.prepare_invoke();
        for key in keys {
            call.key(format!("{}{}", self.base, key.as_ref()));
        }
        for argument in arguments {
            call.arg(*argument);
        }
        self.caller
            .call(self.name, self.limit, async |mut at: Connected| call.invoke_async(&mut at.connection).await)
            .await
    }
}
