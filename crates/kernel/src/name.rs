//! Names that come from outside and stand where ours stand, which live as long as the program.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Different names that are kept. All builds of Folkshelf together have some hundreds.
const MOST: usize = 2_000;
/// A longer name is none of ours.
const LONGEST: usize = 64;

static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

/// The same name for the rest of the program's life. `None`: it is too long, or there are too many already.
pub fn lasting_name(name: &str) -> Option<&'static str> {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return Some(known);
    }
    if name.len() > LONGEST || names.len() >= MOST {
        return None;
    }
    let lasting: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(lasting);
    Some(lasting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_not_without_bounds() {
        let first = lasting_name("BOOK_ON_LOAN").unwrap();
        assert!(std::ptr::eq(first, lasting_name(&String::from("BOOK_ON_LOAN")).unwrap()));
        assert_eq!(lasting_name(&"x".repeat(LONGEST + 1)), None);
        let kept = (0..=MOST).filter(|nth| lasting_name(&format!("name {nth}")).is_some()).count();
        assert!((MOST - 100..MOST).contains(&kept), "{kept}");
        assert_eq!(lasting_name("BOOK_ON_LOAN"), Some("BOOK_ON_LOAN"));
    }
}
