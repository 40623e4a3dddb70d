//! Comparing a projection with its source: whether Redis shows what PostgreSQL has.
//!
//! A document may be on its way while it is looked at. What differs is therefore looked at again, some times with a pause;
//! what still differs then, and has not changed in PostgreSQL meanwhile, is stale.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{BoxError, Document, Projection, ReadStore, ReadStoreError, RebuildError};

/// Documents that are read at once.
const PAGE: i64 = 500;
/// Suspects that are looked at again together.
const SUSPECTS: usize = 200;
const LOOKS: usize = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// What is wrong with a document in Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StaleFault {
    /// A field is not what PostgreSQL has.
    Differs,
    Missing,
    /// There are documents of things that are gone.
    Surplus,
}

/// A place where a projection is not what its source says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StaleDocument {
    pub projection: String,
    /// `None` of a surplus, whose number is `view`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    pub fault: StaleFault,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What PostgreSQL has.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub row: Value,
    /// What Redis shows.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub view: Value,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ViewAudit {
    pub compared: u64,
    pub differences: u64,
    /// Documents that changed at each look, and were left alone.
    pub moving: u64,
}

impl ReadStore {
    /// Compares every document of a projection with its source, and reports each difference as it is found. Lists are
    /// compared by [`Projection::page`] alone: a list that names a missing document is noticed there.
    pub async fn audit(
        &self,
        name: &str,
        report: &mut (dyn FnMut(StaleDocument) + Send),
    ) -> Result<ViewAudit, RebuildError> {
        let projection = self.registered().into_iter().find(|projection| projection.name() == name);
        let projection = projection.ok_or_else(|| RebuildError::Unknown(name.to_owned()))?;
        let kept = || async { Ok::<_, ReadStoreError>(self.status_of(&projection).await?.documents) };
        let before = kept().await?;
        let (mut audit, mut missing) = (ViewAudit::default(), 0);
        let mut count = |found: StaleDocument| {
            missing += u64::from(found.fault == StaleFault::Missing);
            report(found);
        };
        projection.audit(&mut audit, &mut count).await?;
        let there = audit.compared - missing;
        // Counted only where nothing came or went meanwhile.
        let after = kept().await?;
        if before == after && audit.moving == 0 && after > there {
            audit.differences += 1;
            report(StaleDocument {
                projection: name.to_owned(),
                id: None,
                fault: StaleFault::Surplus,
                field: None,
                row: Value::Null,
                view: (after - there).into(),
            });
        }
        Ok(audit)
    }
}

impl Projection {
    async fn audit(
        &self,
        audit: &mut ViewAudit,
        report: &mut (dyn FnMut(StaleDocument) + Send),
    ) -> Result<(), RebuildError> {
        let (mut suspects, mut after) = (Vec::new(), None);
        loop {
            let page = self.of_source(after, PAGE).await?;
            let Some(last) = page.last().and_then(uuid) else { break };
            let ids: Vec<&str> = page.iter().map(|document| document.id.as_str()).collect();
            let views = self.get_many(&ids).await?;
            audit.compared += page.len() as u64;
            let differing = page.iter().zip(views).filter(|(document, view)| document.body != *view);
            suspects.extend(differing.filter_map(|(document, _)| uuid(document)));
            if suspects.len() >= SUSPECTS {
                self.settle(std::mem::take(&mut suspects), audit, report).await?;
            }
            after = Some(last);
        }
        self.settle(suspects, audit, report).await
    }

    async fn settle(
        &self,
        mut suspects: Vec<Uuid>,
        audit: &mut ViewAudit,
        report: &mut (dyn FnMut(StaleDocument) + Send),
    ) -> Result<(), RebuildError> {
        for look in 1..=LOOKS {
            if suspects.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
            let mut again = Vec::new();
            for id in suspects {
                let before = self.one_of_source(id).await?;
                let view = self.get(&id.to_string()).await?;
                let Some(document) = self.one_of_source(id).await? else { continue };
                let found = self.differences(id, &document, view.as_deref());
                let still = before.is_some_and(|before| before.version == document.version);
                if !found.is_empty() && (!still || look < LOOKS) {
                    again.push(id);
                } else {
                    audit.differences += found.len() as u64;
                    found.into_iter().for_each(&mut *report);
                }
            }
            suspects = again;
        }
        audit.moving += suspects.len() as u64;
        Ok(())
    }

    fn differences(&self, id: Uuid, document: &Document, view: Option<&[u8]>) -> Vec<StaleDocument> {
        let is = |fault, field: Option<&str>, row: Value, view: Value| StaleDocument {
            projection: self.name().to_owned(),
            id: Some(id),
            fault,
            field: field.map(str::to_owned),
            row,
            view,
        };
        let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
        let (row, view) = match (document.body.as_deref(), view) {
            (None, _) => return Vec::new(),
            (Some(_), None) => return vec![is(StaleFault::Missing, None, Value::Null, Value::Null)],
            (Some(row), Some(view)) => (read(row), read(view)),
        };
        let (Some(of_row), Some(of_view)) = (row.as_object(), view.as_object()) else {
            return if row == view { Vec::new() } else { vec![is(StaleFault::Differs, None, row, view)] };
        };
        let names = of_row.keys().chain(of_view.keys().filter(|name| !of_row.contains_key(*name)));
        let get = |of: &serde_json::Map<String, Value>, name: &str| of.get(name).cloned().unwrap_or_default();
        names
            .filter(|name| get(of_row, name) != get(of_view, name))
            .map(|name| is(StaleFault::Differs, Some(name), get(of_row, name), get(of_view, name)))
            .collect()
    }

    async fn one_of_source(&self, id: Uuid) -> Result<Option<Document>, RebuildError> {
        let behind = Uuid::from_u128(id.as_u128().saturating_sub(1));
        let found = self.of_source(Some(behind), 1).await?.into_iter().next();
        Ok(found.filter(|document| uuid(document) == Some(id)))
    }

    async fn of_source(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Document>, RebuildError> {
        let source = self.inner.source.get();
        let source = source.ok_or_else(|| RebuildError::Unknown(self.name().to_owned()))?;
        source.documents(after, limit).await.map_err(|error: BoxError| RebuildError::Source(error))
    }
}

fn uuid(document: &Document) -> Option<Uuid> {
    Uuid::parse_str(&document.id).ok()
}
