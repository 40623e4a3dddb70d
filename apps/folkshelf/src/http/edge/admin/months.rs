//! The figures of each month, for the community.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use bibliography::export::harmless;
use jobs::Finding;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::refusals::DatabaseRefusal;
use crate::http::edge::caller::{Admin, Permitted};
use crate::http::edge::input::{NoParams, Params};
use crate::http::edge::operations::Machinery;
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope};

/// The job that counts.
pub const MONTHS: &str = "community.count_month";
/// Months that are shown: twenty years.
const SHOWN: i64 = 240;

/// What happened in one month, by the calendar of the community.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Books that everybody sees, listed before the month's end.
    pub books: u64,
    /// Of these, listed in this month.
    pub new_books: u64,
    pub requests: u64,
    /// Books that were handed over to come back.
    pub loans: u64,
    /// Books that were given away.
    pub given: u64,
    pub returned: u64,
    /// Loans that were due in this month and not back by then.
    pub late: u64,
    /// Members at the month's end.
    pub members: u64,
    /// Who came in this month.
    pub new_members: u64,
    /// The twenty titles asked for most often, of books that everybody sees.
    pub most_asked: Vec<AskedTitle>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskedTitle {
    pub title: String,
    /// The first author.
    pub author: String,
    pub requests: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MonthView {
    #[schema(example = "2026-10")]
    month: String,
    /// When it was counted.
    #[serde(with = "time::serde::rfc3339")]
    made_at: OffsetDateTime,
    #[serde(flatten)]
    figures: Figures,
}

impl TryFrom<Finding> for MonthView {
    type Error = Problem;

    fn try_from(found: Finding) -> Result<Self, Problem> {
        let figures = serde_json::from_value(found.value).map_err(|error| Problem::internal(&error))?;
        Ok(Self { month: found.key, made_at: found.made_at, figures })
    }
}

fn failed(error: sqlx::Error) -> Problem {
    Problem::from(DatabaseRefusal(error))
}

async fn find(machinery: &Machinery, month: &str) -> Result<MonthView, Problem> {
    machinery.jobs.finding(MONTHS, month).await.map_err(failed)?.ok_or_else(Problem::not_found)?.try_into()
}

/// The figures of each month that was counted, newest first. The job `community.count_month` counts.
#[utoipa::path(tag = "admin", security(("session" = [])), responses((status = 200, body = Envelope<Vec<MonthView>>)))]
#[get("/admin/months")]
pub(super) async fn list_months(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let found = machinery.jobs.findings(MONTHS, SHOWN).await.map_err(failed)?;
    let months: Vec<MonthView> = found.into_iter().map(MonthView::try_from).collect::<Result<_, _>>()?;
    respond::found(&request, &months)
}

/// The figures of one month.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("month" = String, Path, example = "2026-10")), responses(
    (status = 200, body = Envelope<MonthView>),
))]
#[get("/admin/months/{month}")]
pub(super) async fn get_month(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    _none: Params<NoParams>,
    month: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    respond::found(&request, &find(&machinery, &month).await?)
}

/// The same as a table: a line for each figure, and one for each title.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("month" = String, Path, example = "2026-10")), responses(
    (status = 200, body = String, content_type = "text/csv", description = "The file"),
))]
#[get("/admin/months/{month}/csv")]
pub(super) async fn export_month(
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    _none: Params<NoParams>,
    month: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let month = find(&machinery, &month).await?;
    let file = table(&month.figures).map_err(|error| Problem::internal(&*error))?;
    // The key of a month that was found holds digits and a hyphen.
    let disposition = format!("attachment; filename=\"folkshelf-{}.csv\"", month.month);
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .body(file))
}

/// A spreadsheet shall run none of its cells.
fn table(figures: &Figures) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut file = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    file.write_record(["figure", "title", "author", "number"])?;
    let figures_of_it = [
        ("books", figures.books),
        ("newBooks", figures.new_books),
        ("requests", figures.requests),
        ("loans", figures.loans),
        ("given", figures.given),
        ("returned", figures.returned),
        ("late", figures.late),
        ("members", figures.members),
        ("newMembers", figures.new_members),
    ];
    for (name, number) in figures_of_it {
        file.write_record([name, "", "", &number.to_string()])?;
    }
    for asked in &figures.most_asked {
        let (title, author) = (harmless(&asked.title), harmless(&asked.author));
        file.write_record(["mostAsked", &title, &author, &asked.requests.to_string()])?;
    }
    Ok(file.into_inner().map_err(|error| error.into_error())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_that_a_spreadsheet_would_run_or_split_stay_texts_in_their_cells() {
        let asked = |title: &str| AskedTitle { title: title.to_owned(), author: "@SUM(A1)".to_owned(), requests: 2 };
        let titles = ["=cmd|' /C calc'!A0", "a\";=1+1", "two\r\nlines", "-2+3", "Émile"];
        let figures = Figures {
            books: 7,
            new_books: 1,
            requests: 2,
            loans: 3,
            given: 0,
            returned: 1,
            late: 0,
            members: 4,
            new_members: 2,
            most_asked: titles.map(asked).into(),
        };
        let file = table(&figures).expect("a table");
        let rows: Vec<csv::StringRecord> =
            csv::Reader::from_reader(&file[..]).records().map(|row| row.expect("a row")).collect();
        assert_eq!(rows[0], ["books", "", "", "7"][..]);
        let written: Vec<&str> = rows[9..].iter().map(|row| &row[1]).collect();
        assert_eq!(written, ["'=cmd|' /C calc'!A0", "a\";'=1+1", "two\r\nlines", "'-2+3", "Émile"]);
        assert!(rows[9..].iter().all(|row| row.len() == 4 && &row[2] == "'@SUM(A1)" && &row[3] == "2"));
    }
}
