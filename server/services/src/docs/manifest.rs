//! `mkdocs.yml`: the name of a site, where its pages are, and how they are arranged.

use serde_json::Value;

use super::{NavItem, NavTarget};
use crate::catalog::{ports::join, yaml};

/// The largest `mkdocs.yml`, in bytes.
pub(super) const LARGEST: u64 = 256 * 1024;

/// How many entries a navigation has.
const MOST: usize = 2_000;

/// How deep sections stand in each other.
const DEPTH: usize = 8;

/// What pages look the same without.
const SILENT: &[&str] = &[
    "techdocs-core",
    "search",
    "meta",
    "tags",
    "minify",
    "git-revision-date-localized",
    "git-revision-date",
    "git-authors",
    "autorefs",
    "social",
    "offline",
    "privacy",
    "redirects",
    "material/search",
];

/// What changes Markdown in ways that are not done here.
const FOREIGN: &[&str] = &[
    "pymdownx.snippets",
    "pymdownx.arithmatex",
    "plantuml_markdown",
    "mdx_math",
    "markdown_include.include",
    "pymdownx.blocks.caption",
    "pymdownx.blocks.definition",
    "pymdownx.blocks.html",
];

/// What a site says about itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) name: String,
    /// From the folder of `mkdocs.yml`.
    pub(super) docs: String,
    /// Its navigation, if it has one. Paths are those of the pages within the site.
    pub(super) nav: Option<Vec<NavItem>>,
    pub(super) remarks: Vec<String>,
}

/// Reads a `mkdocs.yml`; what is wrong with it is told, and the rest is taken.
pub(super) fn read(bytes: &[u8]) -> Manifest {
    let mut manifest = Manifest { docs: "docs".into(), ..Manifest::default() };
    let text = without_tags(&String::from_utf8_lossy(bytes));
    let limits = yaml::Limits { bytes: LARGEST, documents: 1, nodes: 20_000, text: 1024 * 1024, depth: 32 };
    let value = match yaml::read_one(text.as_bytes(), &limits) {
        Ok(value) => value,
        Err(problem) => {
            manifest.remarks.push(format!("`mkdocs.yml`, {problem}"));
            return manifest;
        }
    };
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    manifest.name = text("site_name").unwrap_or_default().chars().take(200).collect();
    if let Some(docs) = text("docs_dir") {
        docs.clone_into(&mut manifest.docs);
    }
    if let Some(nav) = value.get("nav") {
        let mut left = MOST;
        manifest.nav = Some(items(nav, 0, &mut left, &mut manifest.remarks));
        if left == 0 {
            manifest.remarks.push(format!("the navigation has more than {MOST} entries; the rest is left out"));
        }
    }
    for (key, words) in
        [("INHERIT", "what is inherited is missing"), ("exclude_docs", "the pages that it leaves out are shown")]
    {
        if value.get(key).is_some() {
            manifest.remarks.push(format!("`{key}` of `mkdocs.yml` is not followed: {words}"));
        }
    }
    for (key, words, known) in [("plugins", "plugin", SILENT), ("markdown_extensions", "extension", FOREIGN)] {
        for name in names(value.get(key)) {
            if known.contains(&name) != (key == "plugins") {
                let name: String = name.chars().take(80).collect();
                manifest.remarks.push(format!("the {words} `{name}` is not run; what it would add is missing"));
            }
        }
    }
    manifest
}

/// The names in a list whose entries may have settings.
fn names(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| item.as_str().or_else(|| item.as_object()?.keys().next().map(String::as_str)))
            .take(50)
            .collect(),
        Some(Value::Object(items)) => items.keys().map(String::as_str).take(50).collect(),
        _ => Vec::new(),
    }
}

