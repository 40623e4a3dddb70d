//! What the files of a crate declare, read off their tokens: items, implementations, re-exports. What is compiled for tests
//! alone is left out.

use crate::modules::{Module, module_of};
use crate::tokens::{Token, is_ident, is_path, is_punct, tokens};
use crate::workspace::File;

#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub module: Module,
    /// `struct`, `enum`, `trait`, `fn`, `type`, `const`, `static`, `mod`.
    pub keyword: String,
    pub name: String,
    /// To everybody, not to the crate alone.
    pub public: bool,
    /// There only with a feature of the crate.
    pub with_feature: bool,
    /// The last names of what it derives: `Error` for `thiserror::Error`.
    pub derives: Vec<String>,
    /// What follows its name. Of a function its signature alone.
    pub shape: Vec<Token>,
}

/// `impl Of for Whom { body }`.
#[derive(Debug)]
pub struct Impl {
    pub of: Option<String>,
    pub whom: String,
    pub body: Vec<Item>,
}

/// `pub use path as name`, one for each name. `*` is a name, too.
#[derive(Debug)]
pub struct ReExport {
    pub module: Module,
    pub path: Vec<String>,
    pub name: String,
    pub with_feature: bool,
}

/// `name! { body }` between the items.
#[derive(Debug)]
pub struct MacroCall {
    pub name: String,
    pub body: Vec<Token>,
}

#[derive(Debug, Default)]
pub struct Declared {
    pub items: Vec<Item>,
    pub impls: Vec<Impl>,
    pub re_exports: Vec<ReExport>,
    pub macro_calls: Vec<MacroCall>,
}

/// All that the files below `source` (as in `crates/books/src/`) declare.
pub fn declared(files: &[File], source: &str) -> Declared {
    let mut declared = Declared::default();
    for file in files {
        let Some(path) = file.path.strip_prefix(source) else { continue };
        let module = module_of(path);
        if !module.ends_with("tests") {
            declared.read(&tokens(&file.text), &module);
        }
    }
    declared
}

#[derive(Default)]
struct Attributes {
    for_tests: bool,
    with_feature: bool,
    derives: Vec<String>,
}

impl Attributes {
    /// Reads those that begin at `at`, and says where they end.
    fn read(tokens: &[Token], mut at: usize) -> (Self, usize) {
        let mut all = Self::default();
        while is_punct(tokens.get(at), '#') {
            at += 1 + usize::from(is_punct(tokens.get(at + 1), '!'));
            if let Some(Token::Group('[', attribute)) = tokens.get(at) {
                all.add(attribute);
            }
            at += 1;
        }
        (all, at)
    }

    fn add(&mut self, attribute: &[Token]) {
        let [Token::Ident(name), Token::Group('(', inside)] = attribute else { return };
        let names = |wanted: &str| inside.iter().any(|token| is_ident(Some(token), wanted));
        match name.as_str() {
            "cfg" => {
                self.for_tests |= names("test");
                self.with_feature |= names("feature");
            }
            "derive" => {
                for derived in inside.split(|token| is_punct(Some(token), ',')) {
                    if let Some(Token::Ident(last)) = derived.last() {
                        self.derives.push(last.clone());
                    }
                }
            }
            _ => {}
        }
    }
}

impl Declared {
    fn read(&mut self, tokens: &[Token], module: &str) {
        let mut at = 0;
        while at < tokens.len() {
            let (attributes, after) = Attributes::read(tokens, at);
            at = after;
            let public = is_ident(tokens.get(at), "pub");
            let restricted = public && matches!(tokens.get(at + 1), Some(Token::Group('(', _)));
            at += usize::from(public) + usize::from(restricted);
            let public = public && !restricted;
            while is_modifier(tokens, at) {
                at += 1;
            }
            let Some(Token::Ident(keyword)) = tokens.get(at) else {
                at += 1;
                continue;
            };
            let end = end_of(keyword, tokens, at);
            let inside = tokens.get(at + 1..end).unwrap_or_default();
            if !attributes.for_tests {
                self.item(keyword, inside, (module, public), attributes);
            }
            at = end;
        }
    }

