//! The actions there are, with the schemas of what they take and make.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::Action;
use crate::{Error, Result};

static ACTIONS: LazyLock<Vec<Action>> = LazyLock::new(actions);

/// Every action, by name.
pub(in crate::runs) fn known() -> &'static [Action] {
    &ACTIONS
}

/// The action whose name is most like `name`, if one is alike at all.
pub(in crate::runs) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    ACTIONS
        .iter()
        .map(|action| {
            // `publish:github` wants to publish: the same word before the colon counts more than the letters after it.
            let kin = name.split(':').next() == action.id.split(':').next();
            (distance(&name, action.id).saturating_sub(if kin { 4 } else { 0 }), action.id)
        })
        .filter(|(far, id)| *far <= id.len() / 2)
        .min()
        .map(|(_, id)| id)
}

/// What is wrong with a step before anything is rendered: an action that is not there, inputs that it cannot do without.
/// Each with the input it is about.
pub(crate) fn lint_step(action: &str, input: &Value) -> Vec<(Option<String>, String)> {
    let Some(known) = ACTIONS.iter().find(|known| known.id == action) else {
        let hint = nearest(action).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return vec![(None, format!("there is no action `{action}` here{hint}"))];
    };
    let required = known.input.get("required").and_then(Value::as_array).into_iter().flatten();
    required
        .filter_map(Value::as_str)
        .filter(|key| input.get(*key).is_none_or(Value::is_null))
        .map(|key| (Some(key.to_owned()), format!("is missing; `{action}` cannot do without it")))
        .collect()
}

/// Checks what a step gives to its action.
pub(in crate::runs) fn check_input(action: &Action, input: &Value) -> Result<()> {
    let validator = jsonschema::validator_for(&action.input)
        .map_err(|error| Error::Internal(format!("schema of `{}`: {error}", action.id)))?;
    match validator.iter_errors(input).next() {
        None => Ok(()),
        Some(error) => {
            let place = error.instance_path().to_string();
            let place =
                if place.is_empty() { "its input".to_owned() } else { format!("`input{}`", place.replace('/', ".")) };
            Err(Error::Rejected(format!("`{}` cannot use {place}: {error}", action.id)))
        }
    }
}

/// How many letters must change to make `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(100).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

fn action(id: &'static str, description: &'static str, input: Value, output: Value, example: &'static str) -> Action {
    let alters_files = matches!(id, "fetch:template" | "fetch:plain" | "fs:delete" | "fs:rename" | "catalog:write");
    let reads_files = alters_files || matches!(id, "publish:git" | "fs:readdir" | "debug:log");
    Action { id, description, input, output, example, alters_files, reads_files }
}

fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn actions() -> Vec<Action> {
    let path = json!({ "type": "string", "description": "A path in the run's workspace." });
    vec![
        action(
            "catalog:fetch",
            "Reads one entity or several from the catalog.",
            object(
                &[],
                json!({
                    "entityRef": { "type": "string", "description": "The entity: `component:default/quay-signs`." },
                    "entityRefs": { "type": "array", "items": { "type": "string" }, "description": "Several entities." },
                    "optional": { "type": "boolean", "description": "A missing entity is `null` instead of a failure." },
                    "defaultKind": { "type": "string" },
                    "defaultNamespace": { "type": "string" },
                }),
            ),
            object(&[], json!({ "entity": { "type": "object" }, "entities": { "type": "array" } })),
            "action: catalog:fetch\ninput:\n  entityRef: group:default/harbour",
        ),
        action(
            "catalog:register",
            "Registers a catalog file, so that what it declares stands in the catalog.",
            object(
                &[],
                json!({
                    "catalogInfoUrl": { "type": "string", "description": "The address of the file." },
                    "repoContentsUrl": { "type": "string", "description": "Where the repository's files are, from a publish step." },
                    "catalogInfoPath": { "type": "string", "description": "The file within it.", "default": "/catalog-info.yaml" },
                    "optional": { "type": "boolean", "description": "A file that is not there is no failure." },
                }),
            ),
            object(&[], json!({ "entityRef": { "type": "string" }, "catalogInfoUrl": { "type": "string" } })),
            "action: catalog:register\ninput:\n  repoContentsUrl: ${{ steps.publish.output.repoContentsUrl }}\n  catalogInfoPath: /catalog-info.yaml",
        ),
        action(
            "catalog:write",
            "Writes an entity into a catalog file in the workspace.",
            object(
                &["entity"],
                json!({
                    "filePath": { "type": "string", "default": "catalog-info.yaml" },
                    "entity": { "type": "object", "description": "The entity, or a list of them.", "required": ["apiVersion", "kind", "metadata"] },
                }),
            ),
            object(&[], json!({})),
            "action: catalog:write\ninput:\n  entity:\n    apiVersion: backstage.io/v1alpha1\n    kind: Component\n    metadata:\n      name: ${{ parameters.name }}",
        ),
        action(
            "debug:log",
            "Writes a message to the run's log, and the files of the workspace if asked.",
            object(
                &[],
                json!({
                    "message": { "type": "string" },
                    "listWorkspace": { "type": ["boolean", "string"], "description": "`true` lists the files, `with-filenames` and `with-contents` are taken as `true`." },
                    "extra": { "type": "object", "description": "Written to the log as JSON." },
                }),
            ),
            object(&[], json!({})),
            "action: debug:log\ninput:\n  message: Rendering ${{ parameters.name }}",
        ),
        action(
            "debug:wait",
            "Waits, at most ten minutes, over restarts of the server too.",
            object(
                &[],
                json!({
                    "minutes": { "type": "number", "minimum": 0 },
                    "seconds": { "type": "number", "minimum": 0 },
                    "milliseconds": { "type": "number", "minimum": 0 },
                }),
            ),
            object(&[], json!({})),
            "action: debug:wait\ninput:\n  seconds: 30",
        ),
        action(
            "fetch:plain",
            "Copies files into the workspace as they are.",
            object(
                &["url"],
                json!({
                    "url": { "type": "string", "description": "A folder, from the template's own place: `./skeleton`." },
                    "targetPath": path,
                }),
            ),
            object(&[], json!({ "files": { "type": "integer" } })),
            "action: fetch:plain\ninput:\n  url: ./static",
        ),
        action(
            "fetch:template",
            "Copies a skeleton into the workspace, with `${{ }}` in names and contents filled in.",
            object(
                &["url"],
                json!({
                    "url": { "type": "string", "description": "A folder, from the template's own place: `./skeleton`." },
                    "targetPath": path,
                    "values": { "type": "object", "description": "What the skeleton sees as `values`." },
                    "copyWithoutTemplating": { "type": "array", "items": { "type": "string" }, "description": "Globs of files whose contents are copied as they are." },
                    "copyWithoutRender": { "type": "array", "items": { "type": "string" }, "description": "Globs of files that are copied as they are, names too." },
                    "cookiecutterCompat": { "type": "boolean" },
                    "templateFileExtension": { "type": ["string", "boolean"], "description": "Only files with this extension are filled in; it is taken off." },
                    "replace": { "type": "boolean", "description": "Files that are there are replaced." },
                    "trimBlocks": { "type": "boolean" },
                    "lstripBlocks": { "type": "boolean" },
                }),
            ),
            object(&[], json!({ "files": { "type": "integer" } })),
            "action: fetch:template\ninput:\n  url: ./skeleton\n  values:\n    name: ${{ parameters.name }}",
        ),
        action(
            "fs:delete",
            "Deletes files and folders of the workspace.",
            object(&["files"], json!({ "files": { "type": "array", "items": { "type": "string" } } })),
            object(&[], json!({})),
            "action: fs:delete\ninput:\n  files: [docs/draft.md]",
        ),
        action(
            "fs:readdir",
            "Lists files and folders of the workspace.",
            object(
                &["paths"],
                json!({
                    "paths": { "type": "array", "items": { "type": "string" } },
                    "recursive": { "type": "boolean" },
                }),
            ),
            object(&[], json!({ "files": { "type": "array" }, "folders": { "type": "array" } })),
            "action: fs:readdir\ninput:\n  paths: [.]",
        ),
        action(
            "fs:rename",
            "Renames files and folders of the workspace.",
            object(
                &["files"],
                json!({
                    "files": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["from", "to"],
                            "properties": {
                                "from": { "type": "string" },
                                "to": { "type": "string" },
                                "overwrite": { "type": "boolean" },
                            },
                        },
                    },
                }),
            ),
            object(&[], json!({})),
            "action: fs:rename\ninput:\n  files:\n    - from: a.txt\n      to: b.txt",
        ),
        action(
            "publish:git",
            "Makes a repository of the workspace in the embedded Git hosting.",
            object(
                &["repoUrl"],
                json!({
                    "repoUrl": { "type": "string", "description": "`causeway?owner=harbour&repo=quay-signs`, or `harbour/quay-signs`." },
                    "description": { "type": "string" },
                    "defaultBranch": { "type": "string", "default": "main" },
                    "gitCommitMessage": { "type": "string", "default": "Initial commit" },
                    "gitAuthorName": { "type": "string" },
                    "gitAuthorEmail": { "type": "string" },
                    "sourcePath": path,
                }),
            ),
            object(
                &[],
                json!({
                    "remoteUrl": { "type": "string" },
                    "repoContentsUrl": { "type": "string" },
                    "commitHash": { "type": "string" },
                }),
            ),
            "action: publish:git\ninput:\n  repoUrl: causeway?owner=harbour&repo=${{ parameters.name }}",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_one_and_examples_name_their_action() {
        for action in known() {
            assert!(jsonschema::validator_for(&action.input).is_ok(), "{}", action.id);
            assert!(action.example.contains(action.id));
        }
    }

    #[test]
    fn a_misspelt_action_is_told_the_nearest() {
        assert_eq!(nearest("fetch:templat"), Some("fetch:template"));
        assert_eq!(nearest("publish:github"), Some("publish:git"));
        assert_eq!(nearest("catalog:registre"), Some("catalog:register"));
        assert_eq!(nearest("roadiehq:utils:zip"), None);
    }

    #[test]
    fn an_input_is_refused_with_its_place() {
        let action = known().iter().find(|action| action.id == "fetch:template").unwrap();
        let refusal = check_input(action, &json!({ "url": 3 })).unwrap_err().to_string();
        insta::assert_snapshot!(refusal, @r#"`fetch:template` cannot use `input.url`: 3 is not of type "string""#);
    }
}
