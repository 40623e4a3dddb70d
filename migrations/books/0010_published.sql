-- Nobody else can append these any more.
select event_bus.publish(array[
    'book.borrowed', 'book.created', 'book.deleted', 'book.returned', 'book.updated'
]);
