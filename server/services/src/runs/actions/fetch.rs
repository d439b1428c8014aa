//! `fetch:template` and `fetch:plain`: files of the template into the workspace.

use std::fs;

use serde_json::{Value, json};

use super::{Act, flag, text};
use crate::{
    Error, Result,
    templates::{
        self,
        skeleton::{self, File},
    },
};

pub(super) async fn template(act: &Act<'_>, input: &Value) -> Result<Value> {
    let files = skeleton_files(act, input).await?;
    let given = input.clone();
    let rendered = tokio::task::spawn_blocking(move || skeleton::fetch_template(&files, &given))
        .await
        .map_err(|error| Error::Internal(format!("rendering: {error}")))??;
    put(act, &rendered, flag(input, "replace"))?;
    act.log.info(format!("rendered {} files", rendered.len()));
    Ok(json!({ "files": rendered.len() }))
}

pub(super) async fn plain(act: &Act<'_>, input: &Value) -> Result<Value> {
    let files = skeleton_files(act, input).await?;
    let files = skeleton::fetch_plain(&files, input)?;
    put(act, &files, true)?;
    act.log.info(format!("copied {} files", files.len()));
    Ok(json!({ "files": files.len() }))
}

async fn skeleton_files(act: &Act<'_>, input: &Value) -> Result<Vec<File>> {
    let url = text(input, "url").unwrap_or_default();
    act.log.info(format!("fetching {url}"));
    templates::files(act.services, act.caller, &act.run.template()?, url).await
}

/// Writes files; one that is there stays unless it may be replaced, as in Backstage.
pub(in crate::runs) fn put(act: &Act<'_>, files: &[File], replace: bool) -> Result<()> {
    for file in files {
        let path = act.workspace.inside(&file.path)?;
        if path.exists() && !replace {
            act.log.warn(format!("{} is there already and stays; set `replace: true` to replace it", file.path));
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, &file.content)?;
        if file.executable {
            make_executable(&path)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn make_executable(path: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

#[cfg(not(unix))]
fn make_executable(_path: &std::path::Path) -> Result<()> {
    Ok(())
}
