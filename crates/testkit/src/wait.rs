use std::time::{Duration, Instant};

/// Waits until `condition` holds, looking again every few milliseconds.
///
/// # Panics
/// When it does not hold within 15 seconds; `what` says what was waited for.
pub async fn eventually<F, Fut>(what: &str, mut condition: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let deadline = Instant::now() + Duration::from_secs(15);
    while !condition().await {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
