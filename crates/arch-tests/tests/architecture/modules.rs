//! Which module of a crate imports which, read off the tokens of its files: `use` trees, paths in code, in macros and in
//! attributes. What is compiled for tests alone is left out: a test may look anywhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::items::branches;
use crate::tokens::{Token, is_ident, is_path, is_punct, tokens};
use crate::workspace::File;

/// A module's path below the crate: `http::edge::hot`; empty for the root.
pub type Module = String;

/// What a module names besides itself.
#[derive(Debug, Default, PartialEq)]
pub struct Names {
    /// Other modules of its crate.
    pub modules: BTreeSet<Module>,
    /// First segments of all other paths: among them the crates that it uses.
    pub crates: BTreeSet<String>,
    /// Contexts of the host that it names one by one: `Auth` of `Context::Auth`, or `*`.
    pub contexts: BTreeSet<String>,
}

/// Every module below `source` (as in `apps/folkshelf/src/`) with what it names.
pub fn names(files: &[File], source: &str) -> BTreeMap<Module, Names> {
    let inside = files.iter().filter_map(|file| Some((module_of(file.path.strip_prefix(source)?), file)));
    // A file of tests is named by its parent under cfg(test).
    let inside: Vec<_> = inside.filter(|(module, _)| !module.ends_with("tests")).collect();
    let known: BTreeSet<Module> = inside.iter().map(|(module, _)| module.clone()).collect();
    let read = |(module, file): (Module, &File)| {
        let mut reader = Reader { here: module.clone(), known: &known, names: Names::default() };
        reader.read(&tokens(&file.text), 0);
        let mut names = reader.names;
        names.modules.remove(&module);
        (module, names)
    };
    inside.into_iter().map(read).collect()
}

/// The module that a file below the crate's `src/` holds.
pub fn module_of(path: &str) -> Module {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("mod").map_or(path, |folder| folder.trim_end_matches('/'));
    if path == "main" || path == "lib" { String::new() } else { path.replace('/', "::") }
}

struct Reader<'k> {
    here: Module,
    known: &'k BTreeSet<Module>,
    names: Names,
}

impl Reader<'_> {
    /// `depth`: how many modules within the file we are in.
    fn read(&mut self, tokens: &[Token], depth: usize) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if let Some(after) = test_item(tokens, at) {
                at = after;
                continue;
            }
            match token {
                // `impl Stream + use<'_>` imports nothing.
                Token::Ident(word) if word == "use" && !is_punct(tokens.get(at + 1), '<') => {
                    at = self.imports(tokens, at + 1, depth);
                }
                Token::Ident(word) if word == "extern" && is_ident(tokens.get(at + 1), "crate") => {
                    if let Some(Token::Ident(name)) = tokens.get(at + 2) {
                        self.names.crates.insert(name.clone());
                    }
                    at += 3;
                }
                Token::Group(open, inside) => {
                    let module = at >= 2 && *open == '{' && is_ident(tokens.get(at - 2), "mod");
                    self.read(inside, depth + usize::from(module));
                    at += 1;
                }
                // `::books::Books` begins at the crates, whatever modules are called.
                Token::Ident(first) if begins_at_the_crates(tokens, at) => {
                    self.names.crates.insert(first.clone());
                    at += 1;
                }
                Token::Ident(first) if is_path(tokens, at + 1) && !(at >= 2 && is_path(tokens, at - 2)) => {
                    at = self.path(tokens, at + 1, std::slice::from_ref(first), depth);
                }
                _ => at += 1,
            }
        }
    }

    /// The tree of a `use`; answers where it ends.
    fn imports(&mut self, tokens: &[Token], at: usize, depth: usize) -> usize {
        let rest = tokens.get(at..).unwrap_or_default();
        let length = rest.iter().position(|token| is_punct(Some(token), ';')).unwrap_or(rest.len());
        let tree = &rest[..length];
        for (path, name) in branches(&[], tree) {
            // Under another name, all of them are meant.
            if path.ends_with(&["contexts".to_owned(), "Context".to_owned()]) && name != "Context" {
                self.names.contexts.insert("*".to_owned());
            }
            match path.first() {
                Some(first) if is_path(tree, 0) => drop(self.names.crates.insert(first.clone())),
                _ => self.name(&path, depth),
            }
        }
        at + length + 1
    }

    /// Follows a path whose next token is `::`, into the braces of a `use`; answers where it ends.
    fn path(&mut self, tokens: &[Token], at: usize, before: &[String], depth: usize) -> usize {
        if !is_path(tokens, at) {
            self.name(before, depth);
            return at;
        }
        match tokens.get(at + 2) {
            Some(Token::Ident(next)) => {
                let path = deeper(before, next);
                self.path(tokens, at + 3, &path, depth)
            }
            Some(Token::Group('{', inside)) => {
                for branch in inside.split(|token| is_punct(Some(token), ',')) {
                    if let Some(Token::Ident(next)) = branch.first() {
                        self.path(branch, 1, &deeper(before, next), depth);
                    }
                }
                at + 3
            }
            // `super::*`, `Vec::<u8>`
            _ => {
                self.name(before, depth);
                at + 2
            }
        }
    }

    fn name(&mut self, path: &[String], depth: usize) {
        if let Some([.., variant]) = path.iter().position(|part| part == "Context").map(|at| &path[at + 1..]) {
            self.names.contexts.insert(variant.clone());
        }
        let mut base: Vec<&str> = self.here.split("::").filter(|part| !part.is_empty()).collect();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => {
                base.clear();
                rest = &path[1..];
            }
            Some("super") => {
                let supers = path.iter().take_while(|part| *part == "super").count();
                rest = &path[supers..];
                base.truncate(base.len().saturating_sub(supers.saturating_sub(depth)));
            }
            Some("self") => rest = &path[1..],
            Some(first) => {
                let child = [base.as_slice(), &[first]].concat().join("::");
                if !self.known.contains(&child) {
                    self.names.crates.insert(first.to_owned());
                    return;
                }
            }
            None => return,
        }
        base.extend(rest.iter().map(String::as_str));
        // The longest part of the path that is a module; what follows is an item in it.
        let found = (0..=base.len()).rev().map(|length| base[..length].join("::")).find(|it| self.known.contains(it));
        self.names.modules.extend(found);
    }
}

