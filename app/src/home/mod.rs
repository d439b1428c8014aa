//! The first page: what needs someone, what changed, where to begin; and what people keep for themselves.

pub(crate) mod functions;
mod home_page;
mod star;

pub(crate) use functions::SayWho;
pub(crate) use home_page::HomePage;
pub(crate) use star::{StarButton, StarForm, StarMark, Starring};
