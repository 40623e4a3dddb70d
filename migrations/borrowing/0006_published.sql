-- Nobody else can append these any more.
select event_bus.publish(array[
    'borrow.answer_reminder', 'borrow.approved', 'borrow.cancelled', 'borrow.created', 'borrow.disputed',
    'borrow.due_soon', 'borrow.due_today', 'borrow.expired', 'borrow.extended', 'borrow.extension_refused',
    'borrow.extension_requested', 'borrow.handed_over', 'borrow.lost', 'borrow.overdue', 'borrow.promoted',
    'borrow.queued', 'borrow.rejected', 'borrow.resolved', 'borrow.return_declared', 'borrow.returned'
]);
