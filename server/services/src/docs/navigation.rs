//! How the pages of a site are arranged.

use std::collections::BTreeMap;

use domain::letters::capital;

use super::{NavItem, NavTarget};

/// The part of a portal's address that means a page: `guide/index.md` is `guide`.
pub fn address(path: &str) -> String {
    let bare = path.strip_suffix(".md").or_else(|| path.strip_suffix(".markdown")).unwrap_or(path);
    match bare.rsplit_once('/') {
        Some((folder, "index" | "README")) => folder.to_owned(),
        None if bare == "index" => String::new(),
        _ => bare.to_owned(),
    }
}

/// An author's arrangement, with titles where there were none, without pages that are not there.
pub(super) fn settled(
    items: Vec<NavItem>,
    titles: &BTreeMap<String, String>,
    remarks: &mut Vec<String>,
) -> Vec<NavItem> {
    items
        .into_iter()
        .filter_map(|item| match item.to {
            NavTarget::Page(path) => {
                let Some(own) = titles.get(&path) else {
                    if remarks.len() < 60 {
                        remarks.push(format!("the navigation names `{path}`, which is not there"));
                    }
                    return None;
                };
                let title = if item.title.is_empty() { own.clone() } else { item.title };
                Some(NavItem { title, to: NavTarget::Page(path) })
            }
            NavTarget::Section(inner) => {
                Some(NavItem { title: item.title, to: NavTarget::Section(settled(inner, titles, remarks)) })
            }
            NavTarget::Link(_) => Some(item),
        })
        .collect()
}

#[derive(Default)]
struct Folder<'a> {
    pages: Vec<(&'a str, &'a str)>,
    folders: BTreeMap<&'a str, Folder<'a>>,
}

/// Pages as they stand in their folders, the first page of each folder first.
pub(super) fn by_folder(titles: &BTreeMap<String, String>) -> Vec<NavItem> {
    let mut root = Folder::default();
    for (path, title) in titles {
        let mut at = &mut root;
        let (folders, _) = path.rsplit_once('/').unwrap_or(("", path));
        // As deep as one would want to open.
        for folder in folders.split('/').filter(|folder| !folder.is_empty()).take(8) {
            at = at.folders.entry(folder).or_default();
        }
        at.pages.push((path, title));
    }
    drawn(root)
}

fn drawn(mut folder: Folder<'_>) -> Vec<NavItem> {
    folder.pages.sort_by_key(|(path, _)| (!is_first(path), *path));
    let pages = folder
        .pages
        .into_iter()
        .map(|(path, title)| NavItem { title: title.to_owned(), to: NavTarget::Page(path.to_owned()) });
    let mut items: Vec<NavItem> = pages.collect();
    for (name, inner) in folder.folders {
        items.push(NavItem { title: words(name), to: NavTarget::Section(drawn(inner)) });
    }
    items
}

fn is_first(path: &str) -> bool {
    ["index.md", "README.md"].contains(&path.rsplit('/').next().unwrap_or(path))
}

/// The page that a site begins with.
pub(super) fn home(nav: &[NavItem], titles: &BTreeMap<String, String>) -> Option<String> {
    let usual = ["index.md", "README.md"].into_iter().find(|path| titles.contains_key(*path));
    usual.map(str::to_owned).or_else(|| first(nav)).or_else(|| titles.keys().next().cloned())
}

fn first(nav: &[NavItem]) -> Option<String> {
    nav.iter().find_map(|item| match &item.to {
        NavTarget::Page(path) => Some(path.clone()),
        NavTarget::Section(inner) => first(inner),
        NavTarget::Link(_) => None,
    })
}

/// What a page is called: by its front matter, its first heading, or its file.
pub(super) fn title(path: &str, markdown: &str) -> String {
    let shorten = |title: &str| title.chars().take(200).collect::<String>();
    let mut lines = markdown.lines().take(400).peekable();
    if lines.next_if(|line| line.trim_end() == "---").is_some() {
        for line in lines.by_ref() {
            if line.trim_end() == "---" {
                break;
            }
            if let Some(title) = line.strip_prefix("title:") {
                let title = title.trim().trim_matches(['"', '\'']);
                if !title.is_empty() {
                    return shorten(title);
                }
            }
        }
    }
    let mut in_code = false;
    for line in lines {
        if line.starts_with("```") || line.starts_with("~~~") {
            in_code = !in_code;
        }
        if let Some(title) = line.strip_prefix("# ").filter(|_| !in_code) {
            let title = title.split(" {").next().unwrap_or(title).trim().trim_end_matches('#').trim();
            let title = title.replace(['*', '`'], "");
            if !title.is_empty() {
                return shorten(&title);
            }
        }
    }
    let name = address(path);
    if name.is_empty() {
        return "Home".to_owned();
    }
    words(name.rsplit('/').next().unwrap_or(&name))
}

/// A file's name in words.
fn words(name: &str) -> String {
    capital(&name.replace(['-', '_'], " "))
}

#[cfg(test)]
mod tests {
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
    fn pages_without_an_arrangement_stand_in_their_folders() {
        let titles: BTreeMap<String, String> =
            ["zebra.md", "index.md", "how-to/b.md", "how-to/index.md", "how-to/a.md"]
                .into_iter()
                .map(|path| (path.to_owned(), title(path, "")))
                .collect();
        let nav = by_folder(&titles);
        assert_eq!(
            told(&nav),
            "Home→index.md, Zebra→zebra.md, How to(How to→how-to/index.md, A→how-to/a.md, B→how-to/b.md)"
        );
        assert_eq!(home(&nav, &titles).as_deref(), Some("index.md"));
    }

    #[test]
    fn a_page_is_called_by_its_matter_its_heading_or_its_file() {
        assert_eq!(title("a/run-book.md", "---\ntitle: \"Own\"\n---\n# Other\n"), "Own");
        assert_eq!(title("a/run-book.md", "text\n```\n# no\n```\n# The `real` *one* {#x}\n"), "The real one");
        assert_eq!(title("a/run-book.md", "text"), "Run book");
        assert_eq!(title("a/index.md", ""), "A");
        assert_eq!(
            (address("a/index.md").as_str(), address("a/b.md").as_str(), address("README.md").as_str()),
            ("a", "a/b", "README")
        );
    }
}
