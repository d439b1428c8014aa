//! The fields of a source: each kind has its own, and together they make its target.

use std::collections::HashMap;

use domain::catalog::SourceKind;
use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::inbox_views::encoded;
use crate::ui::{CheckField, TextField};

/// The kinds, in the order of their tabs.
pub(super) const KINDS: [(SourceKind, &str); 7] = [
    (SourceKind::File, "On this server"),
    (SourceKind::Git, "Git repository"),
    (SourceKind::Url, "Web address"),
    (SourceKind::GitHub, "GitHub"),
    (SourceKind::GitLab, "GitLab"),
    (SourceKind::Gitea, "Gitea, Forgejo"),
    (SourceKind::Kubernetes, "Kubernetes"),
];

/// What of an organisation is read.
const OF_ORGANISATION: [&str; 6] = ["file", "names", "topics", "archived", "forks", "people"];

/// What of a repository is read.
const OF_REPOSITORY: [&str; 2] = ["ref", "path"];

/// What of a cluster is read.
const OF_CLUSTER: [&str; 5] = ["namespaces", "selector", "kinds", "owner", "lifecycle"];

fn of_kind(kind: SourceKind) -> &'static [&'static str] {
    match kind {
        SourceKind::Kubernetes => &OF_CLUSTER,
        SourceKind::Git => &OF_REPOSITORY,
        kind if kind.is_organisation() => &OF_ORGANISATION,
        _ => &[],
    }
}

/// The kind and the target that the fields of a form mean.
pub(super) fn question(query: &ParamsMap) -> (SourceKind, String) {
    let kind = query.get_str("kind").and_then(|kind| kind.parse().ok()).unwrap_or(SourceKind::File);
    let mut target = query.get_str("target").unwrap_or_default().trim().to_owned();
    if target.is_empty() {
        return (kind, target);
    }
    for name in of_kind(kind) {
        let value = query.get_str(name).unwrap_or_default().trim();
        if !value.is_empty() {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.extend([name, "=", &encoded(value)]);
        }
    }
    (kind, target)
}

/// What stands in the fields.
pub(super) fn said(query: &ParamsMap) -> HashMap<&'static str, String> {
    let all = OF_ORGANISATION.into_iter().chain(OF_CLUSTER).chain(OF_REPOSITORY).chain(["target"]);
    all.map(|name| (name, query.get_str(name).unwrap_or_default().to_owned())).collect()
}

/// The fields of one kind, filled in.
#[component]
pub(super) fn SourceFields(kind: SourceKind, said: HashMap<&'static str, String>) -> impl IntoView {
    let value = |name: &str| said.get(name).cloned().unwrap_or_default();
    let (label, placeholder, help) = match kind {
        SourceKind::File => {
            ("Path", "/srv/catalog/**/catalog-info.yaml", "A file, a folder or a pattern on the server's disk")
        }
        SourceKind::Git => (
            "Address",
            "https://git.example.com/quay/fares.git",
            "By https or ssh, also as git@host:path, or a path on this server; or the page of a folder or a file at a forge",
        ),
        SourceKind::Url => {
            ("Address", "https://example.com/catalog-info.yaml", "A YAML document, or a file at a known forge")
        }
        SourceKind::GitHub => {
            ("Organisation", "https://github.com/saltmarsh", "As people open it; of an own server too")
        }
        SourceKind::GitLab => {
            ("Group", "https://gitlab.com/saltmarsh/quays", "As people open it; the groups below it are read too")
        }
        SourceKind::Gitea => {
            ("Organisation", "https://codeberg.org/saltmarsh", "As people open it, at Gitea or Forgejo")
        }
        SourceKind::Kubernetes => ("Cluster", "harbour", "The NAME of a [clusters.NAME] in the configuration"),
    };
    let more = match kind {
        SourceKind::Git => view! {
            <TextField name="ref" label="Branch or tag" value=value("ref") mono=true max_length=300 placeholder="main" help="The one that it opens with where none is named"/>
            <TextField name="path" label="Folder or file" value=value("path") mono=true max_length=1000 placeholder="services/*/catalog-info.yaml" help="In the repository; a pattern finds several; all of it where none is named"/>
        }
        .into_any(),
        SourceKind::Kubernetes => view! {
            <TextField name="namespaces" label="Namespaces" value=value("namespaces") mono=true max_length=11000 placeholder="shop, quay" help="All where none is named"/>
            <TextField name="selector" label="Labels" value=value("selector") mono=true max_length=1000 placeholder="app.kubernetes.io/part-of=ferry" help="As kubectl -l takes them"/>
            <TextField name="owner" label="Owner" value=value("owner") mono=true max_length=200 placeholder="group:default/quay" help="Of what names none by causeway.dev/owner"/>
        }
        .into_any(),
        kind if kind.is_organisation() => view! {
            <TextField name="file" label="Catalog file" value=value("file") mono=true max_length=300 placeholder="catalog-info.yaml" help="In each repository; a pattern such as services/*/catalog-info.yaml finds several"/>
            <TextField name="names" label="Repositories" value=value("names") mono=true max_length=11000 placeholder="ferry-*, !ferry-archive" help="All where none is named; * stands for any text, ! leaves out"/>
            <TextField name="topics" label="Topics" value=value("topics") mono=true max_length=11000 help="Only repositories with one of them"/>
            <div class="grid gap-2">
                <CheckField name="people" label="Teams and members" checked=value("people") == "true" help="As groups and users"/>
                <CheckField name="archived" label="Archived repositories too" checked=value("archived") == "true"/>
                <CheckField name="forks" label="Forks too" checked=value("forks") == "true"/>
            </div>
        }
        .into_any(),
        _ => ().into_any(),
    };
    view! {
        <input type="hidden" name="kind" value=kind.as_str()/>
        <TextField name="target" label value=value("target") required=true mono=true max_length=2000 placeholder help/>
        {more}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_a_target() {
        let target = |fields: &[(&str, &str)]| {
            let mut query = ParamsMap::new();
            for (name, value) in fields {
                query.insert((*name).to_owned(), (*value).to_owned());
            }
            question(&query).1
        };
        let organisation = [
            ("kind", "github"),
            ("target", " https://github.com/o "),
            ("names", "a*, b"),
            ("people", "true"),
            ("forks", ""),
        ];
        assert_eq!(target(&organisation), "https://github.com/o?names=a%2A%2C%20b&people=true");
        let repository = [("kind", "git"), ("target", "/srv/fares.git"), ("ref", "release/1.x"), ("path", "a b")];
        assert_eq!(target(&repository), "/srv/fares.git?ref=release/1.x&path=a%20b");
        assert_eq!(target(&[("kind", "file"), ("target", "/srv"), ("names", "x")]), "/srv");
        assert_eq!(
            target(&[("kind", "kubernetes"), ("target", "harbour"), ("selector", "a=b")]),
            "harbour?selector=a%3Db"
        );
    }
}
