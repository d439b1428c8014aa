//! What would become of the files in the run's workspace.

use domain::templates::Effect;
use serde_json::{Value, json};

use super::{
    Maker,
    steps::{Done, count, flag, text},
};
use crate::{
    Error, Result,
    templates::skeleton::{self, File},
};

impl Maker<'_> {
    pub(super) fn write(&mut self, input: &Value) -> Result<Done> {
        let path = skeleton::target(&json!({"targetPath": text(input, "filePath").unwrap_or("catalog-info.yaml")}))?;
        let entity = input.get("entity").cloned().unwrap_or(Value::Null);
        let entities = if let Value::Array(entities) = entity { entities } else { vec![entity] };
        let mut documents = Vec::with_capacity(entities.len());
        for entity in &entities {
            let yaml = serde_saphyr::to_string(entity);
            documents.push(yaml.map_err(|error| Error::Rejected(format!("the entity is no YAML: {error}")))?);
        }
        let file = File { path: path.clone(), content: documents.join("---\n").into(), executable: false };
        self.files.insert(path.clone(), file);
        Ok(Done { effect: Effect::Workspace { files: 1 }, ..Done::new("Write", path, "workspace") })
    }

    pub(super) fn delete(&mut self, input: &Value) -> Done {
        let mut gone = 0;
        for name in input.get("files").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let name = name.trim_start_matches("./").trim_end_matches('/');
            let before = self.files.len();
            self.files.retain(|path, _| path != name && !path.starts_with(&format!("{name}/")));
            gone += before - self.files.len();
        }
        Done::new("Delete", count(gone, "file"), "workspace")
    }

    pub(super) fn rename(&mut self, input: &Value) -> Result<Done> {
        let mut moved = 0;
        for file in input.get("files").and_then(Value::as_array).into_iter().flatten() {
            let (from, to) = (text(file, "from").unwrap_or_default(), text(file, "to").unwrap_or_default());
            let from = from.trim_start_matches("./").trim_end_matches('/');
            let to = skeleton::target(&json!({"targetPath": to}))?;
            let is_meant = |path: &String| path == from || path.starts_with(&format!("{from}/"));
            let paths: Vec<String> = self.files.keys().filter(|path| is_meant(path)).cloned().collect();
            if paths.is_empty() {
                return Err(Error::Rejected(format!("`fs:rename` finds no `{from}` in the workspace")));
            }
            for path in paths {
                let new = format!("{to}{}", &path[from.len()..]);
                if self.files.contains_key(&new) && !flag(file, "overwrite") {
                    return Err(Error::Rejected(format!(
                        "`fs:rename` finds `{new}` already there; set `overwrite: true`"
                    )));
                }
                if let Some(file) = self.files.remove(&path) {
                    self.files.insert(new.clone(), File { path: new, ..file });
                    moved += 1;
                }
            }
        }
        Ok(Done::new("Rename", count(moved, "file"), "workspace"))
    }

    pub(super) fn list(&self, input: &Value) -> Done {
        let mut files = Vec::new();
        for name in input.get("paths").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let folder = name.trim_matches(['.', '/']);
            let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            let meant = self.files.keys().filter(|path| {
                path.strip_prefix(&prefix).is_some_and(|rest| flag(input, "recursive") || !rest.contains('/'))
            });
            files.extend(meant.map(|path| json!({"name": path.rsplit('/').next(), "path": path, "fullPath": path})));
        }
        Done { output: json!({"files": files, "folders": []}), ..Done::new("List", "files", "workspace") }
    }
}