/// `!!python/name:…` and `!ENV …` name code and variables of another program; nothing that is read here needs them. What stands
/// behind such a tag, or below it, is read like anything else.
fn without_tags(text: &str) -> String {
    const TAGS: [&str; 3] = ["!!python/", "!ENV", "!relative"];
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let mut rest = line;
        while let Some(at) = TAGS.iter().filter_map(|tag| rest.find(tag)).min() {
            let (before, tag) = rest.split_at(at);
            out.push_str(before);
            let end = tag.find([' ', '\t', ',', ']', '}']).unwrap_or(tag.len());
            // In the middle of a word it is a part of it.
            let is_tag = before.is_empty() || before.ends_with([' ', '\t', '[', '{', ',']);
            if !is_tag {
                out.push_str(&tag[..end]);
            }
            rest = &tag[end..];
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

fn items(value: &Value, depth: usize, left: &mut usize, remarks: &mut Vec<String>) -> Vec<NavItem> {
    let mut found = Vec::new();
    if depth >= DEPTH {
        remarks.push(format!("the navigation is more than {DEPTH} sections deep; the rest is left out"));
        return found;
    }
    for item in value.as_array().into_iter().flatten() {
        if *left == 0 {
            break;
        }
        *left -= 1;
        match item {
            Value::String(path) => found.extend(entry(String::new(), path, remarks)),
            Value::Object(pair) => {
                let Some((title, inner)) = pair.iter().next() else { continue };
                let title: String = title.chars().take(200).collect();
                match inner {
                    Value::String(path) => found.extend(entry(title, path, remarks)),
                    Value::Array(_) => {
                        let inner = items(inner, depth + 1, left, remarks);
                        found.push(NavItem { title, to: NavTarget::Section(inner) });
                    }
                    _ => remarks.push(format!("the navigation's `{title}` names neither a page nor a list of pages")),
                }
            }
            _ => remarks.push("an entry of the navigation is neither a page nor a title with one".into()),
        }
    }
    found
}

fn entry(title: String, path: &str, remarks: &mut Vec<String>) -> Option<NavItem> {
    let shown: String = path.chars().take(200).collect();
    if path.starts_with("https://") || path.starts_with("http://") {
        let title = if title.is_empty() { shown } else { title };
        return Some(NavItem { title, to: NavTarget::Link(path.to_owned()) });
    }
    match join("", path.split(['#', '?']).next().unwrap_or_default()) {
        Ok(path) if !path.contains(':') => Some(NavItem { title, to: NavTarget::Page(path) }),
        _ => {
            remarks.push(format!("the navigation's `{shown}` leads out of the docs; it is left out"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn told(items: &[NavItem]) -> String {
        let told = items.iter().map(|item| match &item.to {
            NavTarget::Page(path) => format!("{}→{path}", item.title),
            NavTarget::Link(url) => format!("{}⇒{url}", item.title),
            NavTarget::Section(inner) => format!("{}({})", item.title, self::told(inner)),
        });
        told.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_manifest_is_read_as_far_as_it_goes() {
        let manifest = read(
            b"site_name: Gate\ndocs_dir: ./handbook\nnav:\n  - index.md\n  - Run: ./run/book.md\n  - More:\n      - Out: https://example.com\n      - a.md\n      - Wrong: 3\n  - ../secret.md\n  - Script: javascript:alert(1)\n  - [x]\nplugins: [techdocs-core, monorepo]\nmarkdown_extensions:\n  - pymdownx.snippets: {base_path: x}\n  - toc\n  - pymdownx.emoji:\n      emoji_index: !!python/name:material.extensions.emoji.twemoji\n",
        );
        assert_eq!((manifest.name.as_str(), manifest.docs.as_str()), ("Gate", "./handbook"));
        insta::assert_snapshot!(told(&manifest.nav.unwrap()), @"→index.md, Run→run/book.md, More(Out⇒https://example.com, →a.md)");
        insta::assert_snapshot!(manifest.remarks.join("\n"), @r"
        the navigation's `Wrong` names neither a page nor a list of pages
        the navigation's `../secret.md` leads out of the docs; it is left out
        the navigation's `javascript:alert(1)` leads out of the docs; it is left out
        an entry of the navigation is neither a page nor a title with one
        the plugin `monorepo` is not run; what it would add is missing
        the extension `pymdownx.snippets` is not run; what it would add is missing
        ");
    }

    #[test]
    fn tags_of_python_take_nothing_away() {
        let text = "site_name: !ENV [SITE, Gate]\nmarkdown_extensions:\n  - pymdownx.tabbed:\n      slugify: !!python/object/apply:pymdownx.slugs.slugify\n        kwds:\n          case: lower\n  - pymdownx.superfences:\n      custom_fences:\n        - {name: mermaid, format: !!python/name:pymdownx.superfences.fence_code_format}\n  - toc:\n      slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}\nhooks: !relative $config_dir\nnav:\n  - Start: index.md\n";
        let manifest = read(text.as_bytes());
        assert_eq!((told(&manifest.nav.unwrap()).as_str(), manifest.remarks), ("Start→index.md", Vec::<String>::new()));
        let manifest = read(b"INHERIT: ../base.yml\nexclude_docs: a.md\nmarkdown_extensions: {pymdownx.keys: null, pymdownx.blocks.tab: null}\n");
        insta::assert_snapshot!(manifest.remarks.join("\n"), @"
        `INHERIT` of `mkdocs.yml` is not followed: what is inherited is missing
        `exclude_docs` of `mkdocs.yml` is not followed: the pages that it leaves out are shown
        ");
    }

    #[test]
    fn what_cannot_be_read_is_told_and_costs_little() {
        let told = |text: &str| read(text.as_bytes()).remarks.join("\n");
        assert_eq!(told("nav: [a\n"), "`mkdocs.yml`, line 1, column 6: cannot be read as YAML: unclosed bracket '['");
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for level in 1..30 {
            let before = vec![format!("*a{}", level - 1); 9].join(",");
            writeln!(bomb, "a{level}: &a{level} [{before}]").unwrap();
        }
        assert!(told(&bomb).contains("cannot be read"), "{}", told(&bomb));
        assert!(told(&"[".repeat(100_000)).contains("cannot be read"));
        let deep = format!("nav: {}[a.md]{}", "[{x: ".repeat(9), "}]".repeat(9));
        assert!(told(&deep).contains("deep"), "{}", told(&deep));
        let long = format!("nav:\n{}", "  - a.md\n".repeat(3_000));
        let manifest = read(long.as_bytes());
        assert_eq!(manifest.nav.unwrap().len(), MOST);
    }
}
