//! Events as they travel to another database. `wire/page.json` is a sample: what older builds send or expect stays.

use std::collections::BTreeMap;

use kernel::actor::RecordedActor;
use kernel::{EventId, Position};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::log::Recorded;

/// An event of the context that was asked for, and what comes before it in its owner's log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Carried {
    /// Its position is that in the owner's log. Its personal fields are in the payload.
    #[serde(with = "RecordedForm")]
    pub event: Recorded,
    /// The context's event before it. With it each event names the one that it follows, and nothing is lost unnoticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<EventId>,
    /// For each other context, its last event between `previous` and this one. An importer takes events in order, so it has
    /// waited for those before `previous` already.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub after: BTreeMap<String, EventId>,
}

/// Events that follow each other, without a gap.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Page {
    pub events: Vec<Carried>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Recorded", rename_all = "camelCase")]
struct RecordedForm {
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    position: Position,
    id: EventId,
    name: String,
    version: i16,
    aggregate_type: String,
    aggregate_id: Uuid,
    aggregate_version: i64,
    payload: Value,
    actor: RecordedActor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    occurred_at: OffsetDateTime,
}

fn as_text<S: Serializer>(position: &Position, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(position)
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Position, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> Value {
        serde_json::from_str(include_str!("../wire/page.json")).unwrap()
    }

    #[test]
    fn a_page_is_written_as_its_sample_and_read_as_it_was_written() {
        let page = Page::deserialize(sample()).unwrap();
        assert_eq!(serde_json::to_value(&page).unwrap(), sample());
        assert_eq!(page.events[1].previous, Some(page.events[0].event.id));
    }

    #[test]
    fn fields_of_a_newer_build_are_passed_over_and_a_missing_one_is_not() {
        let mut newer = sample();
        newer["head"] = json!("900-1");
        newer["events"][0]["event"]["tenant"] = json!({ "id": 7 });
        newer["events"][0]["road"] = json!(true);
        assert_eq!(serde_json::to_value(Page::deserialize(newer).unwrap()).unwrap(), sample());
        let mut broken = sample();
        broken["events"][0]["event"].as_object_mut().unwrap().remove("aggregateVersion");
        assert!(Page::deserialize(broken).unwrap_err().to_string().contains("aggregateVersion"));
    }
}
