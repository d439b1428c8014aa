//! What pages lead to beyond their site: a file of the code, a folder beside the docs. None of it is kept, only where people
//! look at it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::gather::GatheredFile;
use crate::catalog::ports::{OpenSource, ReadProblem};

/// How many addresses of a site are looked for in its source.
const MOST: usize = 2_000;

/// Notes the files and folders that pages lead to and that are none of theirs, and those of theirs that they call otherwise:
/// a README that stands in for the first page names what is in `docs` by that folder.
///
/// # Errors
/// What an unreachable source says; one without folders is left alone.
pub(super) async fn add(
    source: &dyn OpenSource,
    files: &mut BTreeMap<String, GatheredFile>,
) -> Result<(), ReadProblem> {
    let wanted = wanted(source, files);
    let Some(from) = wanted.values().next() else { return Ok(()) };
    let own: HashMap<&str, &str> = files.iter().map(|(path, file)| (file.whole.as_str(), path.as_str())).collect();
    let is_shown = source.place(from).view.is_some_and(|view| view.starts_with("http"));
    let root = if is_shown { source.resolve(from, "/").ok() } else { None };
    let there = match root {
        Some(root) => match source.list(&root).await {
            Ok(there) => there,
            Err(ReadProblem::Unreachable(why)) => return Err(ReadProblem::Unreachable(why)),
            Err(_) => Vec::new(),
        },
        None => Vec::new(),
    };
    let mut known = HashSet::new();
    for file in &there {
        let mut path = file.path.as_str();
        while known.insert(path) {
            let Some((folder, _)) = path.rsplit_once('/') else { break };
            path = folder;
        }
    }
    let mut found = Vec::new();
    for (path, whole) in &wanted {
        if let Some(own) = own.get(whole.as_str()) {
            found.push((path.clone(), GatheredFile::same((*own).to_owned(), whole.clone())));
        } else if known.contains(whole.as_str()) {
            found.push((path.clone(), GatheredFile::other(source.place(whole).view, whole.clone())));
        }
    }
    files.extend(found);
    Ok(())
}

/// What pages name that is no file of the site: by its path from the site's folder, the path in the source.
fn wanted(source: &dyn OpenSource, files: &BTreeMap<String, GatheredFile>) -> BTreeMap<String, String> {
    let mut wanted = BTreeMap::new();
    for (path, page) in files.iter().filter(|(_, file)| file.kind == "page") {
        let text = String::from_utf8_lossy(&page.content);
        for address in addresses(&text) {
            if wanted.len() >= MOST {
                return wanted;
            }
            let there = led(path, address);
            if !files.contains_key(&there)
                && let Ok(whole) = source.resolve(&page.whole, address)
            {
                wanted.entry(there).or_insert(whole);
            }
        }
    }
    wanted
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
    use std::collections::BTreeSet;

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
