//! The samples of messages that travel to another process: `wire/<name>.json` in a context's crate, a message and its answer.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cqrs::Wire;
use kernel::{Command, Query};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Compares messages with their samples. `FOLKSHELF_UPDATE_GOLDEN=1` writes a sample that is missing or has new fields;
/// what older builds send or expect must stay in any case.
pub struct WireSamples {
    folder: PathBuf,
    names: BTreeSet<String>,
    breaches: Vec<String>,
}

impl WireSamples {
    /// `krate`: `env!("CARGO_MANIFEST_DIR")` of the context.
    pub fn of(krate: &str) -> Self {
        Self { folder: PathBuf::from(krate).join("wire"), names: BTreeSet::new(), breaches: Vec::new() }
    }

    #[must_use]
    pub fn query<Q>(self, query: Q, answer: Q::Answer) -> Self
    where
        Q: Query + Wire,
        Q::Answer: Serialize + DeserializeOwned,
    {
        self.compare::<Q, Q::Answer>(Q::NAME, query, &answer)
    }

    #[must_use]
    pub fn command<C: Command + Wire>(self, command: C, output: C::Output) -> Self {
        self.compare::<C, C::Output>(C::NAME, command, &output)
    }

    /// # Panics
    /// With all that is wrong.
    #[track_caller]
    pub fn assert_hold(mut self) {
        for entry in self.folder.read_dir().into_iter().flatten() {
            let name = entry.expect("a readable folder").file_name().to_string_lossy().into_owned();
            if !name.strip_suffix(".json").is_some_and(|name| self.names.contains(name)) {
                self.breaches.push(format!("{name}: no message here has this name"));
            }
        }
        assert!(self.breaches.is_empty(), "{}:\n{}", self.folder.display(), self.breaches.join("\n"));
    }

    fn compare<M: Wire, A: Serialize + DeserializeOwned>(mut self, name: &'static str, message: M, answer: &A) -> Self {
        if let Err(breach) = self.check::<M, A>(name, message, answer) {
            self.breaches.push(format!("{name}.json: {breach}"));
        }
        self.names.insert(name.to_owned());
        self
    }

    fn check<M: Wire, A: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        message: M,
        answer: &A,
    ) -> Result<(), String> {
        let now = json!({ "message": message.into_form(), "answer": answer });
        if !now["message"].is_object() {
            return Err("the message is no object: fields could not be added".to_owned());
        }
        if read_and_written::<M, A>(&now)? != now {
            return Err("it is not read as it was written".to_owned());
        }
        let path = self.folder.join(format!("{name}.json"));
        let update = std::env::var_os("FOLKSHELF_UPDATE_GOLDEN").is_some();
        match std::fs::read_to_string(&path) {
            Ok(sample) => {
                let sample: Value = serde_json::from_str(&sample).map_err(|error| error.to_string())?;
                if let Some(lost) = lost(&sample, &read_and_written::<M, A>(&sample)?) {
                    return Err(format!("a message that had `{lost}` loses it"));
                }
                read_and_written::<M, A>(&of_a_newer_build(sample.clone()))
                    .map_err(|error| format!("with fields of a newer build: {error}"))?;
                if sample == now {
                    return Ok(());
                }
                if !update {
                    return Err(format!("the message is now {now:#}"));
                }
            }
            Err(_) if update => {}
            Err(error) => return Err(format!("no sample: {error}")),
        }
        std::fs::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        std::fs::write(&path, format!("{now:#}\n")).map_err(|error| error.to_string())
    }
}

fn read_and_written<M: Wire, A: Serialize + DeserializeOwned>(sample: &Value) -> Result<Value, String> {
    let form = M::Form::deserialize(&sample["message"]).map_err(|error| format!("message: {error}"))?;
    let message = M::from_form(form).map_err(|error| format!("message: {error}"))?;
    let answer = A::deserialize(&sample["answer"]).map_err(|error| format!("answer: {error}"))?;
    Ok(json!({ "message": message.into_form(), "answer": answer }))
}

/// Where a value of the sample is another one or none after it was read and written. Fields may come in addition.
fn lost(sample: &Value, again: &Value) -> Option<String> {
    match (sample, again) {
        (Value::Object(sample), Value::Object(again)) => sample.iter().find_map(|(name, value)| {
            let Some(again) = again.get(name) else { return Some(name.clone()) };
            lost(value, again).map(|below| format!("{name}.{below}"))
        }),
        (Value::Array(sample), Value::Array(again)) if sample.len() == again.len() => {
            let mut both = sample.iter().zip(again).enumerate();
            both.find_map(|(nth, (value, again))| lost(value, again).map(|below| format!("{nth}.{below}")))
        }
        _ => (sample != again).then(|| sample.to_string()),
    }
}

fn of_a_newer_build(sample: Value) -> Value {
    match sample {
        Value::Object(fields) => {
            let mut fields: Map<String, Value> =
                fields.into_iter().map(|(name, value)| (name, of_a_newer_build(value))).collect();
            fields.insert("ofANewerBuild".to_owned(), json!({ "known": false }));
            Value::Object(fields)
        }
        Value::Array(values) => values.into_iter().map(of_a_newer_build).collect(),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sample_loses_is_named_and_what_is_added_is_not() {
        let sample = json!({ "message": { "ids": [1, 2], "name": "Ada" }, "answer": [["a", 1]] });
        assert_eq!(
            lost(&sample, &json!({ "message": { "ids": [1, 2], "name": "Ada", "more": 1 }, "answer": [["a", 1]] })),
            None
        );
        for (again, breach) in [
            (json!({ "message": { "ids": [1, 2] }, "answer": [["a", 1]] }), "message.name"),
            (json!({ "message": { "ids": [1, 3], "name": "Ada" }, "answer": [["a", 1]] }), "message.ids.1.2"),
            (json!({ "message": { "ids": [1, 2], "name": null }, "answer": [["a", 1]] }), "message.name.\"Ada\""),
            (json!({ "message": { "ids": [1, 2], "name": "Ada" }, "answer": [] }), "answer.[[\"a\",1]]"),
        ] {
            assert_eq!(lost(&sample, &again).as_deref(), Some(breach));
        }
    }
}