/// Whether a name stands behind a `::` that stands behind nothing.
fn begins_at_the_crates(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(3).and_then(|before| tokens.get(before));
    let goes_on = matches!(before, Some(Token::Ident(word)) if !["use", "in", "as", "return", "dyn", "impl", "mut"].contains(&word.as_str()))
        || is_punct(before, '>') && !at.checked_sub(4).is_some_and(|arrow| is_punct(tokens.get(arrow), '-'));
    at >= 2 && is_path(tokens, at - 2) && !goes_on
}

fn deeper(path: &[String], next: &str) -> Vec<String> {
    let next = Some(next).filter(|next| *next != "self").map(str::to_owned);
    path.iter().cloned().chain(next).collect()
}

/// Where an item for tests alone ends that begins here.
fn test_item(tokens: &[Token], at: usize) -> Option<usize> {
    let Some(Token::Group('[', attribute)) = tokens.get(at + 1) else { return None };
    let cfg_test = matches!(&attribute[..], [Token::Ident(cfg), Token::Group('(', test)]
        if cfg == "cfg" && is_ident(test.first(), "test") && test.len() == 1);
    if !is_punct(tokens.get(at), '#') || !cfg_test {
        return None;
    }
    let ends = |token: &Token| matches!(token, Token::Group('{', _) | Token::Punct(';'));
    tokens.iter().skip(at + 2).position(ends).map(|length| at + 2 + length + 1)
}

/// The imports that lie on a circle, one line each.
pub fn circles(names: &BTreeMap<Module, Names>) -> Vec<String> {
    let mut edges: BTreeSet<(&str, &str)> = names
        .iter()
        .flat_map(|(from, names)| names.modules.iter().map(move |to| (from.as_str(), to.as_str())))
        .collect();
    loop {
        // What nobody imports, and what imports nothing, is on no circle.
        let on = |edge: &(&str, &str)| {
            edges.iter().any(|(_, to)| *to == edge.0) && edges.iter().any(|(from, _)| *from == edge.1)
        };
        let left: BTreeSet<_> = edges.iter().copied().filter(on).collect();
        if left.len() == edges.len() {
            return left.into_iter().map(|(from, to)| format!("{from} -> {to}: on a circle")).collect();
        }
        edges = left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> BTreeMap<Module, Names> {
        let files: Vec<File> = files.iter().map(|(path, text)| File::new(&format!("src/{path}"), text)).collect();
        names(&files, "src/")
    }

    fn modules_of(text: &str) -> Vec<String> {
        let all = of(&[
            ("main.rs", ""),
            ("http/mod.rs", ""),
            ("http/books.rs", text),
            ("http/books/body.rs", ""),
            ("http/edge/mod.rs", ""),
            ("http/edge/hot.rs", ""),
        ]);
        all["http::books"].modules.iter().cloned().collect()
    }

    #[test]
    fn every_way_to_name_a_module_is_seen() {
        for text in [
            "use crate::http::edge::hot::Shared;",
            "use super::edge::{hot::Shared};",
            "use crate::http::{edge::hot};",
            "use super::edge::hot;",
            "fn f() -> crate::http::edge::hot::Shared {}",
            "#[path(params(super::edge::hot::Query))] fn f() {}",
            "fn f() { select! { _ = crate::http::edge::hot::wait() => {} } }",
            "mod inside { use super::super::edge::hot::Shared; }",
        ] {
            assert_eq!(modules_of(text), ["http::edge::hot"], "{text}");
        }
        assert_eq!(modules_of("mod body; use body::Body;"), ["http::books::body"]);
        assert_eq!(modules_of("use crate::http::edge::{self, hot};"), ["http::edge", "http::edge::hot"]);
        assert_eq!(modules_of("use super::Api;"), ["http"]);
    }

    #[test]
    fn what_is_no_import_is_not_taken_for_one() {
        for text in [
            "// use crate::http::edge::hot;",
            "const TEXT: &str = \"crate::http::edge\";",
            "pub(crate) struct Crate;",
            "mod inside { use super::Other; }",
            "#[cfg(test)] mod tests { use crate::http::edge::hot; }",
            "#[cfg(test)] use crate::http::edge::hot;",
            "use std::io; fn f() { Vec::<u8>::new(); }",
        ] {
            assert_eq!(modules_of(text), Vec::<String>::new(), "{text}");
        }
    }
}
