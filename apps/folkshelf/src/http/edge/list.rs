//! What every list takes: which page, in which order, which fields.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use deserr::Deserr;
use kernel::PageRequest;
use serde_json::Map;
use utoipa::IntoParams;

use super::input::{FieldErrors, FromText, Param, pairs};
use super::problem::Problem;

/// What every list takes, beside filters of its own.
#[derive(Debug, Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
pub struct ListParams {
    #[deserr(default)]
    page: Option<Param<PageNumber>>,
    #[deserr(default)]
    limit: Option<Param<Limit>>,
    #[deserr(default)]
    pub sort: Option<String>,
    #[deserr(default)]
    order: Option<Param<Order>>,
    #[deserr(default)]
    pub fields: Option<String>,
    #[deserr(default)]
    cursor: Option<String>,
}

/// The names in [`ListParams`].
const LIST_PARAMS: [&str; 6] = ["page", "limit", "sort", "order", "fields", "cursor"];

#[derive(Debug, Clone, Copy)]
struct PageNumber(u64);

impl FromText for PageNumber {
    /// Beyond any list, and within what databases and other languages count to.
    const MUST_BE: &'static str = "a whole number from 1 to 9223372036854775807";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().filter(|page| (1..=i64::MAX as u64).contains(page)).map(Self)
    }
}

#[derive(Debug, Clone, Copy)]
struct Limit(u32);

impl FromText for Limit {
    const MUST_BE: &'static str = "a whole number from 1 to 100";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().filter(|limit| (1..=PageRequest::MAX_LIMIT).contains(limit)).map(Self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

impl FromText for Order {
    const MUST_BE: &'static str = "asc or desc";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "asc" => Some(Order::Ascending),
            "desc" => Some(Order::Descending),
            _ => None,
        }
    }
}

impl ListParams {
    pub fn page_request(&self) -> PageRequest {
        PageRequest {
            page: self.page.as_ref().map_or(1, |page| page.0.0),
            limit: self.limit.as_ref().map_or(PageRequest::DEFAULT_LIMIT, |limit| limit.0.0),
            cursor: self.cursor.clone(),
        }
    }

    /// For lists that have no cursor.
    pub fn page_by_number(&self) -> Result<PageRequest, Problem> {
        let page = self.page_request();
        match page.cursor {
            Some(_) => Err(Problem::invalid_field("cursor", "is not known here: use page")),
            None => Ok(page),
        }
    }

    pub fn order(&self) -> Option<Order> {
        self.order.as_ref().map(|order| order.0)
    }

    /// For lists that have one order only.
    pub fn refuse_sorting(&self) -> Result<(), Problem> {
        match (&self.sort, self.order()) {
            (Some(_), _) => Err(Problem::invalid_field("sort", "is not known here: this list has one order")),
            (None, Some(_)) => Err(Problem::invalid_field("order", "is not known here: this list has one order")),
            (None, None) => Ok(()),
        }
    }
}

/// What every list takes, for the OpenAPI document; read by [`ListParams`].
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "described here, read by ListParams")]
pub struct ListQuery {
    /// From 1.
    #[param(minimum = 1, maximum = 9223372036854775807i64)]
    page: Option<u64>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The fields to show, separated by commas; all of them without it.
    fields: Option<String>,
    /// The `nextCursor` of the page before; for deep pages of a list that changes meanwhile.
    cursor: Option<String>,
}

/// As [`ListQuery`], for lists that have no cursor.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "described here, read by ListParams")]
pub struct PagesByNumber {
    /// From 1.
    #[param(minimum = 1, maximum = 9223372036854775807i64)]
    page: Option<u64>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The fields to show, separated by commas; all of them without it.
    fields: Option<String>,
}

/// The query string of a list: what every list takes, and the filters `T` of this one.
pub struct List<T> {
    pub params: ListParams,
    pub filters: T,
}

impl<T: Deserr<FieldErrors> + 'static> FromRequest for List<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(pairs(request.query_string()).and_then(|pairs| {
            let (common, own): (Map<_, _>, Map<_, _>) =
                pairs.into_iter().partition(|(key, _)| LIST_PARAMS.contains(&key.as_str()));
            let params = deserr::deserialize::<ListParams, _, FieldErrors>(serde_json::Value::Object(common));
            let filters = deserr::deserialize::<T, _, FieldErrors>(serde_json::Value::Object(own));
            match (params, filters) {
                (Ok(params), Ok(filters)) => Ok(Self { params, filters }),
                (Err(errors), Err(more)) => Err(errors.and(more).into()),
                (Err(errors), Ok(_)) | (Ok(_), Err(errors)) => Err(errors.into()),
            }
        }))
    }
}
