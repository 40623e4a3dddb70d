//! Moments in the query of a request.

use deserr::Deserr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::IntoParams;

use super::input::{FieldErrors, FromText, Param};
use super::problem::Problem;

pub struct Moment(pub OffsetDateTime);

impl FromText for Moment {
    const MUST_BE: &'static str = "a moment in RFC 3339, as in 2026-11-21T10:00:00Z";

    fn from_text(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Self)
    }
}

/// Of routes that show how something was.
#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AsOf {
    /// Only what was known at this moment, which is not in the future.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<Param<Moment>>,
}

impl AsOf {
    pub fn moment(self, now: OffsetDateTime) -> Result<Option<OffsetDateTime>, Problem> {
        match self.at {
            Some(Param(Moment(at))) if at > now => Err(Problem::invalid_field("at", "must not be in the future")),
            at => Ok(at.map(|at| at.0.0)),
        }
    }
}
