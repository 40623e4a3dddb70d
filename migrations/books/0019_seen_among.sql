-- As before, but of each word some books are looked at and no more: one that many books have which are all hidden from the
-- reader would have all of them read, and there may be three hundred such words.
create or replace function near_shown_words(mistyped text, reader uuid, hidden uuid[]) returns setof text
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
            select true from (
                select b.owner_id from book b
                where b.owner_active and (b.lending <> 'off' or b.owner_id = reader)
                    and b.search @@ ('''' || near.word || '''')::tsquery
                limit 50
            ) looked_at
            where looked_at.owner_id <> all(hidden)
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
            select true from (
                select b.owner_id from book b
                where b.owner_active and (b.lending <> 'off' or b.owner_id = reader)
                    and b.search @@ ('''' || near.word || '''')::tsquery
                limit 50
            ) looked_at
            where looked_at.owner_id <> all(hidden)
            limit 1
        )
        limit 60;
end $$;
