-- A name goes from the log with its member.
select event_bus.declare_personal('user.updated', array['name'], '@aggregate');
select event_bus.declare_forgetting('user.deleted');
