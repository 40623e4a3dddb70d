//! What changes members; one use case a file.

mod change_role;
mod delete_user;
mod update_profile;
mod update_user;

pub(crate) use change_role::ChangeRoleHandler;
pub use change_role::{ChangeRole, ChangeRoleError};
pub(crate) use delete_user::DeleteUserHandler;
pub use delete_user::{DeleteUser, DeleteUserError, Proof};
pub(crate) use update_profile::UpdateProfileHandler;
pub use update_profile::{UpdateProfile, UpdateProfileError};
pub(crate) use update_user::UpdateUserHandler;
pub use update_user::{UpdateUser, UpdateUserError};
