use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Wire};
use database::Database;
use kernel::{ErrorKind, Permission, PermissionSet, Query, Refusal};
use serde::{Deserialize, Serialize};

/// The roles and what they permit, from the least to the most.
#[derive(Debug, Clone)]
pub struct ListRoles;

impl Query for ListRoles {
    const NAME: &'static str = "list_roles";
    type Answer = Vec<RoleView>;
    type Error = ListRolesError;
}

/// An object, because a later build may add fields.
#[derive(Serialize, Deserialize)]
pub struct ListRolesForm {}

impl Wire for ListRoles {
    type Form = ListRolesForm;

    fn into_form(self) -> ListRolesForm {
        ListRolesForm {}
    }

    fn from_form(ListRolesForm {}: ListRolesForm) -> Result<Self, String> {
        Ok(Self)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleView {
    pub name: String,
    /// A row that names no permission of this program grants nothing.
    pub permissions: PermissionSet,
}

#[derive(Debug, thiserror::Error)]
#[error("the database failed")]
pub struct ListRolesError(#[from] sqlx::Error);

impl Refusal for ListRolesError {
    fn kind(&self) -> ErrorKind {
        event_bus::error_kind(&self.0)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct ListRolesHandler {
    pub pool: Database,
}

#[async_trait]
impl QueryHandler<ListRoles> for ListRolesHandler {
    async fn handle(&self, _call: &Call, _query: ListRoles) -> Result<Vec<RoleView>, ListRolesError> {
        let rows = sqlx::query!(
            r#"select r.name,
                array(select p.permission from users.role_permission p where p.role = r.name) as "permissions!"
            from users.role r order by r.rank"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| RoleView {
                name: row.name,
                permissions: row.permissions.iter().filter_map(|name| Permission::from_name(name)).collect(),
            })
            .collect())
    }
}
