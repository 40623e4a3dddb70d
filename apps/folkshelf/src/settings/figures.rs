//! How often somebody may ask: a profile, and an operator's own figures in place of its.

use std::collections::BTreeMap;

use limits::Rate;
use serde::Deserialize;
use strum::{EnumMessage, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Nobody meets it who uses the web app.
    Default,
    /// For a community that is attacked, or a small machine.
    Strict,
    /// Nothing is counted: something before the host does that.
    Off,
}

/// How often somebody may ask (limits.md). A figure is a number and a time, as in `20 per 30m`, or `off`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Limits {
    /// `default` is out of the way of whoever uses the web app, `strict` is for a community that is attacked. `off`:
    /// something before the host counts.
    #[schema(inline)]
    pub profile: Profile,
    /// Figures of one's own, by the names of [`Figure`].
    #[serde(flatten)]
    pub own: BTreeMap<String, String>,
}

/// What has a figure; each is a setting of this name in `[limits]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "snake_case")]
pub enum Figure {
    /// All requests from one network by those who are not logged in.
    Anonymous,
    /// All requests of one member.
    Member,
    /// All requests of a premium member or a moderator.
    Premium,
    /// All requests of an administrator.
    Admin,
    /// Wrong passwords for one account from one network.
    LogInAccount,
    /// Wrong passwords for one account from everywhere.
    LogInAnywhere,
    /// Wrong passwords from one network for all accounts.
    LogInNetwork,
    /// Tries to register one address.
    RegisterAccount,
    /// Tries to register from one network.
    RegisterNetwork,
    /// Letters to choose a new password with, to one address.
    ForgotAccount,
    /// Letters to choose a new password with, asked for from one network.
    ForgotNetwork,
    /// Uses of one token of a letter.
    VerifyAccount,
    /// Uses of tokens of letters from one network.
    VerifyNetwork,
    /// Wrong passwords of a member who is logged in.
    PasswordAccount,
    /// All requests of one member's programs, by all their API keys.
    ApiKey,
    /// API keys that one member makes.
    MakeKeyAccount,
    /// Unknown API keys from one network.
    UnknownKeyNetwork,
}

impl Figure {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What it counts.
    pub fn text(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }

    /// In the profiles *default* and *strict*.
    pub(super) fn shipped(self) -> [&'static str; 2] {
        match self {
            Self::Anonymous => ["3000 per 1m", "30 per 1m"],
            Self::Member => ["3000 per 1m", "100 per 5m"],
            Self::Premium => ["6000 per 1m", "500 per 5m"],
            Self::Admin => ["off", "off"],
            Self::LogInAccount | Self::PasswordAccount => ["20 per 30m", "10 per 30m"],
            Self::LogInAnywhere => ["200 per 1h", "100 per 1h"],
            Self::LogInNetwork => ["200 per 30m", "60 per 30m"],
            Self::RegisterAccount => ["10 per 1h", "3 per 1h"],
            Self::RegisterNetwork => ["60 per 1h", "10 per 1h"],
            Self::ForgotAccount => ["10 per 1h", "3 per 1h"],
            Self::ForgotNetwork => ["60 per 1h", "10 per 1h"],
            Self::VerifyAccount => ["10 per 1h", "5 per 1h"],
            Self::VerifyNetwork => ["100 per 1h", "20 per 1h"],
            Self::ApiKey => ["600 per 1m", "60 per 5m"],
            Self::MakeKeyAccount => ["30 per 1h", "10 per 1h"],
            Self::UnknownKeyNetwork => ["300 per 30m", "60 per 30m"],
        }
    }
}

impl Limits {
    /// `None`: there is no such limit.
    pub fn rate(&self, figure: Figure) -> Result<Option<Rate>, String> {
        let [default, strict] = figure.shipped();
        let text = match (self.own.get(figure.name()), self.profile) {
            (Some(own), _) => own,
            (None, Profile::Default) => default,
            (None, Profile::Strict) => strict,
            (None, Profile::Off) => "off",
        };
        Rate::read(text).map_err(|error| format!("limits.{}: {error}", figure.name()))
    }

    /// What is wrong with it.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = Figure::VARIANTS.iter().filter_map(|figure| self.rate(*figure).err()).collect();
        let known: Vec<&str> = Figure::VARIANTS.iter().map(|figure| figure.name()).collect();
        let unknown = self.own.keys().filter(|name| !known.contains(&name.as_str()));
        faults.extend(
            unknown.map(|name| format!("limits.{name} is no setting; there are: profile, {}", known.join(", "))),
        );
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(profile: Profile, own: &[(&str, &str)]) -> Limits {
        Limits { profile, own: own.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect() }
    }

    #[test]
    fn every_figure_of_the_profiles_is_one_and_the_strict_one_is_no_larger() {
        for figure in Figure::VARIANTS {
            let rate = |profile| limits(profile, &[]).rate(*figure).unwrap();
            let a_second = |rate: Rate| f64::from(rate.burst().get()) / rate.period().as_secs_f64();
            match (rate(Profile::Default), rate(Profile::Strict)) {
                (Some(default), Some(strict)) => {
                    assert!(a_second(strict) <= a_second(default) && strict.burst() <= default.burst(), "{figure:?}");
                }
                (default, strict) => assert_eq!((default, strict), (None, None), "{figure:?}"),
            }
            assert_eq!(rate(Profile::Off), None);
        }
        let strict = limits(Profile::Strict, &[]);
        let shown = |figure| strict.rate(figure).unwrap().map(|rate| rate.to_string());
        assert_eq!(shown(Figure::Anonymous).as_deref(), Some("30 per 60s"));
        assert_eq!(shown(Figure::Member).as_deref(), Some("100 per 300s"));
        assert_eq!(shown(Figure::Premium).as_deref(), Some("500 per 300s"));
        assert_eq!(shown(Figure::Admin), None);
    }

    #[test]
    fn a_figure_of_ones_own_wins_and_a_wrong_one_is_named() {
        let own = limits(Profile::Off, &[("member", "7 per 10s"), ("log_in_account", "off")]);
        assert_eq!(own.rate(Figure::Member).unwrap().unwrap().burst().get(), 7);
        assert_eq!(own.rate(Figure::LogInAccount), Ok(None));
        assert!(own.faults().is_empty());
        let wrong = limits(Profile::Default, &[("member", "many"), ("membr", "7 per 10s")]).faults();
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].starts_with("limits.member: \"many\"") && wrong[1].starts_with("limits.membr is no setting"));
    }
}
