//! Owners that give out their events badly.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use event_bus::{EventBus, Owner, OwnerError, Page};
use kernel::EventId;
use rand::random_range;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::apart::Near;

/// Every other answer is lost, cut, doubled, in disorder, late, of another context, of before, or a lie.
pub struct Rough(pub EventBus);

#[async_trait]
impl Owner for Rough {
    async fn events(
        &self,
        context: &str,
        after: Option<EventId>,
        limit: u32,
        wait: Duration,
    ) -> Result<Page, OwnerError> {
        let near = Near(self.0.clone());
        let mut page = near.events(context, after, limit, wait.min(Duration::from_millis(20))).await?;
        let Some(last) = page.events.len().checked_sub(1) else { return Ok(page) };
        let (one, another) = (random_range(0..=last), random_range(0..=last));
        match random_range(0..20) {
            0 => drop(page.events.remove(one)),
            1 => page.events.insert(another, page.events[one].clone()),
            2 => page.events.swap(one, another),
            3 => page.events.reverse(),
            4 => page.events.truncate(one),
            5 => page.events[one].previous = Some(Uuid::new_v4().into()),
            6 => page.events[one].previous = None,
            7 => page.events[one].previous = Some(page.events[another].event.id),
            8 => page = near.events(context, None, limit, Duration::ZERO).await?,
            9 => page = near.events("users", None, limit, Duration::ZERO).await?,
            10 => return Err(OwnerError::Unavailable("nobody is in".to_owned())),
            11 => return Err(OwnerError::Unreadable("gibberish".to_owned())),
            12 => tokio::time::sleep(Duration::from_millis(50)).await,
            13 => page.events.extend(page.events.clone()),
            _ => {}
        }
        Ok(page)
    }
}

/// Answers with events when it gets a permit, and notes behind which event it was asked.
pub struct Gated {
    near: Near,
    pub permits: Semaphore,
    pub asked: Mutex<Vec<Option<EventId>>>,
}

impl Gated {
    pub fn new(bus: &EventBus) -> Self {
        Self { near: Near(bus.clone()), permits: Semaphore::new(0), asked: Mutex::default() }
    }

    pub fn asked(&self) -> Vec<Option<EventId>> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Owner for Gated {
    async fn events(
        &self,
        context: &str,
        after: Option<EventId>,
        limit: u32,
        wait: Duration,
    ) -> Result<Page, OwnerError> {
        let page = self.near.events(context, after, limit, wait).await?;
        if !page.events.is_empty() {
            self.asked.lock().unwrap().push(after);
            self.permits.acquire().await.unwrap().forget();
        }
        Ok(page)
    }
}

/// Takes a while with everything.
pub struct Slow(pub EventBus, pub Duration);

#[async_trait]
impl Owner for Slow {
    async fn events(
        &self,
        context: &str,
        after: Option<EventId>,
        limit: u32,
        wait: Duration,
    ) -> Result<Page, OwnerError> {
        let page = Near(self.0.clone()).events(context, after, limit, wait).await;
        tokio::time::sleep(self.1).await;
        page
    }
}

/// Is away.
pub struct Away;

#[async_trait]
impl Owner for Away {
    async fn events(&self, _: &str, _: Option<EventId>, _: u32, _: Duration) -> Result<Page, OwnerError> {
        Err(OwnerError::Unavailable("nobody is in".to_owned()))
    }
}
