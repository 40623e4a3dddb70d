# What members are told of their borrows. $owner, $borrower and $book are names as they are known; a text that begins with
# one of the unknown ones gets a capital letter.

book = “{ $title }”
unknown-book = a book
unknown-owner = the owner
unknown-borrower = the borrower
unknown-member = a member
former-member = a former member

days = { $days ->
    [one] { $days } day
   *[other] { $days } days
}
weekday = { $weekday ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
date = { weekday }, { $day } { month } { $year }

# What is added to a text, in the words of the one who did it.
reason = Reason: “{ $reason }”
note = Note: “{ $note }”
place = Where: { $place }.
warning = The moderator writes: “{ $warning }”

# Earlier messages that were folded into this one.
folded = { $folded ->
    [one] This message replaces an earlier one about { $borrower }; your loans show both.
   *[other] This message replaces { $folded } earlier ones about { $borrower }; your loans show them all.
}

folded-messages = { $folded ->
    [one] There is an earlier message, too.
   *[other] There are { $folded } earlier messages, too.
}

## Messages: that there is one, not what it says

written-by-owner =
    .title = { $owner } wrote to you about { $book }
    .body = Read it and answer on the page of the loan of { $book }.
written-by-borrower =
    .title = { $borrower } wrote to you about { $book }
    .body = Read it and answer on the page of the loan of { $book }.
written-by-moderator =
    .title = A moderator wrote to you about { $book }
    .body = Read it and answer on the page of the loan of { $book }. { $owner } and { $borrower } both see it.

## Until the book changes hands

asked =
    .title = { $borrower } asks for { $book }
    .body = { $borrower } would like to borrow { $book } for { days }. Please approve or decline.
queued =
    .title = You are in the queue for { $book }
    .body = { $book } is promised to somebody else. You keep your place and hear from us when it is your turn.
promoted-borrower =
    .title = You are next for { $book }
    .body = { $book } is free again and you are first in the queue; { $owner } has been asked to answer.
promoted-owner =
    .title = { $borrower } is next for { $book }
    .body = { $borrower } has waited in the queue for { $book }. Please approve or decline.
unanswered =
    .title = { $borrower } is waiting for your answer
    .body = { $borrower } asked for { $book } some days ago. Please approve or decline before the request expires.
approved =
    .title = { $owner } lends you { $book }
    .body = { $owner } approved your request. Please pick { $book } up by { date }.
rejected =
    .title = { $owner } cannot lend you { $book }
    .body = { $owner } declined your request for { $book }.
cancelled-by-owner =
    .title = Your borrow of { $book } is cancelled
    .body = { $owner } cancelled your borrow of { $book }.
cancelled-by-borrower =
    .title = { $borrower }’s borrow of { $book } is cancelled
    .body = { $borrower } no longer needs { $book }.
cancelled-borrower =
    .title = Your borrow of { $book } is cancelled
    .body = Your borrow of { $book } was cancelled.
cancelled-owner =
    .title = { $borrower }’s borrow of { $book } is cancelled
    .body = { $borrower }’s borrow of { $book } was cancelled.
# Why, when nobody did it.
cancelled-because-book-gone = The book is no longer there.
cancelled-because-book-given = The book was given to somebody.
cancelled-because-member-left = A member has left.
# It says no more: one of the two may be closed for a while, or one may have blocked the other.
cancelled-because-not-possible = It is not possible at present.
expired-unanswered-borrower =
    .title = Your request for { $book } has expired
    .body = { $owner } did not answer in time. You are welcome to ask again.
expired-unanswered-owner =
    .title = { $borrower }’s request for { $book } has expired
    .body = You did not answer { $borrower } in time, so the request has ended.
expired-held-borrower =
    .title = Your request for { $book } has expired
    .body = { $book } was not picked up in time, so it is free for others again.
expired-held-owner =
    .title = { $borrower }’s request for { $book } has expired
    .body = { $borrower } did not pick { $book } up in time. It is free for others again.

## While it is lent, and how that ends

lent-borrower =
    .title = You have { $book }
    .body = { $owner } handed { $book } over to you. It is due back on { date }.
lent-owner =
    .title = { $borrower } has { $book }
    .body = { $borrower } picked { $book } up. It is due back on { date }.
given-borrower =
    .title = You have { $book }
    .body = { $owner } gave { $book } to you for good.
given-owner =
    .title = { $borrower } has { $book }
    .body = { $borrower } picked { $book } up, for good.
extension-asked =
    .title = { $borrower } would like to keep { $book } longer
    .body = { $borrower } asks for { days } more with { $book }. Please agree or refuse.
extension-refused =
    .title = { $book } cannot be extended
    .body = { $owner } needs { $book } back on the day agreed.
extended-borrower =
    .title = You may keep { $book } longer
    .body = You have { days } more with { $book }. It is now due back on { date }.
extended-owner =
    .title = { $borrower } keeps { $book } longer
    .body = { $book } was extended by { days }, as your rules allow. It is now due back on { date }.
due-soon =
    .title = { $book } is due soon
    .body = Please bring { $book } back to { $owner } by { date }, or ask for an extension.
due-today =
    .title = { $book } is due today
    .body = Please bring { $book } back to { $owner } today, { date }.
overdue-borrower =
    .title = { $book } is overdue
    .body = { $book } was due back on { date }. Please bring it back to { $owner }, or write to { $owner } on the page of the loan.
overdue-owner =
    .title = { $book } is overdue
    .body = { $borrower } was to bring { $book } back on { date }. We have sent a reminder.
return-declared =
    .title = Is { $book } back?
    .body = { $borrower } says that { $book } is back with you. Please confirm it, or say that you have not received it.
returned =
    .title = { $owner } has { $book } back
    .body = { $owner } has { $book } back. Thank you for bringing it back in good order.
returned-damaged =
    .title = { $owner } has { $book } back
    .body = { $owner } has { $book } back and noted that it is damaged. Please write to each other on the page of the loan.
lost-borrower =
    .title = { $book } is reported lost
    .body = { $book } is recorded as lost. Please agree with { $owner } how to make up for it: write on the page of the loan.
lost-owner =
    .title = { $book } is reported lost
    .body = { $book } is recorded as lost while { $borrower } had it. Please agree how to make up for it: write on the page of the loan.
disputed-not-back =
    .title = Where is { $book }?
    .body = { $owner } says that { $book } has not come back. A moderator will look into it; please write what you know on the page of the loan.
disputed =
    .title = Where is { $book }?
    .body = It is not agreed where { $book } is. A moderator will look into it; please write what you know on the page of the loan.
disputed-moderator =
    .title = Where is { $book }?
    .body = { $owner } and { $borrower } do not agree where { $book } is. Please look into it.
resolved-returned =
    .title = The dispute over { $book } is settled
    .body = A moderator found that { $book } has come back.
resolved-lost =
    .title = The dispute over { $book } is settled
    .body = A moderator found that { $book } is lost.
resolved-active =
    .title = The dispute over { $book } is settled
    .body = A moderator found that the loan of { $book } goes on.

## Reports. $member is who is reported, $reporter who did it. What they and moderators write is not in it.

reported =
    .title = { $reporter } has reported { $member }
    .body = Please read the report and answer it.
report-answered =
    .title = A moderator has answered your report about { $member }
    .body = You find the answer among your reports.
# It does not say who reported them, or about which loan.
warned =
    .title = A moderator warns you
    .body = A member has reported something to the moderators, who looked into it.

## Letters. The button stands below the body; in plain text the link stands there.

letter-greeting = Hello { $name },
letter-greeting-nobody = Hello,
letter-answer = Answer
letter-see = See the loan
letter-see-report = See the report
letter-see-inbox = See your notifications
letter-end = If it is settled already, you need not do anything.
letter-end-warned = Nobody reads answers to this letter.
letter-stop = Get no more letters about { $topic }
letter-all = See all of it
letter-together =
    .subject = { $count ->
        [one] One thing happened with your loans
       *[other] { $count } things happened with your loans
    }
    .ask = This has happened since the last letter:

topic-together = several things at once
topic-request = requests for your books
topic-answer = answers to your requests
topic-queue = your places in queues
topic-turn = requests whose turn has come
topic-hand-over = books that change hands
topic-extension = longer loans
topic-due-soon = loans that are due soon
topic-due = loans that are due today
topic-late = late loans
topic-give-back = books that come back
topic-ended = requests that end
topic-dispute = disputes and reports
topic-message = messages
