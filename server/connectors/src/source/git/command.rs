//! The `git` executable, kept on a short lead: its own home, no hooks, no prompts, no redirects, no protocol but HTTP, a
//! deadline after which the whole process group ends, and a bound on what it says.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use services::catalog::ports::ReadProblem;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::timeout,
};

/// What every call carries: nothing of the machine's or a repository's own configuration may run programs or lead astray.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "credential.helper=",
    "gc.auto=0",
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=15",
    "maintenance.auto=false",
    "protocol.version=2",
    "safe.directory=*",
    "submodule.recurse=false",
];

/// One call of `git`.
pub(super) struct Git {
    command: Command,
}

/// Why a call did not do what it should.
pub(super) enum Failed {
    /// The server wants a credential, or another one.
    Credentials,
    /// The server says that nothing is there.
    Missing,
    /// The server is not the one that it should be.
    HostKey,
    /// Anything else.
    Told(ReadProblem),
}

impl From<Failed> for ReadProblem {
    fn from(failed: Failed) -> Self {
        Self::Unreachable(match failed {
            Failed::Told(problem) => return problem,
            Failed::Credentials => "it wants a credential".into(),
            Failed::Missing => "it is not there".into(),
            Failed::HostKey => "it has another key than is known".into(),
        })
    }
}

impl Git {
    /// A call in the repository at `repository`, with `home` as its home.
    pub(super) fn new(home: &Path, repository: Option<&Path>) -> Self {
        let mut command = Command::new("git");
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "true")
            .env("GIT_ALLOW_PROTOCOL", "http:https")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        if let Some(repository) = repository {
            command.arg("--git-dir").arg(repository);
        }
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        Self { command }
    }

    /// Connects to `pinned` (`HOST:PORT:ADDRESS`) instead of asking for addresses again.
    pub(super) fn pinned(mut self, pinned: &str) -> Self {
        self.command.args(["-c", &format!("http.curloptResolve={pinned}")]);
        self
    }

    /// With a setting that nobody sees who lists processes.
    pub(super) fn configured(mut self, name: &str, value: &SecretString) -> Self {
        self.command
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", name)
            .env("GIT_CONFIG_VALUE_0", value.expose_secret());
        self
    }

    /// Connects by this command, and by no other protocol.
    pub(super) fn over_ssh(mut self, command: &str) -> Self {
        self.command.env("GIT_ALLOW_PROTOCOL", "ssh").env("GIT_SSH_COMMAND", command).env("GIT_SSH_VARIANT", "ssh");
        self
    }

    pub(super) fn args<S: AsRef<std::ffi::OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Starts it, with a pipe to its input.
    pub(super) fn talk(mut self) -> Result<(Child, Group), ReadProblem> {
        self.command.stdin(Stdio::piped()).stderr(Stdio::null());
        let child = self.command.spawn().map_err(|error| not_started(&error))?;
        let group = Group(child.id());
        Ok((child, group))
    }

    /// What it says, at most `most` bytes of it, within `patience`.
    pub(super) async fn read(self, patience: Duration, most: u64) -> Result<Vec<u8>, ReadProblem> {
        self.ask(patience, most).await.map_err(ReadProblem::from)
    }

    /// The same, for a call that reaches out: what a server refuses is told apart.
    pub(super) async fn ask(mut self, patience: Duration, most: u64) -> Result<Vec<u8>, Failed> {
        let mut child = self.command.spawn().map_err(|error| Failed::Told(not_started(&error)))?;
        let mut group = Group(child.id());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let ended = timeout(patience, async {
            let (said, complained) = tokio::join!(drain(stdout, most), drain(stderr, 64 * 1024));
            (said, complained, child.wait().await)
        });
        let Ok((said, complained, status)) = ended.await else {
            // Dropping the group ends git and whatever it started.
            let why = format!("it did not answer within {} seconds", patience.as_secs());
            return Err(Failed::Told(ReadProblem::Unreachable(why)));
        };
        group.0 = None;
        let status = status.map_err(|error| Failed::Told(not_started(&error)))?;
        if said.len() as u64 > most {
            return Err(Failed::Told(ReadProblem::Refused("git said more than is read".into())));
        }
        if status.success() { Ok(said) } else { Err(failure(&complained)) }
    }
}

fn not_started(error: &std::io::Error) -> ReadProblem {
    ReadProblem::Unreachable(format!("the program `git` could not be started: {error}; install it on the server"))
}

