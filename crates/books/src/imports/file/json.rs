//! The objects of a JSON export as rows: LibraryThing writes one object of books by their ids, inventaire's API and others write
//! a list. Keys become columns; the file is read twice, because keys that come late are columns, too.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::Read;

use bibliography::table::{Layout, LayoutError, MOST_COLUMNS};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{Closed, FileError, Recognised, Sink, fault, storable};

/// Between the texts of one cell that had several.
const SEPARATOR: &str = "|";
/// How objects name a person or a thing; LibraryThing has last names first.
const NAMES: [&str; 4] = ["lf", "name", "label", "title"];

/// The keys of all objects, those of the first object first.
pub(super) fn columns(text: impl Read, in_row: &Cell<usize>) -> Result<Vec<String>, FileError> {
    let mut columns: Vec<String> = Vec::new();
    let mut known = HashSet::new();
    objects(text, in_row, &mut |object| {
        for (key, _) in flat(&object) {
            if known.insert(key.clone()) {
                columns.push(key);
            }
        }
        if columns.len() > MOST_COLUMNS { Err(LayoutError::TooManyColumns.into()) } else { Ok(true) }
    })?;
    Ok(columns)
}

pub(super) fn read(
    text: impl Read,
    in_row: &Cell<usize>,
    columns: &[String],
    encoding: &str,
    mut sink: Sink<'_>,
) -> Result<Recognised, FileError> {
    let mut layout = Layout::of_header(columns, encoding);
    sink.accepts(&layout)?;
    let places: HashMap<&str, usize> = columns.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let mut row = 0_i32;
    objects(text, in_row, &mut |object| {
        row = row.saturating_add(1);
        let mut cells = vec![String::new(); columns.len()];
        for (key, text) in flat(&object) {
            if let Some(cell) = places.get(key.as_str()).and_then(|place| cells.get_mut(*place)) {
                *cell = storable(text.as_bytes());
            }
        }
        Ok(!matches!(sink.take(row, cells, &mut layout)?, Err(Closed)))
    })?;
    Ok(sink.end(layout))
}

/// An object's texts by their keys. An object within it has a key of both, as in `snapshot.entity:title`.
fn flat(object: &Map<String, Value>) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for (key, value) in object {
        match value {
            Value::Object(inner) if !is_list(inner) => {
                let texts_within = inner.iter().map(|(name, value)| (column(&format!("{key}.{name}")), text(value)));
                texts.extend(texts_within);
            }
            value => texts.push((column(key), text(value))),
        }
    }
    texts
}

/// The name of a column is stored as its cells are.
fn column(key: &str) -> String {
    storable(key.as_bytes())
}

/// LibraryThing numbers the elements of some lists: `{"0": "207000001X", "2": "9782070000012"}`.
fn is_list(object: &Map<String, Value>) -> bool {
    object.keys().all(|key| key.bytes().all(|byte| byte.is_ascii_digit()))
}

fn text(value: &Value) -> String {
    let joined = |values: &mut dyn Iterator<Item = &Value>| {
        let texts: Vec<String> = values.map(text).filter(|text| !text.is_empty()).collect();
        texts.join(SEPARATOR)
    };
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => "true".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(values) => joined(&mut values.iter()),
        Value::Object(object) if is_list(object) => joined(&mut object.values()),
        Value::Object(object) => {
            let name = NAMES.iter().find_map(|name| object.get(*name));
            name.map_or_else(|| joined(&mut object.values()), text)
        }
    }
}

/// Every object of the file that may be a book, one at a time, until `take` answers false.
fn objects(
    text: impl Read,
    in_row: &Cell<usize>,
    take: &mut dyn FnMut(Map<String, Value>) -> Result<bool, FileError>,
) -> Result<(), FileError> {
    let mut stopped = None;
    let mut deserializer = serde_json::Deserializer::from_reader(text);
    let books = Books { depth: 0, in_row, take, stopped: &mut stopped };
    let read = books.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (read, stopped) {
        (_, Some(stopped)) => stopped,
        (Ok(()), None) => Ok(()),
        (Err(error), None) => Err(match error.io_error_kind() {
            Some(kind) => fault(&kind.into(), 0),
            None => FileError::Json { line: error.line() },
        }),
    }
}

/// A list of books, an object of them, or an object that holds a list of them.
struct Books<'a> {
    depth: u8,
    in_row: &'a Cell<usize>,
    take: &'a mut dyn FnMut(Map<String, Value>) -> Result<bool, FileError>,
    stopped: &'a mut Option<Result<(), FileError>>,
}

impl Books<'_> {
    fn inner(&mut self) -> Books<'_> {
        Books { depth: self.depth + 1, in_row: self.in_row, take: &mut *self.take, stopped: &mut *self.stopped }
    }

    fn take<E: serde::de::Error>(&mut self, object: Map<String, Value>) -> Result<(), E> {
        self.in_row.set(0);
        let stop = match (self.take)(object) {
            Ok(true) => return Ok(()),
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        *self.stopped = Some(stop);
        Err(E::custom("stopped"))
    }
}

impl<'de> DeserializeSeed<'de> for Books<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Books<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("books")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        // Lists within a book belong to it; one within a list of books is nothing we know.
        if self.depth > 1 {
            return Err(A::Error::custom("a list within a list"));
        }
        while let Some(value) = list.next_element::<Value>()? {
            if let Value::Object(object) = value {
                self.take(object)?;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        if self.depth == 0 {
            while let Some(_key) = object.next_key::<String>()? {
                object.next_value_seed(self.inner())?;
            }
            return Ok(());
        }
        let mut book = Map::new();
        while let Some((key, value)) = object.next_entry::<String, Value>()? {
            book.insert(key, value);
        }
        self.take(book)
    }

    fn visit_str<E>(self, _text: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _value: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _number: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _number: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _number: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
