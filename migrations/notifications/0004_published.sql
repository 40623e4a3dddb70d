-- Nobody else can append these any more.
select event_bus.publish(array[
    'notification.created', 'notification.deleted', 'notification.read'
]);