/// Reads to the end, and keeps what is within `most` and one byte, which tells that there was more.
async fn drain(pipe: Option<impl AsyncRead + Unpin>, most: u64) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut pipe) = pipe else { return kept };
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        let room = usize::try_from(most + 1).unwrap_or(usize::MAX).saturating_sub(kept.len());
        kept.extend_from_slice(&buffer[..count.min(room)]);
    }
    kept
}

/// What git's words mean.
fn failure(stderr: &[u8]) -> Failed {
    let text = String::from_utf8_lossy(stderr);
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED"]) {
        return Failed::HostKey;
    }
    let refusals = [
        "could not read Username",
        "could not read Password",
        "Authentication failed",
        "returned error: 401",
        "returned error: 403",
        "Permission denied (",
    ];
    if says(&refusals) {
        return Failed::Credentials;
    }
    if text.contains("fatal: repository '") && text.contains("not found") {
        return Failed::Missing;
    }
    // Git itself on a server, GitHub, GitLab, Bitbucket, Gitea: what they say by SSH.
    let absences = [
        "does not appear to be a git repository",
        "Repository not found",
        "could not be found or you don't have permission",
        "Cannot find repository",
        "Repository does not exist",
    ];
    if says(&absences) {
        return Failed::Missing;
    }
    Failed::Told(ReadProblem::Unreachable(complaint(&text)))
}

/// What git says of every connection by SSH that ends early, whatever the reason.
const SAYS_NOTHING: [&str; 4] = [
    "fatal: Could not read from remote repository.",
    "fatal: the remote end hung up unexpectedly",
    "Please make sure you have the correct access rights",
    "and the repository exists.",
];

/// Git's own words, or those of the program that connects for it, without their prefixes.
fn complaint(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty() && !SAYS_NOTHING.contains(line)).rev();
    if let Some(why) = lines().find_map(|line| line.strip_prefix("ssh: ")) {
        return format!("{why}; check host and port of the address, and that the server is up");
    }
    let line = lines().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let line = line.or_else(|| lines().next()).or_else(|| text.lines().find(|line| SAYS_NOTHING.contains(line)));
    let line = line.unwrap_or("git failed without a word").trim();
    line.trim_start_matches("fatal:").trim_start_matches("error:").trim().to_owned()
}

/// A process and all that it started; ended when dropped.
pub(super) struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            // The shell's own `kill`: it is everywhere, and needs no unsafe code of ours.
            let end = format!("kill -KILL -{id}");
            let ended = std::process::Command::new("sh").args(["-c", &end]).stderr(Stdio::null()).status();
            if let Err(error) = ended {
                tracing::warn!(%error, "a git process could not be ended");
            }
        }
    }
}

/// Bytes below a folder.
pub(super) fn size(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    files.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file).map(|about| about.len()).sum()
}

/// The folder that git believes to be its home.
pub(super) fn home(data: &Path) -> PathBuf {
    data.join("cache").join("git").join("home")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(stderr: &str) -> String {
        match failure(stderr.as_bytes()) {
            Failed::Credentials => "credentials".into(),
            Failed::Missing => "missing".into(),
            Failed::HostKey => "host key".into(),
            Failed::Told(problem) => problem.to_string(),
        }
    }

    #[test]
    fn the_reason_is_told_and_not_what_git_says_of_every_failure() {
        const END: &str = "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n";
        let said = [
            "ssh: connect to host 127.0.0.1 port 4222: Connection refused\n",
            "ssh: Could not resolve hostname git.example: Name or service not known\n",
            "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 127.0.0.1 port 22\n",
            "fatal: '/srv/absent.git' does not appear to be a git repository\n",
            "ERROR: Repository not found.\n",
            "remote: \nremote: ERROR: The project you were looking for could not be found or you don't have permission to view it.\nremote: \n",
            "ama@git.example: Permission denied (publickey).\n",
            "fatal: protocol error: bad line length character: Welc\n",
            "",
        ];
        let told: Vec<String> = said.iter().map(|said| told(&format!("{said}{END}"))).collect();
        insta::assert_snapshot!(told.join("\n"), @"
        connect to host 127.0.0.1 port 4222: Connection refused; check host and port of the address, and that the server is up
        Could not resolve hostname git.example: Name or service not known; check host and port of the address, and that the server is up
        Connection reset by 127.0.0.1 port 22
        missing
        missing
        missing
        credentials
        protocol error: bad line length character: Welc
        Could not read from remote repository.
        ");
        assert_eq!(
            super::tests::told("error: x\nfatal: unable to access 'u': Failed to connect"),
            "unable to access 'u': Failed to connect"
        );
    }
}
