//! What the server lends to pages and server functions.

pub(crate) mod access;
pub(crate) mod approval;
pub(crate) mod entity;
mod history;
pub(crate) mod home;
pub(crate) mod inbox;
mod layout;
pub(crate) mod list;
pub(crate) mod past;
mod reader;
mod refusal;
pub(crate) mod team;

use leptos::prelude::*;
use services::{Services, identity::Caller};

pub use self::refusal::{explained_at, problem_in, told};
pub(crate) use self::refusal::{gone, may_not, may_not_each, reply, why_not};

/// Who asks, with what request, for one page or one server function.
#[derive(Clone)]
pub struct RequestContext {
    /// All use cases.
    pub services: Services,
    /// The author of the request.
    pub caller: Caller,
    /// Names this request in the log.
    pub request_id: String,
}

/// A text that came with the request for a page.
#[derive(Clone)]
pub struct Pasted(pub String);

/// A token that was made by the request for a page, or why it was not.
#[derive(Clone)]
pub struct MintedToken(pub Result<domain::identity::Minted, String>);

/// A name for a wish that a form sends, so that it is fulfilled once.
pub(crate) fn wish() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// The use cases.
pub(crate) fn services() -> Services {
    expect_context::<RequestContext>().services
}

/// The author of the request.
pub(crate) fn caller() -> Caller {
    expect_context::<RequestContext>().caller
}

/// A number as it goes over the wire.
pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
