//! Answers: the envelope around every JSON body, entity tags, chosen fields, the position of a write.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use cqrs::Done;
use kernel::{LogPosition, Page, PageRequest};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use super::list::ListParams;
use super::problem::Problem;

/// Where in the log a write stands; a read that sends it as `X-Folkshelf-Min-Position` sees at least that much.
pub const POSITION: HeaderName = HeaderName::from_static("x-folkshelf-position");

/// The contexts that did not know yet of everything the caller has seen, with commas between: their part of the answer may be
/// of before. Asked again a moment later, the answer is complete.
pub const BEHIND: HeaderName = HeaderName::from_static("x-folkshelf-behind");

/// What every successful answer with a body looks like.
#[derive(Serialize, ToSchema)]
pub struct Envelope<T> {
    #[schema(example = true)]
    pub success: bool,
    pub data: T,
}

/// As [`Envelope`], for one page of a list.
#[derive(Serialize, ToSchema)]
pub struct ListEnvelope<T> {
    #[schema(example = true)]
    pub success: bool,
    pub data: Vec<T>,
    pub pagination: Pagination,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    pub page: u64,
    pub limit: u32,
    pub total: u64,
    pub total_pages: u64,
    /// Send it as `cursor` to get the next page, also deep in a list that changes meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A body for somebody who may hold it already: 304 when their tag still fits.
pub fn found<T: Serialize>(request: &HttpRequest, data: &T) -> Result<HttpResponse, Problem> {
    let body = json(&Envelope { success: true, data })?;
    let tag = format!("\"{}\"", digest(&body));
    Ok(tagged(request, body, tag))
}

/// As [`found`], for a thing with a version, whose tag `If-Match` takes.
pub fn found_version<T: Serialize>(request: &HttpRequest, data: &T, version: i64) -> Result<HttpResponse, Problem> {
    Ok(tagged(request, json(&Envelope { success: true, data })?, version_tag(version)))
}

/// One page of a list, with the fields that were asked for.
pub fn listed<T: Serialize>(
    request: &HttpRequest,
    params: &ListParams,
    page: Page<T>,
    known_fields: &[&str],
) -> Result<HttpResponse, Problem> {
    let asked = params.page_request();
    let pagination = pagination(&asked, &page);
    let body = match &params.fields {
        None => json(&ListEnvelope { success: true, data: page.items, pagination })?,
        Some(fields) => {
            let data: Result<Vec<Value>, _> = page.items.iter().map(serde_json::to_value).collect();
            let data = data.map_err(|error| Problem::internal(&error))?;
            json(&ListEnvelope { success: true, data: chosen(data, fields, known_fields)?, pagination })?
        }
    };
    let tag = format!("\"{}\"", digest(&body));
    Ok(tagged(request, body, tag))
}

fn pagination<T>(asked: &PageRequest, page: &Page<T>) -> Pagination {
    Pagination {
        page: asked.page,
        limit: asked.limit,
        total: page.total,
        total_pages: page.total.div_ceil(u64::from(asked.limit.max(1))),
        next_cursor: page.next_cursor.clone(),
    }
}

/// Keeps only the fields in the comma-separated `fields`.
fn chosen(data: Vec<Value>, fields: &str, known: &[&str]) -> Result<Vec<Value>, Problem> {
    let wanted: Vec<&str> = fields.split(',').map(str::trim).collect();
    if let Some(unknown) = wanted.iter().find(|field| !known.contains(field)) {
        let unknown: String = unknown.chars().take(60).collect();
        let message = format!("{unknown:?} is no field here; there are: {}", known.join(", "));
        return Err(Problem::invalid_field("fields", message));
    }
    Ok(data
        .into_iter()
        .map(|item| match item {
            Value::Object(mut map) => {
                map.retain(|field, _| wanted.contains(&field.as_str()));
                Value::Object(map)
            }
            other => other,
        })
        .collect())
}

/// The answer to a command that made something.
pub fn created<T: Serialize>(done: Option<LogPosition>, data: &T) -> Result<HttpResponse, Problem> {
    Ok(positioned(HttpResponse::Created(), done).json(Envelope { success: true, data }))
}

/// The answer to a command that changed something which has a version.
pub fn changed<T: Serialize>(done: Option<LogPosition>, data: &T, version: i64) -> Result<HttpResponse, Problem> {
    let mut response = positioned(HttpResponse::Ok(), done);
    response.insert_header((header::ETAG, version_tag(version)));
    Ok(response.json(Envelope { success: true, data }))
}

/// The answer to a command that tells something back.
pub fn done<T: Serialize>(done: Option<LogPosition>, data: &T) -> Result<HttpResponse, Problem> {
    Ok(positioned(HttpResponse::Ok(), done).json(Envelope { success: true, data }))
}

/// The answer to a command that goes on in the background.
pub fn accepted<T: Serialize>(done: Option<LogPosition>, data: &T) -> Result<HttpResponse, Problem> {
    Ok(positioned(HttpResponse::Accepted(), done).json(Envelope { success: true, data }))
}

/// The answer to a command that has nothing to tell.
pub fn empty<T>(done: &Done<T>) -> HttpResponse {
    positioned(HttpResponse::NoContent(), done.position).finish()
}

fn positioned(
    mut response: actix_web::HttpResponseBuilder,
    position: Option<LogPosition>,
) -> actix_web::HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(position) = position {
        response.insert_header((POSITION, position.to_string()));
    }
    response
}

