//! Whom somebody waits for.

/// Which subscriptions are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'s> {
    /// Every one, also those that are late: for tools and tests, which mean to wait.
    All,
    /// Those that consume one of these families of events.
    ConsumersOf(&'s [&'s str]),
    /// The one of a context whose effect is in PostgreSQL: the context knows of the event, whether or not its view shows
    /// it.
    Applier(&'s str),
    /// All of a context, its views too.
    Context(&'s str),
}

impl Scope<'_> {
    /// `consumes`: families of events, where they are known. `projects`: its effect is in a view.
    pub(crate) fn holds(self, name: &str, consumes: Option<&[String]>, projects: bool) -> bool {
        match self {
            Scope::All => true,
            Scope::ConsumersOf(families) => {
                consumes.is_none_or(|consumes| consumes.iter().any(|family| families.contains(&family.as_str())))
            }
            Scope::Applier(context) => !projects && of_context(name, context),
            Scope::Context(context) => of_context(name, context),
        }
    }

    /// What is waited for here is in the log for certain. Elsewhere a client names the position, and one that never comes
    /// must make nobody late.
    pub(crate) fn is_certain(self) -> bool {
        matches!(self, Scope::ConsumersOf(_) | Scope::Applier(_))
    }
}

fn of_context(name: &str, context: &str) -> bool {
    name.strip_prefix(context).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_holds_what_it_says() {
        let named = |families: &[&str]| -> Vec<String> { families.iter().map(|family| (*family).to_owned()).collect() };
        let (view, applier) = (named(&["books", "borrowing"]), named(&["users"]));
        assert!(Scope::ConsumersOf(&["borrowing"]).holds("books.view", Some(&view), true));
        assert!(!Scope::ConsumersOf(&["auth"]).holds("books.view", Some(&view), true));
        assert!(Scope::ConsumersOf(&["auth"]).holds("old", None, false), "who knows what it consumes");
        assert!(Scope::Context("books").holds("books.view", Some(&view), true));
        assert!(!Scope::Context("book").holds("books.view", Some(&view), true));
        assert!(!Scope::Applier("books").holds("books.view", Some(&view), true));
        assert!(Scope::Applier("books").holds("books", Some(&applier), false));
    }
}
