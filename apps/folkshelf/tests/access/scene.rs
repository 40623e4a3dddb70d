//! The people and the things that the table is about.

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::rows::{a_month, give_a_delivery_up, give_a_mail_up, park_an_event, park_for_a_reason};
use crate::support::{self, Host, PASSWORD, Person, Place, Reply};
use crate::table::{Row, Sends};

/// Who calls. `Revoked` is an administrator's session after its logout. None of them has proved their mail address, so the
/// table is that of unproved accounts as well, where proof may come later; where it is required they have no session
/// (`proof.rs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Anonymous,
    Stranger,
    Owner,
    Borrower,
    Moderator,
    Admin,
    Revoked,
}

/// In the order of the columns of the table.
pub const CALLERS: [Caller; 7] = [
    Caller::Anonymous,
    Caller::Stranger,
    Caller::Owner,
    Caller::Borrower,
    Caller::Moderator,
    Caller::Admin,
    Caller::Revoked,
];

/// What must exist before an operation is called; `{id}` in its path is then this thing's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// A book of the owner's that nobody has asked for.
    Book,
    /// A borrow between owner and borrower, as far as the stage says.
    Borrow(Stage),
    /// One of the owner's.
    Notification,
    /// One of the owner's.
    Import,
    /// An import of the owner's that waits for its review.
    Review,
    /// An import of the owner's whose row 2 was left out.
    LeftOutRow,
    /// A second session of the owner's.
    Session,
    /// One of the owner's.
    ApiKey,
    /// The secret address of the owner's calendar.
    Calendar,
    DeadLetter,
    DeadLetterGroup,
    GivenUpMail,
    FailedDelivery,
    /// A letter with a link that stops its like.
    Letter,
    /// One that the owner made about somebody who is none of the callers.
    Report,
    /// Somebody whom the operation is about, and who is none of the callers.
    Member,
    /// Somebody with an unused mail to prove their address with.
    VerifyToken,
    /// Somebody with an unused mail to choose a password with.
    ResetToken,
    /// The caller ends or changes their own session or account: somebody else of the same role calls.
    StandIn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Pending,
    Approved,
    Active,
    ExtensionAsked,
    ReturnPending,
    Disputed,
}

/// A thing that a call is about.
pub struct Target {
    pub id: String,
    /// A hand-over code, a mail's token, or a mail address that nobody has: what the body of the call has to hold.
    pub word: String,
    stand_in: Option<Person>,
}

impl Target {
    fn of(id: impl Into<String>) -> Self {
        Self { id: id.into(), word: String::new(), stand_in: None }
    }

    /// The refresh token of who calls instead.
    pub fn refresh_token(&self) -> &str {
        self.stand_in.as_ref().map_or("", |person| &person.refresh)
    }
}

/// A call and its answer.
pub struct Asked {
    pub sent: String,
    /// Who called, by id and mail address.
    pub by: Option<(String, String)>,
    pub reply: Reply,
}

pub struct Scene {
    pub owner: Person,
    borrower: Person,
    stranger: Person,
    moderator: Person,
    admin: Person,
    revoked: Person,
    counted_month: String,
    nth: u32,
    stop: String,
}

/// In the notes of every book of the owner's.
pub const NOTES: &str = "behind the atlas, lent by heart";

impl Scene {
    pub async fn arrange(place: &Place, host: &Host) -> Self {
        let (moderator, admin) = (host.register("Mo").await, host.register("Ada").await);
        for (person, role) in [(&moderator, "moderator"), (&admin, "admin")] {
            let done = support::command_line(place, &["users", "promote", &person.email, "--role", role]);
            assert!(done.status.success(), "{done:?}");
        }
        let again = host.log_in(&admin.email, PASSWORD).await.expect(200);
        let revoked = Person::from("Ada", &admin.email, &again);
        revoked.post(host, "/auth/logout", json!({})).await.expect(204);
        let counted_month = a_month(host, &admin).await;
        Self {
            counted_month,
            owner: host.register("Olga").await,
            borrower: host.register("Finn").await,
            stranger: host.register("Stan").await,
            moderator,
            admin,
            revoked,
            nth: 0,
            stop: String::new(),
        }
    }

    /// Another owner and another borrower, so that no row meets a limit on what the rows before it left open.
    pub async fn renew_parties(&mut self, host: &Host) {
        self.owner = host.register("Olga").await;
        self.borrower = host.register("Finn").await;
    }

    fn person(&self, caller: Caller) -> Option<&Person> {
        match caller {
            Caller::Anonymous => None,
            Caller::Stranger => Some(&self.stranger),
            Caller::Owner => Some(&self.owner),
            Caller::Borrower => Some(&self.borrower),
            Caller::Moderator => Some(&self.moderator),
            Caller::Admin => Some(&self.admin),
            Caller::Revoked => Some(&self.revoked),
        }
    }

    pub fn sign(&self, request: RequestBuilder, caller: Caller) -> RequestBuilder {
        match self.person(caller) {
            Some(person) => request.bearer_auth(&person.token),
            None => request,
        }
    }

