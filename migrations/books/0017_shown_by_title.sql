-- As 0014: what is shown is offered too. Without that in the index, suggestions step over every book that is not offered.
drop index book_in_language;
create index book_in_language on book (language, created_at, id) where owner_active and lending <> 'off';
drop index book_by_title;
create index book_by_title on book (title_sort, id) where owner_active and lending <> 'off';
drop index book_by_year;
create index book_by_year on book ((coalesce(published_year, '-32768'::smallint)), id)
    where owner_active and lending <> 'off';
drop index book_by_search_title;
create index book_by_search_title on book (search_title, id) where owner_active and lending <> 'off';
