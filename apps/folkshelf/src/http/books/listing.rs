//! How lists of books are filtered and sorted, and which fields they have.

use books::{BookSort, SortOrder};
use deserr::Deserr;
use kernel::UserId;
use utoipa::IntoParams;

use crate::http::edge::input::{FieldErrors, Param};
use crate::http::edge::list::{List, Order};
use crate::http::edge::problem::Problem;

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// As in `/books/search`.
    #[param(max_length = 200)]
    #[deserr(default)]
    pub(super) q: Option<String>,
    #[deserr(default)]
    pub(super) category: Option<String>,
    /// Only those that can be had now, or only those that cannot.
    #[param(value_type = Option<bool>)]
    #[deserr(default)]
    pub(super) available: Option<Param<bool>>,
    #[param(value_type = Option<Uuid>)]
    #[deserr(default)]
    pub(super) owner: Option<Param<UserId>>,
    /// As in `en`.
    #[param(format = "language")]
    #[deserr(default)]
    pub(super) language: Option<String>,
    #[deserr(default)]
    pub(super) author: Option<String>,
}

/// How a list of books is sorted, for the OpenAPI document; read by `edge::list::ListParams`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "described here, read by edge::list::ListParams")]
pub(super) struct Sorting {
    /// `createdAt` (without it), `title` or `publishedYear`. With a `q` and neither `sort` nor `order`, what fits best is
    /// first, and there is no cursor.
    #[param(pattern = "^(createdAt|title|publishedYear)$")]
    sort: Option<String>,
    /// `asc` or `desc`; newest first, titles from A without it.
    order: Option<String>,
}

pub(super) const FIELDS: &[&str] = &[
    "id",
    "title",
    "authors",
    "isbn13",
    "isbn10",
    "publishedYear",
    "language",
    "categories",
    "description",
    "condition",
    "notes",
    "coverUrl",
    "lending",
    "status",
    "available",
    "owner",
    "createdAt",
    "updatedAt",
    "version",
];

pub(super) fn sorting(list: &List<impl Sized>, text: Option<&str>) -> Result<(BookSort, SortOrder), Problem> {
    if text.is_some() && list.params.sort.is_none() && list.params.order().is_none() {
        return Ok((BookSort::Relevance, SortOrder::Descending));
    }
    // Newest first, titles from A, latest year first.
    let (sort, natural) = match list.params.sort.as_deref() {
        None | Some("createdAt") => (BookSort::CreatedAt, SortOrder::Descending),
        Some("title") => (BookSort::Title, SortOrder::Ascending),
        Some("publishedYear") => (BookSort::PublishedYear, SortOrder::Descending),
        Some(_) => return Err(Problem::invalid_field("sort", "must be createdAt, title or publishedYear")),
    };
    let order = match list.params.order() {
        None => natural,
        Some(Order::Ascending) => SortOrder::Ascending,
        Some(Order::Descending) => SortOrder::Descending,
    };
    Ok((sort, order))
}
