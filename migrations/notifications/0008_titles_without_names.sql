-- 0006 took the title of a book from between the first and the last quotation mark of the old text. Where a member's name has
-- such marks, a piece of the name came along, and would stay when the member leaves. It shows by a mark that ends a quotation
-- before any has begun, or by one that has no partner. The title of today takes its place; of a book that is gone none does.
-- What was told after 0006 is as it was meant.
update notification set
    facts = case when book.title is null then notification.facts - 'book'
        else jsonb_set(notification.facts, '{book}', to_jsonb(book.title)) end,
    version = notification.version + 1
from notification old
cross join lateral (select old.facts ->> 'book' as title) told
left join book on book.id = (old.data ->> 'bookId')::uuid
where notification.id = old.id
    and (told.title ~ '^[^“«”»]*[”»]'
        or length(translate(told.title, '“«', '')) <> length(translate(told.title, '”»', '')))
    and told.title is distinct from book.title
    and old.created_at < coalesce((select installed_on from _sqlx_migrations where version = 6), 'infinity');
