//! In which order found books are shown. What a book was found by is told from its texts, so that the order needs no
//! positions in an index.

use std::cell::OnceCell;

use time::OffsetDateTime;

use super::search::{QueryText, is_filler, main_title, title_beginning};
use super::words::{Word, words};

/// One word of a query and what may stand for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As it was typed, folded.
    pub word: String,
    /// Other spellings of what was typed, with how many slips they count: `letranger` for `l'étranger` none, `net` for
    /// `.net` one.
    pub also: Vec<(String, u8)>,
    /// Words that it may be the beginning of.
    pub begins: Vec<String>,
    /// Words it may be a slip of, with how many.
    pub near: Vec<(String, u8)>,
}

impl Term {
    /// The words as they were typed.
    pub fn literally(query: &QueryText) -> Vec<Self> {
        query.words.iter().map(Self::of).collect()
    }

    fn of(word: &Word) -> Self {
        let joined = word.joined.iter().map(|joined| (joined.clone(), 0));
        // Books write `ASP.NET`, and no more of them `net` by itself. But `c` is in too many books to stand for `c++`.
        let bare = word.bare.iter().filter(|bare| bare.len() > 1).map(|bare| (bare.clone(), 1));
        Self { word: word.text.clone(), also: joined.chain(bare).collect(), begins: Vec::new(), near: Vec::new() }
    }

    /// The nearest of these words.
    fn nearest(&self, words: &[Word]) -> Option<Match> {
        let at = |slips, begun| move |place| Match { slips, begun, place };
        let same =
            |word: &Word| word.is(&self.word) || self.also.iter().any(|(also, slips)| *slips == 0 && word.is(also));
        if let Some(place) = words.iter().position(same) {
            return Some(at(0, false)(place));
        }
        let begun =
            |word: &Word| word.bare.as_deref() == Some(&self.word) || self.begins.iter().any(|longer| word.is(longer));
        if let Some(place) = words.iter().position(begun) {
            return Some(at(0, true)(place));
        }
        let others = || self.also.iter().chain(&self.near);
        let slips = |word: &Word| others().filter(|(near, _)| word.is(near)).map(|(_, slips)| *slips).min();
        words.iter().enumerate().filter_map(|(place, word)| Some(at(slips(word)?, false)(place))).min()
    }
}

/// How a term was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Match {
    slips: u8,
    /// By the beginning of a longer word.
    begun: bool,
    place: usize,
}

/// A book that has the words, and what its place depends on.
#[derive(Debug, Clone)]
pub struct Candidate<Id> {
    /// Tells books apart whose places are equal otherwise.
    pub id: Id,
    /// The title as it is written.
    pub title: String,
    /// As [`super::search::SearchForms`] has it.
    pub search_title: String,
    /// The authors as they are written.
    pub authors: Vec<String>,
    /// The categories as they are written.
    pub categories: Vec<String>,
    /// Whether it can be had now.
    pub available: bool,
    /// Since when it is there.
    pub created_at: OffsetDateTime,
}

/// What was found in which part of a book; the first is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    WholeTitle,
    TitleBeginning,
    Title,
    TitleAndAuthor,
    Author,
    Elsewhere,
}

/// The place of a book among those found: fewer words missing, then fewer slips, then the better part of the book, then
/// fewer words of which only the beginning was asked for, then the words as they follow each other in the title (a series
/// and its number), then fewer words that nobody asked for.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    missing: usize,
    slips: u32,
    part: Part,
    begun: usize,
    apart: bool,
    unasked: usize,
}

