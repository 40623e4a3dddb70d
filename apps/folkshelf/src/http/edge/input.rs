//! Reading what clients send. Every wrong field is named, not only the first: bodies and parameters go through `deserr`,
//! which gathers errors, into types that hold only valid values.

use std::ops::ControlFlow;
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, Value, ValueKind, ValuePointerRef};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use kernel::text::has_control_characters;
use kernel::{BookId, BorrowId, Detail, LanguageTag, Line, NotificationId, Prose, UserId};
use serde_json::Map;

use super::problem::Problem;

/// JSON bodies are at most this large.
pub const JSON_LIMIT: usize = 1024 * 1024;

/// Every wrong field, with what is wrong with it.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<Detail>);

impl FieldErrors {
    pub fn one(location: ValuePointerRef, message: impl Into<String>) -> Self {
        Self(vec![Detail::new(path(location), message)])
    }
}

impl FieldErrors {
    pub fn into_details(self) -> Vec<Detail> {
        self.0
    }

    /// These and the others.
    pub fn and(mut self, mut others: Self) -> Self {
        self.0.append(&mut others.0);
        self
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Problem::invalid(errors.0)
    }
}

/// A field's place in a body, as in `authors[2]`; a body as a whole is `body`.
fn path(location: ValuePointerRef) -> String {
    match location {
        ValuePointerRef::Origin => "body".to_owned(),
        ValuePointerRef::Key { key, prev: ValuePointerRef::Origin } => key.to_owned(),
        ValuePointerRef::Key { key, prev } => format!("{}.{key}", path(*prev)),
        ValuePointerRef::Index { index, prev } => format!("{}[{index}]", path(*prev)),
    }
}

impl MergeWithError<FieldErrors> for FieldErrors {
    fn merge(before: Option<Self>, mut other: FieldErrors, _at: ValuePointerRef) -> ControlFlow<Self, Self> {
        let mut all = before.unwrap_or_default();
        all.0.append(&mut other.0);
        // Enough to mend a body; no more, so that a hostile one cannot make a long answer.
        if all.0.len() >= 100 { ControlFlow::Break(all) } else { ControlFlow::Continue(all) }
    }
}

impl DeserializeError for FieldErrors {
    fn error<V: IntoValue>(
        before: Option<Self>,
        error: ErrorKind<V>,
        location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        let detail = match error {
            ErrorKind::MissingField { field } => {
                let field = match location {
                    ValuePointerRef::Origin => field.to_owned(),
                    _ => format!("{}.{field}", path(location)),
                };
                Detail::new(field, "is missing")
            }
            ErrorKind::UnknownKey { key, accepted } => {
                let known = accepted.join(", ");
                let known = if known.is_empty() { "none".to_owned() } else { known };
                // The client's own text is shown cut: it may be anything.
                Detail::new(key.chars().take(60).collect::<String>(), format!("is not known; known are: {known}"))
            }
            ErrorKind::IncorrectValueKind { accepted, .. } => {
                let kinds: Vec<&str> = accepted.iter().map(kind_name).collect();
                Detail::new(path(location), format!("must be {}", kinds.join(" or ")))
            }
            ErrorKind::UnknownValue { accepted, .. } => {
                Detail::new(path(location), format!("must be one of: {}", accepted.join(", ")))
            }
            ErrorKind::BadSequenceLen { expected, .. } => {
                Detail::new(path(location), format!("must have {expected} elements"))
            }
            ErrorKind::Unexpected { msg } => Detail::new(path(location), msg),
        };
        Self::merge(before, FieldErrors(vec![detail]), location)
    }
}

fn kind_name(kind: &ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "true or false",
        ValueKind::Integer => "a whole number",
        ValueKind::NegativeInteger => "a negative whole number",
        ValueKind::Float => "a number",
        ValueKind::String => "a string",
        ValueKind::Sequence => "a list",
        ValueKind::Map => "an object",
    }
}

/// A JSON body. What is wrong with it is told when the handler reads it: whoever may not call learns nothing before.
pub struct Body<T>(Result<T, Problem>);

impl<T> Body<T> {
    pub fn read(self) -> Result<T, Problem> {
        self.0
    }
}

impl<T: Deserr<FieldErrors> + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .map(|value| value.trim().to_ascii_lowercase());
        let announced = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse::<usize>().ok());
        let mut payload = payload.take();
        let read = async move {
            if media_type.as_deref() != Some("application/json") {
                return Err(Problem::unsupported_media_type("application/json"));
            }
            if announced.is_some_and(|length| length > JSON_LIMIT) {
                return Err(Problem::too_large(JSON_LIMIT));
            }
            let mut bytes = web::BytesMut::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|_| Problem::invalid_field("body", "could not be read to its end"))?;
                if bytes.len() + chunk.len() > JSON_LIMIT {
                    return Err(Problem::too_large(JSON_LIMIT));
                }
                bytes.extend_from_slice(&chunk);
            }
            let value: serde_json::Value = serde_json::from_slice(&bytes)
                .map_err(|error| Problem::invalid_field("body", format!("is not JSON: {error}")))?;
            Ok(deserr::deserialize::<T, _, FieldErrors>(value)?)
        };
        Box::pin(async move { Ok(Self(read.await)) })
    }
}

