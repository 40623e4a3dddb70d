-- Words by what is left of them when one letter is missing. A word typed with one slip (a letter too many, too few, another,
-- two swapped) and the word that was meant have such a form in common, or one is such a form of the other: some lookups by
-- key tell it, where comparing trigrams looks at thousands of words.
create table word_slip (
    slip text collate "C" not null,
    word text collate "C" not null,
    primary key (slip, word)
);

create function one_letter_less(word text) returns setof text
language sql immutable strict
as $$
    select distinct left(word, at - 1) || substr(word, at + 1) from generate_series(1, length(word)) at
$$;

insert into word_slip (slip, word) select slip, word from word, one_letter_less(word) slip;

-- Words like this one, and the word itself. Those at one slip, if there are any; else the likest of all, for two slips. The
-- threshold is as high as lets a swap of two neighbours pass: each word below it that shares a trigram has to be looked at.
create or replace function near_words(mistyped text) returns setof text
language plpgsql stable
as $$
declare
    forms text[] := array(select one_letter_less(mistyped)) || mistyped;
begin
    return query
        select s.word from word_slip s where s.slip = any(forms)
        union select w.word from word w where w.word = any(forms);
    if found then
        return;
    end if;
    perform set_config(
        'pg_trgm.similarity_threshold',
        case when length(mistyped) <= 5 then '0.2' when length(mistyped) < 10 then '0.25' else '0.3' end,
        true
    );
    return query select word from word where word % mistyped order by similarity(word, mistyped) desc, word limit 60;
end $$;
