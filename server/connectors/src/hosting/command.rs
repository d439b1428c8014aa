//! Calls of the `git` executable: the same on every machine, never asking anyone, never left behind.

use std::{ffi::OsStr, path::Path, process::Stdio, time::Duration};

use services::{Error, Result};
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// One call of `git`.
#[derive(Debug)]
pub struct GitCommand {
    command: Command,
    words: Vec<String>,
}

/// A call of `git` in the repository at `path`.
pub fn git(path: &Path) -> GitCommand {
    let mut command = Command::new("git");
    command
        .env_clear()
        // What the person who started the server configured for themselves must not decide what the server does.
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .env("GIT_DIR", path)
        .envs(std::env::var_os("PATH").map(|value| ("PATH", value)))
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    GitCommand { command, words: Vec::new() }
}

impl GitCommand {
    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        for arg in args {
            self.words.push(arg.as_ref().to_string_lossy().into_owned());
            self.command.arg(arg);
        }
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Adds a path.
    #[must_use]
    pub fn arg_path(self, path: &Path) -> Self {
        self.args([path.as_os_str()])
    }

    /// Runs it in `folder`.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// The call, for those who stream through it.
    pub fn into_inner(self) -> Command {
        self.command
    }

    /// Runs it.
    pub async fn run(self) -> Result<()> {
        self.read().await.map(|_| ())
    }

    /// Runs it and gives what it printed, as text.
    pub async fn read(self) -> Result<String> {
        let bytes = self.read_bytes(None).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Runs it with `input`, and gives what it printed.
    pub async fn read_bytes(mut self, input: Option<&[u8]>) -> Result<Vec<u8>> {
        let what = self.words.first().cloned().unwrap_or_default();
        let failed = |why: String| Error::Unavailable { system: "git".into(), why: format!("`git {what}` {why}") };
        if input.is_some() {
            self.command.stdin(Stdio::piped());
        }
        let mut child = self
            .command
            .spawn()
            .map_err(|error| failed(format!("could not be started: {error}; install `git` on the server")))?;
        let work = async {
            if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
                // One that does not read all of it will say why.
                let _ = stdin.write_all(input).await;
            }
            child.wait_with_output().await
        };
        let output = timeout(PATIENCE, work)
            .await
            .map_err(|_| failed(format!("did not end within {} s", PATIENCE.as_secs())))?
            .map_err(|error| failed(format!("broke off: {error}")))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("without a word");
        Err(failed(format!("failed: {said}")))
    }
}
