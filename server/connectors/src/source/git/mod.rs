//! Git repositories: a shallow copy in the data folder, read without a checkout.

mod access;
mod blobs;
mod command;
mod disk;
mod target;
mod wanted;

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use services::catalog::{
    keys::{Granted, Keys},
    ports::{Begin, FileInfo, OpenSource, Place, ReadProblem, Remark, is_glob, join},
};
use tokio::fs;
use url::Url;

use self::{
    access::Access,
    blobs::Blobs,
    command::{Git, home, size},
    target::{Repository, Target},
    wanted::Wanted,
};
use super::{Outbound, address::Guard};

/// Bounds on what a repository may cost.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// How long a server may take to say what it has.
    list: Duration,
    /// How long a fetch may take.
    fetch: Duration,
    /// How large the copy may be.
    bytes: u64,
    /// How many files one state may have.
    files: usize,
}

const LIMITS: Limits =
    Limits { list: Duration::from_secs(15), fetch: Duration::from_mins(3), bytes: 1024 * 1024 * 1024, files: 300_000 };

/// Opens repositories.
#[derive(Debug)]
pub(super) struct Repositories {
    outbound: Outbound,
    guard: Guard,
    /// One fetch into a copy at a time.
    turns: Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>,
}

/// A copy, the state in it that is wanted, and the path.
type Fetched = (PathBuf, Branch, String);

/// A name for a state: a branch, a tag, a commit.
struct Branch {
    /// As people write it.
    name: String,
    /// As git writes it: `refs/heads/main`, or the commit itself.
    full: String,
}

impl Repositories {
    pub(super) fn new(outbound: Outbound, guard: Guard) -> Self {
        Self { outbound, guard, turns: Mutex::default() }
    }

    /// Whether an address is one of Git.
    pub(super) fn recognises(&self, text: &str) -> bool {
        Target::parse(text, false, &self.outbound.base_url).is_some()
    }

