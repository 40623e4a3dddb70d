-- A bad row that comes again is struck from the import that had it before. Rows are long: they are looked up by their hash.
create index import_error_by_row on import_error using hash (row_values);
