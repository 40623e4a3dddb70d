-- Whether an owner shows any book is asked of each member whom they block, or who blocks them.
create index book_shown_of_owner on book (owner_id) where owner_active and lending <> 'off';

-- As near_words, of words in books that the reader sees: whether a search goes on without a word must not tell what hidden
-- books have. `reader` is set where somebody searches their own shelf. near_words goes once no older host asks for it.
--
-- A word's books are found by the index of words, whatever a plan expects of how many there are: a rare word would have the
-- whole table read.
create function near_shown_words(mistyped text, reader uuid, hidden uuid[]) returns setof text
language plpgsql stable
set enable_seqscan = off
set enable_indexscan = off
as $$
declare
    forms text[] := array(select one_letter_less(mistyped)) || mistyped;
begin
    return query
        select near.word from (
            select s.word from word_slip s where s.slip = any(forms)
            union select w.word from word w where w.word = any(forms)
        ) near
        where (
            select true from book b
            where b.owner_active and (b.lending <> 'off' or b.owner_id = reader) and b.owner_id <> all(hidden)
                and b.search @@ ('''' || near.word || '''')::tsquery
            limit 1
        );
    if found then
        return;
    end if;
    perform set_config(
        'pg_trgm.similarity_threshold',
        case when length(mistyped) <= 5 then '0.2' when length(mistyped) < 10 then '0.25' else '0.3' end,
        true
    );
    return query
        select near.word from (
            select w.word from word w where w.word % mistyped order by similarity(w.word, mistyped) desc, w.word limit 300
        ) near
        where (
            select true from book b
            where b.owner_active and (b.lending <> 'off' or b.owner_id = reader) and b.owner_id <> all(hidden)
                and b.search @@ ('''' || near.word || '''')::tsquery
            limit 1
        )
        limit 60;
end $$;