    async fn book(&mut self, host: &Host) -> String {
        self.nth += 1;
        let body = json!({"title": format!("Volume {}", self.nth), "authors": ["Somebody"], "lending": "lend",
            "notes": NOTES});
        let reply = self.owner.post(host, "/books", body).await.expect(201);
        reply.data()["id"].as_str().expect("an id").to_owned()
    }

    async fn borrow(&mut self, host: &Host, stage: Stage) -> Target {
        let book = self.book(host).await;
        let (owner, borrower) = (&self.owner, &self.borrower);
        let borrow = borrower.asks_for(host, &book).await;
        let mut target = Target::of(borrow.clone());
        if stage == Stage::Pending {
            return target;
        }
        let approved = owner.does(host, &borrow, "approve", json!({"place": "The bakery"})).await;
        target.word = approved["handOverCode"].as_str().expect("a code for the owner").to_owned();
        if stage == Stage::Approved {
            return target;
        }
        owner.does(host, &borrow, "hand-over", json!({})).await;
        match stage {
            Stage::ExtensionAsked => {
                // While somebody waits, it is the owner who answers.
                host.register("Wilma").await.asks_for(host, &book).await;
                borrower.does(host, &borrow, "request-extension", json!({"days": 7})).await;
            }
            Stage::ReturnPending | Stage::Disputed => {
                borrower.does(host, &borrow, "declare-return", json!({})).await;
                if stage == Stage::Disputed {
                    owner.does(host, &borrow, "not-received", json!({})).await;
                }
            }
            Stage::Pending | Stage::Approved | Stage::Active => {}
        }
        target
    }

    /// The token of the link in a letter; it works as often as one likes.
    async fn letter(&mut self, place: &Place, host: &Host) -> String {
        if self.stop.is_empty() {
            let olga = host.register("Olga").await;
            let proof = token(&place.mail_to(&olga.email, "verify").await);
            olga.post(host, "/auth/verify-email", json!({"token": proof})).await.expect(204);
            host.register("Wilma").await.asks_for(host, &olga.lists(host, "Emma").await).await;
            let letter = place.mail_to(&olga.email, "/api/v1/notifications/unsubscribe?token=").await;
            let (_, rest) = letter.split_once("/api/v1/notifications/unsubscribe?token=").expect("a link");
            rest.split('>').next().expect("a token").clone_into(&mut self.stop);
        }
        self.stop.clone()
    }

    /// Makes what the operation needs. `caller` matters to stand-ins only.
    pub async fn make(&mut self, needs: Needs, caller: Caller, place: &Place, host: &Host) -> Target {
        match needs {
            Needs::Nothing => {
                self.nth += 1;
                Target { word: format!("new-{}@example.org", self.nth), ..Target::of(self.owner.id.clone()) }
            }
            Needs::Book => Target::of(self.book(host).await),
            Needs::Borrow(stage) => self.borrow(host, stage).await,
            Needs::Notification => {
                self.borrow(host, Stage::Pending).await;
                let inbox = self.owner.get(host, "/notifications?limit=1").await.expect(200);
                Target::of(inbox.ids().first().expect("the owner is told of a request").clone())
            }
            Needs::Import => {
                let reply = Reply::to(csv(self.owner.request(host, Method::POST, "/books/import"))).await.expect(202);
                Target::of(reply.data()["id"].as_str().expect("an id"))
            }
            Needs::Review => {
                // Those that an earlier caller was not allowed to end: few may wait at once.
                let open = self.owner.get(host, "/books/imports/open").await.expect(200);
                for id in open.data()["reviews"].as_array().expect("a list") {
                    let path = format!("/books/imports/{}", id.as_str().expect("an id"));
                    self.owner.delete(host, &path).await.expect(204);
                }
                let request = self.owner.request(host, Method::POST, "/books/import?review=true");
                Target::of(Reply::to(csv(request)).await.expect(202).data()["id"].as_str().expect("an id"))
            }
            Needs::LeftOutRow => {
                let part =
                    Part::bytes(b"title,authors,status\nEmma,Jane Austen,wishlist\n".to_vec()).file_name("b.csv");
                let request = self.owner.request(host, Method::POST, "/books/import");
                let reply = Reply::to(request.multipart(Form::new().part("file", part))).await.expect(202);
                let id = reply.data()["id"].as_str().expect("an id").to_owned();
                testkit::eventually("the row is left out", async || {
                    self.owner.get(host, &format!("/books/imports/{id}")).await.expect(200).data()["skipped"] == 1
                })
                .await;
                Target::of(id)
            }
            Needs::Session => {
                let own = self.owner.get(host, "/auth/sessions").await.expect(200).ids();
                host.log_in(&self.owner.email, PASSWORD).await.expect(200);
                let both = self.owner.get(host, "/auth/sessions").await.expect(200).ids();
                Target::of(both.into_iter().find(|id| !own.contains(id)).expect("a new session"))
            }
            Needs::ApiKey => {
                let body = json!({"currentPassword": PASSWORD, "name": "Shelf scanner", "scopes": []});
                let made = self.owner.post(host, "/auth/api-keys", body).await.expect(201);
                Target::of(made.data()["id"].as_str().expect("an id"))
            }
            Needs::Calendar => {
                let opened = self.owner.post(host, "/profile/calendar-feed", json!({})).await.expect(201);
                let address = opened.data()["url"].as_str().expect("an address").to_owned();
                Target { word: token(&address), ..Target::of(self.owner.id.clone()) }
            }
            Needs::DeadLetter => Target::of(park_an_event(place).await),
            Needs::DeadLetterGroup => Target::of(park_for_a_reason(place).await),
            Needs::GivenUpMail => Target::of(give_a_mail_up(place).await),
            Needs::FailedDelivery => Target::of(give_a_delivery_up(place).await),
            Needs::Letter => Target { word: self.letter(place, host).await, ..Target::of(self.owner.id.clone()) },
            Needs::Member => Target::of(host.register("Vic").await.id),
            Needs::Report => {
                let about = json!({"userId": host.register("Vic").await.id});
                let body = json!({"about": about, "reason": "fraud", "text": "It was a copy"});
                let made = self.owner.post(host, "/reports", body).await.expect(201);
                Target::of(made.data()["id"].as_str().expect("an id"))
            }
            Needs::VerifyToken => {
                let vera = host.register("Vera").await;
                Target { word: token(&place.mail_to(&vera.email, "verify").await), ..Target::of(vera.id) }
            }
            Needs::ResetToken => {
                let rita = host.register("Rita").await;
                host.post("/auth/forgot-password", json!({"email": rita.email})).await.expect(202);
                Target { word: token(&place.mail_to(&rita.email, "reset").await), ..Target::of(rita.id) }
            }
            Needs::StandIn => {
                let person = host.register("Sid").await;
                let role = match caller {
                    Caller::Moderator => Some("moderator"),
                    Caller::Admin | Caller::Revoked => Some("admin"),
                    _ => None,
                };
                if let Some(role) = role {
                    let path = format!("/users/{}/role", person.id);
                    self.admin.put(host, &path, json!({"role": role})).await.expect(200);
                }
                if caller == Caller::Revoked {
                    person.post(host, "/auth/logout", json!({})).await.expect(204);
                }
                Target { stand_in: Some(person.clone()), ..Target::of(person.id) }
            }
        }
    }

