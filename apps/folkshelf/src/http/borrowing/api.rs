//! What the routes of borrowing send and ask.

use std::sync::Arc;

use borrowing::{
    AnswerExtension, ApproveBorrow, BorrowCalendar, BorrowTimeline, CancelBorrow, DeclareReturn, EndCalendarFeed,
    GetBorrow, GetCalendarFeed, HandOver, ListBorrows, ListMessages, MarkMessagesRead, MarkNotReceived, MemberCalendar,
    OpenCalendarFeed, RejectBorrow, ReportLost, RequestBorrow, RequestExtension, ResolveDispute, ReturnBorrow,
    SendMessage, Written,
};
use cqrs::{Ask, Dispatch, MissingHandler};
use kernel::Clock;
use read_store::Projection;

use crate::http::edge::host::Host;

pub struct BorrowingApi {
    pub(super) get: Ask<GetBorrow>,
    pub(super) list: Ask<ListBorrows>,
    pub(super) timeline: Ask<BorrowTimeline>,
    pub(super) messages: Ask<ListMessages>,
    pub(super) send_message: Dispatch<SendMessage>,
    pub(super) mark_messages_read: Dispatch<MarkMessagesRead>,
    pub(super) request: Dispatch<RequestBorrow>,
    pub(super) approve: Dispatch<ApproveBorrow>,
    pub(super) reject: Dispatch<RejectBorrow>,
    pub(super) cancel: Dispatch<CancelBorrow>,
    pub(super) hand_over: Dispatch<HandOver>,
    pub(super) request_extension: Dispatch<RequestExtension>,
    pub(super) answer_extension: Dispatch<AnswerExtension>,
    pub(super) declare_return: Dispatch<DeclareReturn>,
    pub(super) return_borrow: Dispatch<ReturnBorrow>,
    pub(super) not_received: Dispatch<MarkNotReceived>,
    pub(super) report_lost: Dispatch<ReportLost>,
    pub(super) resolve: Dispatch<ResolveDispute>,
    pub(super) borrow_calendar: Ask<BorrowCalendar>,
    pub(super) member_calendar: Ask<MemberCalendar>,
    pub(super) calendar_feed: Ask<GetCalendarFeed>,
    pub(super) open_feed: Dispatch<OpenCalendarFeed>,
    pub(super) end_feed: Dispatch<EndCalendarFeed>,
    /// How a calendar is written when its reader chooses no language.
    pub(super) written: Written,
    pub(super) projection: Projection,
    pub(super) clock: Arc<dyn Clock>,
}

impl BorrowingApi {
    pub fn new(host: &Host, written: Written) -> Result<Self, MissingHandler> {
        let (commands, queries) = (&host.commands, &host.queries);
        Ok(Self {
            get: queries.asking()?,
            list: queries.asking()?,
            timeline: queries.asking()?,
            messages: queries.asking()?,
            send_message: commands.dispatch()?,
            mark_messages_read: commands.dispatch()?,
            request: commands.dispatch()?,
            approve: commands.dispatch()?,
            reject: commands.dispatch()?,
            cancel: commands.dispatch()?,
            hand_over: commands.dispatch()?,
            request_extension: commands.dispatch()?,
            answer_extension: commands.dispatch()?,
            declare_return: commands.dispatch()?,
            return_borrow: commands.dispatch()?,
            not_received: commands.dispatch()?,
            report_lost: commands.dispatch()?,
            resolve: commands.dispatch()?,
            borrow_calendar: queries.asking()?,
            member_calendar: queries.asking()?,
            calendar_feed: queries.asking()?,
            open_feed: commands.dispatch()?,
            end_feed: commands.dispatch()?,
            written,
            projection: host.read_store.projection("borrowing"),
            clock: Arc::clone(&host.clock),
        })
    }
}