fn version_tag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The header that [`expected_version`] reads, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "described here, read by expected_version")]
pub struct IfMatch {
    /// The ETag that was read
    #[param(rename = "If-Match", format = "entity-tag")]
    if_match: Option<String>,
}

/// As [`IfMatch`], for things that have no version: [`refuse_versions`] reads it.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "described here, read by refuse_versions")]
pub struct NoVersion {
    /// There is no version to name: only * fits
    #[param(rename = "If-Match", format = "entity-tag")]
    if_match: Option<String>,
}

/// The version an `If-Match` header demands. `*` demands none in particular.
pub fn expected_version(request: &HttpRequest) -> Result<Option<i64>, Problem> {
    let Some(value) = request.headers().get(header::IF_MATCH) else { return Ok(None) };
    let wrong = || Problem::invalid_field("If-Match", "must be an entity tag as an answer's ETag gave it");
    match value.to_str().map_err(|_| wrong())?.trim() {
        "*" => Ok(None),
        tag => {
            let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).ok_or_else(wrong)?;
            // A tag that is no version of ours fits nothing.
            Ok(Some(version.parse().unwrap_or(-1)))
        }
    }
}

/// For things that have no version: a deletion that demands one is refused rather than done anyhow.
pub fn refuse_versions(request: &HttpRequest) -> Result<(), Problem> {
    match expected_version(request)? {
        None => Ok(()),
        Some(_) => Err(Problem::without_version()),
    }
}

fn json<T: Serialize>(body: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(|error| Problem::internal(&error))
}

/// What an entity tag is made of.
pub fn digest(body: &[u8]) -> String {
    Sha256::digest(body).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether an `If-None-Match` header names the tag.
pub fn holds(held: &HeaderValue, tag: &str) -> bool {
    let named = |held: &str| {
        held.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|held| held == tag || held == "*")
    };
    held.to_str().is_ok_and(named)
}

fn tagged(request: &HttpRequest, body: Vec<u8>, tag: String) -> HttpResponse {
    let held = request.headers().get(header::IF_NONE_MATCH).is_some_and(|held| holds(held, &tag));
    let mut response = if held { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, tag));
    // What is shown depends on who asks.
    response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
    response.insert_header((header::VARY, "Authorization, X-API-Key"));
    if held { response.finish() } else { response.content_type("application/json").body(body) }
}
