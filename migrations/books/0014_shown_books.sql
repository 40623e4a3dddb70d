-- What everybody sees: books that are offered, of members who are active. The older `book_newest` and
-- `book_newest_not_available` go once no host asks without `lending`.
create index book_newest_shown on book (created_at, id) where owner_active and lending <> 'off';
create index book_newest_lent on book (created_at, id) where owner_active and lending <> 'off' and not available;
