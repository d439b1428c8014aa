//! What templates make new things from: files that are rendered, and are not for the catalog before.

use std::collections::HashSet;

use serde_json::Value;

use super::look::is_meant;
use crate::catalog::{
    ports::{Begin, OpenSource, join},
    yaml,
};

/// How many files are looked into for templates, and how large each may be.
const MOST: usize = 1000;
const LARGEST: u64 = 256 * 1024;

/// What the templates of a source fetch from beside them.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Folders or files, each with the template that fetches it.
    fetched: Vec<(String, String)>,
    templates: HashSet<String>,
}

impl Contents {
    /// What is fetched by the templates among these files.
    pub(super) async fn of(source: &dyn OpenSource, files: &[String]) -> Self {
        let mut likely: Vec<&String> = files.iter().collect();
        likely.sort_by_key(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            (!name.contains("template"), Begin::is_usual(path))
        });
        let mut contents = Self::default();
        for path in likely.into_iter().take(MOST) {
            // What cannot be read is told of by whoever reads it.
            if let Ok(text) = source.read(path, LARGEST).await {
                contents.note(&source.root(path), path, &text);
            }
        }
        contents
    }

    /// Looks at a file of a folder or repository that stands in `root`.
    fn note(&mut self, root: &str, path: &str, text: &[u8]) {
        // Most files are none, and reading them as YAML is dear.
        let speaks = |word: &str| text.windows(word.len()).any(|part| part == word.as_bytes());
        if !speaks("Template") || !speaks("fetch:") {
            return;
        }
        let documents = yaml::read(text, &yaml::Limits::default()).unwrap_or_default();
        for document in documents.into_iter().flatten().map(|document| document.value) {
            if document["kind"] != "Template" || !is_meant(&document) {
                continue;
            }
            self.templates.insert(path.to_owned());
            let fetched = fetched(&document).filter_map(|url| beside(path, url));
            // The whole of it is no content.
            let fetched = fetched.filter(|fetched| !is_in(root, fetched));
            self.fetched.extend(fetched.map(|fetched| (fetched, path.to_owned())));
        }
    }

    /// Why a file is not for the catalog before it is rendered; nothing of others.
    pub(super) fn why(&self, path: &str) -> Option<String> {
        let meant = "name it in the `targets` of a Location if it is meant for the catalog as it is";
        let by = self.fetched.iter().find(|(fetched, template)| {
            let is_beside = self.templates.contains(path) && is_in(template, fetched);
            is_in(path, fetched) && !is_beside
        });
        if let Some((_, template)) = by {
            return Some(format!("left out: the template in `{template}` renders it; {meant}"));
        }
        if path.contains("${{") {
            return Some(format!(
                "left out: its path holds an expression, `${{{{`, for a template to fill in; {meant}"
            ));
        }
        let folder = path.split('/').rev().skip(1).find(|folder| ["skeleton", "skeletons"].contains(folder))?;
        Some(format!("left out: what stands in a folder called `{folder}` is for templates to render; {meant}"))
    }
}

/// What the steps of a template fetch, as it is written.
fn fetched(template: &Value) -> impl Iterator<Item = &str> {
    let steps = template["spec"]["steps"].as_array().into_iter().flatten();
    let fetching = steps.filter(|step| step["action"].as_str().is_some_and(|action| action.starts_with("fetch:")));
    fetching.filter_map(|step| step["input"]["url"].as_str())
}

/// The file or folder of the same source that a template at `path` means.
fn beside(path: &str, url: &str) -> Option<String> {
    if url.is_empty() || url.contains("://") {
        return None;
    }
    let Some((fixed, _)) = url.split_once("${{") else { return join(path, url).ok() };
    // Which one of a folder it is shows when somebody answers; where that folder is the template's own, anything may be meant.
    let (folder, _) = fixed.rsplit_once('/')?;
    join(path, folder).ok().filter(|folder| !is_in(path, folder))
}

/// Whether a path is this one, or below it.
fn is_in(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(input: &str) -> String {
        format!(
            "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nspec:\n  steps:\n    - action: fetch:template\n      input: {input}\n"
        )
    }

    fn contents_of(files: &[(&str, &str)]) -> Contents {
        let mut contents = Contents::default();
        for (path, text) in files {
            contents.note("", path, text.as_bytes());
        }
        contents
    }

    #[test]
    fn only_a_template_has_content_and_only_where_it_fetches_from() {
        let json = r#"{"apiVersion": "scaffolder.backstage.io/v1beta3", "kind": "Template", "spec": {"steps": [{"action": "fetch:plain", "input": {"url": "./content"}}]}}"#;
        for (path, text, fetched) in [
            ("template.yaml", template("{url: ./content}"), &["content"][..]),
            ("t/rust-service.yaml", template("{url: ./skeleton/base/} # the skeleton"), &["t/skeleton/base"]),
            ("t/template.yml", template("{\"url\": '../shared'}"), &["shared"]),
            ("t/template.yaml", template("{url: './kinds/${{ parameters.kind }}'}"), &["t/kinds"]),
            ("t/template.yaml", template("{url: './${{ parameters.kind }}'}"), &[]),
            ("t/template.yaml", template("{url: https://git.example/a/b}"), &[]),
            ("t/template.yaml", template("{values: {url: ./docs}}"), &[]),
            ("t/template.yaml", template("{url: ./content}").replace("fetch:template", "debug:log"), &[]),
            ("t/template.yaml", template("{url: ./}"), &["t"]),
            ("template.yaml", template("{url: .}"), &[]),
            ("t/template.yaml", json.to_owned(), &["t/content"]),
            (
                "t/template.yaml",
                template("{url: ./content}").replace("scaffolder.backstage", "template.openshift"),
                &[],
            ),
            ("backend/template.yaml", "AWSTemplateFormatVersion: '2010-09-09'\n".to_owned(), &[]),
        ] {
            let contents = contents_of(&[(path, &text)]);
            let found: Vec<&String> = contents.fetched.iter().map(|(fetched, _)| fetched).collect();
            assert_eq!(found, fetched, "{path}: {text}");
        }
    }

    #[test]
    fn what_is_for_a_template_to_render_is_told_from_the_rest() {
        let (content, own) = (template("{url: ./content}"), template("{url: ./}"));
        let contents =
            contents_of(&[("t/template.yaml", &content), ("u/template.yaml", &own), ("u/other/template.yaml", &own)]);
        let why = |path: &str| contents.why(path).unwrap_or_default();
        assert!(why("t/content/catalog-info.yaml").contains("the template in `t/template.yaml`"));
        assert!(why("u/catalog-info.yaml").contains("the template in `u/template.yaml`"));
        assert!(why("s/skeleton/catalog-info.yaml").contains("a folder called `skeleton`"));
        assert!(why("s/${{ values.name }}/catalog-info.yaml").contains("its path holds an expression, `${{`"));
        for path in ["t/catalog-info.yaml", "t/contents/a.yaml", "u/template.yaml", "u/other/template.yaml", "skeleton"]
        {
            assert_eq!(why(path), "", "{path}");
        }
    }
}
