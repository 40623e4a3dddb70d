//! The messages that other contexts send to notifications, as they travel between processes.

use kernel::KnownMember;
use notifications::KnownMembers;
use testkit::WireSamples;

#[test]
fn every_message_is_read_and_written_as_its_sample_says() {
    let member = "01936f8e-0000-7000-8000-000000000001".parse().unwrap();
    WireSamples::of(env!("CARGO_MANIFEST_DIR"))
        .query(
            KnownMembers { ids: vec![member] },
            vec![KnownMember {
                id: member,
                name: "ศรีสุดา วงศ์สวัสดิ์-Fitzgerald O’Brien".to_owned(),
                active: None,
                gone: false,
                version: 0,
            }],
        )
        .assert_hold();
}
