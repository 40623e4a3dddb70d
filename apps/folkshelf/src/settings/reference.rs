//! All settings as an operator reads them: `docs/settings.md` and `folkshelf config reference`, made of the types. The bounds that it
//! shows are those that are checked.

use std::fmt::Write as _;

use config::{Config, File, FileFormat};
use serde_json::{Map, Value};
use strum::VariantArray as _;
use utoipa::PartialSchema as _;

use super::{Figure, Settings};
use crate::contexts::Context;

pub const DEFAULTS: &str = include_str!("../../defaults.toml");
/// The words for units, by the ends of names.
const UNITS: [(&str, &str); 7] = [
    ("_bytes_per_second", "bytes a second"),
    ("_bytes", "bytes"),
    ("_days", "days"),
    ("_mib", "MiB"),
    ("_milliseconds", "milliseconds"),
    ("_minutes", "minutes"),
    ("_seconds", "seconds"),
];

pub struct Setting {
    /// Empty at the top of the file.
    section: String,
    name: String,
    /// JSON Schema, as utoipa derives it.
    schema: Value,
    text: String,
    default: Option<String>,
}

/// Every setting, in the order of its section and name; those that are refused by now are left out.
pub fn all() -> Vec<Setting> {
    let mut settings = Vec::new();
    collect(&root(), "", &defaults(), &mut settings);
    settings.extend(Figure::VARIANTS.iter().map(|figure| {
        let [default, strict] = figure.shipped();
        Setting {
            section: "limits".to_owned(),
            name: figure.name().to_owned(),
            schema: serde_json::json!({ "type": "string" }),
            text: format!("{} In the profile `strict`: `{strict}`.", figure.text()),
            default: Some(format!("\"{default}\"")),
        }
    }));
    settings.extend(Context::ALL.iter().map(|context| Setting {
        section: "peers".to_owned(),
        name: context.name().to_owned(),
        schema: serde_json::json!({ "type": ["string", "null"] }),
        text: format!("The address of {}, as in `http://10.0.0.7:3100`.", context.name()),
        default: None,
    }));
    settings
}

/// docs/settings.md.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Settings\n\nWritten by `just settings` from the settings' types: change them there. A setting is a line of the \
         configuration file\n([config.example.toml](../deploy/config.example.toml) shows one) or the variable below its name, \
         which wins. In a variable, commas part\nthe entries of a list. `folkshelf config check` says what is wrong without \
         starting. A change takes effect when a host starts.\n",
    );
    let settings = all();
    let mut sections = Vec::new();
    for setting in &settings {
        if !sections.contains(&&setting.section) {
            sections.push(&setting.section);
        }
    }
    let root = root();
    for section in sections {
        if !section.is_empty() {
            let schema =
                section.split('.').fold(&root, |schema, name| fields(schema).map_or(schema, |fields| &fields[name]));
            let _ = write!(page, "\n## `[{section}]`\n\n{}\n", text_of(schema));
        }
        table(&mut page, &settings, section);
    }
    page
}

fn table(page: &mut String, settings: &[Setting], section: &str) {
    page.push_str("\n| setting | value | default | |\n|---|---|---|---|\n");
    for setting in settings.iter().filter(|setting| setting.section == section) {
        let default = setting.default.as_ref().map_or_else(|| "not set".to_owned(), |default| format!("`{default}`"));
        let (name, variable) = (&setting.name, setting.variable());
        let _ = writeln!(page, "| `{name}`<br>`{variable}` | {} | {default} | {} |", setting.values(), setting.text);
    }
}

fn root() -> Value {
    serde_json::to_value(Settings::schema()).expect("a schema is JSON")
}

fn defaults() -> Config {
    Config::builder()
        .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
        .build()
        .expect("the defaults are compiled in")
}

/// The settings of a section; `None`: it is a setting itself.
fn fields(schema: &Value) -> Option<&Map<String, Value>> {
    parts(schema).find_map(|part| part["properties"].as_object())
}

/// The schema, and what it is put together of: of a type and a comment, of a type and null.
fn parts(schema: &Value) -> impl Iterator<Item = &Value> {
    let combined = ["allOf", "oneOf"].into_iter().filter_map(|of| schema[of].as_array()).flatten();
    std::iter::once(schema).chain(combined)
}

/// Its settings have names of their own, and are added to the list by hand.
fn is_map(schema: &Value) -> bool {
    parts(schema).any(|part| part["additionalProperties"].is_object() || part["propertyNames"].is_object())
}

fn text_of(schema: &Value) -> String {
    parts(schema).find_map(|part| part["description"].as_str()).unwrap_or_default().replace('\n', " ")
}

fn collect(schema: &Value, section: &str, defaults: &Config, found: &mut Vec<Setting>) {
    let fields_here = fields(schema).into_iter().flatten();
    for (name, schema) in fields_here.filter(|(_, schema)| schema["deprecated"] != true) {
        let path = path(section, name);
        if fields(schema).is_some() {
            collect(schema, &path, defaults, found);
        } else if !is_map(schema) {
            found.push(Setting {
                section: section.to_owned(),
                name: name.clone(),
                schema: schema.clone(),
                text: text_of(schema),
                default: defaults.get::<Value>(&path).ok().map(|value| value.to_string()),
            });
        }
    }
}

