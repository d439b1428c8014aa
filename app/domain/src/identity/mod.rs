//! Who asks, and what they may ask for.

mod people;
mod permission;
mod refusal;
mod standing;
mod subject;
mod target;
mod tenant;

pub use people::{Account, Minted, NewToken, Session, Token};
pub use permission::{NotAVerb, Permission, Verb};
pub use refusal::{Denied, foregone};
pub use standing::{Caller, Entry, Scopes, Standing};
pub use subject::{NotASubject, Subject};
pub use target::Target;
pub use tenant::{NotATenant, Tenant};
