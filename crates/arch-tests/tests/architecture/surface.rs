//! What a context shows to the host, each name with its kind. The kind follows from the code: where something is declared,
//! what it implements, and which message carries it. What is of no kind has no business on the surface.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use crate::items::{Declared, Impl, Item, angle, declared};
use crate::modules::Module;
use crate::tokens::{Token, is_ident, is_punct};
use crate::workspace::File;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What the host makes of a context, and `PUBLISHES`, `MIGRATIONS`, in `context.rs`.
    EntryPoint,
    /// Implements `Command`, in `commands`.
    Command,
    /// Implements `Query`, in `queries`.
    Query,
    /// What a command or query answers with, or a part of it; what the entry point answers with, if `view.rs` declares it.
    View,
    /// What a command, a query or a port is given, or a part of it.
    Value,
    /// What the entry point is made with, or a part of it.
    Setting,
    /// A trait in `ports.rs`.
    Port,
    /// An error that one of the others may end with, or the cause of one.
    Error,
    /// Declared by `kernel::events!`, with its payloads. What these carry, or read out of what they carry, is a value.
    Event,
    /// There only with a feature: not for the host.
    BehindFeature,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::EntryPoint => "entry point",
            Kind::Command => "command",
            Kind::Query => "query",
            Kind::View => "view",
            Kind::Value => "value",
            Kind::Setting => "setting",
            Kind::Port => "port",
            Kind::Error => "error",
            Kind::Event => "event",
            Kind::BehindFeature => "behind a feature",
        })
    }
}

/// The public names with their kinds, and one line for each that breaks a rule.
#[derive(Debug, Default, PartialEq)]
pub struct Surface {
    pub kinds: BTreeMap<String, Kind>,
    pub breaches: Vec<String>,
}

/// `source`: `crates/books/src/` or `crates/books-events/src/`.
pub fn surface(files: &[File], source: &str) -> Surface {
    let declared = declared(files, source);
    let mut reader = Reader { source, declared: &declared, shown: BTreeMap::new(), surface: Surface::default() };
    reader.show();
    reader.give_kinds();
    reader.surface
}

struct Reader<'d> {
    source: &'d str,
    declared: &'d Declared,
    /// What is public, by its name.
    shown: BTreeMap<String, &'d Item>,
    surface: Surface,
}

impl<'d> Reader<'d> {
    fn breach(&mut self, name: &str, what: &str) {
        self.surface.breaches.push(format!("{}lib.rs: {name}: {what}", self.source));
    }

    // --- what is public ---------------------------------------------------------------------------------------------

    fn show(&mut self) {
        let declared = self.declared;
        for item in declared.items.iter().filter(|item| item.module.is_empty() && item.public) {
            self.shown.insert(item.name.clone(), item);
        }
        for one in declared.re_exports.iter().filter(|one| one.module.is_empty()) {
            if one.with_feature {
                self.surface.kinds.insert(one.name.clone(), Kind::BehindFeature);
                continue;
            }
            match self.find("", &one.path, 0) {
                Some(item) => drop(self.shown.insert(one.name.clone(), item)),
                None if one.name == "*" => self.breach(&one.path.join("::"), "re-export by name what is meant"),
                None => self.breach(&one.name, "is not declared in this crate"),
            }
        }
    }

