//! Doing I/O on another runtime's reactor, without moving the work there.

use std::future::poll_fn;
use std::pin::pin;

use tokio::runtime::Handle;

/// The runtime whose reactor carries what is opened; without one, the caller's.
#[derive(Clone)]
pub(crate) struct Runtime(Option<Handle>);

impl Runtime {
    pub fn current() -> Self {
        Self(Handle::try_current().ok())
    }

    /// Does `work` on the caller's thread; sockets, timers and tasks that it makes belong to this runtime.
    pub async fn carry<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _entered = self.0.as_ref().map(Handle::enter);
            work.as_mut().poll(context)
        })
        .await
    }
}
