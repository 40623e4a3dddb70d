use kernel::{Permission, PermissionSet};
use serde::{Serialize, Serializer};

/// What an API key permits, as far as the role of its member permits it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(PermissionSet);

impl Scopes {
    pub fn permissions(self) -> PermissionSet {
        self.0
    }

    /// By name, as in `write:book`.
    pub fn names(self) -> Vec<String> {
        self.0.iter().map(|permission| permission.name().to_owned()).collect()
    }

    /// Names that no permission has permit nothing: a newer program may have written them.
    pub(crate) fn of_names(names: &[String]) -> Self {
        Self(names.iter().filter_map(|name| Permission::from_name(name)).collect())
    }
}

impl FromIterator<Permission> for Scopes {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().collect())
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Permission::name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_kept_by_name_and_unknown_names_permit_nothing() {
        let scopes: Scopes =
            [Permission::WriteBorrow, Permission::WriteBook, Permission::WriteBook].into_iter().collect();
        assert_eq!(scopes.names(), ["write:book", "write:borrow"]);
        assert_eq!(Scopes::of_names(&scopes.names()), scopes);
        assert_eq!(Scopes::of_names(&["write:everything".to_owned()]), Scopes::default());
        assert_eq!(serde_json::to_string(&scopes).unwrap(), r#"["write:book","write:borrow"]"#);
    }
}
