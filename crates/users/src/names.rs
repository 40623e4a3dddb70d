//! By what members are found and sorted: their folded names.

use std::time::Duration;

use database::Database;
use kernel::text::{ELISION, fold, fold_marking_elisions};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often names are looked for that are not folded.
const EVERY: Duration = Duration::from_secs(10);
/// Names that are folded in one transaction.
const BATCH: i64 = 500;

/// The name without case, accents and punctuation. One with an elision is there in both spellings: `jean d ormesson jean
/// dormesson`.
pub(crate) fn name_key(name: &str) -> String {
    let apart = fold(name);
    let marked = fold_marking_elisions(name);
    if marked.contains(ELISION) { format!("{apart} {}", marked.replace(ELISION, "")) } else { apart }
}

/// Folds the names that a host of an older version wrote. In every process: each takes the members that no other works on.
pub(crate) async fn run(pool: &Database, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = fold_names(pool).await {
            tracing::warn!(%error, "could not fold names; retrying");
        }
    }
}

pub(crate) async fn fold_names(pool: &Database) -> Result<(), sqlx::Error> {
    while fold_some(pool).await? {}
    Ok(())
}

/// `false`: there is none left.
async fn fold_some(pool: &Database) -> Result<bool, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let members = sqlx::query!(
        "select id, name from users.member where name_key is null and deleted_at is null
        order by id limit $1 for update skip locked",
        BATCH,
    )
    .fetch_all(&mut *tx)
    .await?;
    let (ids, keys): (Vec<Uuid>, Vec<String>) =
        members.iter().map(|member| (member.id, name_key(&member.name))).unzip();
    sqlx::query!(
        "update users.member set name_key = folded.key from unnest($1::uuid[], $2::text[]) as folded (id, key)
        where member.id = folded.id",
        &ids,
        &keys,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(!members.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_every_spelling() {
        for (name, typed) in [
            ("Zoë O’Brien", "zoe obrien"),
            ("Jean d’Ormesson", "d'ormesson"),
            ("Jean d’Ormesson", "dormesson"),
            ("IŞIK", "isik"),
            ("Łukasz", "luka"),
            ("Νίκος", "ΝΙΚΟΣ"),
            ("Đặng Thị Huệ", "dang thi hue"),
            ("يُوسُف", "يوسف"),
            ("%", "%"),
        ] {
            assert!(name_key(name).contains(&fold(typed)), "{name} by {typed}");
        }
    }
}