    fn item(&mut self, keyword: &str, inside: &[Token], (module, public): (&str, bool), attributes: Attributes) {
        let Attributes { with_feature, derives, .. } = attributes;
        match (keyword, inside) {
            ("use", path) if public => {
                let branches = branches(&[], path);
                let named = branches.into_iter().map(|(path, name)| (module.to_owned(), path, name));
                self.re_exports.extend(named.map(|(module, path, name)| ReExport { module, path, name, with_feature }));
            }
            ("use", _) => {}
            ("mod", [Token::Ident(name), rest @ ..]) => {
                if let Some(Token::Group('{', inside)) = rest.first() {
                    self.read(inside, &if module.is_empty() { name.clone() } else { format!("{module}::{name}") });
                }
                self.push(module, keyword, name, public, with_feature, derives, rest);
            }
            ("impl", header) => self.implementation(header),
            // What a macro of the crate's own declares by name.
            ("macro_rules", [Token::Punct('!'), Token::Ident(_), Token::Group(_, rules)]) => {
                let bodies = rules.iter().filter_map(|rule| match rule {
                    Token::Group('{', body) => Some(body),
                    _ => None,
                });
                bodies.for_each(|body| self.read(body, module));
            }
            (
                "struct" | "enum" | "union" | "trait" | "fn" | "type" | "const" | "static",
                [Token::Ident(name), rest @ ..],
            ) => {
                let rest = match rest {
                    [signature @ .., Token::Group('{', _)] if keyword == "fn" => signature,
                    rest => rest,
                };
                self.push(module, keyword, name, public, with_feature, derives, rest);
            }
            // `kernel::events! { … }`: the keyword was the path's first name.
            (first, rest) => {
                if let [.., Token::Punct('!'), Token::Group(_, body)] = rest {
                    let last = rest
                        .iter()
                        .rev()
                        .find_map(|token| if let Token::Ident(name) = token { Some(name) } else { None });
                    let name = last.cloned().unwrap_or_else(|| first.to_owned());
                    self.macro_calls.push(MacroCall { name, body: body.clone() });
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one for each part of an item")]
    fn push(
        &mut self,
        module: &str,
        keyword: &str,
        name: &str,
        public: bool,
        with_feature: bool,
        derives: Vec<String>,
        rest: &[Token],
    ) {
        self.items.push(Item {
            module: module.to_owned(),
            keyword: keyword.to_owned(),
            name: name.to_owned(),
            public,
            with_feature,
            derives,
            shape: rest.to_vec(),
        });
    }

    fn implementation(&mut self, tokens: &[Token]) {
        let [header @ .., Token::Group('{', body)] = tokens else { return };
        let header = without_generics(header);
        let mut inside = Declared::default();
        inside.read(body, "");
        let parts: Vec<&[Token]> = header.splitn(2, |token| is_ident(Some(token), "for")).collect();
        let (of, whom) = match parts[..] {
            [of, whom] => (last_name(of), last_name(whom)),
            [whom] => (None, last_name(whom)),
            _ => return,
        };
        if let Some(whom) = whom {
            self.impls.push(Impl { of, whom, body: inside.items });
        }
    }
}

/// What may stand before the keyword that says what an item is.
fn is_modifier(tokens: &[Token], at: usize) -> bool {
    let modifies = ["async", "unsafe", "const", "extern"].iter().any(|word| is_ident(tokens.get(at), word));
    let before = ["fn", "async", "unsafe", "extern"].iter().any(|word| is_ident(tokens.get(at + 1), word));
    modifies && before
}

/// Behind the last token of the item whose keyword stands at `at`.
fn end_of(keyword: &str, tokens: &[Token], at: usize) -> usize {
    let to_the_semicolon = ["use", "type", "const", "static"].contains(&keyword);
    let is_item = to_the_semicolon || ["struct", "enum", "union", "trait", "fn", "impl", "mod"].contains(&keyword);
    let ends = |token: &Token| match token {
        Token::Punct(';') => true,
        Token::Group('{', _) => !to_the_semicolon,
        Token::Group(_, _) => !is_item,
        _ => false,
    };
    tokens.iter().skip(at).position(ends).map_or(tokens.len(), |length| at + length + 1)
}

/// `a::{b, c as d}` as the path and the name of each.
pub fn branches(before: &[String], tokens: &[Token]) -> Vec<(Vec<String>, String)> {
    let mut path = before.to_vec();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Ident(word) if word == "as" => {
                let name = if let Some(Token::Ident(name)) = tokens.get(at + 1) { name.clone() } else { String::new() };
                return vec![(path, name)];
            }
            Token::Ident(word) => path.push(word.clone()),
            Token::Punct('*') => {
                path.push("*".to_owned());
            }
            Token::Group('{', inside) => {
                let all = inside.split(|token| is_punct(Some(token), ',')).filter(|branch| !branch.is_empty());
                return all.flat_map(|branch| branches(&path, branch)).collect();
            }
            _ => {}
        }
        at += 1;
    }
    // `a::{self}` is `a`.
    path.pop_if(|last| last == "self" && !before.is_empty());
    path.last().cloned().map(|name| vec![(path, name)]).unwrap_or_default()
}

/// `impl<T: Into<U>> From<T> for X` without the first pair.
fn without_generics(header: &[Token]) -> &[Token] {
    if !is_punct(header.first(), '<') {
        return header;
    }
    let mut depth = 0_i32;
    for (at, token) in header.iter().enumerate() {
        depth += angle(header, at, token);
        if depth == 0 {
            return &header[at + 1..];
        }
    }
    header
}

/// `1` for `<`, `-1` for a `>` that is no arrow.
pub fn angle(tokens: &[Token], at: usize, token: &Token) -> i32 {
    match token {
        Token::Punct('<') => 1,
        Token::Punct('>') if at == 0 || !is_punct(tokens.get(at - 1), '-') => -1,
        _ => 0,
    }
}

/// The last name of a path, before its parameters.
fn last_name(tokens: &[Token]) -> Option<String> {
    let mut last = None;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Ident(word) if word == "where" => break,
            Token::Ident(word) if word != "dyn" => last = Some(word.clone()),
            Token::Punct('<') => break,
            _ => {}
        }
        at += if is_path(tokens, at) { 2 } else { 1 };
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Declared {
        declared(&[File::new("src/a.rs", text)], "src/")
    }

    #[test]
    fn items_are_read_with_what_is_said_of_them() {
        let declared =
            of("//! Text.\n#![allow(x)]\nuse b::c;\n#[derive(Debug, thiserror::Error)] pub struct A<T>(pub T);\n\
            pub(crate) enum B { C(D) }\n pub async fn f(a: A) -> B { struct Inside; }\n\
            pub const fn g() {} #[cfg(feature = \"x\")] pub static S: u8 = { 1 };\n\
            #[cfg(test)] mod tests { pub struct T; }\n mod inner { pub trait P { fn ask(&self); } }");
        let seen: Vec<_> = declared
            .items
            .iter()
            .map(|it| (it.module.as_str(), it.keyword.as_str(), it.name.as_str(), it.public))
            .collect();
        assert_eq!(
            seen,
            [
                ("a", "struct", "A", true),
                ("a", "enum", "B", false),
                ("a", "fn", "f", true),
                ("a", "fn", "g", true),
                ("a", "static", "S", true),
                ("a::inner", "trait", "P", true),
                ("a", "mod", "inner", false)
            ]
        );
        assert_eq!(declared.items[0].derives, ["Debug", "Error"]);
        let with_feature: Vec<bool> = declared.items.iter().map(|item| item.with_feature).collect();
        assert_eq!(with_feature, [false, false, false, false, true, false, false]);
    }

    #[test]
    fn implementations_and_macro_calls_are_read() {
        let declared =
            of("impl<E: Into<F>> From<E> for A<E> { fn from(e: E) -> Self { x } } impl kernel::Command for B { \
            type Output = C; } impl B { pub fn new() -> B {} } kernel::events! { pub enum E {} }");
        let seen: Vec<_> =
            declared.impls.iter().map(|it| (it.of.as_deref(), it.whom.as_str(), it.body.len())).collect();
        assert_eq!(seen, [(Some("From"), "A", 1), (Some("Command"), "B", 1), (None, "B", 1)]);
        assert_eq!(declared.macro_calls.iter().map(|call| call.name.as_str()).collect::<Vec<_>>(), ["events"]);
    }

    #[test]
    fn what_a_macro_declares_by_name_is_read() {
        let declared = of("macro_rules! all { ($($name:ident),+) => { $(#[$doc])* pub enum Status { $($name),+ } \
            impl FromStr for Status {} $(pub struct $name(Uuid);)+ }; }");
        assert_eq!(declared.items.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["Status"]);
        assert_eq!(declared.impls.iter().map(|it| it.whom.as_str()).collect::<Vec<_>>(), ["Status"]);
    }

    #[test]
    fn re_exports_are_read_one_by_one() {
        let declared = of("pub use a::{b::C, d::{self, E as F}}; pub use g::*; pub(crate) use h::I; use j::K;");
        let seen: Vec<_> = declared.re_exports.iter().map(|it| (it.path.join("::"), it.name.as_str())).collect();
        let expected = [("a::b::C", "C"), ("a::d", "d"), ("a::d::E", "F"), ("g::*", "*")];
        assert_eq!(seen, expected.map(|(path, name)| (path.to_owned(), name)));
    }
}
