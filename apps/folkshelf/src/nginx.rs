//! nginx's map of paths to processes (`folkshelf config nginx`), made of the routes and of `[peers]`. `deploy/nginx/render` takes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::bail;
use utoipa::openapi::OpenApi;

use crate::contexts::Context;
use crate::modules;
use crate::settings::Peers;

/// The upstream of the first context's process.
const FIRST: &str = "folkshelf";

/// The upstream of all processes: that one, and the others while it is away. Each has the web app and the host's own routes.
const ANY: &str = "folkshelf_any";

/// The segment that stands for a parameter. It sorts behind all words, so words come first in the map as in the router.
const PARAMETER: &str = "{}";

pub fn map(peers: &Peers) -> anyhow::Result<String> {
    let processes: Vec<_> = Context::ALL.iter().map(|context| (*context, upstream(*context, peers))).collect();
    let upstreams: BTreeSet<_> = processes.iter().map(|(_, upstream)| upstream).collect();
    let default = if upstreams.len() == 1 { FIRST } else { ANY };
    let mut paths = Paths::default();
    let own = modules::routes(&[]).described();
    paths.claim(&own, default, "the host")?;
    for (context, upstream) in &processes {
        let mut described = modules::routes(&[*context]).described();
        described.paths.paths.retain(|path, _| !own.paths.paths.contains_key(path));
        paths.claim(&described, upstream, context.name())?;
    }
    let mut map =
        "# Which process answers which path. `folkshelf config nginx` printed it, of the routes of this build and of \
                   [peers].\n"
            .to_owned();
    for upstream in upstreams {
        let contexts = processes.iter().filter(|(_, its)| its == upstream).map(|(context, _)| context.name());
        writeln!(map, "# {upstream}: {}", contexts.collect::<Vec<_>>().join(", "))?;
    }
    writeln!(map, "map $uri $folkshelf_process {{\n    default {default};")?;
    for (pattern, upstream) in paths.rules(default) {
        writeln!(map, "    {pattern} {upstream};")?;
    }
    map.push_str("}\n");
    Ok(map)
}

/// Contexts with the same line in `[peers]` run in the same process. Those without one run where the first one does.
fn upstream(context: Context, peers: &Peers) -> String {
    let together = |other: &&Context| peers.of(**other) == peers.of(context);
    match Context::ALL.iter().position(|other| together(&other)) {
        Some(first) if first > 0 && peers.of(context).is_some() => format!("{FIRST}_{}", Context::ALL[first].name()),
        _ => FIRST.to_owned(),
    }
}

/// The paths as a tree of their segments.
#[derive(Default)]
struct Paths {
    /// Whose the path is that ends here, and the upstream that answers it.
    claimed: Option<(String, String)>,
    below: BTreeMap<String, Self>,
}

impl Paths {
    fn claim(&mut self, described: &OpenApi, upstream: &str, by: &str) -> anyhow::Result<()> {
        for path in described.paths.paths.keys() {
            let segments = path.split('/').skip(1);
            let segments = segments.map(|segment| if segment.starts_with('{') { PARAMETER } else { segment });
            let node = segments.fold(&mut *self, |node, segment| node.below.entry(segment.to_owned()).or_default());
            if let Some((other, _)) = &node.claimed {
                bail!("{path} is a route of {other} and of {by}");
            }
            node.claimed = Some((by.to_owned(), upstream.to_owned()));
        }
        Ok(())
    }

    /// What answers this path and those below it.
    fn upstreams(&self) -> BTreeSet<&str> {
        let here = self.claimed.iter().map(|(_, upstream)| upstream.as_str());
        here.chain(self.below.values().flat_map(Self::upstreams)).collect()
    }

    /// Patterns with their upstreams, in the order in which nginx tries them.
    fn rules<'s>(&'s self, default: &'s str) -> Vec<(String, &'s str)> {
        let mut rules = Vec::new();
        self.add_rules(String::new(), (default, false), &mut rules);
        rules
    }

    /// `hidden`: a pattern that comes later would take these paths away from the default.
    fn add_rules<'s>(&'s self, path: String, (default, hidden): (&'s str, bool), rules: &mut Vec<(String, &'s str)>) {
        let mut add = |pattern: String, upstream: &'s str| {
            if hidden || upstream != default {
                rules.push((pattern, upstream));
            }
        };
        let upstreams = self.upstreams();
        if let (Some(upstream), 1) = (upstreams.first(), upstreams.len()) {
            let end = if self.below.is_empty() { "$" } else { "(/|$)" };
            return add(format!("~^{path}{end}"), upstream);
        }
        if let Some((_, upstream)) = &self.claimed {
            add(format!("~^{path}$"), upstream);
        }
        let leads_away = |any: &Self| any.upstreams() != BTreeSet::from([default]);
        let hidden = hidden || self.below.get(PARAMETER).is_some_and(leads_away);
        for (segment, below) in &self.below {
            below.add_rules(format!("{path}/{}", pattern(segment)), (default, hidden), rules);
        }
    }
}