fn path(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

impl Setting {
    pub fn path(&self) -> String {
        path(&self.section, &self.name)
    }

    pub fn is_list(&self) -> bool {
        self.is("array")
    }

    /// What is wrong with its value: a number out of its bounds.
    pub fn fault(&self, given: &Config) -> Option<String> {
        let (least, most) = self.bounds()?;
        let value = given.get_float(&self.path()).ok()?;
        let range = format!("{} to {}", with_commas(least), with_commas(most));
        (!(least..=most).contains(&value)).then(|| format!("{} must be {range}", self.path()))
    }

    pub fn is_text(&self) -> bool {
        self.is("string") || self.words().is_some()
    }

    pub fn variable(&self) -> String {
        format!("FOLKSHELF_{}", self.path().replace('.', "__").to_uppercase())
    }

    fn is(&self, kind: &str) -> bool {
        let kinds = &self.schema["type"];
        kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.iter().any(|each| each == kind))
    }

    fn bounds(&self) -> Option<(f64, f64)> {
        Some((self.schema["minimum"].as_f64()?, self.schema["maximum"].as_f64()?))
    }

    /// Words of which it is one, where there are such.
    fn words(&self) -> Option<&Vec<Value>> {
        parts(&self.schema).find_map(|part| part["enum"].as_array())
    }

    fn values(&self) -> String {
        if let Some(words) = self.words() {
            return words
                .iter()
                .filter_map(Value::as_str)
                .map(|word| format!("`{word}`"))
                .collect::<Vec<_>>()
                .join(", ");
        }
        if let Some((least, most)) = self.bounds() {
            let unit = UNITS.iter().find(|(end, _)| self.name.ends_with(end)).map_or("", |(_, unit)| *unit);
            return format!("{} to {} {unit}", with_commas(least), with_commas(most)).trim_end().to_owned();
        }
        let kind = [("array", "list of texts"), ("boolean", "`true`, `false`"), ("string", "text")];
        kind.iter().find(|(kind, _)| self.is(kind)).map_or_else(String::new, |(_, shown)| (*shown).to_owned())
    }
}

/// 1048576 as 1,048,576.
fn with_commas(number: f64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> String {
        std::fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).expect(path)
    }

    #[test]
    fn the_page_of_settings_is_the_one_checked_in() {
        let (path, now) = ("docs/settings.md", markdown());
        if std::env::var_os("FOLKSHELF_UPDATE_GOLDEN").is_some() {
            std::fs::write(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR")), &now).expect(path);
        }
        assert!(file(path) == now, "{path} is not what the types say; `just settings` writes it anew:\n{now}");
    }

    #[test]
    fn every_setting_says_what_it_does_and_every_number_has_bounds() {
        for setting in all() {
            let path = setting.path();
            assert!(
                setting.text.ends_with('.'),
                "{path} has no comment that ends with a full stop: {}",
                setting.schema
            );
            assert!(!setting.values().is_empty(), "{path} has a type that the page cannot name");
            let number = setting.is("integer") || setting.is("number");
            assert!(!number || setting.bounds().is_some(), "{path} needs #[schema(minimum = …, maximum = …)]");
        }
    }

    /// `load` takes these from the environment as they are: one of digits alone is no number.
    #[test]
    fn secrets_and_names_are_texts_and_numbers_are_not() {
        let is_text = |path: &str| all().iter().find(|setting| setting.path() == path).map(Setting::is_text);
        for text in ["internal.token", "auth.token_secret", "database.context_password", "redis.prefix", "peers.books"]
        {
            assert_eq!(is_text(text), Some(true), "{text}");
        }
        for other in ["http.workers", "auth.other_token_secrets", "community.auto_extend"] {
            assert_eq!(is_text(other), Some(false), "{other}");
        }
    }

    #[test]
    fn a_number_beyond_its_bounds_is_refused_by_its_name_and_the_bounds_are_not() {
        let with = |setting: &Setting, value: f64| {
            let given =
                Config::builder().set_override(setting.path(), value).and_then(|it| it.build()).expect("it is set");
            setting.fault(&given)
        };
        for setting in all() {
            let Some((least, most)) = setting.bounds() else { continue };
            assert_eq!((with(&setting, least), with(&setting, most)), (None, None), "{}", setting.path());
            for beyond in [least - 1.0, most + 1.0] {
                let fault = with(&setting, beyond).expect("it is refused");
                assert!(fault.starts_with(&setting.path()), "{fault}");
            }
        }
        assert_eq!(with_commas(1_048_576.0) + &with_commas(512.0) + &with_commas(1_202.0), "1,048,5765121,202");
    }

    #[test]
    fn the_example_shows_every_setting_with_its_default() {
        let example = file("deploy/config.example.toml");
        let mut section = String::new();
        let mut shown = Vec::new();
        for line in example.lines() {
            let line = line.trim_start_matches("# ");
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name.to_owned();
            }
            if let Some((name, value)) = line.split_once(" = ") {
                shown.push((path(&section, name), value.to_owned()));
            }
        }
        for setting in all() {
            let path = setting.path();
            let value = shown.iter().find(|(shown, _)| *shown == path).map(|(_, value)| value);
            let value = value.unwrap_or_else(|| panic!("deploy/config.example.toml does not show {path}"));
            assert!(setting.default.is_none_or(|default| default == *value), "the default of {path} is another one");
        }
    }
}
