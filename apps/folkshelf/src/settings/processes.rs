//! Which contexts this process runs, and where the others are (docs/contexts-as-processes.md).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use actix_web::http::Uri;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::contexts::Context;

/// Which contexts this process runs, and which have their tables in its database.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contexts {
    /// Those that `serve` runs, by name. Empty: all of the database. `serve --contexts` wins over it.
    pub run: Vec<String>,
    /// Those that have their tables in the database of `database.url`. Empty: all. Events of the others are fetched from the
    /// processes that `peers` names.
    pub database: Vec<String>,
}

/// Where other processes reach a context that they do not run: the address of `internal.listen` of a process that runs it, or of
/// a proxy before several. Of contexts that run here it is not used, so that all processes may have the same file.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Peers {
    #[serde(flatten)]
    urls: BTreeMap<String, String>,
}

/// What processes ask of each other. Nobody else may reach it: who has the token may do everything.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Internal {
    /// Address and port for the other processes, in a private network. Not set: nobody can ask this process.
    #[schema(value_type = Option<String>)]
    pub listen: Option<SocketAddr>,
    /// The token that processes show each other, the same for all. At least 32 characters. Not set: there is one process.
    #[schema(value_type = Option<String>)]
    pub token: Option<SecretString>,
    /// Tokens that are taken too while `token` is changed, at most 4.
    #[schema(value_type = Vec<String>)]
    pub other_tokens: Vec<SecretString>,
}

/// What `contexts.run` says.
impl Contexts {
    /// Those of the database that `serve` runs.
    pub fn here(&self) -> Vec<Context> {
        let all = self.in_database().into_iter();
        all.filter(|context| self.run.is_empty() || is_named(&self.run, *context)).collect()
    }

    pub fn in_database(&self) -> Vec<Context> {
        let all = Context::ALL.iter().copied();
        all.filter(|context| self.database.is_empty() || is_named(&self.database, *context)).collect()
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let lists = [("run", &self.run), ("database", &self.database)];
        let named = lists.iter().flat_map(|(list, all)| all.iter().map(move |name| (list, name)));
        let unknown = named.filter(|(_, name)| !is_context(name));
        let unknown =
            unknown.map(|(list, name)| format!("contexts.{list}: there is no context {name}, only {}", names()));
        let apart = self
            .run
            .iter()
            .filter(|name| is_context(name) && !self.database.is_empty() && !self.database.contains(name));
        let apart = apart.map(|name| format!("contexts.run: {name} is not one of contexts.database"));
        unknown.chain(apart).collect()
    }
}

impl Peers {
    /// `None`: nobody says where it is.
    pub fn of(&self, context: Context) -> Option<&str> {
        self.urls.get(context.name()).map(|url| url.trim_end_matches('/')).filter(|url| !url.is_empty())
    }

    pub(super) fn faults(&self) -> Vec<String> {
        let unknown = self.urls.keys().filter(|name| !is_context(name));
        let unknown = unknown.map(|name| format!("peers.{name}: there is no such context, only {}", names()));
        let unreadable = self.urls.iter().filter(|(_, url)| !url.is_empty() && !is_address(url));
        let unreadable = unreadable.map(|(name, _)| {
            format!("peers.{name} must be an address that begins with http://, as in http://10.0.0.7:3100")
        });
        unknown.chain(unreadable).collect()
    }
}

impl Internal {
    pub(super) fn faults(&self, here: &[Context], peers: &Peers) -> Vec<String> {
        let mut faults = Vec::new();
        let elsewhere: Vec<&str> =
            Context::ALL.iter().filter(|context| !here.contains(context)).map(|context| context.name()).collect();
        let lost = Context::ALL.iter().filter(|context| !here.contains(context) && peers.of(**context).is_none());
        faults.extend(lost.map(|context| {
            let name = context.name();
            format!("{name} does not run in this process, and peers.{name} does not say where it does")
        }));
        if self.token.is_none() && !elsewhere.is_empty() {
            faults.push(format!("internal.token is not set, and {} run elsewhere", elsewhere.join(", ")));
        }
        if self.token.is_none() && self.listen.is_some() {
            faults.push("internal.listen needs internal.token: without one anybody could ask".to_owned());
        }
        if self.other_tokens.len() > 4 {
            faults.push("internal.other_tokens must name at most 4".to_owned());
        }
        faults
    }

