//! The messages that other contexts send to auth, as they travel between processes.

use std::fmt::Debug;
use std::str::FromStr;

use auth::{
    AccountView, CheckPassword, CreateAccount, Email, FindAccountByEmail, FindAccounts, FindApiKey, FindSession,
    GetAccount, GetMailAddress, KeyUse, KnownMembers, LiveSession, MailAddress, NoteKeyUses, Password, StoredKey,
};
use cqrs::Wire;
use kernel::{KnownMember, LanguageTag, Line, UserId};
use serde_json::{Value, json};
use testkit::{WireSamples, admin};
use time::macros::datetime;

const MEMBER: &str = "01936f8e-0000-7000-8000-000000000001";

fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("an id")
}

fn an_account() -> CreateAccount {
    CreateAccount {
        email: Email::chosen("nguyễn.thị.minh.khai@bücher.example").expect("an address"),
        name: Line::new("Nguyễn Thị Minh Khai").expect("a name"),
        language: LanguageTag::new("zh-Hant-TW").ok(),
        password: Password::new("đêm trăng 我的书架 \"quoted\"").ok(),
        verified: true,
    }
}

/// As they travel: nobody outside auth makes one.
fn a_session() -> LiveSession {
    let session = json!({
        "userId": MEMBER, "role": "moderator", "active": true, "revoked": false,
        "expiresAt": "2026-12-31T23:59:59.5Z", "account": null,
    });
    serde_json::from_value(session).expect("a session")
}

fn a_key() -> StoredKey {
    let key = json!({
        "id": "01936f8e-0000-7000-8000-000000000009", "userId": MEMBER, "role": "user", "active": true,
        "scopes": ["write:book", "write:borrow"], "expiresAt": "2027-01-01T00:00:00Z", "endedAt": null,
        "lastUsedAt": "2026-11-27T08:00:00.000001Z",
    });
    serde_json::from_value(key).expect("a key")
}

#[test]
fn every_message_is_read_and_written_as_its_sample_says() {
    let member: UserId = id(MEMBER);
    let account = AccountView {
        email: "zoë@食狮.公司".to_owned(),
        verified: true,
        created_at: datetime!(2024-02-29 23:59:59.123456 UTC),
    };
    let found = FindAccounts::by(&admin(member).actor, "Nguyễn.").expect("a beginning");
    WireSamples::of(env!("CARGO_MANIFEST_DIR"))
        .query(CheckPassword { user: member, password: "not mine: пароль  ".into() }, true)
        .query(GetAccount { user: member }, account)
        .query(found, vec![id("01936f8e-0000-7000-8000-000000000002"), member])
        .query(FindAccountByEmail { email: Email::new("zoë@食狮.公司").expect("an address") }, Some(member))
        .query(GetMailAddress { user: member }, Some(MailAddress("nguyễn.thị.minh.khai@bücher.example".to_owned())))
        .query(
            KnownMembers { ids: vec![member, id("01936f8e-0000-7000-8000-000000000002")] },
            vec![KnownMember {
                id: member,
                name: "Þórbergur Þórðarson frá Hala í Suðursveit".to_owned(),
                active: Some(true),
                gone: false,
                version: 3,
            }],
        )
        .query(FindSession { session: id(MEMBER) }, Some(a_session()))
        .query(FindApiKey { hash: "0f".repeat(32).try_into().expect("a hash") }, Some(a_key()))
        .command(
            NoteKeyUses { uses: vec![KeyUse { key: id(MEMBER), at: datetime!(2024-02-29 23:59:59.123456 UTC) }] },
            1_u64,
        )
        .command(an_account(), member)
        .assert_hold();
}

fn read(change: impl Fn(&mut Value)) -> Result<CreateAccount, String> {
    let mut form = serde_json::to_value(an_account().into_form()).expect("a form");
    change(&mut form);
    CreateAccount::from_form(serde_json::from_value(form).map_err(|error| error.to_string())?)
}

#[test]
fn an_account_from_another_process_obeys_the_rules_of_a_new_one() {
    assert!(read(|_| {}).is_ok());
    for (field, value, breach) in [
        ("email", json!("ada"), "email: must be a mail address"),
        ("email", json!("a\u{200b}da@example.org"), "email: must not contain invisible characters"),
        ("name", json!(" \u{200b} "), "must not be empty"),
        ("name", json!("x".repeat(101)), "must be at most 100 characters"),
        ("language", json!("fr_CA"), "must be a language tag"),
        ("plaintextPassword", json!("too short"), "plaintextPassword: must be at least 10 characters"),
    ] {
        let refused = read(|form| form[field] = value.clone()).expect_err(field);
        assert!(refused.contains(breach), "{field}: {refused}");
    }
}

#[test]
fn an_account_without_a_password_arrives_without_one() {
    assert!(read(|form| form["plaintextPassword"] = Value::Null).is_ok_and(|command| command.password.is_none()));
}

#[test]
fn a_password_travels_in_the_form_alone() {
    let form = serde_json::to_string(&an_account().into_form()).unwrap();
    assert!(form.contains("đêm trăng"));
    let hashed = serde_json::to_string(&an_account()).unwrap();
    assert!(hashed.contains(r#""password":null"#) && !hashed.contains("đêm trăng"), "{hashed}");
    assert!(!format!("{:?}", read(|_| {})).contains("đêm trăng"));
}
