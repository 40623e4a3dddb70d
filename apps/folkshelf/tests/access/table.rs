//! The table itself. To add an operation, add its row: what must exist, what is sent, and the status for each caller.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scene::Needs::{
    ApiKey, Book, Borrow, Calendar, DeadLetter, DeadLetterGroup, FailedDelivery, GivenUpMail, Import, LeftOutRow,
    Letter, Member, Nothing,
};
use crate::scene::Needs::{Notification, Report, ResetToken, Review, Session, StandIn, VerifyToken};
use crate::scene::Stage::{Active, Approved, Disputed, ExtensionAsked, Pending, ReturnPending};
use crate::scene::{Needs, Scene, Target};
use crate::support::PASSWORD;

#[derive(Clone, Copy)]
pub enum Sends {
    Nothing,
    /// Parameters that the operation cannot do without.
    Query(&'static str),
    Json(fn(&Scene, &Target) -> Value),
    /// A small CSV file as the form's part `file`.
    File,
}

pub struct Row {
    pub operation: &'static str,
    pub needs: Needs,
    pub sends: Sends,
    pub expected: [u16; 7],
}

impl Row {
    pub fn method_and_path(&self) -> (Method, &'static str) {
        let (method, path) = self.operation.split_once(' ').expect("a method and a path");
        (method.parse().expect("a method"), path)
    }
}

/// A row whose call has no body.
const fn row(operation: &'static str, needs: Needs, expected: [u16; 7]) -> Row {
    Row { operation, needs, sends: Sends::Nothing, expected }
}

/// A row whose call has a JSON body.
const fn with(operation: &'static str, needs: Needs, body: fn(&Scene, &Target) -> Value, expected: [u16; 7]) -> Row {
    Row { operation, needs, sends: Sends::Json(body), expected }
}

fn empty(_: &Scene, _: &Target) -> Value {
    json!({})
}

fn book(_: &Scene, _: &Target) -> Value {
    json!({"title": "Emma", "authors": ["Jane Austen"], "lending": "lend"})
}

/// Of the columns: anonymous, stranger, owner, borrower, moderator, admin, and a revoked session.
const EVERYBODY: [u16; 7] = [200, 200, 200, 200, 200, 200, 401];
const MEMBERS: [u16; 7] = [401, 200, 200, 200, 200, 200, 401];
const ADMINS: [u16; 7] = [401, 403, 403, 403, 403, 200, 401];
/// What only its owner knows of; staff neither.
const OWN: [u16; 7] = [401, 404, 200, 404, 404, 404, 401];
/// Steps of a borrow: who is no party and no moderator does not know of it, the others may not.
const BY_OWNER: [u16; 7] = [401, 404, 200, 403, 403, 403, 401];
const BY_BORROWER: [u16; 7] = [401, 404, 403, 200, 403, 403, 401];
const BY_BOTH: [u16; 7] = [401, 404, 200, 200, 403, 403, 401];

/// The same, where success has another status.
const fn answering(status: u16, mut expected: [u16; 7]) -> [u16; 7] {
    let mut column = 0;
    while column < 7 {
        if expected[column] == 200 {
            expected[column] = status;
        }
        column += 1;
    }
    expected
}

pub const ROWS: &[Row] = &[
    // Accounts and sessions. A revoked access token is refused even where none is needed.
    with(
        "POST /auth/register",
        Nothing,
        |_, target| json!({"email": target.word, "password": PASSWORD, "name": "Nora"}),
        answering(201, EVERYBODY),
    ),
    with("POST /auth/login", Nothing, |scene, _| json!({"email": scene.owner.email, "password": PASSWORD}), EVERYBODY),
    // Looks at the refresh token alone.
    with("POST /auth/refresh-token", StandIn, |_, target| json!({"refreshToken": target.refresh_token()}), EVERYBODY),
    row("POST /auth/logout", StandIn, answering(204, MEMBERS)),
    with(
        "POST /auth/forgot-password",
        Nothing,
        |scene, _| json!({"email": scene.owner.email}),
        answering(202, EVERYBODY),
    ),
    with("POST /auth/resend-proof", Nothing, |_, target| json!({"email": target.word}), answering(202, EVERYBODY)),
    with(
        "POST /auth/reset-password",
        ResetToken,
        |_, target| json!({"token": target.word, "newPassword": "a new pass phrase"}),
        answering(204, EVERYBODY),
    ),
    with(
        "POST /auth/verify-email",
        VerifyToken,
        |_, target| json!({"token": target.word, "newPassword": "a horse of another colour"}),
        answering(204, EVERYBODY),
    ),
    with(
        "POST /auth/change-password",
        StandIn,
        |_, _| json!({"currentPassword": PASSWORD, "newPassword": "a new pass phrase"}),
        answering(204, MEMBERS),
    ),
    row("GET /auth/sessions", Nothing, MEMBERS),
    row("DELETE /auth/sessions/others", StandIn, MEMBERS),
    row("DELETE /auth/sessions/{id}", Session, answering(204, OWN)),
    row("GET /auth/api-keys", Nothing, MEMBERS),
    with(
        "POST /auth/api-keys",
        Nothing,
        |_, _| json!({"currentPassword": PASSWORD, "name": "Shelf scanner", "scopes": ["write:book"]}),
        answering(201, MEMBERS),
    ),
    row("DELETE /auth/api-keys/{id}", ApiKey, answering(204, OWN)),
    // Members.
    row("GET /users/me", Nothing, MEMBERS),
    row("GET /users/{id}", Nothing, EVERYBODY),
    row("GET /users", Nothing, [401, 403, 403, 403, 200, 200, 401]),
    with("POST /users", Nothing, |_, target| json!({"email": target.word, "name": "Nora"}), answering(201, ADMINS)),
    with("PUT /users/{id}", Member, |_, _| json!({"name": "Victor"}), ADMINS),
    with("PUT /users/{id}/role", Member, |_, _| json!({"role": "premium"}), ADMINS),
    row("DELETE /users/{id}", Member, answering(204, ADMINS)),
    row("GET /roles", Nothing, MEMBERS),
    row("GET /profile", Nothing, MEMBERS),
    with(
        "PUT /profile",
        StandIn,
        |_, _| json!({"name": "Sidney", "language": "en", "timeZone": "Europe/Vienna"}),
        MEMBERS,
    ),
    row("GET /profile/blocks", Nothing, MEMBERS),
    with("POST /profile/blocks", Member, |_, target| json!({"userId": target.id}), answering(201, MEMBERS)),
    row("DELETE /profile/blocks/{id}", Member, answering(204, MEMBERS)),
    // Reports. For whom one is about there is none.
    row("GET /profile/reports", Nothing, MEMBERS),
    with(
        "POST /reports",
        Member,
        |_, target| json!({"about": {"userId": target.id}, "reason": "spam", "text": "Pills"}),
        answering(201, MEMBERS),
    ),
    row("GET /reports", Nothing, [401, 403, 403, 403, 200, 200, 401]),
    row("GET /reports/{id}", Report, [401, 404, 200, 404, 200, 200, 401]),
    with(
        "POST /reports/{id}/answer",
        Report,
        |_, _| json!({"outcome": "answered", "text": "Thank you"}),
        [401, 403, 403, 403, 200, 200, 401],
    ),
    with("DELETE /profile", StandIn, |_, _| json!({"password": PASSWORD}), answering(204, MEMBERS)),
    // Books.
    row("GET /books", Nothing, EVERYBODY),
    row("GET /books/mine", Nothing, MEMBERS),
    Row { sends: Sends::Query("q=emma"), ..row("GET /books/search", Nothing, EVERYBODY) },
    Row { sends: Sends::Query("q=emm"), ..row("GET /books/suggest", Nothing, EVERYBODY) },
    row("GET /community", Nothing, EVERYBODY),
    row("GET /books/facets", Nothing, EVERYBODY),
    row("GET /books/export", Nothing, MEMBERS),
    row("GET /books/{id}", Book, EVERYBODY),
    row("GET /books/{id}/availability", Book, EVERYBODY),
    row("GET /books/{id}/history", Book, [401, 403, 200, 403, 200, 200, 401]),
    with("POST /books", Nothing, book, answering(201, MEMBERS)),
    with("PUT /books/{id}", Book, book, [401, 403, 200, 403, 200, 200, 401]),
    row("DELETE /books/{id}", Book, answering(204, [401, 403, 200, 403, 200, 200, 401])),
    Row { sends: Sends::File, ..row("POST /books/import", Nothing, answering(202, MEMBERS)) },
    row("GET /books/imports", Nothing, MEMBERS),
    row("GET /books/imports/open", Nothing, MEMBERS),
    row("GET /books/imports/{id}", Import, OWN),
    row("GET /books/imports/{id}/file", Import, OWN),
    row("GET /books/imports/{id}/shelves", Review, OWN),
    with("POST /books/imports/{id}/start", Review, |_, _| json!({}), answering(202, OWN)),
    row("DELETE /books/imports/{id}", Review, answering(204, OWN)),
    row("POST /books/imports/{id}/rows/{row}/add", LeftOutRow, OWN),
    row("DELETE /books/imports/{id}/errors/{row}", Import, answering(204, OWN)),
    // Borrows. That a book is one's own is a rule about the book, not about who may ask: a conflict.
    with(
        "POST /borrows",
        Book,
        |_, target| json!({"bookId": target.id, "days": 14}),
        answering(201, [401, 200, 409, 200, 200, 200, 401]),
    ),
    row("GET /borrows", Nothing, MEMBERS),
    row("GET /borrows/{id}", Borrow(Approved), [401, 404, 200, 200, 200, 200, 401]),
    row("GET /borrows/{id}/timeline", Borrow(Active), [401, 404, 200, 200, 200, 200, 401]),
    row("GET /borrows/{id}/calendar.ics", Borrow(Active), [401, 404, 200, 200, 404, 404, 401]),
    // The address is enough, without a session.
    Row { sends: Sends::Query("token={token}"), ..row("GET /calendar.ics", Calendar, EVERYBODY) },
    row("GET /profile/calendar-feed", Nothing, MEMBERS),
    row("POST /profile/calendar-feed", Nothing, answering(201, MEMBERS)),
    row("DELETE /profile/calendar-feed", Nothing, answering(204, MEMBERS)),
    // Moderators from a dispute on: `messages.rs` shows that they do not before.
    row("GET /borrows/{id}/messages", Borrow(Disputed), [401, 404, 200, 200, 200, 200, 401]),
    with(
        "POST /borrows/{id}/messages",
        Borrow(Disputed),
        |_, _| json!({"text": "I put it into your letter box"}),
        answering(201, [401, 404, 200, 200, 200, 200, 401]),
    ),
    with("POST /borrows/{id}/messages/read", Borrow(Disputed), empty, [401, 404, 200, 200, 200, 200, 401]),
    with("POST /borrows/{id}/approve", Borrow(Pending), empty, BY_OWNER),
    with("POST /borrows/{id}/reject", Borrow(Pending), |_, _| json!({"reason": "Not now"}), BY_OWNER),
    with("POST /borrows/{id}/cancel", Borrow(Approved), |_, _| json!({"reason": "Found one"}), BY_BOTH),
    with("POST /borrows/{id}/hand-over", Borrow(Approved), |_, target| json!({"code": target.word}), BY_BOTH),
    with("POST /borrows/{id}/request-extension", Borrow(Active), |_, _| json!({"days": 7}), BY_BORROWER),
    with("POST /borrows/{id}/answer-extension", Borrow(ExtensionAsked), |_, _| json!({"approve": true}), BY_OWNER),
    with("POST /borrows/{id}/declare-return", Borrow(Active), empty, BY_BORROWER),
    with("POST /borrows/{id}/return", Borrow(ReturnPending), |_, _| json!({"condition": "ok"}), BY_OWNER),
    with("POST /borrows/{id}/not-received", Borrow(ReturnPending), empty, BY_OWNER),
    with("POST /borrows/{id}/report-lost", Borrow(Active), |_, _| json!({"note": "In the lake"}), BY_BOTH),
    with(
        "POST /borrows/{id}/resolve",
        Borrow(Disputed),
        |_, _| json!({"outcome": "returned", "note": "Found behind the shelf"}),
        [401, 404, 403, 403, 200, 200, 401],
    ),
    // Notifications.
    row("GET /notifications", Nothing, MEMBERS),
    row("GET /notifications/unread-count", Nothing, MEMBERS),
    row("GET /notifications/stream", Nothing, MEMBERS),
    // Without a handshake, which `tests/socket.rs` makes.
    row("GET /notifications/ws", Nothing, answering(400, MEMBERS)),
    row("POST /notifications/read-all", Nothing, MEMBERS),
    row("POST /notifications/{id}/read", Notification, OWN),
    row("DELETE /notifications/read", Nothing, MEMBERS),
    row("DELETE /notifications/{id}", Notification, answering(204, OWN)),
    // Administration.
    row("GET /admin/events", Nothing, ADMINS),
    row("POST /admin/cache/clear", Nothing, answering(204, ADMINS)),
    row("GET /admin/subscriptions", Nothing, ADMINS),
    row("GET /admin/dead-letters", DeadLetter, ADMINS),
    row("POST /admin/dead-letters/{id}/retry", DeadLetter, answering(204, ADMINS)),
    row("DELETE /admin/dead-letters/{id}", DeadLetter, answering(204, ADMINS)),
    row("GET /admin/dead-letter-groups", DeadLetter, ADMINS),
    row("POST /admin/dead-letter-groups/{id}/retry", DeadLetterGroup, ADMINS),
    row("DELETE /admin/dead-letter-groups/{id}", DeadLetterGroup, ADMINS),
    row("GET /notifications/preferences", Nothing, MEMBERS),
    with(
        "PUT /notifications/preferences",
        Nothing,
        |_, _| json!({"topics": [{"topic": "late", "inApp": true, "mail": "daily"}]}),
        MEMBERS,
    ),
    // Whoever has the letter. A revoked access token is refused even where none is needed. The first leads to a page.
    Row { sends: Sends::Query("token={token}"), ..row("GET /notifications/unsubscribe", Letter, EVERYBODY) },
    Row {
        sends: Sends::Query("token={token}"),
        ..row("POST /notifications/unsubscribe", Letter, answering(204, EVERYBODY))
    },
    row("GET /admin/deliveries", Nothing, ADMINS),
    row("POST /admin/deliveries/{id}/retry", FailedDelivery, answering(204, ADMINS)),
    row("GET /admin/mails", Nothing, ADMINS),
    row("POST /admin/mails/{id}/retry", GivenUpMail, answering(204, ADMINS)),
    row("GET /admin/projections", Nothing, ADMINS),
    row("POST /admin/projections/{name}/rebuild", Nothing, answering(202, ADMINS)),
    row("GET /admin/months", Nothing, ADMINS),
    row("GET /admin/months/{month}", Nothing, ADMINS),
    row("GET /admin/months/{month}/csv", Nothing, ADMINS),
    row("GET /admin/jobs", Nothing, ADMINS),
    row("GET /admin/jobs/{job}", Nothing, ADMINS),
    row("POST /admin/jobs/{job}/run", Nothing, answering(202, ADMINS)),
    row("POST /admin/jobs/{job}/cancel", Nothing, answering(202, ADMINS)),
    // Operations: a token is not looked at.
    row("GET /health", Nothing, [200; 7]),
    row("GET /health/live", Nothing, [204; 7]),
    row("GET /health/ready", Nothing, [200; 7]),
    row("GET /.well-known/jwks.json", Nothing, [200; 7]),
];
