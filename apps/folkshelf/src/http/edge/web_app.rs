//! The web app below `/`: its production build, compiled into the host or read from a folder when the host starts.
//!
//! The app's build compresses its files ahead (`x.js.br` and `x.js.gz` beside `x.js`): those are forms of one file here,
//! and a client is given the one it understands best. What is no file but could be a page of the app is answered with its
//! `index.html`, whose script knows the pages. This stands around the routes and not among them, so that nothing here is
//! compressed again or taken for an operation of the API.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, Encoding, Header, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use anyhow::{Context, bail};
use rust_embed::RustEmbed;
use walkdir::WalkDir;

use super::problem::Problem;
use super::respond;

/// What stands for all of the app's paths in metrics and traces.
pub const ROUTE: &str = "app";

/// First segments of paths that are never the app's.
const NOT_THE_APPS: [&str; 5] = [".well-known", "api", "api-docs", "health", "metrics"];
const INDEX: &str = "index.html";
/// Files in here are named after their contents.
const HASHED: &str = "assets/";
/// How a compressed form is named, the smallest first.
const COMPRESSED: [(&str, ContentEncoding); 2] = [(".br", ContentEncoding::Brotli), (".gz", ContentEncoding::Gzip)];
/// No page of the app has a longer path.
const LONGEST_PAGE: usize = 200;

#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Embedded;

type Bytes = Cow<'static, [u8]>;

/// The app's files, by their paths without the first slash.
pub struct WebApp(HashMap<String, File>);

struct File {
    content_type: HeaderValue,
    plain: Form,
    compressed: Vec<(ContentEncoding, Form)>,
}

struct Form {
    tag: String,
    body: web::Bytes,
}

impl Form {
    fn new(bytes: Bytes) -> Self {
        let tag = format!("\"{}\"", respond::digest(&bytes));
        let body = match bytes {
            Cow::Borrowed(bytes) => web::Bytes::from_static(bytes),
            Cow::Owned(bytes) => web::Bytes::from(bytes),
        };
        Self { tag, body }
    }
}

impl WebApp {
    /// The app in `folder`, or else the one in this program; an empty one where there was none when it was compiled.
    pub fn load(folder: Option<&Path>) -> anyhow::Result<Self> {
        let files = match folder {
            Some(folder) => in_folder(folder).with_context(|| format!("cannot read {}", folder.display()))?,
            None => Embedded::iter()
                .filter_map(|name| Embedded::get(&name).map(|file| (name.into_owned(), file.data)))
                .collect(),
        };
        let app = Self::of(files)?;
        match folder {
            Some(folder) if !app.0.contains_key(INDEX) => bail!("there is no {INDEX} in {}", folder.display()),
            None if app.0.is_empty() => tracing::warn!("{}", Problem::without_app()),
            _ => {}
        }
        Ok(app)
    }

    fn of(mut files: BTreeMap<String, Bytes>) -> anyhow::Result<Self> {
        let names: Vec<String> = files.keys().filter(|name| is_served(name)).cloned().collect();
        let mut app = HashMap::new();
        for name in names {
            let compressed = COMPRESSED.iter().filter_map(|(ending, coding)| {
                files.remove(&format!("{name}{ending}")).map(|bytes| (*coding, Form::new(bytes)))
            });
            let compressed = compressed.collect();
            let Some(plain) = files.remove(&name).map(Form::new) else { continue };
            app.insert(name.clone(), File { content_type: content_type(&name)?, plain, compressed });
        }
        Ok(Self(app))
    }

    fn file(&self, path: &str) -> Result<(&str, &File), Problem> {
        let name = path.strip_prefix('/').unwrap_or(path);
        if let Some((name, file)) = self.0.get_key_value(name) {
            return Ok((name, file));
        }
        if !is_page(name) {
            return Err(Problem::not_found());
        }
        self.0.get(INDEX).map(|file| (INDEX, file)).ok_or_else(Problem::without_app)
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = Problem::method_not_allowed().error_response();
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match self.file(request.path()) {
            Ok((name, file)) => file.given(name, request),
            Err(problem) => problem.error_response(),
        }
    }
}

