-- Which folding (kernel::text::fold) made title_sort, shelf_key, author_words, category_keys, search and search_title. What
-- an older one made, the sweeper makes again: see findable.rs and ADR 0017.

alter table book add column folding smallint not null default 0;
create index book_to_fold_again on book (id) where folding < 1;

-- Who writes keys writes minus the folding that made them. A host of an older version writes them without a word of it:
-- then this leaves a 0. A later migration, when no such host is left, may drop the trigger.
create function stamp_folding() returns trigger
language plpgsql
as $$
begin
    new.folding := case when new.folding < 0 then -new.folding else 0 end;
    return new;
end $$;
create trigger book_folding
    before insert or update of title, authors, categories, isbn13, title_sort, shelf_key, author_words, category_keys,
        search, search_title
    on book for each row execute function stamp_folding();

-- Words and names that nobody has learnt again, when all books are folded again, are those of no book.
alter table word add column folding smallint not null default 0;
alter table author_name add column folding smallint not null default 0;
create index word_to_forget on word (word) where folding < 1;
create index author_name_to_forget on author_name (key, name) where folding < 1;
