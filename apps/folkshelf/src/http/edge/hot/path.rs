//! A path that is known without the router.

/// Of one answer, or of many that differ by their ids.
pub(super) struct HotPath {
    before: String,
    then_id: bool,
}

impl HotPath {
    pub fn new(route: &str) -> Self {
        match route.strip_suffix("{id}") {
            Some(before) => Self { before: before.to_owned(), then_id: true },
            None => Self { before: route.to_owned(), then_id: false },
        }
    }

    pub fn fits(&self, path: &str) -> bool {
        // A UUID as text has 36 characters.
        path.strip_prefix(&self.before).is_some_and(|rest| rest.len() == if self.then_id { 36 } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_those_that_begin_alike() {
        let (list, one) = (HotPath::new("/api/v1/books"), HotPath::new("/api/v1/books/{id}"));
        let id = "/api/v1/books/01936f8e-0000-7000-8000-000000000001";
        assert!(list.fits("/api/v1/books") && one.fits(id));
        for other in ["/api/v1/book", "/api/v1/books/", "/api/v1/books/mine", "/api/v1/booksellers", &format!("{id}/x")]
        {
            assert!(!list.fits(other) && !one.fits(other), "{other}");
        }
        assert!(!list.fits(id) && !one.fits("/api/v1/books"));
    }
}
