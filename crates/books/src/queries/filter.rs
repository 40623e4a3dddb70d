//! Which books a list or a search is narrowed down to.

use bibliography::Language;
use bibliography::keys::{asked_author_words, category_key};
use kernel::UserId;
use sqlx::{Postgres, QueryBuilder};

use crate::hidden::HiddenOwners;
use crate::visible::Eyes;

/// A language by a name that nobody knows.
pub(super) struct UnknownLanguage;

/// The filters of the API as they are looked up. They narrow each other and what the eyes may see.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filter {
    pub eyes: Eyes,
    /// Whose books are left out.
    pub hidden: HiddenOwners,
    pub category: Option<String>,
    pub available: Option<bool>,
    pub owner: Option<UserId>,
    pub language: Option<&'static str>,
    author: Option<Vec<String>>,
}

impl Filter {
    pub fn new(
        category: Option<String>,
        available: Option<bool>,
        owner: Option<UserId>,
        language: Option<&str>,
        author: Option<&str>,
    ) -> Result<Self, UnknownLanguage> {
        let language = language.map(Language::parse).transpose().map_err(|_| UnknownLanguage)?;
        Ok(Self {
            eyes: Eyes::Everybody,
            hidden: HiddenOwners::default(),
            category,
            available,
            owner,
            language: language.map(Language::tag),
            author: author.map(asked_author_words),
        })
    }

    /// Whether it leaves every book that lists show.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn without_category(&self) -> Self {
        Self { category: None, ..self.clone() }
    }

    pub fn without_language(&self) -> Self {
        Self { language: None, ..self.clone() }
    }

    /// Whether only PostgreSQL can tell, whatever the order.
    pub fn names_author(&self) -> bool {
        self.author.is_some()
    }

    /// Whether it leaves every book that lists show but those that are hidden from the reader.
    pub fn only_hides(&self) -> bool {
        !self.hidden.is_empty() && Self { hidden: HiddenOwners::default(), ..self.clone() }.is_empty()
    }

    /// The conditions, as `where …`.
    pub fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(" where ");
        self.eyes.push(sql);
        self.push_not_hidden(sql);
        self.narrow(sql);
    }

    /// As [`Self::push`], for just those books that it leaves out because they are hidden from the reader.
    pub fn push_left_out(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(" where ");
        self.eyes.push(sql);
        sql.push(" and owner_id = any(").push_bind(self.hidden.ids().to_vec()).push(")");
        self.narrow(sql);
    }

    /// Which books there are for the reader, whatever they ask for, as `where …`.
    pub fn push_known(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(" where ");
        self.eyes.push_known(sql);
        self.push_not_hidden(sql);
    }

    fn push_not_hidden(&self, sql: &mut QueryBuilder<Postgres>) {
        if !self.hidden.is_empty() {
            sql.push(" and owner_id <> all(").push_bind(self.hidden.ids().to_vec()).push(")");
        }
    }

    fn narrow(&self, sql: &mut QueryBuilder<Postgres>) {
        if let Some(category) = &self.category {
            sql.push(" and category_keys @> array[").push_bind(category_key(category)).push("]");
        }
        if let Some(available) = self.available {
            // Spelt so that the partial index is seen to fit.
            sql.push(if available { " and available" } else { " and not available" });
        }
        if let Some(owner) = self.owner {
            sql.push(" and owner_id = ").push_bind(owner.uuid());
        }
        if let Some(language) = self.language {
            sql.push(" and language = ").push_bind(language);
        }
        if let Some(author) = &self.author {
            sql.push(" and author_words @> ").push_bind(author.clone());
        }
    }
}
