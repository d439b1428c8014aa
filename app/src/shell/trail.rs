//! Breadcrumbs: where a page is, read from its address.

use domain::catalog::DEFAULT_NAMESPACE;

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

fn section(name: &str) -> (String, String) {
    (capital(name), format!("/{name}"))
}

fn list_of(kind: &str) -> (String, String) {
    (plural(kind), format!("/catalog?kind={kind}"))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The heading of a list of a kind of entity.
pub(crate) fn plural(kind: &str) -> String {
    match kind.to_lowercase().as_str() {
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
        assert_eq!(read("/sources/7/file", None), "Sources › Source › File");
    }

    #[test]
    fn the_page_itself_is_not_a_link() {
        let crumbs = trail("/catalog/default/component/x/relations", None);
        assert_eq!(crumbs[1].href.as_deref(), Some("/catalog?kind=component"));
        assert_eq!(crumbs[2].href, None);
    }
}
