//! Packs: files that hold several modules one after the other, so that a page asks for a handful of files and not for forty.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use crate::Result;

/// Which part is served first where a pack has to choose: what people open most should carry nothing for others.
const ORDER: [&str; 3] = ["list", "home", "entity"];

/// Modules that are used by the same parts travel alone from this size on, in bytes; smaller ones with their neighbours.
const WORTH_A_REQUEST: usize = 16 * 1024;

/// Goes before the script that fetches parts.
pub(crate) const FETCH: &str = include_str!("fetch.js");

/// Several modules in one file.
pub(crate) struct Pack {
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
    /// Where each module is in `content`.
    pub(crate) places: Vec<(String, Range<usize>)>,
    /// The parts that need it.
    pub(crate) parts: BTreeSet<String>,
}

/// Puts every module into one pack. `parts`: the modules that each part needs; `modules`: their content.
pub(crate) fn pack(parts: &BTreeMap<String, Vec<String>>, modules: BTreeMap<String, Vec<u8>>) -> Vec<Pack> {
    let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (part, needed) in parts {
        for module in needed {
            users.entry(module).or_default().insert(part);
        }
    }
    let mut shared: BTreeMap<&BTreeSet<&str>, usize> = BTreeMap::new();
    for (module, users) in &users {
        *shared.entry(users).or_default() += modules.get(*module).map_or(0, Vec::len);
    }
    let rank = |part: &str| ORDER.iter().position(|first| *first == part).unwrap_or(ORDER.len());
    let mut packs: BTreeMap<String, Pack> = BTreeMap::new();
    for (module, content) in &modules {
        let Some(users) = users.get(module.as_str()) else { continue };
        let first = users.iter().min_by_key(|part| (rank(part), **part)).copied().unwrap_or_default();
        let name = if users.len() == 1 {
            first.to_owned()
        } else if shared.get(users).is_some_and(|size| *size >= WORTH_A_REQUEST) {
            users.iter().copied().collect::<Vec<_>>().join("-")
        } else {
            format!("{first}-and-others")
        };
        let pack = packs.entry(name.clone()).or_insert_with(|| Pack {
            name,
            content: Vec::new(),
            places: Vec::new(),
            parts: BTreeSet::new(),
        });
        let start = pack.content.len();
        pack.content.extend(content);
        pack.places.push((module.clone(), start..pack.content.len()));
        pack.parts.extend(users.iter().map(ToString::to_string));
    }
    packs.into_values().collect()
}

/// Has the script that fetches parts cut `module` out of `pack`.
pub(crate) fn redirect(script: &str, module: &str, pack: &str, place: &Range<usize>) -> Result<String> {
    let address = format!("fetch(new URL(\"./{module}.wasm\", import.meta.url));");
    let broken =
        || format!("the script that fetches parts no longer fetches `{module}` as it did; see xtask/src/packs.rs");
    let at = script.find(&address).ok_or_else(broken)?;
    // `() => { const src = fetch(…); src.catch(…); return async (imports) => …; }`
    let start = script[..at].rfind("() => {").ok_or_else(broken)?;
    let end = script[at..].find("\n}").map(|end| at + end + 2).ok_or_else(broken)?;
    let Range { start: from, end: to } = place;
    Ok(format!("{}() => fromPack(\"./{pack}\", {from}, {to})\n{}", &script[..start], &script[end..]))
}
