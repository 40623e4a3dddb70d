-- Accounts by the beginning of their mail address, for who looks after members.

create index account_by_email_beginning on account (email text_pattern_ops);
