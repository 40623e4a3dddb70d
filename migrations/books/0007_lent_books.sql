-- Serves the list and the counts of books that cannot be had now: few of many, which no index told apart.
create index book_newest_not_available on book (created_at, id) where owner_active and not available;
