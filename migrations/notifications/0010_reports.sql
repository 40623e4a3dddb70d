-- Letters to moderators about a report that did not go yet: its answer leaves them without a purpose.
create index delivery_of_report on delivery (notification_id) where state = 'pending' and kind = 'user.reported';
