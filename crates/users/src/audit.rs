//! Members as rows, to be held against what their events tell.

use async_trait::async_trait;
use auth_events::AuthEvent;
use database::Database;
use event_bus::{Audited, Fields, Fold, Recorded, Told};
use kernel::{DecodeError, Event};
use serde_json::{Value, json};
use users_events::UserEvent;
use uuid::Uuid;

pub(crate) struct MemberRows(pub Database);

/// Auth opens an account, which makes the row; users tells of everything that follows.
#[derive(Default)]
struct Member(Option<Known>);

#[derive(Default)]
struct Known {
    name: String,
    role: String,
    active: bool,
    verified: bool,
    gone: bool,
}

impl Fold for Member {
    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        match AuthEvent::decode(&event.name, event.version, &event.payload)? {
            Some(AuthEvent::Registered(registered)) => {
                self.0 =
                    Some(Known { name: registered.name, role: "user".to_owned(), active: true, ..Known::default() });
            }
            Some(AuthEvent::Verified(_)) => self.change(|known| known.verified = true),
            _ => {}
        }
        match event.decode::<UserEvent>()? {
            Some(UserEvent::Updated(updated)) => {
                self.change(|known| (known.name, known.active) = (updated.name, updated.active));
            }
            Some(UserEvent::RoleChanged(changed)) => self.change(|known| known.role = changed.role),
            Some(UserEvent::Deleted(_)) => self.change(|known| known.gone = true),
            _ => {}
        }
        Ok(())
    }

    fn told(self: Box<Self>) -> Told {
        match self.0 {
            None => Told::Unknown,
            Some(known) if known.gone => Told::Gone,
            Some(known) => Told::Is(fields(&known.name, &known.role, known.active, known.verified)),
        }
    }
}

impl Member {
    fn change(&mut self, change: impl FnOnce(&mut Known)) {
        if let Some(known) = &mut self.0 {
            change(known);
        }
    }
}

fn fields(name: &str, role: &str, active: bool, verified: bool) -> Fields {
    match json!({"name": name, "role": role, "active": active, "verified": verified}) {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}

#[async_trait]
impl Audited for MemberRows {
    fn aggregate_type(&self) -> &'static str {
        "user"
    }

    fn events(&self) -> Vec<&'static str> {
        vec!["user.registered", "user.verified", "user.updated", "user.role_changed", "user.deleted"]
    }

    fn follows_others(&self) -> bool {
        true
    }

    fn fold(&self) -> Box<dyn Fold> {
        Box::<Member>::default()
    }

    async fn rows(&self, after: Uuid, limit: i64) -> Result<Vec<(Uuid, Fields)>, sqlx::Error> {
        let rows = sqlx::query!(
            "select id, name, role, active, verified from users.member
            where deleted_at is null and id > $1 order by id limit $2",
            after,
            limit,
        )
        .fetch_all(&self.0)
        .await?;
        Ok(rows.into_iter().map(|row| (row.id, fields(&row.name, &row.role, row.active, row.verified))).collect())
    }

    async fn rows_of(&self, ids: &[Uuid]) -> Result<Vec<(Uuid, Fields)>, sqlx::Error> {
        let rows = sqlx::query!(
            "select id, name, role, active, verified from users.member where deleted_at is null and id = any($1)",
            ids,
        )
        .fetch_all(&self.0)
        .await?;
        Ok(rows.into_iter().map(|row| (row.id, fields(&row.name, &row.role, row.active, row.verified))).collect())
    }
}
