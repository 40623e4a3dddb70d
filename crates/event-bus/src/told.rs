//! What processes tell each other on the log's channel, by NOTIFY. A lost one costs time and nothing else: everything told
//! is also found by looking.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgListener;

use crate::bus::Inner;

/// Somebody has set a checkpoint, or wants a dead letter tried again.
pub(crate) const ASK: &str = "ask";
/// Somebody waits: whoever runs subscriptions says at once how far they are, for a second.
pub(crate) const HURRY: &str = "hurry";

/// Hears what is told; anything else is the log's own trigger, which tells of new events. Never ends.
pub(crate) async fn listen(bus: Arc<Inner>) {
    loop {
        let listening = async {
            let mut listener = PgListener::connect_with(&bus.pool).await?;
            listener.listen("event_bus_log").await?;
            loop {
                // Whatever was told before we listened, or while the connection was lost (`None`), nobody tells again.
                bus.wake.send_replace(());
                while let Some(told) = listener.try_recv().await? {
                    match told.payload() {
                        HURRY => bus.checkpoints.hurry(),
                        ASK => bus.asked.notify_one(),
                        _ => {
                            bus.wake.send_replace(());
                        }
                    }
                }
            }
        };
        let ended: Result<(), sqlx::Error> = listening.await;
        if let Err(error) = ended {
            tracing::warn!(%error, "not woken by the log for now; polling goes on");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
