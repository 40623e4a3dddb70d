//! users, as the host sees it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use cqrs::{Ask, Caller, CommandBusBuilder, MissingHandler, QueryBus, QueryBusBuilder};
use event_bus::{Family, Subscription};
use kernel::{Clock, LanguageTag, PermissionSet};
use read_store::Rebuild;
use sqlx::migrate::Migrator;
use users::{ListRoles, Users};

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

    fn wire(&self, wiring: &Wiring<'_>) -> anyhow::Result<Box<dyn Wired>> {
        let users = Users::new(
            wiring.pool(Context::Users),
            wiring.projection(Context::Users),
            Arc::new(wiring.ports.clone()),
            Arc::new(wiring.ports.clone()),
            Arc::new(wiring.ports.clone()),
            LanguageTag::new(wiring.language()?.tag())?,
        );
        Ok(Box::new(WiredUsers { users, clock: Arc::clone(wiring.clock) }))
    }
}

struct WiredUsers {
    users: Users,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Wired for WiredUsers {
    fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        self.users.register(commands, queries);
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        self.users.subscriptions()
    }

    fn rebuild(&self) -> Arc<dyn Rebuild> {
        self.users.rebuild()
    }

    fn start(&self, background: &Background) {
        let users = self.users.clone();
        background.run(|until| async move { users.run_folding(until).await });
        let (users, clock) = (self.users.clone(), Arc::clone(&self.clock));
        background.run(|until| async move { users.run_sweep(clock, until).await });
    }

    fn api(&self, host: &Host) -> Result<Mount, MissingHandler> {
        Ok(mount(UsersApi::new(host)?))
    }

    fn roles(&self, queries: &QueryBus) -> Result<Option<Arc<dyn RoleSource>>, MissingHandler> {
        Ok(Some(Arc::new(queries.asking::<ListRoles>()?)))
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