    /// Opens the repository that an address means.
    pub(super) async fn open(&self, text: &str, keys: &Keys) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        let mut target = match Target::parse(text, true, &self.outbound.base_url) {
            Some(Ok(target)) => target,
            Some(Err(why)) => return Err(ReadProblem::Refused(why)),
            None => return Err(ReadProblem::Refused(format!("`{text}` is not the address of a Git repository"))),
        };
        if let Repository::Local(path) = &target.repository {
            let (root, wanted) = disk::repository(&path.to_string_lossy())?;
            target = Target { web: format!("file://{}", root.display()), wanted, ..target };
            target.repository = Repository::Local(root);
        }
        let told = |problem: ReadProblem| match problem {
            ReadProblem::Unreachable(why) => {
                ReadProblem::Unreachable(format!("`{}` cannot be read: {why}", target.shown()))
            }
            other => other,
        };
        let (fetched, granted) = match &target.repository {
            // What git and the network need is much, and callers stand deep: it goes to the heap.
            Repository::Remote(_) => Box::pin(self.fetch(&target, keys)).await.map_err(told)?,
            Repository::Local(path) => (self.local(path, &target).await.map_err(told)?, Granted::All),
            Repository::Hosted { owner, repo } => {
                let path = self.outbound.data.join("git").join(owner).join(format!("{repo}.git"));
                (self.local(&path, &target).await.map_err(told)?, Granted::Nothing)
            }
        };
        Box::pin(self.state(fetched, target, granted)).await
    }

    fn git(&self, repository: Option<&Path>) -> Git {
        Git::new(&home(&self.outbound.data), repository)
    }

    /// A repository on this disk, read where it lies.
    async fn local(&self, path: &Path, target: &Target) -> Result<Fetched, ReadProblem> {
        let Some(bare) = disk::own(path) else {
            return Err(ReadProblem::Missing(format!("there is no repository `{}`", target.web)));
        };
        let listed = self.git(Some(&bare)).args(["for-each-ref", "--format=%(objectname)\t%(refname)"]);
        let listed = listed.read(LIMITS.list, 16 * 1024 * 1024).await?;
        let head = self.git(Some(&bare)).args(["symbolic-ref", "-q", "HEAD"]).read(LIMITS.list, 4096).await;
        let head =
            head.map(|name| format!("ref: {}\tHEAD\n", String::from_utf8_lossy(&name).trim())).unwrap_or_default();
        let (branch, path) = choose(target, &(head + &String::from_utf8_lossy(&listed)))?;
        Ok((bare, branch, path))
    }

    /// A repository elsewhere, of which the wanted state is copied here if it moved; and what its documents may use.
    async fn fetch(&self, target: &Target, keys: &Keys) -> Result<(Fetched, Granted), ReadProblem> {
        let Repository::Remote(url) = &target.repository else {
            return Err(ReadProblem::Refused("only remote repositories are fetched".into()));
        };
        let addresses = self.guard.vet(url).await?;
        fs::create_dir_all(home(&self.outbound.data)).await.map_err(|error| disk(&error))?;
        let access = Access::new(url, &addresses, keys.find(url).await?, &home(&self.outbound.data))?;
        let fetched = Box::pin(self.fetch_by(&access, url, target)).await?;
        Ok((fetched, access.held().grants()))
    }

    async fn fetch_by(&self, access: &Access, url: &Url, target: &Target) -> Result<Fetched, ReadProblem> {
        let copy = self.outbound.data.join("cache").join("git").join(name(url.as_str()));
        let turn = self.turns.lock().unwrap_or_else(PoisonError::into_inner).entry(copy.clone()).or_default().clone();
        let _turn = turn.lock().await;

        let patterns = ["ls-remote", "--symref", "--", url.as_str(), "HEAD", "refs/heads/*", "refs/tags/*"];
        let listed = access.lent(self.git(None)).args(patterns).ask(LIMITS.list, 16 * 1024 * 1024).await;
        let listed = listed.map_err(|failed| access.explain(failed))?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let (branch, path) = choose(target, &listed)?;
        let kept = format!("refs/causeway/{}", name(&branch.full));
        let there = commit_of(&listed, &branch.full);
        if copy.join("HEAD").is_file() {
            let spec = format!("{kept}^{{}}");
            let has = self.git(Some(&copy)).args(["rev-parse", "--verify", "--quiet", &kept, &spec]);
            let has = has.read(LIMITS.list, 4096).await.unwrap_or_default();
            if String::from_utf8_lossy(&has).lines().any(|line| Some(line) == there.as_deref()) {
                return Ok((copy, Branch { full: kept, ..branch }, path));
            }
            // What was fetched before and is no longer wanted would grow for ever.
            if size(&copy) > LIMITS.bytes / 2 {
                fs::remove_dir_all(&copy).await.map_err(|error| disk(&error))?;
            }
        }
        self.git(None).args(["init", "--quiet", "--bare"]).args([&copy]).read(LIMITS.list, 4096).await?;
        let wanted = format!("+{}:{kept}", branch.full);
        let arguments =
            ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--", url.as_str(), &wanted];
        let fetch = access.lent(self.git(Some(&copy))).args(arguments).ask(LIMITS.fetch, 4096);
        tokio::select! {
            fetched = fetch => fetched.map_err(|failed| access.explain(failed))?,
            () = grown(&copy) => {
                // Ends the fetch; what it brought is of no use.
                let _ = fs::remove_dir_all(&copy).await;
                let mib = LIMITS.bytes / 1024 / 1024;
                return Err(ReadProblem::Refused(format!("`{}` is larger than {mib} MiB", target.shown())));
            }
        };
        Ok((copy, Branch { full: kept, ..branch }, path))
    }

    /// One state of a repository, with the names of its files.
    async fn state(
        &self,
        (repository, branch, path): Fetched,
        target: Target,
        granted: Granted,
    ) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        let spec = format!("{}^{{commit}}", branch.full);
        let commit = self.git(Some(&repository)).args(["rev-parse", "--verify", "--quiet", "--end-of-options", &spec]);
        let commit = commit.read(LIMITS.list, 4096).await.map_err(|_| no_branch(&target, &branch.name))?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let listed = self.git(Some(&repository)).args(["ls-tree", "-r", "-z", "--full-tree", &commit]);
        let listed = listed.read(LIMITS.fetch, 128 * 1024 * 1024).await?;
        let files = blobs::tree(&listed);
        if files.len() > LIMITS.files {
            return Err(ReadProblem::Refused(format!("`{}` has more than {} files", target.shown(), LIMITS.files)));
        }
        let blobs = Blobs::new(home(&self.outbound.data), repository);
        let path = path.trim_matches('/').to_owned();
        let names = || files.iter().filter(|(_, file)| file.is_file()).map(|(path, _)| path.clone());
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let (begin, folder) = if files.get(&path).is_some_and(blobs::File::is_file) {
            (Begin::Named(vec![path.clone()]), String::new())
        } else if is_glob(&path) {
            let matcher = super::glob(&path)?;
            (Begin::Named(names().filter(|path| matcher.is_match(path)).collect()), String::new())
        } else {
            let paths: Vec<String> = names().filter(|path| path.starts_with(&prefix)).collect();
            (Begin::folder(paths), path.clone())
        };
        let (Begin::Named(chosen) | Begin::Found(chosen) | Begin::Guessed(chosen)) = &begin;
        if chosen.is_empty()
            && (!path.is_empty() || files.is_empty())
            && !files.keys().any(|file| file.starts_with(&prefix))
        {
            let message = format!("`{path}` is not in `{}` at `{}`; correct the path", target.shown(), branch.name);
            return Err(ReadProblem::Missing(message));
        }
        Ok(Arc::new(State { target, branch: branch.name, commit, files, begin, folder, granted, blobs }))
    }
}

