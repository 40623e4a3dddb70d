-- Whose book it was when the owner agreed, as agreed_title says which. Null: nothing was agreed, or by a host of the version
-- before.
alter table borrow add column agreed_authors text[];
