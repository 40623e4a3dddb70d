//! On which shelves the rows of an import stand that waits for its owner, by other columns than those that were recognised.

use bibliography::table::{Layout, ShelfColumns};
use futures_util::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;

/// Counts the shelves of the layout anew, from the rows that wait. Rows that say the same are counted by PostgreSQL: usually
/// there are few shelves. Of a cell as much is looked at as a list of names takes.
pub(crate) async fn count_shelves(
    connection: &mut PgConnection,
    import: Uuid,
    layout: &mut Layout,
) -> Result<(), sqlx::Error> {
    layout.shelves.clear();
    let ShelfColumns { shelf, owned, copies } = layout.shelf_columns();
    let mut cells = vec![String::new(); layout.columns.len()];
    // An array begins at 1. Without a column there is no cell.
    let nth = |place: Option<usize>| place.and_then(|place| i32::try_from(place + 1).ok());
    let mut groups = sqlx::query!(
        r#"select shelf, owned, copies, count(*) as "rows!" from (
            select row, left(cells[$2], 2000) as shelf, left(cells[$3], 2000) as owned, left(cells[$4], 2000) as copies
            from books.import_row where import_id = $1 and cells is not null
        ) as said group by shelf, owned, copies order by min(row)"#,
        import,
        nth(shelf),
        nth(owned),
        nth(copies),
    )
    .fetch(connection);
    while let Some(group) = groups.try_next().await? {
        for (place, cell) in [(shelf, group.shelf), (owned, group.owned), (copies, group.copies)] {
            if let Some(said) = place.and_then(|place| cells.get_mut(place)) {
                *said = cell.unwrap_or_default();
            }
        }
        layout.count_shelves(&cells, u32::try_from(group.rows).unwrap_or(u32::MAX));
    }
    Ok(())
}
