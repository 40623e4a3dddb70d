//! Reads settings from where operators write them.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::{Settings, SettingsError, reference};

impl Settings {
    /// Defaults, then the file, then `FOLKSHELF_…` variables (`FOLKSHELF_HTTP__LISTEN` for `http.listen`), then `contexts` for
    /// `contexts.run`.
    pub fn load(file: Option<&Path>, contexts: Option<Vec<String>>) -> Result<Self, SettingsError> {
        let mut sources =
            config::Config::builder().add_source(config::File::from_str(reference::DEFAULTS, config::FileFormat::Toml));
        if let Some(file) = file {
            sources = sources.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        let reference = reference::all();
        // A text of digits alone would be read as a number, without its leading zeros.
        for text in reference.iter().filter(|setting| setting.is_text()) {
            sources = sources.set_override_option(text.path(), std::env::var(text.variable()).ok())?;
        }
        // Other variables of that prefix are not settings: FOLKSHELF_CONFIG names the file.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            let alone = ["FOLKSHELF_ENVIRONMENT", "FOLKSHELF_ACCEPTED_RISKS"].contains(&name.as_str());
            (alone || (name.starts_with("FOLKSHELF_") && name.contains("__"))).then_some((name, value))
        });
        let environment = config::Environment::with_prefix("FOLKSHELF")
            .source(Some(variables.collect()))
            .prefix_separator("_")
            .separator("__")
            .list_separator(",")
            .try_parsing(true);
        let lists = reference.iter().filter(|setting| setting.is_list());
        let environment = lists.fold(environment, |environment, list| environment.with_list_parse_key(&list.path()));
        let given = sources.add_source(environment).build()?;
        let mut settings: Self = given.clone().try_deserialize()?;
        settings.contexts.run = contexts.unwrap_or(settings.contexts.run);
        // From the environment they come as one text, with blanks behind the commas or with nothing in it.
        let http = &mut settings.http;
        let lists = [&mut settings.accepted_risks, &mut http.allowed_origins, &mut http.trusted_proxies];
        for list in lists.into_iter().chain([
            &mut settings.redis.cluster,
            &mut settings.contexts.run,
            &mut settings.contexts.database,
        ]) {
            *list = list.iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect();
        }
        let secrets = [&mut settings.auth.other_token_secrets, &mut settings.redis.sentinels];
        for secrets in secrets.into_iter().chain([&mut settings.internal.other_tokens, &mut settings.nats.urls]) {
            *secrets = secrets.iter().map(|secret| SecretString::from(secret.expose_secret().trim())).collect();
            secrets.retain(|secret| !secret.expose_secret().is_empty());
        }
        settings.nats.prefix.take_if(|prefix| prefix.is_empty());
        settings.files.folder.take_if(|folder| folder.as_os_str().is_empty());
        let wrong: Vec<String> =
            reference.iter().filter_map(|setting| setting.fault(&given)).chain(settings.faults()).collect();
        if wrong.is_empty() { Ok(settings) } else { Err(SettingsError::Wrong(wrong)) }
    }
}
