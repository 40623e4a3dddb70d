//! Reports: moderators hear of them, the reporter of the answer, and who is warned reads the words that users keeps.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use kernel::{BorrowId, ReportId, UserId};
use sqlx::ConnectOptions;
use support::{Neighbours, World};
use testkit::{A_SATURDAY, a_user, eventually, member};
use time::Duration;
use users_events::{
    ReportOutcome, ReportReason, UserDeleted, UserEvent, UserReportAnswered, UserReported, UserRoleChanged,
};

impl World {
    async fn moderator(&self, role: &str) -> UserId {
        let user_id = a_user();
        let changed = UserRoleChanged { user_id, role: role.to_owned() };
        self.tell::<UserEvent>(UserEvent::RoleChanged(changed), 2).await;
        user_id
    }

    /// Grace reports Ada.
    async fn reports(&self, them: &Neighbours) -> UserReported {
        let reported = UserReported {
            report_id: ReportId::new(A_SATURDAY),
            user_id: them.ada,
            reporter_id: them.grace,
            borrow_id: Some(BorrowId::new(A_SATURDAY)),
            reason: ReportReason::Threats,
        };
        self.tell::<UserEvent>(UserEvent::Reported(reported.clone()), 1).await;
        reported
    }

    async fn answers(&self, reported: &UserReported, outcome: ReportOutcome) {
        let answered = UserReportAnswered {
            report_id: reported.report_id,
            user_id: reported.user_id,
            reporter_id: reported.reporter_id,
            borrow_id: reported.borrow_id,
            outcome,
        };
        self.tell::<UserEvent>(UserEvent::ReportAnswered(answered), 2).await;
    }

    fn warns(&self, member: UserId, report: ReportId, words: &str) {
        *self.warnings.0.lock().unwrap() = Some(vec![(member, report, words.to_owned())]);
    }

    async fn titles(&self, user: UserId) -> Vec<String> {
        self.inbox(user).await.into_iter().map(|notification| notification.title).collect()
    }
}

#[tokio::test]
async fn moderators_hear_of_a_report_once_and_those_who_have_a_part_in_it_do_not() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let (mia, eve) = (world.moderator("moderator").await, world.moderator("admin").await);
    for party in [them.ada, them.grace] {
        let changed = UserRoleChanged { user_id: party, role: "moderator".to_owned() };
        world.tell::<UserEvent>(UserEvent::RoleChanged(changed), 2).await;
    }
    let reported = world.reports(&them).await;
    for moderator in [mia, eve] {
        eventually("they hear of it", async || world.inbox(moderator).await.len() == 1).await;
        let told = &world.inbox(moderator).await[0];
        assert_eq!((told.title.as_str(), told.kind.as_str()), ("Grace has reported Ada", "user.reported"));
        assert_eq!(told.data.report_id, Some(reported.report_id));
    }
    assert!(world.inbox(them.ada).await.is_empty() && world.inbox(them.grace).await.is_empty());
}

#[tokio::test]
async fn who_is_warned_reads_the_words_that_users_keeps_and_nothing_of_them_is_kept_here() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let reported = world.reports(&them).await;
    world.warns(them.ada, reported.report_id, "Not marzipan again");
    world.answers(&reported, ReportOutcome::Warned).await;
    eventually("the reporter hears of it", async || world.inbox(them.grace).await.len() == 1).await;
    eventually("Ada is warned", async || world.inbox(them.ada).await.len() == 1).await;
    assert_eq!(world.titles(them.grace).await, ["A moderator has answered your report about Ada"]);
    let warned = world.inbox(them.ada).await.remove(0);
    assert_eq!(warned.title, "A moderator warns you");
    assert!(warned.body.ends_with("The moderator writes: “Not marzipan again”"), "{}", warned.body);
    assert_eq!(serde_json::to_value(warned.data).unwrap(), serde_json::json!({}), "nothing that says who or where");
    let read = world.send(&member(them.ada), notifications::MarkRead { id: warned.id }).await.unwrap();
    assert!(!read.body.contains("marzipan"), "the answer to a command is kept");

    let mut owner = world.database.owner_options().connect().await.unwrap();
    let kept: Vec<String> = sqlx::query_scalar(
        "select log::text from event_bus.log union all select n::text from notifications.notification n",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(kept.iter().all(|row| !row.contains("marzipan")), "{kept:?}");
    let document = world.projection().get(&warned.id.to_string()).await.unwrap().expect("a document");
    assert!(!String::from_utf8_lossy(&document).contains("marzipan"));

    // Where users does not answer, or the moderator has left, it is read without them.
    *world.warnings.0.lock().unwrap() = None;
    let without = world.inbox(them.ada).await.remove(0);
    assert_eq!((without.title.as_str(), without.body.contains("marzipan")), ("A moderator warns you", false));
}

#[tokio::test]
async fn a_warning_goes_by_letter_with_its_words_and_an_answered_report_needs_no_letter_to_moderators() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let mia = world.moderator("moderator").await;
    let reported = world.reports(&them).await;
    let late = world.reports(&them).await;
    world.warns(them.ada, reported.report_id, "Not marzipan again");
    world.answers(&reported, ReportOutcome::Warned).await;
    world.clock.advance(Duration::minutes(6));
    world.post().await;
    let letter = world.postbox.letters_to(them.ada).remove(0);
    assert_eq!(letter.subject, "A moderator warns you");
    assert!(letter.text.contains("Not marzipan again") && !letter.text.contains("Grace"), "{}", letter.text);
    assert!(letter.text.contains("https://shelf.example/notifications"), "{}", letter.text);
    let answer = world.postbox.letters_to(them.grace).remove(0);
    assert!(answer.text.contains("https://shelf.example/account/reports"), "{}", answer.text);
    // Of two reports one is answered.
    let letters = world.postbox.letters_to(mia);
    assert_eq!(letters.len(), 1);
    let link = format!("https://shelf.example/moderation/reports/{}", late.report_id);
    assert!(letters[0].text.contains(&link), "{}", letters[0].text);
}

#[tokio::test]
async fn nobody_who_left_is_told_and_their_names_are_not_in_what_was() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let mia = world.moderator("moderator").await;
    let reported = world.reports(&them).await;
    world.tell::<UserEvent>(UserEvent::Deleted(UserDeleted { user_id: them.ada }), 9).await;
    eventually("she is a former member", async || world.titles(mia).await == ["Grace has reported a former member"])
        .await;
    world.answers(&reported, ReportOutcome::Warned).await;
    eventually("the reporter hears of it", async || world.inbox(them.grace).await.len() == 1).await;
    assert_eq!(world.rows(them.ada).await, 0);
}
