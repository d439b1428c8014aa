//! Who asks, and what they may ask for.

mod people;
mod permission;
mod policy;
mod refusal;
mod role;
mod standing;
mod subject;
mod target;
mod tenant;
mod thing;

pub use people::{Account, Minted, NewToken, Session, Token};
pub use permission::{NotAVerb, Permission, Verb};
pub use policy::PolicyProblem;
pub use refusal::{Denied, Effect, Reason, foregone};
pub use role::{Grantee, NotAGrantee, NotARole, ROLES, RoleName, contained};
pub use standing::{Caller, Entry, Identity, Scopes, Standing};
pub use subject::{NotASubject, Subject};
pub use target::Target;
pub use tenant::{NotATenant, Tenant};
pub use thing::{NotAThing, Thing};
