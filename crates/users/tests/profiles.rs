//! Profiles: one's own, and what others see of it.

mod support;

use auth_events::{AuthEvent, UserRegistered, UserVerified};
use kernel::{ErrorKind, LanguageTag, Line, Page, PageRequest, Prose, Refusal, UserId};
use support::World;
use testkit::{PrivateRedis, a_user, admin, anonymous, member, moderator};
use users::{
    GetProfile, GetPublicProfile, ListUsers, Preferences, ProfileView, TimeZoneName, UpdateProfile, UpdateUser,
    UserSort,
};

fn a_profile(name: &str) -> UpdateProfile {
    UpdateProfile {
        expected_version: None,
        name: Line::new(name).expect("a name"),
        bio: Some(Prose::new("Compilers.").expect("a text")),
        location: Line::new("12 Mill Lane").ok(),
        show_bio: None,
        show_location: None,
        language: LanguageTag::new("fr-CA").expect("a language"),
        time_zone: TimeZoneName::new("Europe/Vienna").expect("a zone"),
        preferences: Preferences::default(),
    }
}

#[tokio::test]
async fn a_member_begins_with_the_language_they_registered_in_or_that_of_the_community() {
    let world = World::new().await;
    let (one, other) = (a_user(), a_user());
    let language = LanguageTag::new("pt-BR").ok();
    world.tell(AuthEvent::Registered(UserRegistered { user_id: one, name: "Rui".to_owned(), language })).await;
    world.register(other, "Zoé").await;
    for (user, language) in [(one, "pt-BR"), (other, "fr")] {
        assert_eq!(world.ask(&member(user), GetProfile { id: user }).await.expect("a profile").language, language);
    }
}

fn a_list(page: u64, limit: u32) -> ListUsers {
    ListUsers {
        q: None,
        or_these: Vec::new(),
        role: None,
        active: None,
        sort: UserSort::Name,
        descending: false,
        page: PageRequest { page, ..PageRequest::first(limit) },
    }
}

async fn names(world: &World, query: ListUsers) -> Vec<String> {
    let page: Page<ProfileView> = world.ask(&moderator(a_user()), query).await.expect("a page");
    page.items.into_iter().map(|member| member.name).collect()
}

#[tokio::test]
async fn a_registration_begins_a_profile_that_is_there_at_once() {
    let world = World::new().await;
    let grace = world.a_member("Grace").await;
    let profile = world.ask(&member(grace), GetProfile { id: grace }).await.expect("a profile");
    assert_eq!((profile.name.as_str(), profile.role.as_str(), profile.verified), ("Grace", "user", false));
    world.tell(AuthEvent::Verified(UserVerified { user_id: grace })).await;
    assert!(world.ask(&member(grace), GetProfile { id: grace }).await.expect("a profile").verified);
}

#[tokio::test]
async fn a_profile_is_shown_as_it_was_just_written() {
    let world = World::new().await;
    let grace = world.a_member("Grace").await;
    for number in 0..20 {
        let name = format!("Grace {number}");
        world.send(&member(grace), a_profile(&name)).await.expect("written");
        let profile = world.ask(&member(grace), GetProfile { id: grace }).await.expect("a profile");
        assert_eq!((profile.name, profile.language.as_str()), (name, "fr-CA"));
    }
    let public = world.ask(&anonymous(), GetPublicProfile { id: grace }).await.expect("a profile");
    assert_eq!(public.name, "Grace 19");
}

#[tokio::test]
async fn everybody_sees_the_public_part_and_no_more() {
    let world = World::new().await;
    let grace = world.a_member("Grace").await;
    let public = world.ask(&anonymous(), GetPublicProfile { id: grace }).await.expect("a profile");
    let json = serde_json::to_value(&public).expect("JSON");
    let fields: Vec<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(fields.len(), 6);
    assert!(["id", "name", "location", "bio", "avatarUrl", "memberSince"].iter().all(|field| fields.contains(field)));
    let own = world.ask(&member(a_user()), GetProfile { id: grace }).await;
    assert!(own.is_err(), "another member's whole profile");
}

#[tokio::test]
async fn members_see_place_and_bio_where_their_member_shows_them_and_visitors_never() {
    let world = World::new().await;
    let grace = world.a_member("Grace").await;
    let seen = async |by| {
        let profile = world.ask(&by, GetPublicProfile { id: grace }).await.expect("a profile");
        (profile.location, profile.bio)
    };
    let (place, bio) = (Some("12 Mill Lane".to_owned()), Some("Compilers.".to_owned()));
    world.send(&member(grace), a_profile("Grace")).await.expect("written");
    assert_eq!(seen(member(a_user())).await, (None, None), "hidden until the member shows them");
    let show = |show_bio, show_location| UpdateProfile { show_bio, show_location, ..a_profile("Grace") };
    world.send(&member(grace), show(Some(true), None)).await.expect("written");
    assert_eq!(seen(member(a_user())).await, (None, bio.clone()));
    world.send(&member(grace), show(None, Some(true))).await.expect("written");
    assert_eq!(seen(member(a_user())).await, (place.clone(), bio.clone()), "what is not named stays");
    assert_eq!(seen(member(grace)).await, (place, bio), "one sees one's page as others do");
    assert_eq!(seen(anonymous()).await, (None, None));
    world.send(&member(grace), show(Some(false), Some(false))).await.expect("written");
    assert_eq!(seen(moderator(a_user())).await, (None, None));
}

