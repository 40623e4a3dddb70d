use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

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
            // Marks around names would be seen in mails; web pages isolate names themselves.
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
        let text = bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        debug_assert!(errors.is_empty(), "{name} in {}: {errors:?}", language.tag());
        text
    }
}
