use std::time::{Duration, Instant};

/// Waits until `condition` holds, looking again every few milliseconds.
///
/// # Panics
/// When it does not hold within 15 seconds; `what` says what was waited for.
pub async fn eventually<F, Fut>(what: &str, condition: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    eventually_within(Duration::from_secs(15), what, condition).await;
}

/// As [`eventually`], for what may take longer or must be quicker.
///
/// # Panics
/// When the condition does not hold within `limit`.
pub async fn eventually_within<F, Fut>(limit: Duration, what: &str, mut condition: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let deadline = Instant::now() + limit;
    while !condition().await {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
