-- A row may be left out because its owner's shelf is full.
alter table import_left_out
    drop constraint import_left_out_reason_check,
    add constraint import_left_out_reason_check check (
        reason in ('already_on_shelf', 'twice_in_file', 'not_owned', 'deleted', 'not_a_book', 'shelf_full')
    );
