-- Nobody else can append these any more.
select event_bus.publish(array[
    'auth.session_revoked', 'user.registered', 'user.verified'
]);
