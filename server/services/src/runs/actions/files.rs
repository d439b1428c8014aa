//! `fs:delete`, `fs:rename`, `fs:readdir`.

use std::{fs, io::ErrorKind, path::Path};

use serde_json::{Value, json};
use walkdir::WalkDir;

use super::{Act, flag, text};
use crate::{Error, Result};

pub(super) fn delete(act: &Act<'_>, input: &Value) -> Result<Value> {
    for name in names(input, "files") {
        let path = act.workspace.inside(name)?;
        if path == act.workspace.root() {
            return Err(Error::Rejected("`fs:delete` cannot delete the whole workspace; name files in it".into()));
        }
        let gone = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                act.log.warn(format!("{name} is not there"));
                continue;
            }
            Err(error) => Err(error),
        };
        gone?;
        act.log.info(format!("deleted {name}"));
    }
    Ok(json!({}))
}

pub(super) fn rename(act: &Act<'_>, input: &Value) -> Result<Value> {
    for file in input.get("files").and_then(Value::as_array).into_iter().flatten() {
        let (from, to) = (text(file, "from").unwrap_or_default(), text(file, "to").unwrap_or_default());
        let (source, target) = (act.workspace.inside(from)?, act.workspace.inside(to)?);
        if !source.exists() {
            return Err(Error::Rejected(format!("`fs:rename` finds no `{from}` in the workspace")));
        }
        if target.exists() {
            if !flag(file, "overwrite") {
                return Err(Error::Rejected(format!("`fs:rename` finds `{to}` already there; set `overwrite: true`")));
            }
            if target.is_dir() { fs::remove_dir_all(&target)? } else { fs::remove_file(&target)? }
        }
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(&source, &target)?;
        act.log.info(format!("renamed {from} to {to}"));
    }
    Ok(json!({}))
}

pub(super) fn read_folder(act: &Act<'_>, input: &Value) -> Result<Value> {
    let depth = if flag(input, "recursive") { usize::MAX } else { 1 };
    let root = act.workspace.root();
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for name in names(input, "paths") {
        let start = act.workspace.inside(name)?;
        for entry in WalkDir::new(&start).min_depth(1).max_depth(depth).sort_by_file_name() {
            let entry =
                entry.map_err(|error| Error::Rejected(format!("`fs:readdir` cannot read `{name}`: {error}")))?;
            let found = describe(&root, entry.path());
            if entry.file_type().is_dir() { folders.push(found) } else { files.push(found) }
        }
    }
    Ok(json!({ "files": files, "folders": folders }))
}

fn describe(root: &Path, path: &Path) -> Value {
    let relative = path.strip_prefix(root).unwrap_or(path);
    json!({
        "name": path.file_name().map(|name| name.to_string_lossy().into_owned()),
        "path": relative.to_string_lossy(),
        "fullPath": relative.to_string_lossy(),
    })
}

fn names<'a>(input: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    input.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
