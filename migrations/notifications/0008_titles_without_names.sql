-- 0006 took the title of a book from between the first and the last quotation mark of the old text. Where a member's name has
-- such marks, a piece of the name came along, and would stay when the member leaves. It shows by a mark that ends a quotation
-- before any has begun. The title of today takes its place; of a book that is gone none does.
update notification set
    facts = case when book.title is null then notification.facts - 'book'
        else jsonb_set(notification.facts, '{book}', to_jsonb(book.title)) end,
    version = notification.version + 1
from notification old left join book on book.id = (old.data ->> 'bookId')::uuid
where notification.id = old.id and old.facts ->> 'book' ~ '^[^“«”»]*[”»]'
    and old.facts ->> 'book' is distinct from book.title;
