//! A book as clients describe it.

use books::{BookChanges, BookInput, Change};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kernel::Detail;
use time::OffsetDateTime;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::http::edge::input::FieldErrors;
use crate::http::edge::problem::Problem;

/// A field as it was given: reading never fails here, so that wrong types and broken rules are told together.
#[derive(Default)]
enum Given<T> {
    #[default]
    Nothing,
    Null,
    Value(T),
    Wrong(Vec<Detail>),
}

impl<T: Deserr<FieldErrors>> Deserr<FieldErrors> for Given<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        Ok(match value {
            Value::Null => Self::Null,
            value => match T::deserialize_from_value(value, at) {
                Ok(value) => Self::Value(value),
                Err(errors) => Self::Wrong(errors.into_details()),
            },
        })
    }
}

impl<T> Given<T> {
    /// What the field becomes; what is wrong with it goes to `wrong`.
    fn change(self, wrong: &mut Vec<Detail>) -> Change<T> {
        match self {
            Self::Nothing => Change::Keep,
            Self::Null => Change::Clear,
            Self::Value(value) => Change::Set(value),
            Self::Wrong(mut details) => {
                wrong.append(&mut details);
                Change::Keep
            }
        }
    }
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
pub(super) struct BookBody {
    #[deserr(default)]
    #[schema(value_type = String, max_length = 500)]
    title: Given<String>,
    #[deserr(default)]
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 50)]
    authors: Given<Vec<String>>,
    /// ISBN-10 or ISBN-13, with or without hyphens.
    #[deserr(default)]
    #[schema(value_type = Option<String>, format = "isbn")]
    isbn: Given<String>,
    /// Negative: before our era.
    #[deserr(default)]
    #[schema(value_type = Option<i32>, minimum = -5000)]
    published_year: Given<i32>,
    /// As in `en` or `pt-BR`.
    #[deserr(default)]
    #[schema(value_type = Option<String>, format = "language")]
    language: Given<String>,
    #[deserr(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    categories: Given<Vec<String>>,
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 5000)]
    description: Given<String>,
    /// `new`, `like_new`, `good`, `fair` or `poor`.
    #[deserr(default)]
    #[schema(value_type = Option<String>, pattern = r"^\s*$|^(new|like_new|good|fair|poor)$")]
    condition: Given<String>,
    /// For the owner's eyes only.
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    notes: Given<String>,
    /// `lend`, `give` or `off`.
    #[deserr(default)]
    #[schema(value_type = String, pattern = "^(lend|give|off)$")]
    lending: Given<String>,
}

/// A change of a book, for the OpenAPI document: as [`BookBody`], but what is left out stays as it is.
pub(super) struct BookChangesBody;

impl PartialSchema for BookChangesBody {
    fn schema() -> RefOr<Schema> {
        let mut schema = BookBody::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.clear();
        }
        schema
    }
}

impl ToSchema for BookChangesBody {}

impl BookBody {
    /// The fields that were given, and what is wrong with their types.
    pub fn changes(self) -> (BookChanges, Vec<Detail>) {
        let mut wrong = Vec::new();
        let changes = BookChanges {
            title: self.title.change(&mut wrong),
            authors: self.authors.change(&mut wrong),
            isbn: self.isbn.change(&mut wrong),
            published_year: self.published_year.change(&mut wrong),
            language: self.language.change(&mut wrong),
            categories: self.categories.change(&mut wrong),
            description: self.description.change(&mut wrong),
            condition: self.condition.change(&mut wrong),
            notes: self.notes.change(&mut wrong),
            lending: self.lending.change(&mut wrong),
        };
        (changes, wrong)
    }

    /// A whole description. Its rules are books' own; they are asked here only to be told along with wrong types.
    pub fn description(self, now: OffsetDateTime) -> Result<BookInput, Problem> {
        let (changes, mut wrong) = self.changes();
        let mut book = BookInput::default();
        changes.apply(&mut book);
        if wrong.is_empty() {
            return Ok(book);
        }
        let typed: Vec<String> = wrong.iter().map(|detail| field_root(&detail.field).to_owned()).collect();
        // A field of the wrong type is also missing; once is enough.
        let rules = book.check(now).err().unwrap_or_default();
        wrong.extend(rules.into_iter().filter(|rule| !typed.iter().any(|field| field == field_root(&rule.field))));
        Err(Problem::invalid(wrong))
    }
}

/// `authors` of `authors[1]`.
fn field_root(field: &str) -> &str {
    field.split(['[', '.']).next().unwrap_or(field)
}
