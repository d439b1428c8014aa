//! What the pages of sources and their inboxes are drawn from.

use domain::catalog::{Dispute, EntityRef, FileProblem, Orphan, Source, SourceFile, Webhook};
use serde::{Deserialize, Serialize};

/// How many rows a page of an inbox has.
pub(crate) const ROWS: u32 = 50;

/// How much waits in each inbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sizes {
    pub(crate) sources: u32,
    pub(crate) troubles: u32,
    pub(crate) disputes: u32,
    pub(crate) orphans: u32,
}

/// One sync, drawn as a bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bar {
    /// When it began.
    pub(crate) at: i64,
    /// How long it took.
    pub(crate) took: String,
    pub(crate) read: u32,
    pub(crate) changed: u32,
    pub(crate) rejected: u32,
    /// Why the source could not be read, or why nothing else is told.
    pub(crate) problem: Option<String>,
    /// Whether its numbers are left out.
    pub(crate) is_narrowed: bool,
}

/// A source in the list of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceRow {
    pub(crate) source: Source,
    pub(crate) bars: Vec<Bar>,
    /// Who registered it, where its people count although nobody said so.
    pub(crate) unasked: Option<String>,
    /// When it is synced next by itself.
    pub(crate) next: Option<i64>,
}

/// The list of sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourcesView {
    /// A page of those that were asked for.
    pub(crate) rows: Vec<SourceRow>,
    /// How many were asked for.
    pub(crate) total: u32,
    /// How many of all need someone.
    pub(crate) troubled: u32,
    /// How much all of them declare.
    pub(crate) things: u32,
    pub(crate) sizes: Sizes,
}

/// The page of one source.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SourceView {
    pub(crate) row: SourceRow,
    /// The credential that covers it, and where its secret is.
    pub(crate) credential: Option<(String, String)>,
    /// As many as are listed of those that were looked for, how many those are, and how many there are in all.
    pub(crate) files: (Vec<SourceFile>, usize, usize),
    /// Files whose text is kept.
    pub(crate) texts: Vec<String>,
    /// Names that it has in common with others; each with why the one who looks may not settle it.
    pub(crate) disputes: Vec<(Dispute, String)>,
    pub(crate) webhook: Webhook,
    /// How many things it let go of.
    pub(crate) orphans: u32,
    /// Days that an orphan stays in sight.
    pub(crate) orphan_days: u32,
    /// Minutes between two syncs, unless the source says otherwise.
    pub(crate) default_minutes: u32,
    /// Why the one who looks may not change it, as HTML; empty for whoever may.
    pub(crate) may_not: String,
    /// Why they do not decide which people and teams of it count, as HTML; empty for whoever does.
    pub(crate) may_not_trust: String,
}

/// A document that should be mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TroubleRow {
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) path: String,
    pub(crate) problem: FileProblem,
    pub(crate) reference: Option<EntityRef>,
    /// Whether there is a page of it.
    pub(crate) is_known: bool,
    pub(crate) owner: Option<EntityRef>,
    /// Whether its text is kept.
    pub(crate) has_text: bool,
    /// Where people change the file.
    pub(crate) edit: Option<String>,
}

/// The inbox of what should be mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TroublesView {
    pub(crate) sizes: Sizes,
    /// How many each team has.
    pub(crate) owners: Vec<(Option<EntityRef>, u32)>,
    pub(crate) rows: Vec<TroubleRow>,
    pub(crate) total: u32,
    /// What the one source reads that is asked for.
    pub(crate) source: Option<String>,
}

/// The inbox of names that are declared twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DisputesView {
    pub(crate) sizes: Sizes,
    /// Each with why the one who looks may not settle it, as HTML; empty for whoever may.
    pub(crate) rows: Vec<(Dispute, String)>,
    pub(crate) total: u32,
}

/// The inbox of what nothing declares any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrphansView {
    pub(crate) sizes: Sizes,
    /// Each with why the one who looks may not settle it, as HTML; empty for whoever may.
    pub(crate) rows: Vec<(Orphan, String)>,
    pub(crate) total: u32,
    /// The one source that is asked for, and what it reads or read.
    pub(crate) source: Option<(String, String)>,
    /// Why the one who looks may not settle all of that source at once.
    pub(crate) may_not: String,
}

/// The page of a file's text.
pub(crate) fn text_page(source: &str, path: &str) -> String {
    format!("/sources/{source}/file?path={}", encoded(path))
}

/// A text as a value in an address.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for half in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_fits_into_an_address() {
        assert_eq!(text_page("7", "a b/c&d=é#.yaml"), "/sources/7/file?path=a%20b/c%26d%3D%C3%A9%23.yaml");
    }
}
