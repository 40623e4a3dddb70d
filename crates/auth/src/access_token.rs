//! Access tokens: JWTs that say which session. What the session may do is looked up at each request.
//!
//! They are signed with Ed25519, so that a proxy or another service can check one without a secret: the public keys are
//! at `/.well-known/jwks.json`. The private key is derived from the token secret, which all hosts share already. Other
//! secrets may be named besides: tokens signed with theirs are taken too, so the secret is changed without logging
//! anybody out.

use std::collections::HashMap;
use std::sync::Arc;

use hmac::Mac;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kernel::{SessionId, UserId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::keyed::keyed;
use crate::settings::Settings;

const ISSUER: &str = "folkshelf";
/// Replicas' clocks may differ by so much.
const LEEWAY: Duration = Duration::seconds(5);
/// Keeps this use of the secret apart from the chain of refresh tokens.
const PURPOSE: &[u8] = b"folkshelf access tokens, Ed25519 1\0";
/// What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 7).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

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

/// A secret's pair of keys.
struct Pair {
    encoding: EncodingKey,
    public: Jwk,
    kid: String,
}

impl Pair {
    fn of(secret: &SecretString) -> Result<Self, jsonwebtoken::errors::Error> {
        let seed = keyed(secret, PURPOSE).finalize().into_bytes();
        let encoding = EncodingKey::from_ed_der(&[&PKCS8[..], &seed[..]].concat());
        let mut public = Jwk::from_encoding_key(&encoding, Algorithm::EdDSA)?;
        // RFC 7638: whoever holds the key computes the same name for it.
        let kid = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { encoding, public, kid })
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct AccessTokens(Arc<Keys>);

struct Keys {
    encoding: EncodingKey,
    header: Header,
    /// By the name of the key.
    decoding: HashMap<String, DecodingKey>,
    public: JwkSet,
    validation: Validation,
    lifetime: Duration,
}

impl AccessTokens {
    pub(crate) fn new(settings: &Settings) -> Result<Self, jsonwebtoken::errors::Error> {
        let current = Pair::of(&settings.token_secret)?;
        let mut pairs = Vec::new();
        for secret in &settings.other_token_secrets {
            pairs.push(Pair::of(secret)?);
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(current.kid.clone());
        let encoding = current.encoding.clone();
        pairs.insert(0, current);
        let mut decoding = HashMap::new();
        for pair in &pairs {
            decoding.insert(pair.kid.clone(), DecodingKey::from_jwk(&pair.public)?);
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        // Checked below against our own clock.
        validation.validate_exp = false;
        let public = JwkSet { keys: pairs.into_iter().map(|pair| pair.public).collect() };
        let lifetime = settings.access_token_lifetime.try_into().unwrap_or(Duration::MAX);
        Ok(Self(Arc::new(Keys { encoding, header, decoding, public, validation, lifetime })))
    }

    /// The keys with which tokens can be checked, the one that signs first.
    pub(crate) fn public_keys(&self) -> &JwkSet {
        &self.0.public
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
        let lifetime = self.0.lifetime.min(session_ends - now);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            user_id,
            session_id,
            role: role.to_owned(),
            iat: now.unix_timestamp(),
            exp: (now + lifetime).unix_timestamp(),
        };
        let token = jsonwebtoken::encode(&self.0.header, &claims, &self.0.encoding)?;
        Ok((token.into(), lifetime.whole_seconds().unsigned_abs()))
    }

    /// `None`: not a token of ours, or expired.
    pub(crate) fn verify(&self, token: &str, now: OffsetDateTime) -> Option<Claims> {
        let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
        let key = self.0.decoding.get(&kid)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.0.validation).ok()?.claims;
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
    use secrecy::ExposeSecret;
    use time::macros::datetime;

    use proptest::prelude::*;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

    const SECRET: &str = "a secret of at least 32 characters";
    const NEXT: &str = "another secret of 32 characters!!";

    fn tokens(secret: &str) -> AccessTokens {
        rotating(secret, &[])
    }

    fn rotating(secret: &str, others: &[&str]) -> AccessTokens {
        let other_token_secrets = others.iter().map(|secret| (*secret).into()).collect();
        let settings = Settings { other_token_secrets, ..Settings::new(secret.into(), "http://localhost") };
        AccessTokens::new(&settings).unwrap()
    }

    fn a_token(tokens: &AccessTokens) -> String {
        let ends = NOW + Duration::days(30);
        let issued = tokens.issue(UserId::new(NOW), SessionId::new(NOW), "user", ends, NOW);
        issued.unwrap().0.expose_secret().to_owned()
    }

    #[test]
    fn a_token_is_good_for_its_lifetime_and_no_longer() {
        let tokens = tokens(SECRET);
        let token = a_token(&tokens);
        assert!(tokens.verify(&token, NOW + Duration::minutes(14)).is_some());
        assert!(tokens.verify(&token, NOW + Duration::minutes(16)).is_none());
    }

    #[test]
    fn a_token_does_not_outlive_its_session() {
        let tokens = tokens(SECRET);
        let ends = NOW + Duration::minutes(2);
        let issued = tokens.issue(UserId::new(NOW), SessionId::new(NOW), "user", ends, NOW);
        assert_eq!(issued.unwrap().1, 120);
    }

    #[test]
    fn forged_tokens_are_refused() {
        let ours = tokens(SECRET);
        let theirs = a_token(&tokens(NEXT));
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
            prop_assert!(tokens(SECRET).verify(&text, NOW).is_none());
        }

        #[test]
        fn a_token_with_any_one_character_changed_is_none(place in any::<prop::sample::Index>(), other in "[A-Za-z0-9_.-]") {
            let ours = tokens(SECRET);
            let token = a_token(&ours);
            let place = place.index(token.len());
            let mut changed = token.clone();
            changed.replace_range(place..=place, &other);
            prop_assert_eq!(ours.verify(&changed, NOW).is_some(), changed == token);
        }
    }

    #[test]
    fn another_algorithm_with_our_secret_or_our_public_key_is_refused() {
        let ours = tokens(SECRET);
        let claims = ours.verify(&a_token(&ours), NOW).unwrap();
        let kid = ours.0.header.kid.clone();
        let x = the_key(&ours);
        for (algorithm, secret) in [
            (Algorithm::HS256, SECRET.as_bytes()),
            (Algorithm::HS512, SECRET.as_bytes()),
            // The known confusion: what everybody may read, taken for a shared secret.
            (Algorithm::HS256, x.as_bytes()),
        ] {
            let header = Header { kid: kid.clone(), ..Header::new(algorithm) };
            let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap();
            assert!(ours.verify(&token, NOW).is_none());
        }
        // The header names no key, or a key that we do not have.
        for kid in [None, Some("x".to_owned())] {
            let header = Header { kid, ..Header::new(Algorithm::EdDSA) };
            let token = jsonwebtoken::encode(&header, &claims, &ours.0.encoding).unwrap();
            assert!(ours.verify(&token, NOW).is_none());
        }
    }

    /// The only key that is published, after a look at what is said of it.
    fn the_key(tokens: &AccessTokens) -> String {
        let shown = serde_json::to_value(tokens.public_keys()).unwrap();
        let key = &shown["keys"][0];
        for (name, value) in [("kty", "OKP"), ("crv", "Ed25519"), ("alg", "EdDSA"), ("use", "sig")] {
            assert_eq!(key[name], value);
        }
        assert!(key["kid"].is_string() && key.get("d").is_none(), "{key}");
        key["x"].as_str().unwrap().to_owned()
    }

    #[test]
    fn the_published_key_checks_a_token_and_names_it() {
        let ours = tokens(SECRET);
        let token = a_token(&ours);
        let set: JwkSet = serde_json::from_value(serde_json::to_value(ours.public_keys()).unwrap()).unwrap();
        let kid = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
        let key = DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();
        assert!(jsonwebtoken::decode::<Claims>(&token, &key, &ours.0.validation).is_ok());
    }

    /// Each line is what a host knows in turn: the new secret is told to all, then signs, then is alone.
    #[test]
    fn the_secret_is_changed_without_a_token_that_some_host_refuses() {
        let steps = [rotating(SECRET, &[]), rotating(SECRET, &[NEXT]), rotating(NEXT, &[SECRET]), rotating(NEXT, &[])];
        for pair in steps.windows(2) {
            for signs in pair {
                for verifies in pair {
                    assert!(verifies.verify(&a_token(signs), NOW).is_some());
                }
            }
        }
        assert!(
            steps[0].verify(&a_token(&steps[3]), NOW).is_none() && steps[3].verify(&a_token(&steps[0]), NOW).is_none()
        );
        assert_eq!(steps[1].public_keys().keys.len(), 2);
    }
}