    /// Follows re-exports to the declaration.
    fn find(&self, module: &str, path: &[String], depth: usize) -> Option<&'d Item> {
        let (name, way) = path.split_last()?;
        let mut at: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
        for (nth, step) in way.iter().enumerate() {
            match step.as_str() {
                "crate" if nth == 0 => at.clear(),
                "self" if nth == 0 => {}
                "super" => drop(at.pop()),
                step => at.push(step),
            }
        }
        let module: Module = at.join("::");
        let here = |item: &&Item| item.module == module && item.name == *name && item.public;
        if let Some(item) = self.declared.items.iter().find(here) {
            return Some(item);
        }
        let further = self.declared.re_exports.iter().find(|one| one.module == module && one.name == *name)?;
        // A circle of re-exports does not compile, but a test may meet it.
        if depth > 16 { None } else { self.find(&module, &further.path, depth + 1) }
    }

    // --- kinds ------------------------------------------------------------------------------------------------------

    fn impls(&self, name: &str) -> impl Iterator<Item = &'d Impl> {
        self.declared.impls.iter().filter(move |it| it.whom == name)
    }

    fn implements(&self, name: &str, trait_name: &str) -> Option<&'d Impl> {
        self.impls(name).find(|it| it.of.as_deref() == Some(trait_name))
    }

    fn is_error(&self, name: &str, item: &Item) -> bool {
        let derived = item.derives.iter().any(|derived| derived == "Error");
        derived || ["Error", "Refusal"].iter().any(|it| self.implements(name, it).is_some())
    }

    fn give_kinds(&mut self) {
        let mut roots: Vec<(Kind, Vec<String>)> = Vec::new();
        let shown: Vec<(String, &'d Item)> = self.shown.iter().map(|(name, item)| (name.clone(), *item)).collect();
        for (name, item) in &shown {
            let messages = [("Command", Kind::Command, "commands"), ("Query", Kind::Query, "queries")];
            for (trait_name, kind, home) in messages {
                let Some(message) = self.implements(name, trait_name) else { continue };
                if !is_below(&item.module, home) {
                    self.breach(name, &format!("implements {trait_name} and is not declared in {home}/"));
                }
                self.surface.kinds.insert(name.clone(), kind);
                for part in message.body.iter().filter(|part| part.keyword == "type") {
                    let kind = if part.name == "Error" { Kind::Error } else { Kind::View };
                    roots.push((kind, types_in(&part.shape)));
                }
                roots.push((Kind::Value, fields(item)));
            }
            if item.keyword == "trait" && item.module == "ports" {
                self.surface.kinds.insert(name.clone(), Kind::Port);
                roots.push((Kind::Value, types_in(&item.shape)));
            }
            if item.module == "context" && self.is_entry_point(name, item) {
                self.surface.kinds.insert(name.clone(), Kind::EntryPoint);
                roots.extend(self.of_entry_point(name));
            }
        }
        for call in self.declared.macro_calls.iter().filter(|call| call.name == "events") {
            let (name, payloads) = family(&call.body);
            self.surface.kinds.extend(name.map(|name| (name, Kind::Event)));
            roots.push((Kind::Event, payloads));
        }
        // Whoever answers with something decides what it is, before whoever is given it.
        roots.sort_by_key(|(kind, _)| *kind);
        for (kind, names) in roots {
            self.spread(kind, names);
        }
        self.name_the_rest(&shown);
    }

    fn is_entry_point(&self, name: &str, item: &Item) -> bool {
        let is_of = |type_name: &str| types_in(&item.shape).iter().any(|it| it == type_name);
        match item.keyword.as_str() {
            // What the host makes: the context, or what of it runs in processes that do not run the context.
            "struct" => self.methods(name).any(|method| method.name == "new"),
            "const" => is_of("Family"),
            "static" => is_of("Migrator"),
            _ => false,
        }
    }

    /// The public functions of its own.
    fn methods(&self, name: &str) -> impl Iterator<Item = &'d Item> {
        let own = self.impls(name).filter(|it| it.of.is_none());
        own.flat_map(|it| it.body.iter()).filter(|item| item.keyword == "fn" && item.public)
    }

    /// What it is made with is a setting. What it answers with is a view where `view.rs` declares it; a scheduler or a worker
    /// that shows its insides through it declares them elsewhere.
    fn of_entry_point(&self, name: &str) -> Vec<(Kind, Vec<String>)> {
        let mut roots = Vec::new();
        for method in self.methods(name) {
            let params = method.shape.iter().position(|token| matches!(token, Token::Group('(', _)));
            let (given, answered) = method.shape.split_at(params.map_or(0, |at| at + 1));
            if method.name == "new" {
                roots.push((Kind::Setting, types_in(given)));
            }
            let mut answered = types_in(answered);
            answered.retain(|name| {
                self.shown.get(name).is_some_and(|item| is_below(&item.module, "view") || self.is_error(name, item))
            });
            roots.push((Kind::View, answered));
        }
        roots
    }

    /// Gives a kind to these names and to what they are made of, unless they have one already.
    fn spread(&mut self, kind: Kind, names: Vec<String>) {
        let mut waiting: VecDeque<(Kind, String)> = names.into_iter().map(|name| (kind, name)).collect();
        while let Some((kind, name)) = waiting.pop_front() {
            let Some(item) = self.shown.get(&name).copied() else { continue };
            if self.surface.kinds.contains_key(&name) || !["struct", "enum", "type"].contains(&item.keyword.as_str()) {
                continue;
            }
            let is_error = self.is_error(&name, item);
            if kind == Kind::Error && !is_error {
                // Carried by an error.
                waiting.push_back((Kind::Value, name));
                continue;
            }
            let given = if is_error { Kind::Error } else { kind };
            self.surface.kinds.insert(name.clone(), given);
            let parts = if given == Kind::Event { Kind::Value } else { given };
            waiting.extend(fields(item).into_iter().map(|name| (parts, name)));
            if given == Kind::Event {
                let read_out = self.methods(&name).flat_map(|method| types_in(&method.shape));
                waiting.extend(read_out.map(|name| (parts, name)));
            }
            waiting.extend(self.errors_of_making(&name).into_iter().map(|name| (Kind::Error, name)));
        }
    }

    /// What the functions of a type may fail with: reading it from text, say.
    fn errors_of_making(&self, name: &str) -> Vec<String> {
        let functions = self.impls(name).flat_map(|it| {
            let of_trait = it.of.is_some();
            it.body.iter().filter(move |part| part.keyword == "type" || part.public || of_trait)
        });
        let mut names: Vec<String> = functions.flat_map(|part| types_in(&part.shape)).collect();
        names.retain(|name| self.shown.get(name).is_some_and(|item| self.is_error(name, item)));
        names
    }

    fn name_the_rest(&mut self, shown: &[(String, &'d Item)]) {
        for (name, item) in shown {
            if self.surface.kinds.contains_key(name) {
                continue;
            }
            let file = if item.module.is_empty() { "lib".to_owned() } else { item.module.replace("::", "/") };
            let what = format!(
                "the {} in {file}.rs is no command, query, view, event, error, entry point, port or setting, and none of these \
                carries it: keep it inside the context, or move it to whoever needs it",
                item.keyword
            );
            self.breach(name, &what);
        }
    }
}

fn is_below(module: &str, parent: &str) -> bool {
    module.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The names that may be types: they begin with a capital letter. Attributes are left out.
fn types_in(tokens: &[Token]) -> Vec<String> {
    let mut names = BTreeSet::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Punct('#') if matches!(tokens.get(at + 1), Some(Token::Group('[', _))) => at += 1,
            Token::Group(_, inside) => names.extend(types_in(inside)),
            Token::Ident(name) if name.starts_with(char::is_uppercase) => drop(names.insert(name.clone())),
            _ => {}
        }
        at += 1;
    }
    names.into_iter().collect()
}

