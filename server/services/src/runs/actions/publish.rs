//! `publish:git`: a repository in the embedded Git hosting.

use domain::{
    identity::{Permission, Target},
    runs::RepositoryName,
};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::{Act, text};
use crate::{Error, Result, identity::may, runs::FirstCommit};

pub(super) async fn git(act: &Act<'_>, input: &Value) -> Result<Value> {
    let settings = &act.services.settings;
    let name = repository(text(input, "repoUrl").unwrap_or_default(), &settings.base_url)?;
    may(act.services, act.caller, Permission::WriteRepository, Target::Repository(&name.to_string())).await?;
    let branch = text(input, "defaultBranch").filter(|branch| !branch.is_empty()).unwrap_or("main");
    check_branch(branch)?;
    let files = act.workspace.inside(text(input, "sourcePath").unwrap_or("."))?;
    if !files.is_dir() {
        return Err(Error::Rejected(
            "`publish:git` finds nothing to publish; fetch a skeleton in an earlier step".into(),
        ));
    }
    let first = FirstCommit {
        key: act.key.clone(),
        files,
        branch: branch.to_owned(),
        message: text(input, "gitCommitMessage").unwrap_or("Initial commit").to_owned(),
        author_name: text(input, "gitAuthorName").unwrap_or("Causeway").to_owned(),
        author_email: text(input, "gitAuthorEmail").unwrap_or("causeway@localhost").to_owned(),
        // The same moment at every attempt, so the same hash.
        at: act.run.created_at,
        description: text(input, "description").unwrap_or_default().to_owned(),
    };
    let published = act.services.ports.repositories.create_or_get(&name, &first).await?;
    let found = if published.was_there { "found" } else { "created" };
    act.log.info(format!("{found} {name} at {}", &published.commit[..published.commit.len().min(12)]));
    let base = format!("{}/git/{name}", settings.base_url);
    Ok(json!({
        "remoteUrl": format!("{base}.git"),
        "repoContentsUrl": format!("{base}/blob/{branch}"),
        "commitHash": published.commit,
    }))
}

/// Reads `host?owner=o&repo=r` (what a `RepoUrlPicker` makes) or `owner/repo`.
fn repository(text: &str, base_url: &str) -> Result<RepositoryName> {
    let shape = || {
        Error::Rejected(format!("`{text}` names no repository of this server; write `causeway?owner=OWNER&repo=NAME`"))
    };
    let parse = |owner: &str, repo: &str| {
        RepositoryName::new(owner, repo).map_err(|error| Error::Rejected(format!("repoUrl: {error}")))
    };
    let bare = text.trim_start_matches("https://").trim_start_matches("http://");
    let Some((host, query)) = bare.split_once('?') else {
        let (owner, repo) = text.split_once('/').ok_or_else(shape)?;
        return parse(owner, repo);
    };
    let ours = Url::parse(base_url).ok().and_then(|url| {
        let host = url.host_str()?.to_owned();
        Some(url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
    });
    if host != "causeway" && Some(host) != ours.as_deref() {
        return Err(Error::Rejected(format!(
            "`publish:git` publishes to this server only, and `{host}` is another; use the host `causeway`"
        )));
    }
    let part = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    parse(&part("owner").ok_or_else(shape)?, &part("repo").ok_or_else(shape)?)
}

fn check_branch(branch: &str) -> Result<()> {
    let fits = branch.len() <= 100
        && branch.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/'))
        && !branch.starts_with(['-', '/', '.'])
        && !branch.ends_with(['/', '.'])
        && !branch.contains("..")
        && !branch.contains("//")
        && !branch.contains("/.")
        && !branch.to_ascii_lowercase().ends_with(".lock");
    if fits { Ok(()) } else { Err(Error::Rejected(format!("`{branch}` cannot be a branch's name; use `main`"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_named_by_picker_or_path() {
        let base = "http://127.0.0.1:3000";
        for text in [
            "causeway?owner=harbour&repo=quay-signs",
            "127.0.0.1:3000?repo=quay-signs&owner=harbour",
            "harbour/quay-signs",
        ] {
            assert_eq!(repository(text, base).unwrap().to_string(), "harbour/quay-signs");
        }
        for text in ["github.com?owner=a&repo=b", "causeway?owner=..&repo=b", "causeway?owner=a", "quay-signs", ""] {
            assert!(repository(text, base).is_err(), "{text}");
        }
    }

    #[test]
    fn a_branch_cannot_be_an_option() {
        assert!(check_branch("--upload-pack=x").is_err());
        assert!(check_branch("release/2.5").is_ok());
    }
}
