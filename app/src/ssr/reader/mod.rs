//! Sides of an entity that are read: definitions of APIs, documentation, sources. They are written as HTML here, once, and the browser
//! takes them as they are: what they are made of never becomes a part of the bundle.
//!
//! Everything in them was written by authors nobody knows: text goes through [`prose::escape`], Markdown through [`prose::page`].

pub(super) mod definition;
mod detail;
pub(super) mod docs;
mod links;
mod navigation;
mod remotes;
pub(super) mod source;

use std::fmt::Write as _;

use domain::letters::capital;
use prose::escape;

/// A part of an address, as an address carries it.
fn encoded(part: &str) -> String {
    part.bytes().fold(String::with_capacity(part.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// A path, as an address carries it.
/// An address, which may ask for something already, that asks for something besides.
fn asking(address: &str, what: &str) -> String {
    let sign = if address.contains('?') { '&' } else { '?' };
    format!("{address}{sign}{what}")
}

fn encoded_path(path: &str) -> String {
    path.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

/// A remark in a frame.
fn note(tone: &str, text: &str) -> String {
    let (role, class) = match tone {
        "error" => (" role=\"alert\"", "note note-error"),
        "warning" => ("", "note note-warning"),
        _ => ("", "note note-info"),
    };
    format!("<div class=\"{class}\"{role}><p class=\"break-words\">{}</p></div>", escape(&sentence(text)))
}

/// A message as a sentence.
fn sentence(text: &str) -> String {
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    capital(text) + stop
}

/// A number and what it counts.
fn counted(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}
