//! All routes: those of the edge, and those of the contexts as a list.

use actix_web::App;
use utoipa::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};

use super::openapi::Document;
use super::{admin, community, operations, well_known};

/// Adds routes, with their descriptions for the OpenAPI document.
pub type Configure = fn(&mut ServiceConfig);

#[derive(Clone)]
pub struct Routes {
    contexts: Vec<Configure>,
}

impl Routes {
    pub fn new(contexts: Vec<Configure>) -> Self {
        Self { contexts }
    }

    /// Below `/api/v1`.
    pub fn of_the_api(&self, services: &mut ServiceConfig) {
        community::configure(services);
        for context in &self.contexts {
            context(services);
        }
        admin::configure(services);
    }

    /// As they describe themselves; `openapi::document` adds what is the same for all.
    pub fn described(&self) -> utoipa::openapi::OpenApi {
        let (_, document) = App::new()
            .into_utoipa_app()
            .openapi(Document::openapi())
            .service(scope("/api/v1").configure(|services: &mut ServiceConfig| self.of_the_api(services)))
            .configure(operations::configure)
            .configure(well_known::configure)
            .split_for_parts();
        document
    }
}
