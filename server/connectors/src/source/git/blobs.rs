//! The files of one state, read through one long-lived `git cat-file`.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use bytes::Bytes;
use domain::catalog::Severity;
use services::catalog::ports::{Begin, ReadProblem, Remark};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout},
    sync::Mutex,
    time::timeout,
};

use super::command::{Git, Group};

/// How long one file may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many links are told of.
const REMARKS: usize = 100;

/// A file in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    mode: String,
    object: String,
}

impl File {
    /// Whether it is a file, and not a link or another repository.
    pub(super) fn is_file(&self) -> bool {
        self.mode.starts_with("100")
    }

    /// Names its content.
    pub(super) fn object(&self) -> &str {
        &self.object
    }

    pub(super) fn is_executable(&self) -> bool {
        self.mode == "100755"
    }
}

/// Reads the output of `git ls-tree -r -z`.
pub(super) fn tree(listed: &[u8]) -> BTreeMap<String, File> {
    let mut files = BTreeMap::new();
    for line in listed.split(|&byte| byte == 0) {
        // A name that is not UTF-8 cannot be written in a catalog file either.
        let Ok(line) = std::str::from_utf8(line) else { continue };
        let Some((about, path)) = line.split_once('\t') else { continue };
        let mut about = about.split(' ');
        if let (Some(mode), Some(_), Some(object)) = (about.next(), about.next(), about.next()) {
            files.insert(path.to_owned(), File { mode: mode.to_owned(), object: object.to_owned() });
        }
    }
    files
}

/// Links and submodules in the place of catalog files, which are not followed.
pub(super) fn passed_over(files: &BTreeMap<String, File>, folder: &str) -> Vec<Remark> {
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let links = files.iter().filter(|(path, file)| !file.is_file() && path.starts_with(&prefix));
    let links = links.filter(|(path, _)| Begin::is_usual(path)).take(REMARKS);
    links
        .map(|(path, _)| Remark {
            about: path.clone(),
            severity: Severity::Info,
            message: "left out: it is a symbolic link or a submodule, which is not followed".into(),
            keeps: Vec::new(),
        })
        .collect()
}

/// That a folder holds nothing to read, which is rarely meant.
pub(super) fn nothing(folder: &str, branch: &str) -> Remark {
    Remark {
        about: if folder.is_empty() { ".".to_owned() } else { folder.to_owned() },
        severity: Severity::Warning,
        message: format!(
            "holds no YAML file at `{branch}`; correct the path or the branch, or add a `catalog-info.yaml`"
        ),
        keeps: Vec::new(),
    }
}

struct Conversation {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    _child: Child,
    _group: Group,
}

/// Reads files of one repository.
pub(super) struct Blobs {
    home: PathBuf,
    repository: PathBuf,
    open: Mutex<Option<Conversation>>,
}

impl Blobs {
    pub(super) fn new(home: PathBuf, repository: PathBuf) -> Self {
        Self { home, repository, open: Mutex::new(None) }
    }

    pub(super) async fn read(&self, path: &str, file: &File, limit: u64) -> Result<Bytes, ReadProblem> {
        let mut open = self.open.lock().await;
        // Taken out while it is used: a conversation that was broken off cannot be gone on with.
        let mut conversation = match open.take() {
            Some(conversation) => conversation,
            None => self.start()?,
        };
        match timeout(PATIENCE, ask(&mut conversation, path, file, limit)).await {
            Ok(Ok(content)) => {
                *open = Some(conversation);
                Ok(content)
            }
            Ok(Err(problem)) => Err(problem),
            Err(_) => Err(ReadProblem::Unreachable(format!("`{path}` was not read in time"))),
        }
    }

    fn start(&self) -> Result<Conversation, ReadProblem> {
        let (mut child, group) = Git::new(&self.home, Some(&self.repository)).args(["cat-file", "--batch"]).talk()?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(ReadProblem::Unreachable("git cannot be talked to".into()));
        };
        Ok(Conversation { stdin, stdout: BufReader::new(stdout), _child: child, _group: group })
    }
}

async fn ask(conversation: &mut Conversation, path: &str, file: &File, limit: u64) -> Result<Bytes, ReadProblem> {
    let broken = |error: std::io::Error| ReadProblem::Unreachable(format!("`{path}` cannot be read by git: {error}"));
    conversation.stdin.write_all(format!("{}\n", file.object).as_bytes()).await.map_err(broken)?;
    conversation.stdin.flush().await.map_err(broken)?;
    let mut header = String::new();
    conversation.stdout.read_line(&mut header).await.map_err(broken)?;
    let length = header.split_whitespace().nth(2).and_then(|length| length.parse::<u64>().ok());
    let Some(length) = length else {
        return Err(ReadProblem::Unreachable(format!("`{path}` is missing in the repository; sync again")));
    };
    if length > limit {
        let mib = limit / 1024 / 1024;
        return Err(ReadProblem::Refused(format!("`{path}` is larger than {mib} MiB; split it into several files")));
    }
    let mut content = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    conversation.stdout.read_exact(&mut content).await.map_err(broken)?;
    // After the content stands one newline.
    conversation.stdout.read_u8().await.map_err(broken)?;
    Ok(content.into())
}
