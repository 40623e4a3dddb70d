//! Giving a member a role from outside: for the command line, where no administrator can do it yet.

use anyhow::Context as _;
use auth::{Email, FindAccountByEmail};
use cqrs::{Caller, CommandBus, QueryBus};
use kernel::Actor;
use users::ChangeRole;

/// Gives the member with this mail address a role.
pub async fn promote(
    (commands, queries): (&CommandBus, &QueryBus),
    actor: Actor,
    email: &str,
    role: &str,
) -> anyhow::Result<()> {
    let caller = Caller::new(actor, "");
    let email = Email::new(email).context("this is no mail address")?;
    let user = queries.asking::<FindAccountByEmail>()?.ask(&caller, FindAccountByEmail { email }).await?;
    let id = user.context("nobody has this mail address")?;
    let command = ChangeRole { id, expected_version: None, role: role.to_owned() };
    commands.dispatch::<ChangeRole>()?.send(&caller, command).await?;
    Ok(())
}
