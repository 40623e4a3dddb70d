//! Many books at once, for a tool that fills a database: no events, no checks against what is there, and the tables as a
//! member's own books would leave them.

use std::collections::HashSet;

use kernel::{BookId, Detail, UserId};
use sqlx::PgPool;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::domain::BookInput;
use crate::findable::{self, FOLDING};
use crate::stored::Stored;

/// Words or names that are learnt in one statement.
const CHUNK: usize = 5_000;

/// Turns books into lines of `COPY`, and remembers what searches need beside them.
#[derive(Debug, Default)]
pub struct BulkBooks {
    words: HashSet<String>,
    authors: HashSet<String>,
}

impl BulkBooks {
    /// The statement that takes the lines.
    pub const COPY: &'static str = "copy books.book (id, owner_id, title, title_sort, shelf_key, authors, author_words,
        isbn13, isbn10, published_year, language, categories, category_keys, description, condition, notes, lending,
        search_title, search, folding, version, created_at, updated_at) from stdin";

    /// One book as a line; what is wrong with each bad field where there is one.
    pub fn line(
        &mut self,
        id: BookId,
        owner: UserId,
        book: &BookInput,
        created_at: OffsetDateTime,
    ) -> Result<String, Vec<Detail>> {
        let Stored { id, written: book, keys } = Stored::new(id, &book.check(created_at)?);
        let moment = created_at.format(&Rfc3339).unwrap_or_default();
        let optional = |text: Option<&str>| text.map_or_else(|| "\\N".to_owned(), escaped);
        let cells = [
            id.to_string(),
            owner.to_string(),
            escaped(&book.title),
            escaped(&keys.title_sort),
            format!("\\\\x{}", keys.shelf_key),
            array(&book.authors),
            array(&keys.author_words),
            optional(book.isbn13.as_deref()),
            optional(book.isbn10.as_deref()),
            optional(book.published_year.map(|year| year.to_string()).as_deref()),
            optional(book.language.as_deref()),
            array(&book.categories),
            array(&keys.category_keys),
            optional(book.description.as_deref()),
            optional(book.condition.as_deref()),
            optional(book.notes.as_deref()),
            book.lending,
            escaped(&keys.search_title),
            escaped(&keys.search_words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")),
            (-FOLDING).to_string(),
            "1".to_owned(),
            moment.clone(),
            moment,
        ];
        self.words.extend(keys.spelt_words);
        self.authors.extend(book.authors);
        Ok(cells.join("\t") + "\n")
    }

    /// Stores what was remembered. `pool` is that of the role `folkshelf_books`.
    pub async fn learn(self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let mut connection = pool.acquire().await?;
        let (words, authors): (Vec<String>, Vec<String>) =
            (self.words.into_iter().collect(), self.authors.into_iter().collect());
        for chunk in words.chunks(CHUNK) {
            findable::learn(&mut connection, [(&[][..], chunk)]).await?;
        }
        for chunk in authors.chunks(CHUNK) {
            findable::learn(&mut connection, [(chunk, &[][..])]).await?;
        }
        Ok(())
    }
}

/// As `COPY` reads a cell.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

fn array(items: &[String]) -> String {
    let quoted: Vec<String> =
        items.iter().map(|item| format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    escaped(&format!("{{{}}}", quoted.join(",")))
}
