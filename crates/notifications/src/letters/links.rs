//! The link that stops letters about a topic, or those about several things. It works without a login and for ever, so it is
//! signed and holds what it is for: `late.<member>.<signature>`.

use hmac::{Hmac, KeyInit, Mac};
use kernel::UserId;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use uuid::Uuid;

use crate::domain::Topic;

/// Keeps this use of the secret apart from all others.
const PURPOSE: &[u8] = b"folkshelf letters stop 1\0";
/// Half of it: nobody tries 2^128.
const SIGNATURE: usize = 16;
/// In the place of a topic: letters about several things.
const TOGETHER: &str = "together";

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Links {
    base: String,
    current: Hmac<Sha256>,
    /// Of the other secrets: links in letters outlive a change of the secret as long as it stands among the others.
    others: Vec<Hmac<Sha256>>,
}

impl Links {
    pub fn new(public_url: &str, secret: &SecretString, others: &[SecretString]) -> Self {
        Self {
            base: public_url.trim_end_matches('/').to_owned(),
            current: keyed(secret),
            others: others.iter().map(keyed).collect(),
        }
    }

    /// Where the reader decides: following it changes nothing.
    pub fn page(&self, token: &str) -> String {
        format!("{}/unsubscribe?token={token}", self.base)
    }

    /// Where a mail program posts to, with one click of its reader (RFC 8058).
    pub fn one_click(&self, token: &str) -> String {
        format!("{}/api/v1/notifications/unsubscribe?token={token}", self.base)
    }

    pub fn loan(&self, borrow: Uuid) -> String {
        format!("{}/loans/{borrow}", self.base)
    }

    /// For a moderator.
    pub fn report(&self, report: Uuid) -> String {
        format!("{}/moderation/reports/{report}", self.base)
    }

    /// For whoever made some.
    pub fn own_reports(&self) -> String {
        format!("{}/account/reports", self.base)
    }

    pub fn inbox(&self) -> String {
        format!("{}/notifications", self.base)
    }

    /// `topic`: `None` for letters about several things.
    pub fn token(&self, user: UserId, topic: Option<Topic>) -> String {
        let topic = topic.map_or(TOGETHER, Topic::name);
        let signature = signed(&self.current, user, topic).finalize().into_bytes();
        let signature: String = signature.iter().take(SIGNATURE).map(|byte| format!("{byte:02x}")).collect();
        format!("{topic}.{}.{signature}", user.uuid().simple())
    }

    /// Whose letters about what a token stops. `None`: it is none of ours.
    pub fn read(&self, token: &str) -> Option<(UserId, Option<Topic>)> {
        let mut parts = token.split('.');
        let (name, user, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let topic = if name == TOGETHER { None } else { Some(Topic::from_name(name)?) };
        let (user, signature) = (UserId::from(Uuid::try_parse(user).ok()?), bytes(signature)?);
        let ours = |mac| signed(mac, user, name).verify_truncated_left(&signature).is_ok();
        let right = parts.next().is_none() && [&self.current].into_iter().chain(&self.others).any(ours);
        right.then_some((user, topic))
    }
}

fn keyed(secret: &SecretString) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(PURPOSE);
    mac
}

fn signed(mac: &Hmac<Sha256>, user: UserId, topic: &str) -> Hmac<Sha256> {
    let mut mac = mac.clone();
    mac.update(user.uuid().as_bytes());
    mac.update(topic.as_bytes());
    mac
}

fn bytes(hexadecimal: &str) -> Option<[u8; SIGNATURE]> {
    let number = u128::from_str_radix(hexadecimal, 16).ok()?;
    let whole = hexadecimal.len() == 2 * SIGNATURE && hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn links(secret: &str, others: &[&str]) -> Links {
        let others: Vec<SecretString> = others.iter().map(|other| SecretString::from(*other)).collect();
        Links::new("https://shelf.example/", &secret.into(), &others)
    }

    #[test]
    fn a_link_is_for_one_member_and_one_topic_and_outlives_a_change_of_the_secret() {
        let (one, user) = (links("one", &[]), UserId::new(OffsetDateTime::UNIX_EPOCH));
        let token = one.token(user, Some(Topic::DueSoon));
        assert_eq!(one.read(&token), Some((user, Some(Topic::DueSoon))));
        assert_eq!(one.read(&one.token(user, None)), Some((user, None)));
        assert_eq!(links("another", &["one"]).read(&token), Some((user, Some(Topic::DueSoon))));
        assert_eq!(links("another", &[]).read(&token), None);
        assert_eq!(one.page(&token), format!("https://shelf.example/unsubscribe?token={token}"));
        let other = UserId::new(OffsetDateTime::UNIX_EPOCH).uuid().simple().to_string();
        let mut wrong = vec![
            token.replace("due_soon", "late"),
            token.replace(&user.uuid().simple().to_string(), &other),
            format!("{token}0"),
            format!("{token}.x"),
            token[..token.len() - 1].to_owned(),
            token.replace("due_soon", "nothing"),
            token.replace("due_soon", TOGETHER),
        ];
        wrong.extend(["", ".", "..", "late..", "late.x.y"].map(str::to_owned));
        // As long as a signature, and no number.
        wrong.push(format!("{}+{}", &token[..token.len() - 32], &token[token.len() - 31..]));
        for wrong in wrong {
            assert_eq!(one.read(&wrong), None, "{wrong}");
        }
    }
}