/// Returns when the copy has grown beyond its bound.
async fn grown(copy: &Path) {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let copy = copy.to_owned();
        if tokio::task::spawn_blocking(move || size(&copy)).await.unwrap_or(0) > LIMITS.bytes {
            return;
        }
    }
}

fn disk(error: &std::io::Error) -> ReadProblem {
    ReadProblem::Unreachable(format!("the copy cannot be kept on disk: {error}"))
}

/// A short name for a long text, safe as the name of a file and of a ref.
pub(super) fn name(text: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let readable: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let tail = &readable[readable.len().saturating_sub(24)..];
    format!("{tail}-{:016x}", hasher.finish())
}

fn commit_of(listed: &str, full: &str) -> Option<String> {
    listed.lines().find_map(|line| line.strip_suffix(full)?.strip_suffix('\t').map(str::to_owned))
}

fn no_branch(target: &Target, name: &str) -> ReadProblem {
    ReadProblem::Missing(format!("`{}` has no branch, tag or commit `{name}`; correct the address", target.shown()))
}

/// Tells branch and path apart: the longest name that there is.
fn choose(target: &Target, listed: &str) -> Result<(Branch, String), ReadProblem> {
    let refs: Vec<&str> = listed.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    let (rest, below) = match &target.wanted {
        Wanted::Whole => (None, ""),
        Wanted::Apart { branch: None, path } => (None, path.as_str()),
        Wanted::Apart { branch: Some(branch), path } => {
            return Ok((exactly(target, &refs, branch)?, path.clone()));
        }
        Wanted::Joined(rest) => match rest.strip_prefix("HEAD") {
            Some(below) if below.is_empty() || below.starts_with('/') => (None, below),
            _ => (Some(rest.as_str()), ""),
        },
    };
    let Some(rest) = rest else {
        let head = listed.lines().find_map(|line| line.strip_prefix("ref: ")?.strip_suffix("\tHEAD"));
        let head = head.filter(|head| refs.contains(head));
        let full = head.or_else(|| refs.iter().find(|name| name.starts_with("refs/heads/")).copied());
        let Some(full) = full else {
            return Err(ReadProblem::Missing(format!("`{}` is empty; push a first commit", target.shown())));
        };
        let name = full.trim_start_matches("refs/heads/").to_owned();
        return Ok((Branch { name, full: full.to_owned() }, below.to_owned()));
    };
    let named = refs.iter().filter_map(|full| {
        let name = full.strip_prefix("refs/heads/").or_else(|| full.strip_prefix("refs/tags/"))?;
        let path = rest.strip_prefix(name)?;
        (path.is_empty() || path.starts_with('/')).then_some((name, *full, path))
    });
    if let Some((name, full, path)) = named.max_by_key(|(name, ..)| name.len()) {
        return Ok((Branch { name: name.to_owned(), full: full.to_owned() }, path.to_owned()));
    }
    let (first, path) = rest.split_once('/').unwrap_or((rest, ""));
    Ok((exactly(target, &[], first)?, path.to_owned()))
}