    /// Who calls: a caller of the table, or the one who stands in for them.
    pub fn calls<'s>(&'s self, caller: Caller, target: &'s Target) -> Option<&'s Person> {
        match (&target.stand_in, caller) {
            (_, Caller::Anonymous) => None,
            (Some(stand_in), _) => Some(stand_in),
            (None, caller) => self.person(caller),
        }
    }

    pub async fn call(&self, host: &Host, row: &Row, caller: Caller, target: &Target) -> Asked {
        let person = self.calls(caller, target);
        let (request, sent) = self.request(host, row, target);
        let request = match person {
            Some(person) => request.bearer_auth(&person.token),
            None => request,
        };
        let by = person.map(|person| (person.id.clone(), person.email.clone()));
        Asked { sent, by, reply: answer(request).await }
    }

    pub async fn call_with_key(&self, host: &Host, row: &Row, key: &str, target: &Target) -> Reply {
        answer(self.request(host, row, target).0.header("x-api-key", key)).await
    }

    /// The request without who sends it, and what it sends as text.
    fn request(&self, host: &Host, row: &Row, target: &Target) -> (RequestBuilder, String) {
        let (method, path) = row.method_and_path();
        let path = if let Sends::Query(query) = row.sends { format!("{path}?{query}") } else { path.to_owned() };
        let path = path
            .replace("{id}", &target.id)
            .replace("{name}", "books")
            .replace("{job}", "books.forget_words")
            .replace("{month}", &self.counted_month)
            .replace("{row}", "2")
            .replace("{token}", &target.word);
        let request = host.request(method, &path);
        let mut sent = path;
        let request = match row.sends {
            Sends::Nothing | Sends::Query(_) => request,
            Sends::Json(body) => {
                let body = body(self, target);
                sent.push_str(&body.to_string());
                request.json(&body)
            }
            Sends::File => csv(request),
        };
        (request, sent)
    }
}

/// As [`Reply::to`]; of a stream only the beginning.
async fn answer(request: RequestBuilder) -> Reply {
    let mut response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let streams = headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let text = if streams {
        let first = response.chunk().await.expect("a frame").unwrap_or_default();
        String::from_utf8_lossy(&first).into_owned()
    } else {
        response.text().await.expect("a body")
    };
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Reply { status, headers, body }
}

fn csv(request: RequestBuilder) -> RequestBuilder {
    let part = Part::bytes(b"title,authors\nEmma,Jane Austen\n".to_vec()).file_name("books.csv");
    request.multipart(Form::new().part("file", part))
}

/// The token in a mail's link.
fn token(mail: &str) -> String {
    let (_, rest) = mail.split_once("token=").expect("a link with a token");
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect()
}
