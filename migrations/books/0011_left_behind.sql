-- Words and author names that a book has no longer. The sweeper looks whether another book has them and removes them if not:
-- see forgotten.rs and ADR 39. One row for each change, and none is ever updated: writers of one word do not wait for each other.
create table left_behind (
    id bigint generated always as identity primary key,
    words text[] not null,
    authors text[] not null
);

create function note_left_behind() returns trigger
language plpgsql
as $$
declare
    left_words text[] := coalesce(tsvector_to_array(old.search), '{}');
    left_authors text[] := old.authors;
begin
    if tg_op = 'UPDATE' then
        left_words := array(
            select unnest(left_words) except select unnest(coalesce(tsvector_to_array(new.search), '{}'))
        );
        left_authors := array(select unnest(left_authors) except select unnest(new.authors));
    end if;
    if cardinality(left_words) + cardinality(left_authors) > 0 then
        insert into left_behind (words, authors) values (left_words, left_authors);
    end if;
    return null;
end $$;
create trigger book_deleted_leaves_behind
    after delete on book for each row execute function note_left_behind();
create trigger book_changed_leaves_behind
    after update of search, authors on book for each row
    when (old.search is distinct from new.search or old.authors is distinct from new.authors)
    execute function note_left_behind();

-- How far the search for leftovers has come in each table: it walks along the primary key and begins anew at the end.
create table leftover_walk (
    walked text primary key check (walked in ('word', 'author_name', 'word_slip')),
    after text[] not null
);
insert into leftover_walk values ('word', '{""}'), ('author_name', '{"",""}'), ('word_slip', '{"",""}');
