-- The folded name (src/names.rs), by which members are found and sorted. Null: it waits to be folded. Until then the name in
-- small letters counts.
alter table member add column name_key text collate "C";
create index member_by_name_key on member ((coalesce(name_key, lower(name) collate "C")), id) where deleted_at is null;
create index member_to_fold on member (id) where name_key is null and deleted_at is null;

-- A host of an older version changes a name without a word of its key. It still sorts by member_by_name.
create function forget_name_key() returns trigger
language plpgsql
as $$
begin
    if new.name is distinct from old.name and new.name_key is not distinct from old.name_key then
        new.name_key := null;
    end if;
    return new;
end $$;
create trigger member_name_key before update of name on member for each row execute function forget_name_key();