    /// Those that are taken, the one that is shown first.
    pub fn tokens(&self) -> impl Iterator<Item = &SecretString> {
        self.token.iter().chain(&self.other_tokens)
    }
}

fn is_named(names: &[String], context: Context) -> bool {
    names.iter().any(|name| name == context.name())
}

fn is_context(name: &str) -> bool {
    Context::ALL.iter().any(|context| context.name() == name)
}

fn names() -> String {
    Context::ALL.iter().map(|context| context.name()).collect::<Vec<_>>().join(", ")
}

/// Of a process in the same private network.
fn is_address(url: &str) -> bool {
    let bare = |uri: &Uri| uri.scheme_str() == Some("http") && uri.host().is_some() && uri.path() == "/";
    url.parse::<Uri>().is_ok_and(|uri| bare(&uri) && uri.query().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(urls: &[(&str, &str)]) -> Peers {
        Peers { urls: urls.iter().map(|(name, url)| ((*name).to_owned(), (*url).to_owned())).collect() }
    }

    fn internal(token: Option<&str>) -> Internal {
        Internal { listen: None, token: token.map(SecretString::from), other_tokens: Vec::new() }
    }

    #[test]
    fn a_context_that_is_nowhere_is_named() {
        let run = Contexts { run: vec!["borrowing".to_owned(), "users".to_owned()], database: Vec::new() };
        let here = run.here();
        assert_eq!(here, [Context::Users, Context::Borrowing]);
        let known = [("auth", "http://a:1"), ("books", "http://b:1/"), ("borrowing", "")];
        let faults = internal(Some("token")).faults(&here, &peers(&known));
        assert_eq!(
            faults,
            ["notifications does not run in this process, and peers.notifications does not say where it does"]
        );
        assert_eq!(peers(&known).of(Context::Books), Some("http://b:1"));
        assert_eq!(internal(None).faults(Context::ALL, &Peers::default()), Vec::<String>::new());
        let all: Vec<_> = Context::ALL.iter().map(|context| (context.name(), "http://a:1")).collect();
        let untold = internal(None).faults(&here, &peers(&all));
        assert_eq!(untold, ["internal.token is not set, and auth, books, notifications run elsewhere"]);
    }

    #[test]
    fn a_process_runs_what_is_in_its_database() {
        let contexts = |run: &[&str], database: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            Contexts { run: owned(run), database: owned(database) }
        };
        assert_eq!(contexts(&[], &["books", "users"]).here(), [Context::Users, Context::Books]);
        assert_eq!(contexts(&["books"], &["books", "users"]).here(), [Context::Books]);
        assert_eq!(contexts(&["books"], &["books", "users"]).in_database(), [Context::Users, Context::Books]);
        assert_eq!(contexts(&["auth"], &["books"]).faults(), ["contexts.run: auth is not one of contexts.database"]);
        assert!(contexts(&[], &["lending"]).faults()[0].starts_with("contexts.database: there is no context lending"));
    }

    #[test]
    fn what_is_no_context_and_no_address_is_named() {
        let run = Contexts { run: vec!["lending".to_owned()], database: Vec::new() };
        assert!(run.faults()[0].starts_with("contexts.run: there is no context lending, only users, auth"));
        let faults = peers(&[("lending", "http://a:1"), ("books", "https://b:1"), ("auth", "http://a:1/x")]).faults();
        assert!(faults[0].starts_with("peers.lending: there is no such context"), "{faults:?}");
        assert!(faults[1].starts_with("peers.auth must be") && faults[2].starts_with("peers.books must be"));
        assert_eq!(faults.len(), 3);
    }
}
