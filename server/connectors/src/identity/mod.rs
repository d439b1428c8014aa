//! Systems that know people: `OpenID` Connect, GitHub; and the issuers that sign for pipelines.

mod client;
mod github;
mod issuer;
mod openid;
mod pipelines;
#[cfg(test)]
mod tests;

pub use self::{
    client::Web,
    github::{GitHub, GitHubSettings},
    openid::{OpenId, OpenIdSettings},
    pipelines::Issuers,
};

/// How far clocks may differ, in seconds.
const SKEW: i64 = 120;
