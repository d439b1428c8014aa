//! Markdown and code that anyone may write, as HTML that is safe to show.
//!
//! Nothing that an author writes reaches a page as it is: Markdown is rendered, what comes out is sanitised by an allow-list, and only
//! then are the parts put in that were made here (code with its colours, notes, tabs). Addresses are led where [`Links`] says, or
//! nowhere. Every text costs a bounded amount of time, memory and stack.

mod anchors;
mod blocks;
mod containers;
mod diagram;
mod escape;
mod fence;
pub mod highlight;
mod html;
mod inline;
mod notes;
mod page;
mod sanitise;
mod shared;
mod tree;

pub use self::{
    anchors::anchor,
    escape::escape,
    page::{Heading, LARGEST, Page, page, text},
    sanitise::{Links, NoLinks, Target},
};