/// The branch, the tag or the commit of this very name.
fn exactly(target: &Target, refs: &[&str], name: &str) -> Result<Branch, ReadProblem> {
    let there = |full: String| refs.contains(&full.as_str()).then_some(full);
    let full = there(format!("refs/heads/{name}")).or_else(|| there(format!("refs/tags/{name}")));
    let is_commit = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    match full.or_else(|| is_commit.then(|| name.to_owned())) {
        Some(full) => Ok(Branch { name: name.to_owned(), full }),
        None => Err(no_branch(target, name)),
    }
}

struct State {
    target: Target,
    branch: String,
    commit: String,
    files: BTreeMap<String, blobs::File>,
    begin: Begin,
    folder: String,
    granted: Granted,
    blobs: Blobs,
}

#[async_trait]
impl OpenSource for State {
    fn revision(&self) -> Option<String> {
        Some(self.commit.clone())
    }

    fn branch(&self) -> Option<(String, bool)> {
        Some((self.branch.clone(), self.target.wanted.follows_default()))
    }

    fn begin(&self) -> Begin {
        self.begin.clone()
    }

    fn folder(&self) -> String {
        self.folder.clone()
    }

    fn resolve(&self, from: &str, target: &str) -> Result<String, ReadProblem> {
        join(from, target)
    }

    async fn find(&self, pattern: &str) -> Result<Vec<String>, ReadProblem> {
        let matcher = super::glob(pattern)?;
        let files = self.files.iter().filter(|(_, file)| file.is_file());
        Ok(files.map(|(path, _)| path.clone()).filter(|path| matcher.is_match(path)).collect())
    }

    async fn list(&self, folder: &str) -> Result<Vec<FileInfo>, ReadProblem> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let files = self.files.iter().filter(|(path, file)| file.is_file() && path.starts_with(&prefix));
        Ok(files.map(|(path, file)| FileInfo { path: path.clone(), executable: file.is_executable() }).collect())
    }

    async fn read(&self, path: &str, limit: u64) -> Result<Bytes, ReadProblem> {
        match self.files.get(path) {
            Some(file) if file.is_file() => self.blobs.read(path, file, limit).await,
            Some(_) => Err(ReadProblem::Refused(format!(
                "`{path}` is a symbolic link or a submodule, which is not followed; name the file itself"
            ))),
            None => Err(ReadProblem::Missing(format!(
                "`{path}` is not in `{}` at `{}`; correct the path, or add the file",
                self.target.web, self.branch
            ))),
        }
    }

    fn fingerprint(&self, path: &str) -> Option<String> {
        let file = self.files.get(path).filter(|file| file.is_file())?;
        Some(file.object().to_owned())
    }

    fn place(&self, path: &str) -> Place {
        let folder = path.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
        let view = self.target.address("blob", &self.branch, path);
        let edit = matches!(self.target.repository, Repository::Remote(_));
        Place {
            kind: "url",
            target: view.clone(),
            view: Some(view),
            edit: edit.then(|| self.target.address("edit", &self.branch, path)),
            folder: Some(self.target.address("tree", &self.branch, &folder)),
        }
    }

    fn granted(&self) -> Granted {
        self.granted.clone()
    }

    fn remarks(&self) -> Vec<Remark> {
        match self.begin {
            Begin::Named(_) => Vec::new(),
            Begin::Found(_) | Begin::Guessed(_) => {
                let mut remarks = blobs::passed_over(&self.files, &self.folder);
                if matches!(&self.begin, Begin::Guessed(paths) if paths.is_empty()) && remarks.is_empty() {
                    remarks.push(blobs::nothing(&self.folder, &self.branch));
                }
                remarks
            }
        }
    }
}

#[cfg(test)]
mod tests;
