//! The messages that other contexts send to users, as they travel between processes.

use std::fmt::Debug;
use std::str::FromStr;

use kernel::{KnownMember, Permission};
use serde_json::json;
use testkit::WireSamples;
use time::macros::datetime;
use users::{
    CountMembers, GetProfile, ListRoles, MemberCounts, ProfileView, ReportWarnings, RetellMember, RoleView, WalkMembers,
};

fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("an id")
}

#[test]
fn every_message_is_read_and_written_as_its_sample_says() {
    let member = "01936f8e-0000-7000-8000-000000000001";
    let profile = ProfileView {
        id: id(member),
        name: "María-José Carreño Quiñones-Fernández de la Vega y Etxeberria".to_owned(),
        bio: Some("Traductora. Leo en gallego, euskera\ny en العربية.".to_owned()),
        location: Some("Rúa da Raíña 7, Santiago de Compostela".to_owned()),
        show_bio: true,
        show_location: false,
        language: "gl-ES".to_owned(),
        time_zone: "Europe/Madrid".to_owned(),
        preferences: json!({ "theme": "dark", "grid": { "columns": 4 } }),
        avatar_url: Some("https://bilder.example/ñ/01.webp".to_owned()),
        role: "moderator".to_owned(),
        active: true,
        verified: true,
        member_since: datetime!(2024-02-29 23:59:59.123456 UTC),
        version: 17,
    };
    let known = |uuid, name: &str, active, gone, version| KnownMember {
        id: id(uuid),
        name: name.to_owned(),
        active: Some(active),
        gone,
        version,
    };
    let role = |name: &str, permissions: &[Permission]| RoleView {
        name: name.to_owned(),
        permissions: permissions.iter().copied().collect(),
    };
    WireSamples::of(env!("CARGO_MANIFEST_DIR"))
        .query(GetProfile { id: id(member) }, profile)
        .query(
            ListRoles,
            vec![
                role("guest", &[]),
                role("user", &[Permission::WriteBook, Permission::WriteBorrow]),
                role("admin", Permission::ALL),
            ],
        )
        .query(
            ReportWarnings {
                member: id(member),
                reports: vec![id("01936f8e-0000-7000-8000-0000000000e1"), id("01936f8e-0000-7000-8000-0000000000e2")],
            },
            vec![(
                id("01936f8e-0000-7000-8000-0000000000e1"),
                "Bitte schreibe niemandem mehr nachts um drei.\nEs stört – wirklich. 🙏".to_owned(),
            )],
        )
        .query(
            WalkMembers { after: Some(id(member)), limit: 500 },
            vec![
                known("01936f8e-0000-7000-8000-000000000002", "أبو عبد الله محمد بن موسى الخوارزمي", true, false, 3),
                known("01936f8e-0000-7000-8000-000000000003", "", false, true, 41),
            ],
        )
        .query(
            CountMembers { from: datetime!(2026-10-01 00:00 +02:00), until: datetime!(2026-10-31 23:00 UTC) },
            MemberCounts { members: 12_345, joined: 67 },
        )
        .command(RetellMember { id: id(member), version: 18 }, true)
        .assert_hold();
}
