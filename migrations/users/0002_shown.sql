-- What other members see on a person's page beside the name. Hidden until the member shows it: nobody who filled in the
-- profile so far was asked.

alter table member
    add column show_location boolean not null default false,
    add column show_bio boolean not null default false;
