-- What a member wrote goes from the log with them. A reason that nobody gave is a code, and stays.
select event_bus.declare_personal('borrow.approved', array['place'], 'ownerId');
select event_bus.declare_personal('borrow.rejected', array['reason'], 'ownerId');
select event_bus.declare_personal('borrow.extension_refused', array['reason'], 'ownerId');
select event_bus.declare_personal('borrow.cancelled', array['reason'], 'cancelledBy');
select event_bus.declare_personal('borrow.resolved', array['note'], '@actor');
