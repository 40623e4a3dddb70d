use super::*;

fn shown(epoch: &str, beats: &[(&str, &str)]) -> Shown {
    let beats = beats.iter().map(|(host, beat)| ((*host).to_owned(), (*beat).to_owned()));
    beats.chain([("epoch".to_owned(), epoch.to_owned())]).collect()
}

fn names(names: &[&str]) -> HashSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const A_MOMENT: Duration = Duration::from_millis(1);

#[test]
fn a_lease_runs_from_when_the_last_beat_was_sent() {
    let lease = Lease::new();
    let sent = Instant::now();
    let probe = lease.beat(false, sent);
    lease.heard(probe);
    assert!(!lease.is_held_at(sent), "a beat that does not count");
    let beat = lease.beat(true, sent);
    lease.heard(beat);
    assert!(lease.is_held_at(sent + SILENCE - A_MOMENT));
    assert!(!lease.is_held_at(sent + SILENCE), "however late the beat came back");

    // What a stopped process finds in its socket: beats that it has given up.
    let later = sent + Duration::from_secs(3);
    let old = lease.beat(true, later);
    let newer = lease.beat(true, later + BEAT);
    lease.heard(old);
    assert!(!lease.is_held_at(later));
    lease.heard(newer);
    assert!(lease.is_held_at(later + SILENCE));
    lease.end();
    assert!(!lease.is_held_at(later));
}

#[tokio::test]
async fn a_beat_is_back_when_it_was_heard_and_not_when_the_line_is_lost() {
    let lease = Lease::new();
    let number = lease.beat(true, Instant::now());
    let (back, ()) = tokio::join!(lease.is_back(number), async { lease.heard(number) });
    assert!(back);
    let number = lease.beat(true, Instant::now());
    let (back, ()) = tokio::join!(lease.is_back(number), async { lease.end() });
    assert!(!back);
}

#[test]
fn a_host_is_waited_for_while_its_lease_may_last() {
    let (mut roll, begun) = (Roll::default(), Instant::now());
    roll.see("run", shown("one", &[("a", "7"), ("b", "3")]), begun);
    assert_eq!(roll.leases(begun).over(&names(&["a", "b"])), begun + OVER, "there may be others");

    let later = begun + OVER;
    roll.see("run", shown("one", &[("a", "8"), ("b", "3")]), later);
    let leases = roll.leases(later);
    assert_eq!(leases.over(&names(&[])), later + OVER, "a goes on");
    assert_eq!(leases.over(&names(&["a"])), later, "b has stood still: nobody waits for it");

    // Another server, or a roll that was lost: nobody is known to trust nothing.
    for (run, epoch) in [("run", "two"), ("other", "two")] {
        roll.see(run, shown(epoch, &[]), later);
        assert_eq!(roll.leases(later).over(&names(&["a"])), later + OVER);
        assert_eq!(roll.leases(later).over(&names(&[])), later + OVER);
    }
    roll.see("other", shown("two", &[]), later + OVER);
    assert_eq!(roll.leases(later + OVER).over(&names(&[])), later + OVER);
}

#[test]
fn who_has_gone_is_struck_off_after_a_minute() {
    let (mut roll, begun) = (Roll::default(), Instant::now());
    roll.see("run", shown("one", &[("a", "7")]), begun);
    roll.see("run", shown("one", &[("a", "7"), ("b", "1")]), begun + GONE);
    assert!(roll.gone(begun + GONE).eq([("a", "7")]));
}

#[tokio::test]
async fn a_call_ends_with_the_last_answer_or_the_last_lease() {
    let (calls, now) = (Calls::default(), Instant::now());
    let at = |milliseconds| now + Duration::from_millis(milliseconds);
    let hosts = HashMap::from([("a".to_owned(), at(5_000)), ("b".to_owned(), at(50))]);
    let leases = Leases { unknown_until: now, hosts };

    let call = calls.open();
    calls.answered(&answer(&call.number(), "a"));
    assert_eq!(call.complete(&leases, 0, at(5_000), at(9_000)).await, Ok(()));
    assert!((at(50)..at(5_000)).contains(&Instant::now()), "b's lease is over");
    drop(call);

    // As an older host answers: without its name.
    let call = calls.open();
    calls.answered(&call.number());
    assert_eq!(call.complete(&leases, 2, now, at(100)).await, Err(1));
    assert!(Instant::now() >= at(100));
    assert_eq!(answer("17", "us"), "17", "what an older host understands");
}

#[test]
fn strangers_that_never_answer_are_waited_for_now_and_then() {
    let (mut roll, now) = (Roll::default(), Instant::now());
    assert_eq!(roll.expected(2, now), 2);
    roll.silent(1, now);
    assert_eq!(roll.expected(2, now), 1);
    assert_eq!(roll.expected(0, now), 0);
    assert_eq!(roll.expected(2, now + STRANGERS_AGAIN), 2);
}
