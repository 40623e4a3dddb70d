-- In which language to write to a member. Null: in the community's.

alter table account add column language text;