impl File {
    fn given(&self, name: &str, request: &HttpRequest) -> HttpResponse {
        let (coding, form) = self.chosen(request);
        let unchanged =
            request.headers().get(header::IF_NONE_MATCH).is_some_and(|held| respond::holds(held, &form.tag));
        let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((header::ETAG, form.tag.as_str()));
        let hashed = name.starts_with(HASHED);
        let keep = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        response.insert_header((header::CACHE_CONTROL, keep));
        if !self.compressed.is_empty() {
            response.insert_header((header::VARY, "accept-encoding"));
        }
        if unchanged {
            return response.finish();
        }
        if let Some(coding) = coding {
            response.insert_header((header::CONTENT_ENCODING, coding.as_str()));
        }
        response.content_type(self.content_type.clone()).body(form.body.clone())
    }

    /// The form that the client likes best, plain when it says nothing.
    fn chosen(&self, request: &HttpRequest) -> (Option<ContentEncoding>, &Form) {
        let identity = Encoding::identity();
        let codings: Vec<Encoding> = self.compressed.iter().map(|(coding, _)| Encoding::Known(*coding)).collect();
        let liked = AcceptEncoding::parse(request)
            .ok()
            .and_then(|accepted| accepted.negotiate(codings.iter().chain([&identity])));
        self.compressed
            .iter()
            .find(|(coding, _)| liked == Some(Encoding::Known(*coding)))
            .map_or((None, &self.plain), |(coding, form)| (Some(*coding), form))
    }
}

fn in_folder(folder: &Path) -> anyhow::Result<BTreeMap<String, Bytes>> {
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder)?.to_string_lossy().replace('\\', "/");
            files.insert(name, Cow::Owned(std::fs::read(entry.path())?));
        }
    }
    Ok(files)
}

/// Hidden files are the build's own.
fn is_served(name: &str) -> bool {
    !name.split('/').any(|part| part.starts_with('.')) && !COMPRESSED.iter().any(|(ending, _)| name.ends_with(ending))
}

fn content_type(name: &str) -> anyhow::Result<HeaderValue> {
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let text = kind.type_() == "text" || kind.subtype() == "json" || kind.suffix().is_some_and(|it| it == "json");
    let charset = if text { "; charset=utf-8" } else { "" };
    HeaderValue::from_str(&format!("{kind}{charset}")).with_context(|| format!("{name} has no content type"))
}

/// Whether a path is the app's to answer.
pub fn is_the_apps(path: &str) -> bool {
    let first = path.strip_prefix('/').map(|rest| rest.split('/').next().unwrap_or_default());
    first.is_some_and(|first| !NOT_THE_APPS.contains(&first))
}

/// Whether the app may have a page there: words and ids only, so nothing that means something to a file system.
fn is_page(name: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let trimmed = name.strip_suffix('/').unwrap_or(name);
    name.is_empty() || (name.len() <= LONGEST_PAGE && !name.starts_with(HASHED) && trimmed.split('/').all(word))
}

/// Answers what is the app's; everything else goes on to the routes.
pub async fn answer<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let app = request.app_data::<web::Data<WebApp>>().filter(|_| is_the_apps(request.path())).cloned();
    match app {
        Some(app) => {
            let response = app.answer(request.request());
            Ok(request.into_response(response).map_into_right_body())
        }
        None => Ok(next.call(request).await?.map_into_left_body()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_that_was_not_built_says_what_to_do_where_a_page_is_asked_for() {
        let app = WebApp::of(BTreeMap::new()).expect("an empty app");
        for page in ["/", "/shelf"] {
            let problem = app.file(page).err().expect("no page").to_string();
            assert!(problem.contains("WEB_APP_NOT_BUILT") && problem.contains("scripts/web build"), "{problem}");
        }
        assert!(app.file("/favicon.ico").err().expect("no file").to_string().contains("NOT_FOUND"));
    }

    #[test]
    fn a_page_is_made_of_words_and_ids() {
        for page in ["", "shelf", "shelf/", "books/01936f8e-0000-7000-8000-000000000001/edit", "assets"] {
            assert!(is_page(page), "{page}");
        }
        let long = "a".repeat(LONGEST_PAGE + 1);
        for other in ["/", "shelf//", "a.b", "..", "a/../b", "a%2e", "a\0", "a b", "é", "a\\b", "assets/x", &long] {
            assert!(!is_page(other), "{other}");
        }
    }

    #[test]
    fn the_hosts_own_paths_are_not_the_apps() {
        for own in ["/api", "/api/v1/books", "/api-docs/", "/health/ready", "/metrics", "", "*", "shelf"] {
            assert!(!is_the_apps(own), "{own}");
        }
        for its in ["/", "/apis", "/healthy", "/shelf/api", "//api"] {
            assert!(is_the_apps(its), "{its}");
        }
    }
}
