//! Policies of a folder that change while the server runs, as a pull of a repository changes them: they hold once all of them are
//! good. Until then, what held before goes on to hold, and the pages say what is wrong.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use services::{
    Services,
    identity::{Caller, Tenant},
    permission,
};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::{PolicyFiles, entries};

/// How often it is looked whether a file is another one.
const LOOK: Duration = Duration::from_secs(2);
/// How much is said of what is wrong.
const TOLD: usize = 20;

/// The files of a folder, as far as it takes to see that one is another, or can be read by now; nothing where the folder cannot.
type Marks = Option<Vec<Mark>>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    path: PathBuf,
    size: u64,
    written: Option<SystemTime>,
    /// Whose it is and who may read it changes this alone.
    changed: Option<(i64, i64)>,
    can_be_read: bool,
}

/// Reads the folder again whenever something in it changed, until the process is asked to stop.
pub(crate) async fn follow(services: Services, folder: Option<PathBuf>, shutdown: CancellationToken) {
    let Some(folder) = folder else { return };
    // Read once more: it may have changed since the start, and what the start read is told of now.
    let (mut held, mut seen) = (None, None);
    loop {
        let at = folder.clone();
        let now = spawn_blocking(move || marks(&at)).await.unwrap_or_default();
        // A pull writes one file after the other: only what two looks found alike is taken.
        if held.as_ref() != Some(&now) && seen.as_ref() == Some(&now) {
            match read(&services, folder.clone()).await {
                Ok(()) => held = Some(now.clone()),
                Err(error) => {
                    tracing::warn!(%error, "what the folder of policies holds could not be told of; trying again");
                }
            }
        }
        seen = Some(now);
        if shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
            return;
        }
    }
}

async fn read(services: &Services, folder: PathBuf) -> services::Result<()> {
    let shown = folder.display().to_string();
    let found =
        spawn_blocking(move || PolicyFiles::read(&folder).map(|found| (found.problems(), found.held(&folder)))).await;
    let before = permission::folder(services).documents.len();
    let problems = match found {
        // So looks a volume that is not there, or a work tree in the middle of something: nobody takes all policies away like that.
        Ok(Ok((problems, held))) if problems.is_empty() && held.documents.is_empty() && before > 0 => {
            vec![format!(
                "{shown}: it held {before} documents and holds none now; if that is meant, start the server anew, or turn the policies \
                 off in the settings"
            )]
        }
        Ok(Ok((problems, held))) if problems.is_empty() => {
            let caller = Caller::system(Tenant::default(), "policies");
            tracing::info!(
                folder = shown,
                documents = held.documents.len(),
                revision = held.revision,
                "policies were read"
            );
            return permission::take_folder(services, &caller, held).await;
        }
        Ok(Ok((problems, _))) => problems,
        Ok(Err(error)) => vec![format!("{shown}: it cannot be read: {error}")],
        Err(error) => vec![format!("{shown}: it could not be looked at: {error}")],
    };
    for problem in &problems {
        tracing::error!(problem, "policies of the folder are not good; what held before goes on to hold");
    }
    permission::refuse_folder(services, problems.into_iter().take(TOLD).collect());
    Ok(())
}

/// All that stands right in the folder. Of one that cannot be read there is nothing, which a reader then tells.
fn marks(folder: &Path) -> Marks {
    let mark = |path: PathBuf| {
        let about = fs::metadata(&path).ok();
        Mark {
            size: about.as_ref().map_or(0, fs::Metadata::len),
            written: about.as_ref().and_then(|about| about.modified().ok()),
            changed: about.as_ref().map(|about| (about.ctime(), about.ctime_nsec())),
            // To open anything else may take for ever.
            can_be_read: about.is_some_and(|about| about.is_file()) && fs::File::open(&path).is_ok(),
            // A folder that is a link to another one may come to lead elsewhere, to files that look alike.
            path: fs::canonicalize(&path).unwrap_or(path),
        }
    };
    Some(entries(folder).ok()?.into_iter().map(mark).collect())
}

/// The commit that is checked out where a folder is, if Git knows; with `-dirty`, where files were changed since.
pub(super) fn revision(folder: &Path) -> Option<String> {
    let mut git = Command::new("git");
    // Whoever the folder belongs to: its policies are believed as well.
    git.args(["-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C"]).arg(folder);
    git.args(["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]);
    git.env("GIT_OPTIONAL_LOCKS", "0").stdin(Stdio::null()).stderr(Stdio::null());
    let said = git.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(said.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn whatever_can_alter_what_is_read_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let (at, file) = (folder.path().join("policies"), folder.path().join("policies/a.cedar"));
        assert_eq!(marks(&at), None, "a folder that is not there");
        fs::create_dir(&at).unwrap();
        assert_eq!(marks(&at), Some(Vec::new()), "is another one than an empty one");
        fs::write(&file, "").unwrap();
        let before = marks(&at);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert_ne!(marks(&at), before, "it may be readable by now");
        assert_eq!(marks(&at), marks(&at));
    }
}