fn rank<Id>(query: &QueryText, terms: &[Term], book: &Candidate<Id>) -> Rank {
    let main = main_title(&book.title);
    // Fillers stand between words that belong together.
    let fillers_count = terms.iter().any(|term| is_filler(&term.word));
    let told = |text: &str| {
        let mut words = words(text);
        words.retain(|word| fillers_count || !is_filler(&word.text));
        words
    };
    let (title, in_main) = (told(&book.title), told(main).len());
    // Most often the title has all there is to know.
    let authors: OnceCell<Vec<Word>> = OnceCell::new();
    let authors = || authors.get_or_init(|| book.authors.iter().flat_map(|author| words(author)).collect());
    let (mut missing, mut slips, mut begun) = (0, 0, 0);
    let (mut in_title, mut in_authors, mut elsewhere) = (Vec::new(), Vec::new(), 0);
    let mut categories: Option<Vec<Word>> = None;
    for term in terms {
        let by_title = term.nearest(&title);
        let settled = by_title.is_some_and(|met| met.slips == 0 && !met.begun);
        let by_author = if settled { None } else { term.nearest(authors()) };
        let met = match (by_title, by_author) {
            (Some(met), other) if other.is_none_or(|other| (met.slips, met.begun) <= (other.slips, other.begun)) => {
                in_title.push(met.place);
                met
            }
            (_, Some(met)) => {
                in_authors.push(met.place);
                met
            }
            _ => {
                let categories =
                    categories.get_or_insert_with(|| book.categories.iter().flat_map(|name| words(name)).collect());
                let Some(met) = term.nearest(categories) else {
                    missing += 1;
                    continue;
                };
                elsewhere += 1;
                met
            }
        };
        slips += u32::from(met.slips);
        begun += usize::from(met.begun);
    }
    let part = if query.title.is_empty() {
        Part::Elsewhere
    } else if book.search_title == query.title || is_whole_title(query, book) {
        Part::WholeTitle
    } else if begins_title(query, book) {
        Part::TitleBeginning
    } else {
        match (in_title.len(), in_authors.len(), elsewhere) {
            (1.., 0, 0) => Part::Title,
            (1.., 1.., 0) => Part::TitleAndAuthor,
            (0, 1.., 0) => Part::Author,
            _ => Part::Elsewhere,
        }
    };
    // Whole titles and their beginnings were found by themselves; their words may be fillers or none.
    let (missing, slips) = if part <= Part::TitleBeginning { (0, 0) } else { (missing, slips) };
    let apart = in_title.windows(2).any(|places| places[0] + 1 != places[1]);
    let unasked = if part == Part::Author {
        authors().len() - distinct(in_authors)
    } else {
        in_title.retain(|place| *place < in_main);
        in_main - distinct(in_title)
    };
    Rank { missing, slips, part, begun, apart, unasked }
}

/// `c` begins `c programming` and `caesar`, but `c++` is another thing.
fn begins_title<Id>(query: &QueryText, book: &Candidate<Id>) -> bool {
    book.search_title.strip_prefix(&query.title).is_some_and(|rest| !rest.starts_with(['+', '#']))
}

/// With the series, for those who type that too.
fn is_whole_title<Id>(query: &QueryText, book: &Candidate<Id>) -> bool {
    let may_be = query.title.len() > book.search_title.len() && query.title.starts_with(&book.search_title);
    may_be && title_beginning(&book.title) == query.title
}

fn distinct(mut places: Vec<usize>) -> usize {
    places.sort_unstable();
    places.dedup();
    places.len()
}

