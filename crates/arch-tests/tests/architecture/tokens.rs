//! Rust's tokens, as far as the rules about imports need them: names, signs and brackets; no comments, no text.
//! Not proc-macro2: a crate that macros are built with, used here as well, has every other crate compiled anew.

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Ident(String),
    Punct(char),
    /// What stands between brackets, with the opening one.
    Group(char, Vec<Token>),
}

pub fn tokens(text: &str) -> Vec<Token> {
    Lexer { rest: text }.group()
}

struct Lexer<'t> {
    rest: &'t str,
}

impl Lexer<'_> {
    /// Up to the end of the group that has begun, or of the text.
    fn group(&mut self) -> Vec<Token> {
        let mut tokens = Vec::new();
        while let Some(next) = self.rest.chars().next() {
            if self.skipped() {
                continue;
            }
            if next.is_alphanumeric() || next == '_' {
                let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
                tokens.push(Token::Ident(self.rest[..end].to_owned()));
                self.rest = &self.rest[end..];
                continue;
            }
            self.rest = &self.rest[next.len_utf8()..];
            match next {
                '(' | '[' | '{' => tokens.push(Token::Group(next, self.group())),
                ')' | ']' | '}' => return tokens,
                next if next.is_whitespace() => {}
                next => tokens.push(Token::Punct(next)),
            }
        }
        tokens
    }

    /// Passes over a comment, a text or a character, if one begins here.
    fn skipped(&mut self) -> bool {
        let rest = self.rest;
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = raw_text(rest) {
            length
        } else if rest.starts_with('"') {
            quoted(rest, '"')
        } else if rest.starts_with('\'') {
            let mut after = rest.chars().skip(1);
            match (after.next(), after.next()) {
                (Some('\\'), _) | (Some(_), Some('\'')) => quoted(rest, '\''),
                // A lifetime: its name is no path.
                _ => 1,
            }
        } else {
            0
        };
        self.rest = &rest[length..];
        length > 0
    }
}

/// The length of `r"…"`, `r#"…"#` and so on.
fn raw_text(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let opened = after.trim_start_matches('#');
    let hashes = after.len() - opened.len();
    let text = opened.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = text.find(&end)? + end.len();
    Some(rest.len() - text.len() + length)
}

/// The length of a text or a character, with its quotes.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

pub fn is_punct(token: Option<&Token>, wanted: char) -> bool {
    matches!(token, Some(Token::Punct(punct)) if *punct == wanted)
}

pub fn is_ident(token: Option<&Token>, wanted: &str) -> bool {
    matches!(token, Some(Token::Ident(ident)) if ident == wanted)
}

/// Whether `::` stands at this place.
pub fn is_path(tokens: &[Token], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

#[test]
fn names_signs_and_brackets_are_read_and_texts_are_not() {
    let ident = |name: &str| Token::Ident(name.to_owned());
    assert_eq!(
        tokens("use a::{b}; // c::d\n"),
        [
            ident("use"),
            ident("a"),
            Token::Punct(':'),
            Token::Punct(':'),
            Token::Group('{', vec![ident("b")]),
            Token::Punct(';')
        ]
    );
    for text in ["\"a\\\"::b\"", "r#\"a\"b\"#", "br\"a\"", "'{'", "'\\''", "'\\u{7f}'", "/* a::b */", "\"}\""] {
        let read = tokens(&format!("x({text})y"));
        assert_eq!(read.len(), 3, "{text}: {read:?}");
        assert!(
            matches!(&read[1], Token::Group('(', inside) if inside.is_empty() || inside == &[ident("b")]),
            "{text}"
        );
    }
    assert_eq!(tokens("&'a str"), [Token::Punct('&'), ident("a"), ident("str")]);
}
