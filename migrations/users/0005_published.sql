-- Nobody else can append these any more.
select event_bus.publish(array[
    'user.deleted', 'user.role_changed', 'user.updated'
]);
