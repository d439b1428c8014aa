//! The first page: what needs someone, what changed, where to begin.

pub(crate) mod functions;
mod home_page;

pub(crate) use home_page::HomePage;
