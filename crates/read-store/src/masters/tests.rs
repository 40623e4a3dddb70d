//! Whom most name, and for how long.

use super::*;

fn named(port: u16, epoch: u64) -> Named {
    Named { host: "127.0.0.1".to_owned(), port, epoch }
}

fn said(asked: Instant, by: &[Option<(u64, Named)>]) -> Answers {
    let answer =
        |(ago, named): &(u64, Named)| (asked - Duration::from_millis(*ago), vec![(0..=u16::MAX, named.clone())]);
    by.iter().map(|one| one.as_ref().map(answer)).collect()
}

#[tokio::test]
async fn a_master_is_whom_most_name_with_the_same_epoch() {
    let now = Instant::now() + Duration::from_secs(60);
    let (old, new) = (named(1, 7), named(2, 8));
    for (answers, expected) in [
        (vec![Some((0, old.clone()))], Some(&old)),
        (vec![Some((0, old.clone())), None, None], None),
        (vec![Some((0, old.clone())), Some((0, old.clone())), None], Some(&old)),
        (vec![Some((0, old.clone())), Some((0, new.clone())), None], None),
        (vec![Some((0, old.clone())), Some((0, new.clone())), Some((0, new.clone()))], Some(&new)),
        (vec![Some((0, old.clone())), Some((0, named(1, 8))), Some((0, named(1, 9)))], None),
    ] {
        assert_eq!(most(&said(now, &answers), 0).map(|(named, _)| named).as_ref(), expected, "{answers:?}");
    }
}

#[tokio::test]
async fn it_is_certain_for_as_long_as_the_older_answers_of_most_are_good() {
    let now = Instant::now() + Duration::from_secs(60);
    let old = named(1, 7);
    // Three of five are needed, and the third has answered 300 ms ago.
    let ago = [500, 0, 300, 100].map(|ago| Some((ago, old.clone())));
    let answers = said(now, &[&ago[..], &[None]].concat());
    assert_eq!(most(&answers, 0), Some((old, now - Duration::from_millis(300) + GOOD)));
}

#[test]
fn the_nodes_of_a_cluster_name_the_masters_of_slots() {
    let nodes = "\
        07c3 127.0.0.1:30004@31004,, slave e7d1 0 1426238317239 4 connected\n\
        67ed 10.0.0.2:30002@31002,redis-2.example master - 0 1426238316232 2 connected 5461-10922 [93->-e7d1]\n\
        292f [2001:db8::3]:30003@31003 master,fail - 0 1426238318243 3 connected 10923 10925-16383\n\
        824f :30006@31006 myself,master - 0 0 6 connected 0-5460 10924\n\
        6ec2 127.0.0.1:30005@31005 noaddr,handshake - 0 0 0 disconnected\n";
    let said = of_cluster(nodes, "here");
    let of = |slot| {
        let found = said.iter().find(|(slots, _)| slots.contains(&slot)).map(|(_, named)| named);
        found.map(|named| (named.host.as_str(), named.port, named.epoch))
    };
    assert_eq!(of(0), Some(("here", 30_006, 6)));
    assert_eq!(of(5_461), Some(("redis-2.example", 30_002, 2)));
    assert_eq!(of(10_923), Some(("2001:db8::3", 30_003, 3)));
    assert_eq!(of(10_924), Some(("here", 30_006, 6)));
    assert_eq!(of(16_383), Some(("2001:db8::3", 30_003, 3)));
    assert_eq!(said.len(), 5);
}

#[test]
fn a_tag_has_the_slot_that_redis_gives_it() {
    // As `CLUSTER KEYSLOT` says.
    for (tag, expected) in [("123456789", 12_739), ("books", 15_901), ("limits", 2_716), ("", 0)] {
        assert_eq!(slot(tag), expected, "{tag}");
    }
}
