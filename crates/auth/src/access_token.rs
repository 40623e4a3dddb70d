//! Access tokens: JWTs that say which session. What the session may do is looked up at each request.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kernel::{SessionId, UserId};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::settings::Settings;

const ISSUER: &str = "folkshelf";
/// Replicas' clocks may differ by so much.
const LEEWAY: Duration = Duration::seconds(5);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    #[serde(rename = "sub")]
    pub user_id: UserId,
    #[serde(rename = "sid")]
    pub session_id: SessionId,
    /// As it was when the token was made: for clients to show, never for us to trust.
    role: String,
    iat: i64,
    exp: i64,
}

#[derive(Clone)]
pub(crate) struct AccessTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    lifetime: Duration,
}

impl AccessTokens {
    pub(crate) fn new(settings: &Settings) -> Self {
        let secret = settings.token_secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // Checked below against our own clock.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            lifetime: settings.access_token_lifetime.try_into().unwrap_or(Duration::MAX),
        }
    }

    /// The token, and how many seconds it lives; it does not outlive its session.
    pub(crate) fn issue(
        &self,
        user_id: UserId,
        session_id: SessionId,
        role: &str,
        session_ends: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<(SecretString, u64), jsonwebtoken::errors::Error> {
        let lifetime = self.lifetime.min(session_ends - now);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            user_id,
            session_id,
            role: role.to_owned(),
            iat: now.unix_timestamp(),
            exp: (now + lifetime).unix_timestamp(),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)?;
        Ok((token.into(), lifetime.whole_seconds().unsigned_abs()))
    }

    /// `None`: not a token of ours, or expired.
    pub(crate) fn verify(&self, token: &str, now: OffsetDateTime) -> Option<Claims> {
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims;
        (now < claims.expires_at()?).then_some(claims)
    }
}

impl Claims {
    /// When the token stops being taken, by whichever replica's clock.
    pub(crate) fn expires_at(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.exp).ok()?.checked_add(LEEWAY)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{SessionId, UserId};
    use time::macros::datetime;

    use proptest::prelude::*;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

    fn tokens(secret: &str) -> AccessTokens {
        AccessTokens::new(&Settings::new(secret.into(), "http://localhost"))
    }

    fn a_token(tokens: &AccessTokens) -> String {
        let ends = NOW + Duration::days(30);
        let issued = tokens.issue(UserId::new(NOW), SessionId::new(NOW), "user", ends, NOW);
        issued.unwrap().0.expose_secret().to_owned()
    }

    #[test]
    fn a_token_is_good_for_its_lifetime_and_no_longer() {
        let tokens = tokens("a secret of at least 32 characters");
        let token = a_token(&tokens);
        assert!(tokens.verify(&token, NOW + Duration::minutes(14)).is_some());
        assert!(tokens.verify(&token, NOW + Duration::minutes(16)).is_none());
    }

    #[test]
    fn a_token_does_not_outlive_its_session() {
        let tokens = tokens("a secret of at least 32 characters");
        let ends = NOW + Duration::minutes(2);
        let issued = tokens.issue(UserId::new(NOW), SessionId::new(NOW), "user", ends, NOW);
        assert_eq!(issued.unwrap().1, 120);
    }

    #[test]
    fn forged_tokens_are_refused() {
        let ours = tokens("a secret of at least 32 characters");
        let theirs = a_token(&tokens("another secret of 32 characters!!"));
        assert!(ours.verify(&theirs, NOW).is_none());

        let token = a_token(&ours);
        let mut parts: Vec<&str> = token.split('.').collect();
        // {"alg":"none","typ":"JWT"}
        parts[0] = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
        assert!(ours.verify(&parts.join("."), NOW).is_none());
        assert!(ours.verify(&format!("{}.{}.", parts[0], parts[1]), NOW).is_none());
        assert!(ours.verify(&token[..token.len() - 2], NOW).is_none());
        assert!(ours.verify("", NOW).is_none());
    }

    proptest! {
        #[test]
        fn no_foreign_text_is_a_token(
            text in prop_oneof!["\\PC{0,200}", "[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,90}\\.[A-Za-z0-9_-]{0,60}"],
        ) {
            prop_assert!(tokens("a secret of at least 32 characters").verify(&text, NOW).is_none());
        }

        #[test]
        fn a_token_with_any_one_character_changed_is_none(place in any::<prop::sample::Index>(), other in "[A-Za-z0-9_.-]") {
            let ours = tokens("a secret of at least 32 characters");
            let token = a_token(&ours);
            let place = place.index(token.len());
            let mut changed = token.clone();
            changed.replace_range(place..=place, &other);
            prop_assert_eq!(ours.verify(&changed, NOW).is_some(), changed == token);
        }
    }

    #[test]
    fn another_algorithm_with_our_secret_is_refused() {
        let secret = "a secret of at least 32 characters";
        let ours = tokens(secret);
        let claims = ours.verify(&a_token(&ours), NOW).unwrap();
        let header = Header::new(Algorithm::HS512);
        let key = EncodingKey::from_secret(secret.as_bytes());
        let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        assert!(ours.verify(&token, NOW).is_none());
    }
}
