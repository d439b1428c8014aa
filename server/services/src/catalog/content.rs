//! What a template makes its new things from: files that are rendered, and are not for the catalog before.

use super::ports::join;

/// How large a template may be whose content is looked for.
pub const LARGEST_TEMPLATE: u64 = 256 * 1024;

/// How many templates of a source are looked into.
const MOST: usize = 200;

/// Those of these files that may be templates, by their names.
pub fn templates_among(paths: &[String]) -> impl Iterator<Item = &String> {
    paths.iter().filter(|path| may_be_template(path)).take(MOST)
}

/// Whether a file may be a template, by its name.
pub(super) fn may_be_template(path: &str) -> bool {
    ["template.yaml", "template.yml"].contains(&path.rsplit('/').next().unwrap_or(path))
}

/// The folders from which a template fetches, each with a slash at the end; none of what is another kind of file. One that does not say
/// where it fetches from has its content anywhere below its own folder, unless that is the whole source.
pub fn content_of(path: &str, text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let is_template = text.lines().any(|line| {
        line.strip_prefix("apiVersion:").is_some_and(|version| version.contains("scaffolder.backstage.io/"))
    });
    if !is_template {
        return Vec::new();
    }
    let fetched = text.lines().filter_map(|line| {
        let url = line.trim().trim_start_matches("- ").strip_prefix("url:")?.trim().trim_matches(['"', '\'']);
        let is_here = !url.contains("://") && !url.contains("${{") && !url.is_empty();
        join(path, url).ok().filter(|folder| is_here && !folder.is_empty()).map(|folder| format!("{folder}/"))
    });
    let own = path.rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
    let folders: Vec<String> = fetched.filter(|folder| Some(folder) != own.as_ref()).collect();
    if folders.is_empty() { own.into_iter().collect() } else { folders }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_template_has_content_and_where_it_fetches_from() {
        let template = |url: &str| {
            format!(
                "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nspec:\n  steps:\n    - input:\n        url: {url}\n"
            )
        };
        for (path, text, folders) in [
            ("template.yaml", template("./content"), &["content/"][..]),
            ("t/template.yaml", template("./skeleton/base/"), &["t/skeleton/base/"]),
            ("t/template.yml", template("'../shared'"), &["shared/"]),
            ("t/template.yaml", template("https://git.example/a/b"), &["t/"]),
            ("t/template.yaml", template("./"), &["t/"]),
            ("template.yaml", template("."), &[]),
            ("backend/template.yaml", "AWSTemplateFormatVersion: '2010-09-09'\n".to_owned(), &[]),
            ("t/template.yaml", "apiVersion: template.openshift.io/v1\nkind: Template\n".to_owned(), &[]),
        ] {
            assert_eq!(content_of(path, text.as_bytes()), folders, "{path}: {text}");
        }
    }
}
