//! Policies of a folder that change while the server runs, as a pull of a repository changes them: they hold once all of them are
//! good. Until then, what held before goes on to hold, and the pages say what is wrong.

use std::{
    fs,
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

/// The files of a folder, as far as it takes to see that one is another.
type Marks = Vec<(PathBuf, u64, Option<SystemTime>)>;

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
    let problems = match found {
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
    let paths = entries(folder).unwrap_or_default();
    let mark = |path: PathBuf| {
        let about = fs::metadata(&path).ok();
        let (size, at) = about.map_or((0, None), |about| (about.len(), about.modified().ok()));
        // A folder that is a link to another one may come to lead elsewhere, to files that look alike.
        (fs::canonicalize(&path).unwrap_or(path), size, at)
    };
    paths.into_iter().map(mark).collect()
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
