//! Breadcrumbs: where a page is, read from its address.

use domain::{
    catalog::DEFAULT_NAMESPACE,
    letters::{capital, lower},
};

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crumb {
    pub(super) label: String,
    /// None for the page itself.
    pub(super) href: Option<String>,
}

/// The way to the page at `path`; `kind` is the list's kind, if the address names one.
pub(super) fn trail(path: &str, kind: Option<&str>) -> Vec<Crumb> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut crumbs = match parts.as_slice() {
        [] => vec![("Home".to_owned(), "/".to_owned())],
        ["catalog"] => {
            let mut crumbs = vec![section("catalog")];
            // A list is of components unless its address says otherwise.
            let kind = kind.filter(|kind| !kind.is_empty()).unwrap_or("component");
            crumbs.extend((kind != "all" && !kind.contains(',')).then(|| list_of(kind)));
            crumbs
        }
        ["catalog", namespace, kind, name, ..] => {
            let name = if *namespace == DEFAULT_NAMESPACE { (*name).to_owned() } else { format!("{namespace}/{name}") };
            vec![
                section("catalog"),
                list_of(kind),
                (name, parts[..4].iter().fold(String::new(), |path, part| path + "/" + part)),
            ]
        }
        ["sources", "new"] => vec![section("sources"), ("Register".to_owned(), String::new())],
        ["sources", "problems"] => vec![section("sources"), ("To mend".to_owned(), String::new())],
        ["sources", "conflicts"] => vec![section("sources"), ("Declared twice".to_owned(), String::new())],
        ["sources", "orphans"] => vec![section("sources"), ("Orphans".to_owned(), String::new())],
        ["sources", "credentials"] => vec![section("sources"), ("Credentials".to_owned(), String::new())],
        ["sources", id, "file"] => vec![
            section("sources"),
            ("Source".to_owned(), format!("/sources/{id}")),
            ("File".to_owned(), String::new()),
        ],
        ["sources", "explain"] => vec![section("sources"), ("Explain".to_owned(), String::new())],
        ["sources", _] => vec![section("sources"), ("Source".to_owned(), String::new())],
        ["may"] => vec![("Who may".to_owned(), "/may".to_owned())],
        ["audit"] => vec![("Audit log".to_owned(), "/audit".to_owned())],
        ["roles", "unused"] => vec![section("roles"), ("Use of roles".to_owned(), String::new())],
        ["account", "tokens"] => vec![section("account"), ("Tokens".to_owned(), String::new())],
        ["people", "tokens"] => vec![section("people"), ("Service tokens".to_owned(), String::new())],
        ["runs", number, ..] => vec![section("runs"), (format!("#{number}"), String::new())],
        ["create", _, name, ..] => vec![section("create"), ((*name).to_owned(), String::new())],
        [first, .., last] => vec![section(first), ((*last).to_owned(), String::new())],
        [first] => vec![section(first)],
    };
    // An entity's tabs are not places of their own.
    let last = crumbs.pop().map(|(label, _)| Crumb { label, href: None });
    crumbs.into_iter().map(|(label, href)| Crumb { label, href: Some(href) }).chain(last).collect()
}

/// Where it is said who can do what with the thing that the page at `path` shows; none for pages that show no one thing.
pub(super) fn question(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (permission, on) = match parts.as_slice() {
        ["catalog", namespace, "template", name, ..] | ["create", namespace, name, ..] => {
            ("startRun", format!("template:{namespace}/{name}"))
        }
        ["catalog", namespace, kind, name, ..] => ("manageSources", format!("{kind}:{namespace}/{name}")),
        ["sources", id, ..] if id.len() == 36 => ("manageSources", format!("source:{id}")),
        ["runs", number, ..] => ("steerRun", format!("run:{number}")),
        _ => return None,
    };
    // What is in no name needs no escape, and what is in no name is no thing.
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:/".contains(letter);
    on.chars().all(is_plain).then(|| format!("/may?permission={permission}&on={on}"))
}

fn section(name: &str) -> (String, String) {
    (capital(name), format!("/{name}"))
}

fn list_of(kind: &str) -> (String, String) {
    (plural(kind), format!("/catalog?kind={kind}"))
}

/// The heading of a list of a kind of entity.
pub(crate) fn plural(kind: &str) -> String {
    match lower(kind).as_str() {
        "api" => "APIs".to_owned(),
        "entitykind" => "Kinds".to_owned(),
        "airesource" => "AI resources".to_owned(),
        lower if lower.ends_with('y') => format!("{}ies", capital(&lower[..lower.len() - 1])),
        lower => format!("{}s", capital(lower)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, kind: Option<&str>) -> String {
        trail(path, kind).into_iter().map(|crumb| crumb.label).collect::<Vec<_>>().join(" › ")
    }

    #[test]
    fn an_address_tells_where_it_is() {
        assert_eq!(read("/", None), "Home");
        assert_eq!(read("/catalog", None), "Catalog › Components");
        assert_eq!(read("/catalog", Some("all")), "Catalog");
        assert_eq!(read("/catalog/default/api/fares/yaml", None), "Catalog › APIs › fares");
        assert_eq!(read("/catalog/harbour/group/quay", None), "Catalog › Groups › harbour/quay");
        assert_eq!(read("/runs/4823", None), "Runs › #4823");
        assert_eq!(read("/sources/new", None), "Sources › Register");
        assert_eq!(read("/sources/orphans", None), "Sources › Orphans");
        assert_eq!(read("/roles/unused", None), "Roles › Use of roles");
        assert_eq!(read("/sources/7/file", None), "Sources › Source › File");
        assert_eq!((read("/may", None), read("/audit", None)), ("Who may".to_owned(), "Audit log".to_owned()));
    }

    #[test]
    fn a_page_of_one_thing_asks_who_can_do_what_with_it() {
        let asks = [
            ("/catalog/default/component/quay/docs/a/b", "manageSources&on=component:default/quay"),
            ("/catalog/default/template/paper", "startRun&on=template:default/paper"),
            ("/create/default/paper", "startRun&on=template:default/paper"),
            ("/runs/12", "steerRun&on=run:12"),
            (
                "/sources/0f6c2a52-7a5e-4a53-9b59-3a2f5a0f2b11/file",
                "manageSources&on=source:0f6c2a52-7a5e-4a53-9b59-3a2f5a0f2b11",
            ),
        ];
        for (path, expected) in asks {
            assert_eq!(question(path), Some(format!("/may?permission={expected}")), "{path}");
        }
        for path in ["/", "/catalog", "/runs", "/sources/new", "/catalog/default/component/a&who=b"] {
            assert_eq!(question(path), None, "{path}");
        }
    }

    #[test]
    fn the_page_itself_is_not_a_link() {
        let crumbs = trail("/catalog/default/component/x/relations", None);
        assert_eq!(crumbs[1].href.as_deref(), Some("/catalog?kind=component"));
        assert_eq!(crumbs[2].href, None);
    }
}
