//! Who is asking. A route declares what it requires by the extractor it takes: [`Anyone`], [`SignedIn`] or
//! [`Permitted`]. There is no fourth way to a caller, so a route that declares nothing has none.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use cqrs::Caller;
use futures_util::future::LocalBoxFuture;
use kernel::{Actor, Permission, UserId};

use super::problem::Problem;
use super::{Api, trace};

/// No account needed; a token, if there is one, must be good.
pub struct Anyone(pub Caller);

/// Any member with a live session.
pub struct SignedIn(pub Caller);

impl SignedIn {
    /// The member.
    pub fn user(&self) -> Result<UserId, Problem> {
        self.0.actor.user_id().ok_or_else(Problem::unauthenticated)
    }
}

/// A member whose role has the permission `R`.
pub struct Permitted<R>(pub Caller, PhantomData<R>);

/// A permission as a type, for [`Permitted`].
pub trait Requirement: 'static {
    const PERMISSION: Permission;
}

macro_rules! requirements {
    ($($name:ident),+ $(,)?) => {$(
        pub struct $name;

        impl Requirement for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+};
}
requirements!(WriteBook, WriteBorrow, ReadUser, WriteUser, DeleteUser, Admin);

impl FromRequest for Anyone {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { caller(&request).await.map(Self) })
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = caller(&request).await?;
            match caller.actor {
                Actor::Member { .. } => Ok(Self(caller)),
                Actor::Anonymous | Actor::System(_) => Err(Problem::unauthenticated()),
            }
        })
    }
}

impl<R: Requirement> FromRequest for Permitted<R> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedIn::from_request(request, payload);
        Box::pin(async move {
            let SignedIn(caller) = signed_in.await?;
            if caller.actor.may(R::PERMISSION) { Ok(Self(caller, PhantomData)) } else { Err(Problem::forbidden()) }
        })
    }
}

async fn caller(request: &HttpRequest) -> Result<Caller, Problem> {
    let api = request.app_data::<web::Data<Api>>().ok_or_else(Problem::not_found)?;
    let actor = match request.headers().get(header::AUTHORIZATION) {
        None => Actor::Anonymous,
        Some(value) => {
            let token = value
                .to_str()
                .ok()
                .and_then(|value| value.split_once(' '))
                .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
                .map(|(_, token)| token.trim())
                .ok_or_else(Problem::unauthenticated)?;
            api.gate.actor(token).await?
        }
    };
    let mut caller = Caller::new(actor, trace::current());
    caller.idempotency_key = idempotency_key(request)?;
    caller.min_position = min_position(request)?;
    Ok(caller)
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=200).contains(&key.len()) => Ok(Some(key.to_owned())),
        Ok(_) | Err(_) => Err(Problem::invalid_field("Idempotency-Key", "must be 1 to 200 visible ASCII characters")),
    }
}

fn min_position(request: &HttpRequest) -> Result<Option<kernel::Position>, Problem> {
    let Some(value) = request.headers().get("x-folkshelf-min-position") else { return Ok(None) };
    value
        .to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .map(Some)
        .ok_or_else(|| Problem::invalid_field("X-Folkshelf-Min-Position", "must be a position as an answer gave it"))
}
