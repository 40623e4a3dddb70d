//! What programs look for at a fixed place (RFC 8615).

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::gate::Gate;
use super::problem::Problem;

pub fn configure(services: &mut ServiceConfig) {
    services.service(get_public_keys);
}

/// A JSON Web Key Set (RFC 7517).
#[derive(Deserialize, Serialize, ToSchema)]
struct KeySet {
    keys: Vec<PublicKey>,
}

/// An Ed25519 key (RFC 8037).
#[derive(Deserialize, Serialize, ToSchema)]
struct PublicKey {
    #[schema(example = "OKP")]
    kty: String,
    #[schema(example = "Ed25519")]
    crv: String,
    #[schema(example = "EdDSA")]
    alg: String,
    #[serde(rename = "use")]
    #[schema(rename = "use", example = "sig")]
    purpose: String,
    /// As tokens name it in their header.
    kid: String,
    x: String,
}

/// The public keys of access tokens, the one that signs first. A token of ours that names no key of these is worth nothing.
/// That a token is signed does not say that its session still lives: the host alone knows.
#[utoipa::path(tag = "operations", responses((status = 200, body = KeySet)))]
#[get("/.well-known/jwks.json")]
async fn get_public_keys(gate: web::Data<Gate>) -> Result<HttpResponse, Problem> {
    // A key is published this long before it signs: deploy/config.example.toml says so to operators.
    let kept = (header::CACHE_CONTROL, "public, max-age=300");
    // Nothing but what is described here goes out, whatever a key says of itself.
    let keys: KeySet = serde_json::from_value(gate.public_keys()?).map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok().insert_header(kept).json(keys))
}
