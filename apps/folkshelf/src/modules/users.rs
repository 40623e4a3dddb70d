//! users, as the host sees it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use cqrs::{Ask, Caller, CommandBusBuilder, Crossing, MissingHandler, QueryBus, QueryBusBuilder};
use event_bus::{Audited, Family, Subscription};
use jobs::Job;
use kernel::{LanguageTag, PermissionSet};
use read_store::Rebuild;
use sqlx::migrate::Migrator;
use users::{CountMembers, GetProfile, ListRoles, ReportWarnings, RetellMember, Users, WalkMembers};

use crate::background::Background;
use crate::contexts::Context;
use crate::http::edge::gate::RoleSource;
use crate::http::edge::host::{Host, Mount, mount};
use crate::http::edge::problem::Problem;
use crate::http::edge::routes::Configure;
use crate::http::users::{self as routes, api::UsersApi};
use crate::module::{Module, Wired, Wiring};

pub struct UsersModule;

impl Module for UsersModule {
    fn migrations(&self) -> &'static Migrator {
        &users::MIGRATIONS
    }

    fn publishes(&self) -> Family {
        users::PUBLISHES
    }

    fn routes(&self) -> Configure {
        routes::configure
    }

    fn crossings(&self) -> Vec<Crossing> {
        vec![
            Crossing::command_twice_is_once::<RetellMember>(),
            Crossing::query::<CountMembers>(),
            Crossing::query::<GetProfile>(),
            Crossing::query::<ListRoles>(),
            Crossing::query::<ReportWarnings>(),
            Crossing::query::<WalkMembers>(),
        ]
    }

    fn roles(&self, queries: &QueryBus) -> Result<Option<Arc<dyn RoleSource>>, MissingHandler> {
        Ok(Some(Arc::new(queries.asking::<ListRoles>()?)))
    }

    fn wire(&self, wiring: &Wiring<'_>) -> anyhow::Result<Box<dyn Wired>> {
        Ok(Box::new(Users::new(
            wiring.pool(Context::Users),
            wiring.projection(Context::Users),
            Arc::new(wiring.ports.clone()),
            Arc::new(wiring.ports.clone()),
            Arc::new(wiring.ports.clone()),
            LanguageTag::new(wiring.language()?.tag())?,
        )))
    }
}

#[async_trait]
impl Wired for Users {
    fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        Users::register(self, commands, queries);
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        Users::subscriptions(self)
    }

    fn audited(&self) -> Vec<Arc<dyn Audited>> {
        Users::audited(self)
    }

    fn rebuild(&self) -> Arc<dyn Rebuild> {
        Users::rebuild(self)
    }

    fn start(&self, background: &Background) {
        let users = self.clone();
        background.run(|until| async move { users.run_folding(until).await });
    }

    fn jobs(&self) -> Vec<Arc<dyn Job>> {
        Users::jobs(self)
    }

    fn api(&self, host: &Host) -> Result<Mount, MissingHandler> {
        Ok(mount(UsersApi::new(host)?))
    }
}

/// The gate asks users what roles permit.
#[async_trait]
impl RoleSource for Ask<ListRoles> {
    async fn permissions(&self) -> Result<HashMap<String, PermissionSet>, Problem> {
        let roles = self.ask(&Caller::system("gate"), ListRoles).await?;
        Ok(roles.into_iter().map(|role| (role.name, role.permissions)).collect())
    }
}