/// The ids, best first, each once. Of books of one rank those that can be had come first, then the newest.
pub fn ranked<Id: Ord>(query: &QueryText, terms: &[Term], found: Vec<Candidate<Id>>) -> Vec<Id> {
    let mut found: Vec<_> = found.into_iter().map(|book| (rank(query, terms, &book), book)).collect();
    found.sort_by(|(a, book_a), (b, book_b)| {
        a.cmp(b)
            .then_with(|| book_b.available.cmp(&book_a.available))
            .then_with(|| book_b.created_at.cmp(&book_a.created_at))
            .then_with(|| book_b.id.cmp(&book_a.id))
    });
    let mut ids: Vec<Id> = found.into_iter().map(|(_, book)| book.id).collect();
    // The same book, found twice, has the same place.
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    fn book(number: u32, title: &str, author: &str) -> Candidate<u32> {
        Candidate {
            id: number,
            title: title.to_owned(),
            search_title: title_beginning(main_title(title)),
            authors: vec![author.to_owned()],
            categories: vec!["Classics".to_owned()],
            available: true,
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn order(text: &str, books: &[Candidate<u32>]) -> Vec<u32> {
        let query = QueryText::read(text).unwrap();
        let mut terms = Term::literally(&query);
        terms[0].begins = vec!["artemis".to_owned()];
        ranked(&query, &terms, books.to_vec())
    }

    #[test]
    fn whole_title_before_beginning_before_title_before_author_before_category() {
        let books = [
            book(6, "Poems", "Ann Nobody"),
            book(5, "Persuasion", "Emma Classics"),
            book(4, "Emma's Year", "Classics Emma"),
            book(3, "My Classics", "A Writer"),
            book(2, "Classics of Style", "A Writer"),
            book(1, "The Classics (Great Ideas, #2)", "A Writer"),
        ];
        assert_eq!(order("classics", &books), [1, 2, 3, 5, 4, 6]);
    }

    #[test]
    fn fewer_slips_come_before_the_better_part() {
        let query = QueryText::read("potter").unwrap();
        let near = vec![("poter".to_owned(), 1), ("otter".to_owned(), 1)];
        let terms = [Term { word: "potter".to_owned(), also: Vec::new(), begins: Vec::new(), near }];
        let books = [book(2, "The Otter", "Ann"), book(1, "Peter Rabbit", "Beatrix Potter")];
        assert_eq!(ranked(&query, &terms, books.to_vec()), [1, 2]);
    }

    #[test]
    fn the_shorter_title_is_nearer_and_a_series_does_not_count() {
        let books = [
            book(2, "Pride and Prejudice and Zombies", "Seth Grahame-Smith"),
            book(1, "Pride and Prejudice (Classics, #1)", "Jane Austen"),
        ];
        assert_eq!(order("prejudice pride", &books), [1, 2]);
    }

    #[test]
    fn a_whole_word_is_nearer_than_a_beginning() {
        let books = [book(2, "Artemis Fowl", "Eoin Colfer"), book(1, "The Art of War and Peace", "Sun Tzu")];
        assert_eq!(order("art", &books), [1, 2]);
    }

    #[test]
    fn a_language_is_before_those_whose_names_begin_alike() {
        let books = [
            book(4, "C# in Depth", "Jon Skeet"),
            book(3, "C++ Primer", "Stanley Lippman"),
            book(2, "Expert C Programming", "Peter van der Linden"),
            book(1, "C Programming Language", "Brian Kernighan"),
        ];
        assert_eq!(order("c", &books)[..2], [1, 2]);
        assert_eq!(order("c++", &books)[0], 3);
        assert_eq!(order("C#", &books)[0], 4);
        assert_eq!(order("primer c++", &books)[0], 3);
    }

    #[test]
    fn an_elided_article_does_not_hide_a_title() {
        let books = [book(2, "Étranger à Paris", "Ann"), book(1, "L’Étranger", "Albert Camus")];
        for text in ["étranger", "l'etranger", "L’ÉTRANGER", "étranger camus"] {
            assert_eq!(order(text, &books)[0], 1, "{text}");
        }
        assert_eq!(order("letranger", &books)[0], 1);
        let books = [book(2, "Borstal Boy", "Brendan Behan"), book(1, "The Third Policeman", "Flann O’Brien")];
        assert_eq!(order("obrien", &books)[0], 1);
        assert_eq!(order("o'brien", &books)[0], 1);
    }

    #[test]
    fn a_series_and_its_number_belong_together() {
        let books = [
            book(2, "Sourcery (Discworld, #5; Rincewind, #3)", "Terry Pratchett"),
            book(1, "Equal Rites (Discworld, #3; Witches #1)", "Terry Pratchett"),
        ];
        assert_eq!(order("discworld 3", &books), [1, 2]);
        let books = [book(2, "Rings and a Lord", "Ann"), book(1, "My Lord of the Rings", "Ann")];
        assert_eq!(order("lord rings", &books), [1, 2]);
    }

    #[test]
    fn of_one_rank_the_free_copy_is_first_and_then_the_newest() {
        let old = book(3, "Emma", "Jane Austen");
        let new = Candidate { created_at: old.created_at + Duration::DAY, ..book(2, "Emma", "Jane Austen") };
        let lent = Candidate { available: false, created_at: new.created_at + Duration::DAY, ..book(1, "Emma", "J A") };
        assert_eq!(order("emma", &[lent, old.clone(), new, old]), [2, 3, 1]);
    }
}
