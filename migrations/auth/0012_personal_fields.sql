-- A name goes from the log with its member.
select event_bus.declare_personal('user.registered', array['name'], '@aggregate');