/// The name of a family, and the payloads of its events: `enum BookEvent of "books" { … => Created(BookCreated) }`.
fn family(body: &[Token]) -> (Option<String>, Vec<String>) {
    let is_enum = body.iter().position(|token| is_ident(Some(token), "enum"));
    let name =
        is_enum.and_then(|at| if let Some(Token::Ident(name)) = body.get(at + 1) { Some(name.clone()) } else { None });
    let inside =
        body.iter().filter_map(|token| if let Token::Group('{', inside) = token { Some(inside) } else { None });
    let payloads = inside.flatten().filter(|token| matches!(token, Token::Group('(', _)));
    (name, payloads.flat_map(|payload| types_in(std::slice::from_ref(payload))).collect())
}

/// The types of the public fields of a struct, of all fields of an enum; of an alias, what it stands for.
fn fields(item: &Item) -> Vec<String> {
    let groups = item.shape.iter().filter_map(|token| match token {
        Token::Group('{' | '(', inside) => Some(inside.as_slice()),
        _ => None,
    });
    match item.keyword.as_str() {
        "struct" => groups.flat_map(pieces).filter(|field| is_public(field)).flat_map(types_in).collect(),
        // The name of a variant is no type.
        "enum" => groups
            .flat_map(pieces)
            .flat_map(|variant| variant.iter().filter(|token| matches!(token, Token::Group('{' | '(', _))))
            .flat_map(|inside| types_in(std::slice::from_ref(inside)))
            .collect(),
        _ => types_in(&item.shape),
    }
}

fn is_public(field: &[Token]) -> bool {
    let mut at = 0;
    while is_punct(field.get(at), '#') {
        at += 2;
    }
    is_ident(field.get(at), "pub") && !matches!(field.get(at + 1), Some(Token::Group('(', _)))
}

/// What stands between the commas, but for those within `<…>`.
fn pieces(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut pieces, mut begin, mut depth) = (Vec::new(), 0, 0);
    for (at, token) in tokens.iter().enumerate() {
        depth += angle(tokens, at, token);
        if depth == 0 && is_punct(Some(token), ',') {
            pieces.push(&tokens[begin..at]);
            begin = at + 1;
        }
    }
    pieces.push(&tokens[begin..]);
    pieces
}
