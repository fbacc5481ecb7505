//! The least role assignments in Azure under which a policy's calls work.
//!
//! ```text
//! Policy ─plan─▶ Plan ─┬─ bicep      one file per namespace
//!                      ├─ arm        the same as a template in JSON
//!                      ├─ commands   the same as commands of `az`
//!                      └─ table      what Azure would still allow beyond the policy
//! ```
//!
//! Azure's roles are coarser than policies: whoever may receive from a queue may also complete, peek, dead-letter
//! and empty its dead-letter queue, and no role knows a size, a limit or an approval. So the gate decides, and the
//! roles bound what a stolen credential could do.
//!
//! Roles, ids and scopes: Microsoft's documentation of Azure's built-in roles, "Integration", and of
//! Service Bus, "Authenticate a managed identity".

mod arm;
mod bicep;
mod commands;
mod entity;
mod plan;
mod right;
mod symbol;
mod table;

pub use arm::arm;
pub use bicep::bicep;
pub use commands::commands;
pub use entity::{Entity, EntityError, Kind};
pub use plan::{Assignment, Choices, Namespace, Plan, RbacError, Unassigned, Why, plan};
pub use right::{Right, Role};
pub use table::table;
