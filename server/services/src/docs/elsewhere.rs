//! What pages lead to beyond their site: a file of the code, a folder beside the docs. None of it is kept, only where people
//! look at it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::gather::GatheredFile;
use crate::catalog::ports::{OpenSource, ReadProblem};

/// How many addresses of a site are looked for in its source.
const MOST: usize = 2_000;

/// Notes the files and folders that pages lead to and that are none of theirs.
///
/// # Errors
/// What an unreachable source says; one without folders is left alone.
pub(super) async fn add(
    source: &dyn OpenSource,
    files: &mut BTreeMap<String, GatheredFile>,
) -> Result<(), ReadProblem> {
    let mut wanted = BTreeSet::new();
    for (path, page) in files.iter().filter(|(_, file)| file.kind == "page") {
        let text = String::from_utf8_lossy(&page.content);
        let beyond = addresses(&text).map(|address| (led(path, address), page.whole.clone(), address.to_owned()));
        wanted.extend(beyond.filter(|(path, ..)| !files.contains_key(path)).take(MOST));
        if wanted.len() >= MOST {
            break;
        }
    }
    let Some((_, from, _)) = wanted.first() else { return Ok(()) };
    let is_shown = |path: &str| source.place(path).view.is_some_and(|view| view.starts_with("http"));
    if !is_shown(from) {
        return Ok(());
    }
    let there = match source.list(&source.resolve(from, "/")?).await {
        Ok(there) => there,
        Err(ReadProblem::Unreachable(why)) => return Err(ReadProblem::Unreachable(why)),
        Err(_) => return Ok(()),
    };
    let mut known = HashSet::new();
    for file in &there {
        let mut path = file.path.as_str();
        while known.insert(path) {
            let Some((folder, _)) = path.rsplit_once('/') else { break };
            path = folder;
        }
    }
    for (path, from, address) in wanted {
        let Ok(whole) = source.resolve(&from, &address) else { continue };
        if known.contains(whole.as_str()) {
            files.insert(path, GatheredFile::other(source.place(&whole).view, whole));
        }
    }
    Ok(())
}

/// Where an address on the page at `from` leads, from the folder of the site: `../src/main.rs` for what is beyond it.
pub fn led(from: &str, address: &str) -> String {
    let mut parts: Vec<&str> = if address.starts_with('/') {
        Vec::new()
    } else {
        from.rsplit_once('/').map(|(folder, _)| folder.split('/').collect()).unwrap_or_default()
    };
    for part in address.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The relative addresses in a page, and now and then a text that only looks like one.
fn addresses(markdown: &str) -> impl Iterator<Item = &str> {
    let starts = ["](", "]: ", "href=\""].into_iter().flat_map(|mark| markdown.match_indices(mark));
    starts.filter_map(|(at, mark)| {
        let text = markdown[at + mark.len()..].trim_start_matches(['<', ' ']);
        let end = text.find([')', '>', '"', '#', '?', ' ', '\n', '\r'])?;
        let address = &text[..end];
        (!address.is_empty() && address.len() < 500 && !address.contains(':') && !address.starts_with('/'))
            .then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_are_found() {
        let text = "[a](x.md) [b](<../src/a b.rs> \"t\") ![c](i.png)\n[d]: ../LICENSE\n<a href=\"../up/#x\">e</a> [f](https://x/y) [g](#z) [h](/root) [i](m.md?x)\n";
        let found: BTreeSet<&str> = addresses(text).collect();
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            ["../LICENSE", "../src/a", "../up/", "i.png", "m.md", "x.md"]
        );
    }

    #[test]
    fn addresses_lead_from_the_page_they_stand_on() {
        for (from, address, expected) in [
            ("index.md", "a/b.md", "a/b.md"),
            ("guide/x.md", "../y.md", "y.md"),
            ("guide/x.md", "../../src/./main.rs", "../src/main.rs"),
            ("index.md", "../../../x", "../../../x"),
            ("guide/x.md", "/y.md", "y.md"),
            ("guide/x.md", "", "guide"),
        ] {
            assert_eq!(led(from, address), expected, "{from} {address}");
        }
    }
}