/// As nginx's regular expressions have it. nginx compares plain texts without their case, so there are none in the map.
fn pattern(segment: &str) -> String {
    if segment == PARAMETER {
        return "[^/]+".to_owned();
    }
    let mut pattern = String::new();
    for letter in segment.chars() {
        if !(letter.is_alphanumeric() || "-_".contains(letter)) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use regex::Regex;
    use serde_json::{Value, json};
    use utoipa::openapi::{InfoBuilder, OpenApiBuilder, PathItem, PathsBuilder};

    use super::*;

    fn peers(lines: &Value) -> Peers {
        serde_json::from_value(lines.clone()).expect("lines of [peers]")
    }

    fn borrowing_apart() -> Value {
        json!({"borrowing": "http://b:1"})
    }

    fn all_apart() -> Value {
        json!({"users": "http://a:1", "auth": "http://a:2", "books": "http://a:3", "borrowing": "http://a:4", "notifications": "http://a:5"})
    }

    /// What nginx makes of a path by a map: texts first, without their case; then regular expressions, in their order.
    fn led_to(map: &str, path: &str) -> String {
        let lines: Vec<(&str, &str)> =
            map.lines().filter_map(|line| line.strip_prefix("    ")?.strip_suffix(';')?.split_once(' ')).collect();
        let text = lines.iter().find(|(key, _)| key.eq_ignore_ascii_case(path));
        let expression = |(key, _): &&(&str, &str)| {
            key.strip_prefix('~').is_some_and(|key| Regex::new(key).expect("an expression").is_match(path))
        };
        let default = lines.iter().find(|(key, _)| *key == "default");
        text.or_else(|| lines.iter().find(expression)).or(default).expect("a default").1.to_owned()
    }

    fn paths(contexts: &[Context]) -> BTreeSet<String> {
        modules::routes(contexts).described().paths.paths.keys().cloned().collect()
    }

    /// With a value for each parameter.
    fn example(path: &str) -> String {
        let values = path.split('/').map(|segment| match segment {
            "{row}" => "7",
            "{month}" => "2026-11",
            "{name}" | "{job}" => "books",
            parameter if parameter.starts_with('{') => "01936f8e-0000-7000-8000-000000000001",
            word => word,
        });
        values.collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_path_is_led_to_the_process_of_its_context() {
        let splits = [
            json!({}),
            borrowing_apart(),
            all_apart(),
            json!({"users": "http://a:1", "auth": "http://b:1", "books": "http://b:1/", "borrowing": "http://b:1", "notifications": "http://b:1"}),
            json!({"users": "http://a:1", "auth": "http://b:1", "borrowing": "http://b:1", "notifications": "http://a:1"}),
        ];
        let mut led_elsewhere = 0;
        for lines in splits {
            let peers = peers(&lines);
            let map = map(&peers).expect("a map");
            let of_all = if lines == json!({}) { "folkshelf" } else { "folkshelf_any" };
            for path in paths(&[]) {
                assert_eq!(led_to(&map, &example(&path)), of_all, "{path}");
            }
            for context in Context::ALL {
                for path in paths(&[*context]).difference(&paths(&[])) {
                    let expected = upstream(*context, &peers);
                    assert_eq!(led_to(&map, &example(path)), expected, "{path} by\n{map}");
                    led_elsewhere += usize::from(expected != "folkshelf");
                }
            }
        }
        assert!(led_elsewhere > 100, "{led_elsewhere}");
    }

    #[test]
    fn contexts_with_the_same_line_are_one_process() {
        let upstreams = |lines: Value| -> Vec<String> {
            Context::ALL.iter().map(|context| upstream(*context, &peers(&lines))).collect()
        };
        let (ours, of_auth, of_books) = ("folkshelf", "folkshelf_auth", "folkshelf_books");
        assert_eq!(upstreams(json!({})), [ours; 5]);
        let two = json!({"auth": "http://b:1", "books": "http://c:1", "borrowing": "http://b:1/"});
        assert_eq!(upstreams(two), [ours, of_auth, of_books, of_auth, ours]);
        let with_the_first = json!({"users": "http://a:1", "auth": "http://a:1", "books": "http://c:1"});
        assert_eq!(upstreams(with_the_first), [ours, ours, of_books, ours, ours]);
    }

    #[test]
    fn what_is_no_route_is_for_any_process() {
        let map = map(&peers(&all_apart())).expect("a map");
        for path in [
            "/",
            "/borrows",
            "/api/v1",
            "/api/v1/",
            "/api/v1/borrowsx",
            "/API/V1/BORROWS",
            "/api/v1/calendarxics",
            "/api/v1/profile/calendar-feed/x",
            "/PROFILE/CALENDAR-FEED",
            "/API/V1/PROFILE/CALENDAR-FEED",
            "/assets/api/v1/books",
            "/api-docs/openapi.json",
            "/health",
            "/api/v1/admin",
            "/api/v1/admin/mailsx",
        ] {
            assert_eq!(led_to(&map, path), "folkshelf_any", "{path}");
        }
        // Of a context's paths also what nobody has: one process answers 404 to it as any other does.
        assert_eq!(led_to(&map, "/api/v1/borrows/"), "folkshelf_borrowing");
    }

    fn described(paths: &[&str]) -> OpenApi {
        let paths = paths.iter().fold(PathsBuilder::new(), |all, path| all.path(*path, PathItem::default()));
        OpenApiBuilder::new().info(InfoBuilder::new().build()).paths(paths.build()).build()
    }

    #[test]
    fn a_path_of_two_contexts_is_an_error() {
        let mut paths = Paths::default();
        paths.claim(&described(&["/a/{id}", "/b"]), "one", "books").expect("nobody has them");
        let refused = paths.claim(&described(&["/a/{number}"]), "one", "borrowing").expect_err("books has it");
        assert_eq!(refused.to_string(), "/a/{number} is a route of books and of borrowing");
    }

    #[test]
    fn a_word_comes_before_a_parameter_in_its_place() {
        let mut paths = Paths::default();
        paths.claim(&described(&["/a/mine", "/a/mine.csv/x", "/b"]), "all", "books").expect("nobody has them");
        paths
            .claim(&described(&["/a/{id}", "/a/{id}/x", "/a", "/c/d"]), "other", "borrowing")
            .expect("nobody has them");
        let rules = paths.rules("all");
        let rules: Vec<_> = rules.iter().map(|(pattern, upstream)| (pattern.as_str(), *upstream)).collect();
        assert_eq!(
            rules,
            [
                ("~^/a$", "other"),
                ("~^/a/mine$", "all"),
                ("~^/a/mine\\.csv(/|$)", "all"),
                ("~^/a/[^/]+(/|$)", "other"),
                ("~^/c(/|$)", "other"),
            ]
        );
    }

    #[test]
    fn what_deploy_has_for_borrowing_apart_is_what_is_printed() {
        let file = |path: &str| format!("{}/../../deploy/{path}", env!("CARGO_MANIFEST_DIR"));
        let (path, now) = (file("nginx/borrowing-apart.conf"), map(&peers(&borrowing_apart())).expect("a map"));
        if std::env::var_os("FOLKSHELF_UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &now).expect("written");
        }
        let checked_in = std::fs::read_to_string(&path).expect("a map");
        assert!(checked_in == now, "FOLKSHELF_UPDATE_GOLDEN=1 writes {path} anew:\n{now}");

        // The Ingress says the same in its own words.
        let ingress = file("kubernetes/overlays/borrowing-apart/ingress.yaml");
        let ingress = std::fs::read_to_string(ingress).expect("an Ingress");
        let led = ingress.lines().filter_map(|line| line.trim().strip_prefix("- { path: ")?.split_once(", backend: "));
        let led: BTreeSet<String> = led.map(|(path, _)| path.to_owned()).collect();
        let rules =
            now.lines().filter_map(|line| line.trim().strip_prefix("~^")?.strip_suffix(" folkshelf_borrowing;"));
        let rules = rules.map(|rule| match rule.strip_suffix("(/|$)") {
            Some(prefix) => format!("{prefix}, pathType: Prefix"),
            None => format!("{}, pathType: Exact", rule.trim_end_matches('$').replace('\\', "")),
        });
        assert_eq!(led, rules.collect());
    }
}
