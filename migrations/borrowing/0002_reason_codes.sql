-- Why a borrow ended that nobody ended is a code, which programs put into words; it was a sentence in English.

update borrow set revision = revision + 1, closed_reason = case closed_reason
        when 'no answer' then 'no_answer'
        when 'not picked up' then 'not_picked_up'
        when 'The book is no longer there.' then 'book_gone'
        when 'The book was given to somebody.' then 'book_given'
        else 'member_left'
    end
where (status = 'expired' and closed_reason in ('no answer', 'not picked up'))
    or (status = 'cancelled' and closed_reason in ('The book is no longer there.', 'The book was given to somebody.',
        'A member has left.'));
