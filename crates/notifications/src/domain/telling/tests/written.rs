//! Who is told that somebody wrote.

use super::*;

pub(super) fn message(author_id: UserId) -> BorrowEvent {
    let BorrowEvent::MessageSent(sent) = sample("borrow.message_sent") else { panic!("a message") };
    BorrowMessageSent { author_id, ..sent }.into()
}

#[test]
fn who_wrote_is_told_to_those_who_did_not() {
    let nobody_else = Cast { moderators: Vec::new(), ..cast() };
    let told = |by| read(&message(by), Some(by), &nobody_else, &people(Language::English), TimeZone::UTC);
    assert_eq!(recipients(&told(owner())), ["borrower"]);
    assert_eq!(recipients(&told(borrower())), ["owner"]);
    assert_eq!(recipients(&told(moderator())), ["borrower", "owner"]);
    assert_eq!(told(owner())[0].title, "Ada wrote to you about “Emma”");
    assert_eq!(told(borrower())[0].title, "Grace wrote to you about “Emma”");
    assert_eq!(told(moderator())[0].title, "A moderator wrote to you about “Emma”");
}