#[tokio::test]
async fn a_deactivated_member_has_no_page_but_for_those_who_look_after_members() {
    let world = World::new().await;
    let grace = world.a_member("Grace").await;
    let active = |active| UpdateUser { id: grace, expected_version: None, name: None, active: Some(active) };
    world.send(&admin(a_user()), active(false)).await.expect("deactivated");
    for by in [anonymous(), member(a_user())] {
        let refused = world.ask(&by, GetPublicProfile { id: grace }).await.expect_err("no page");
        assert_eq!(refused.kind(), ErrorKind::NotFound);
    }
    assert!(world.ask(&moderator(a_user()), GetPublicProfile { id: grace }).await.is_ok());
    world.send(&admin(a_user()), active(true)).await.expect("back");
    assert!(world.ask(&anonymous(), GetPublicProfile { id: grace }).await.is_ok());
}

#[tokio::test]
async fn no_list_shows_mail_addresses_or_password_hashes() {
    let world = World::new().await;
    world.a_member("Grace").await;
    let page = world.ask(&admin(a_user()), a_list(1, 20)).await.expect("a page");
    let json = serde_json::to_string(&page.items).expect("JSON").to_lowercase();
    assert!(json.contains("grace"));
    assert!(!json.contains("mail") && !json.contains("password") && !json.contains("hash"));
}

#[tokio::test]
async fn every_page_of_the_members_holds_each_of_them_once() {
    let world = World::new().await;
    for _ in 0..7 {
        world.a_member("Grace").await;
    }
    let mut seen: Vec<UserId> = Vec::new();
    for page in 1..=4 {
        let page = world.ask(&moderator(a_user()), a_list(page, 2)).await.expect("a page");
        assert_eq!(page.total, 7);
        seen.extend(page.items.into_iter().map(|member| member.id));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 7);
}

#[tokio::test]
async fn members_are_found_however_their_name_is_written_also_by_an_older_host() {
    let world = World::new().await;
    let all = ["Zoë O’Brien", "Jean d’Ormesson", "IŞIK", "Łukasz", "Νίκος", "يُوسُف"];
    for name in all {
        world.a_member(name).await;
    }
    let with = |q: &str| ListUsers { q: Some(q.to_owned()), ..a_list(1, 20) };
    let typed = [
        ("zoe obrien", "Zoë O’Brien"),
        ("d'orm", "Jean d’Ormesson"),
        ("dorm", "Jean d’Ormesson"),
        ("ışık", "IŞIK"),
        ("luka", "Łukasz"),
        ("ΝΙΚΟΣ", "Νίκος"),
        ("يوسف", "يُوسُف"),
    ];
    for (typed, name) in typed {
        assert_eq!(names(&world, with(typed)).await, [name], "{typed}");
    }
    // It writes a name and nothing of its key.
    let renamed = "update users.member set name = 'Nesbø' where name = 'Łukasz'";
    sqlx::query(renamed).execute(&world.pool).await.expect("renamed");
    assert!(names(&world, with("luka")).await.is_empty());
    world.context.fold_names().await.expect("folded");
    assert_eq!(names(&world, with("nesbo")).await, ["Nesbø"]);
    assert_eq!(names(&world, a_list(1, 20)).await[0], "IŞIK", "sorted by the folded name");
}

#[tokio::test]
async fn members_are_found_by_a_part_of_their_name_by_role_and_by_activity() {
    let world = World::new().await;
    let ada = world.an_admin("Ada 100%").await;
    let grace = world.a_member("grace_hopper").await;
    let deactivate = UpdateUser { id: grace, expected_version: None, name: None, active: Some(false) };
    world.send(&admin(ada), deactivate).await.expect("deactivated");
    let with = |q: &str| ListUsers { q: Some(q.to_owned()), ..a_list(1, 20) };
    assert_eq!(names(&world, with("GRACE")).await, ["grace_hopper"]);
    assert_eq!(names(&world, with("%")).await, ["Ada 100%"]);
    assert_eq!(names(&world, with("_")).await, ["grace_hopper"]);
    assert_eq!(names(&world, with("e hop")).await, ["grace_hopper"]);
    assert_eq!(names(&world, with(" \u{200b}")).await, ["Ada 100%", "grace_hopper"], "blank counts as none");
    let also = |or_these: Vec<UserId>| ListUsers { or_these, ..with("100") };
    assert_eq!(names(&world, also(vec![grace, a_user()])).await, ["Ada 100%", "grace_hopper"]);
    assert_eq!(names(&world, ListUsers { active: Some(true), ..also(vec![grace]) }).await, ["Ada 100%"]);
    assert_eq!(names(&world, ListUsers { role: Some("admin".to_owned()), ..a_list(1, 20) }).await, ["Ada 100%"]);
    assert_eq!(names(&world, ListUsers { active: Some(false), ..a_list(1, 20) }).await, ["grace_hopper"]);
    assert_eq!(names(&world, ListUsers { descending: true, ..a_list(1, 20) }).await, ["grace_hopper", "Ada 100%"]);
    let refused = world.ask(&member(grace), a_list(1, 20)).await.expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn profiles_are_read_and_written_while_redis_is_away() {
    let mut redis = PrivateRedis::start().await;
    let world = World::with_redis(&redis.url()).await;
    let grace = world.a_member("Grace").await;
    redis.stop().await;
    world.send(&member(grace), a_profile("Grace Hopper")).await.expect("written");
    let public = world.ask(&anonymous(), GetPublicProfile { id: grace }).await.expect("a profile");
    assert_eq!(public.name, "Grace Hopper");
}
