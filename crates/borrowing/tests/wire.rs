//! The messages that other contexts send to borrowing, as they travel between processes.

use std::fmt::Debug;
use std::str::FromStr;

use borrowing::{
    BorrowParties, BorrowStatus, CloseMember, CountBorrows, CountLending, Counts, KnownMembers, LendingCounts,
    LendingOutlook, Outlook, OwnBorrow, WithdrawBook,
};
use kernel::{BookId, BorrowId, KnownMember, UserId};
use testkit::WireSamples;
use time::macros::datetime;

fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("an id")
}

#[test]
fn every_message_is_read_and_written_as_its_sample_says() {
    let book: BookId = id("01936f8e-0000-7000-8000-0000000000b1");
    let borrow: BorrowId = id("01936f8e-0000-7000-8000-0000000000c1");
    let member: UserId = id("01936f8e-0000-7000-8000-000000000001");
    let other: UserId = id("01936f8e-0000-7000-8000-000000000002");
    let outlook = Outlook {
        due_at: Some(datetime!(2026-12-12 22:59:59.999999 UTC)),
        waiting: 3,
        mine: Some(OwnBorrow { borrow_id: borrow, status: BorrowStatus::ReturnPending, queue_position: Some(2) }),
    };
    let lending = LendingCounts {
        requests: 412,
        loans: 230,
        given: 17,
        returned: 198,
        late: 5,
        most_asked: vec![(book, 31), (id("01936f8e-0000-7000-8000-0000000000b2"), 30)],
    };
    WireSamples::of(env!("CARGO_MANIFEST_DIR"))
        .query(CountBorrows { user: member }, Counts { borrowed: 41, lent: 128, came_back: 120, out: 3, given: 5 })
        .query(LendingOutlook { book }, outlook)
        .query(BorrowParties { borrow, members: [member, other] }, true)
        .query(
            CountLending { from: datetime!(2026-10-01 00:00 +02:00), until: datetime!(2026-10-31 23:00 UTC), most: 10 },
            lending,
        )
        .query(
            KnownMembers { ids: vec![member, other] },
            vec![KnownMember {
                id: member,
                name: "Владимирович-Задунайский, Константин Апполинариевич".to_owned(),
                active: Some(false),
                gone: false,
                version: 3,
            }],
        )
        .command(WithdrawBook { book }, ())
        .command(CloseMember { user: member }, ())
        .assert_hold();
}
