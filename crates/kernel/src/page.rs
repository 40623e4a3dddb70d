//! Asking for a page of a list, and the page itself.

/// Which part of a list is asked for. `page` and `limit` are within bounds: the host checks them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// From 1.
    pub page: u64,
    /// 1 to 100.
    pub limit: u32,
    /// Where the page before ended, as that page's `next_cursor` said; it wins over `page`.
    pub cursor: Option<String>,
}

impl PageRequest {
    pub const DEFAULT_LIMIT: u32 = 20;
    pub const MAX_LIMIT: u32 = 100;

    pub fn first(limit: u32) -> Self {
        Self { page: 1, limit, cursor: None }
    }

    /// How many items come before the page. Saturates, so page 10^12 is an empty page and no overflow.
    pub fn offset(&self) -> u64 {
        self.page.saturating_sub(1).saturating_mul(u64::from(self.limit))
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// How many items the whole list holds.
    pub total: u64,
    /// Leads to the next page; `None` on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), total: self.total, next_cursor: self.next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_ten_to_the_twelve_does_not_overflow() {
        let request = PageRequest { page: 1_000_000_000_000, limit: 100, cursor: None };
        assert_eq!(request.offset(), 99_999_999_999_900);
        let request = PageRequest { page: u64::MAX, limit: 100, cursor: None };
        assert_eq!(request.offset(), u64::MAX);
    }
}
