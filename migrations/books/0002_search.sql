-- What finding a book by what people type needs. The forms come from domain/search.rs; ADR 0010 says why from there.

-- Null: to be worked out. The sweeper does so, for books that were there before this; a change of the forms empties both.
alter table book
    -- The title as people begin to type it: folded, without a leading article and the series in parentheses.
    add column search_title text collate "C",
    -- Words of title, authors and categories, and the ISBN-13. No positions: the order of what is found is made of the texts.
    add column search tsvector,
    add check ((search is null) = (search_title is null));

create index book_by_search_title on book (search_title, id) where owner_active;
-- A search reads the list of pending entries from end to end: kept short, as books are found more often than written.
create index book_by_search on book using gin (search) with (gin_pending_list_limit = 256);
create index book_to_make_findable on book (id) where search is null;

-- A page of candidates is cut off where the bound is reached: a scan must begin at the same end each time.
alter role current_user set synchronize_seqscans = off;

-- Every word that a book was ever found by, for who mistypes one. Never shown; a word whose last book has gone finds nothing.
create table word (
    word text collate "C" primary key
);
create index word_by_trigram on word using gin (word gin_trgm_ops) with (fastupdate = off);

-- Authors by the beginning of their name and by that of its last word. A name that no book has any more stays and is not
-- suggested: who asks looks for a book.
create table author_name (
    key text collate "C" not null,
    name text not null,
    words text[] not null,
    primary key (key, name)
);

-- Words like this one, the likest first. The threshold is as high as lets a swap of two neighbours pass: each word below it
-- that shares a trigram has to be looked at.
create function near_words(mistyped text) returns setof text
language plpgsql stable
as $$
begin
    perform set_config(
        'pg_trgm.similarity_threshold',
        case when length(mistyped) <= 5 then '0.2' when length(mistyped) < 10 then '0.25' else '0.3' end,
        true
    );
    return query select word from word where word % mistyped order by similarity(word, mistyped) desc, word limit 60;
end $$;
