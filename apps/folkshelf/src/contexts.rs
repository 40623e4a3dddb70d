//! The contexts this program is made of. What the host knows of one is in its file below `modules`.

use strum::{IntoStaticStr, VariantArray};

#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Context {
    Users,
    Auth,
    Books,
    Borrowing,
    Notifications,
}

impl Context {
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Its crate, its schema in PostgreSQL, its projection in Redis, the first word of its subscriptions.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// A crate is a context when there is a crate of what it publishes.
    fn on_disk(crates: &Path) -> BTreeSet<String> {
        let folders = std::fs::read_dir(crates).expect("a folder");
        let names = folders.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned());
        let names: BTreeSet<String> = names.collect();
        names.iter().filter(|name| names.contains(&format!("{name}-events"))).cloned().collect()
    }

    #[test]
    fn each_context_on_disk_is_one_of_the_hosts_and_no_other() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates");
        let known: BTreeSet<String> = Context::ALL.iter().map(|context| context.name().to_owned()).collect();
        assert_eq!(known, on_disk(&crates));
    }

    #[test]
    fn canary_a_context_that_only_the_disk_knows_is_found() {
        let crates = tempfile::tempdir().expect("a folder");
        for name in ["reviews", "reviews-events", "kernel"] {
            std::fs::create_dir(crates.path().join(name)).expect("made");
        }
        assert_eq!(on_disk(crates.path()), BTreeSet::from(["reviews".to_owned()]));
    }
}
