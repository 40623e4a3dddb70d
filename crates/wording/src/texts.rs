use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::Language;

/// What a text speaks of, by name.
pub type Args<'a> = FluentArgs<'a>;

/// The texts of one context in every language.
pub struct Texts([FluentBundle<FluentResource>; Language::ALL.len()]);

impl Texts {
    /// `source` gives the locale file of a language.
    ///
    /// # Panics
    /// When a file is not Fluent, or names a text twice: it is part of the program.
    pub fn new(source: impl Fn(Language) -> &'static str) -> Self {
        Self(Language::ALL.map(|language| {
            let tag = language.tag();
            let mut bundle = FluentBundle::new_concurrent(vec![tag.parse().expect("a tag of ours")]);
            // Marks around every name would be seen in mails: only those get them that need them, see `isolated`.
            bundle.set_use_isolating(false);
            let resource = FluentResource::try_new(source(language).to_owned());
            let resource = resource.unwrap_or_else(|(_, errors)| panic!("the texts in {tag}: {errors:?}"));
            bundle.add_resource(resource).unwrap_or_else(|errors| panic!("the texts in {tag}: {errors:?}"));
            bundle
        }))
    }

    /// The text called `name`, or the part `name.part` of one. A text that is not there reads as its name: a test of the
    /// context writes them all.
    pub fn write(&self, language: Language, name: &str, args: &Args<'_>) -> String {
        let (message, part) = name.split_once('.').map_or((name, None), |(message, part)| (message, Some(part)));
        let bundle = &self.0[language as usize];
        let pattern = bundle.get_message(message).and_then(|message| match part {
            Some(part) => message.get_attribute(part).map(|part| part.value()),
            None => message.value(),
        });
        debug_assert!(pattern.is_some(), "there is no text {name} in {}", language.tag());
        let Some(pattern) = pattern else { return name.to_owned() };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&isolated(args)), &mut errors).into_owned();
        debug_assert!(errors.is_empty(), "{name} in {}: {errors:?}", language.tag());
        text
    }
}

/// A name that is written from right to left stands between U+2068 and U+2069: it would turn the words around it.
fn isolated(args: &Args<'_>) -> Args<'static> {
    let isolated = |value: &FluentValue<'_>| match value {
        FluentValue::String(text) if text.chars().any(is_right_to_left) => format!("\u{2068}{text}\u{2069}").into(),
        other => other.into_owned(),
    };
    args.iter().map(|(name, value)| (name.to_owned(), isolated(value))).collect()
}

/// Whether a letter is in a block that Unicode keeps for scripts written from right to left.
fn is_right_to_left(letter: char) -> bool {
    matches!(letter,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(borrower: &str) -> String {
        let texts = Texts::new(|_| "asked = { $borrower } asks for { $days } days.");
        let mut args = Args::new();
        args.set("borrower", borrower);
        args.set("days", 3);
        texts.write(Language::English, "asked", &args)
    }

    #[test]
    fn isolates_a_name_written_from_right_to_left() {
        assert_eq!(asked("نجيب محفوظ"), "\u{2068}نجيب محفوظ\u{2069} asks for 3 days.");
    }

    #[test]
    fn leaves_other_names_as_they_are() {
        assert_eq!(asked("Zoë 村上"), "Zoë 村上 asks for 3 days.");
    }
}