/// A JSON body that may be left out.
pub struct MaybeBody<T>(pub Option<T>);

impl<T: Deserr<FieldErrors> + 'static> FromRequest for MaybeBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(header::CONTENT_TYPE) {
            return Box::pin(std::future::ready(Ok(Self(None))));
        }
        let body = Body::from_request(request, payload);
        Box::pin(async move { Ok(Self(Some(body.await?.read()?))) })
    }
}

/// The query string of a route that is no list.
pub struct Params<T>(pub T);

impl<T: Deserr<FieldErrors> + 'static> FromRequest for Params<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(pairs(request.query_string()).and_then(|pairs| {
            let value = serde_json::Value::Object(pairs);
            Ok(Self(deserr::deserialize::<T, _, FieldErrors>(value)?))
        }))
    }
}

/// No parameters at all.
#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct NoParams {}

pub(super) fn pairs(query: &str) -> Result<Map<String, serde_json::Value>, Problem> {
    let pairs: Vec<(String, String)> = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|_| Problem::invalid_field("query", "is not form-encoded UTF-8"))?
        .into_inner();
    let mut map = Map::new();
    for (key, value) in pairs {
        // Bytes that are no UTF-8 have become the replacement character by now.
        if has_control_characters(&value) || value.contains(char::REPLACEMENT_CHARACTER) {
            let message = "must be UTF-8 text without control characters";
            return Err(Problem::invalid_field(key.chars().take(60).collect::<String>(), message));
        }
        if map.insert(key.clone(), serde_json::Value::String(value)).is_some() {
            return Err(Problem::invalid_field(key.chars().take(60).collect::<String>(), "is given more than once"));
        }
    }
    Ok(map)
}

/// A parameter that is read from its text.
#[derive(Debug, Clone)]
pub struct Param<T>(pub T);

/// How a parameter is read, and what it must be.
pub trait FromText: Sized {
    const MUST_BE: &'static str;
    fn from_text(text: &str) -> Option<Self>;
}

impl<T: FromText> Deserr<FieldErrors> for Param<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| T::from_text(text).ok_or_else(|| format!("must be {}", T::MUST_BE))).map(Param)
    }
}

macro_rules! from_text {
    ($($type:ty: $must_be:literal),+ $(,)?) => {$(
        impl FromText for $type {
            const MUST_BE: &'static str = $must_be;

            fn from_text(text: &str) -> Option<Self> {
                <$type>::from_str(text).ok()
            }
        }
    )+};
}
from_text!(
    bool: "true or false",
    u64: "a whole number",
    NotificationId: "a UUID",
    UserId: "a UUID",
);

/// Reads a string value by `read`, whose error says what the value must be.
pub fn from_string<V: IntoValue, T>(
    value: Value<V>,
    at: ValuePointerRef,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, FieldErrors> {
    match value {
        Value::String(text) => read(&text).map_err(|message| FieldErrors::one(at, message)),
        _ => Err(FieldErrors::one(at, "must be a string")),
    }
}

impl<const MAX: usize> Deserr<FieldErrors> for Line<MAX> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| Line::new(text).map_err(|error| error.to_string()))
    }
}

impl<const MAX: usize> Deserr<FieldErrors> for Prose<MAX> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| Prose::new(text).map_err(|error| error.to_string()))
    }
}

/// Text that may be left out, null or empty: all three mean none.
#[derive(Debug, Clone)]
pub struct Maybe<T>(pub Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<const MAX: usize> Deserr<FieldErrors> for Maybe<Prose<MAX>> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        match value {
            Value::Null => Ok(Self(None)),
            value => from_string(value, at, |text| Prose::optional(text).map_err(|error| error.to_string())).map(Self),
        }
    }
}

impl<const MAX: usize> Deserr<FieldErrors> for Maybe<Line<MAX>> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        match value {
            Value::Null => Ok(Self(None)),
            value => from_string(value, at, |text| Line::optional(text).map_err(|error| error.to_string())).map(Self),
        }
    }
}

impl Deserr<FieldErrors> for LanguageTag {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| Self::new(text).map_err(|error| error.to_string()))
    }
}

macro_rules! ids {
    ($($id:ty),+) => {$(
        impl Deserr<FieldErrors> for $id {
            fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
                from_string(value, at, |text| text.parse().map_err(|_| "must be a UUID".to_owned()))
            }
        }
    )+};
}
ids!(BookId, BorrowId, UserId);

/// An id in a path; anything that is no UUID names nothing that exists, but is told apart as a wrong form.
pub struct PathId<T>(pub T);

impl<T: From<uuid::Uuid>> FromRequest for PathId<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|text| uuid::Uuid::parse_str(text).ok());
        std::future::ready(id.map(|id| Self(id.into())).ok_or_else(|| Problem::invalid_field("id", "must be a UUID")))
    }
}
