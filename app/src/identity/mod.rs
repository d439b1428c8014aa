//! People: oneself, one's sessions and tokens; and for administrators, everyone who came in.
//!
//! What is done here is done by plain forms that the server answers (`server/src/account.rs`): a token that is shown once must not
//! go through an address, and nothing of this needs a script.

mod account_page;
mod functions;
mod people_page;
mod permission_tabs;
mod tokens;

pub(crate) use account_page::AccountPage;
pub(crate) use people_page::PeoplePage;
pub(crate) use tokens::{ServiceTokensPage, TokensPage};
