//! Files, folders and globs on the server's own disk.
//!
//! A source has a root: the folder, the folder of the file, or the folder before the first wildcard. Nothing outside it is
//! read, not through `..` and not through a symbolic link.

use std::{
    fs,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use domain::catalog::{Severity, SourceKind};
use services::catalog::{
    keys::Granted,
    ports::{Begin, FileInfo, OpenSource, Place, ReadProblem, Remark, SourceReader, is_glob, join},
};
use walkdir::WalkDir;

/// How many files and folders a walk looks at.
const MOST: usize = 200_000;

/// How many things that are passed over are named.
const REMARKS: usize = 50;

/// Folders that hold no catalog files of their owner.
const SKIPPED: &[&str] = &[".git", "node_modules"];

/// Opens a path; the caller was asked before whether the server's files may be read.
pub(super) async fn open(target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
    let target = PathBuf::from(target);
    let source = blocking(move || Files::open(&target)).await?;
    Ok(Arc::new(source))
}

/// Reads files and nothing else, for `causeway check`.
#[derive(Debug, Clone, Copy, Default)]
pub struct FilesOnly;

#[async_trait]
impl SourceReader for FilesOnly {
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        match kind {
            SourceKind::File => open(target).await,
            _ => Err(ReadProblem::Missing(format!("`{target}` was not fetched: only files on this disk are checked"))),
        }
    }
}

struct Files {
    root: PathBuf,
    folder: String,
    begin: Begin,
    remarks: Vec<Remark>,
}

impl Files {
    fn open(target: &Path) -> Result<Self, ReadProblem> {
        let text = target.display().to_string();
        if is_glob(&text) && !target.exists() {
            let fixed: PathBuf =
                target.components().take_while(|part| !is_glob(&part.as_os_str().to_string_lossy())).collect();
            let root = canonical(&fixed)?;
            let pattern = target.strip_prefix(&fixed).unwrap_or(target).to_string_lossy().into_owned();
            let found = matching(&root, &pattern)?;
            if found.is_empty() {
                return Err(ReadProblem::Missing(format!("`{text}` matches no file; correct the pattern")));
            }
            return Ok(Self { root, folder: String::new(), begin: Begin::Named(found), remarks: Vec::new() });
        }
        let path = canonical(target)?;
        if path.is_dir() {
            let Walked { files, remarks } = walk(&path, "")?;
            let paths: Vec<String> = files.into_iter().map(|file| file.path).collect();
            let begin = Begin::folder(paths);
            let (Begin::Named(paths) | Begin::Found(paths) | Begin::Guessed(paths)) = &begin;
            if paths.is_empty() {
                let passed = remarks.first().map(|remark| format!("; `{}` is {}", remark.about, remark.message));
                let passed = passed.unwrap_or_else(|| "; name another".to_owned());
                return Err(ReadProblem::Missing(format!("the folder `{text}` holds no YAML file{passed}")));
            }
            return Ok(Self { root: path, folder: String::new(), begin, remarks });
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let root = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { root, folder: String::new(), begin: Begin::Named(vec![name]), remarks: Vec::new() })
    }
}

#[async_trait]
impl OpenSource for Files {
    fn revision(&self) -> Option<String> {
        None
    }

    fn begin(&self) -> Begin {
        self.begin.clone()
    }

    fn folder(&self) -> String {
        self.folder.clone()
    }

    fn resolve(&self, from: &str, target: &str) -> Result<String, ReadProblem> {
        if !target.starts_with('/') {
            return join(from, target);
        }
        // On a disk, an absolute path is one from the disk's root.
        match Path::new(target).strip_prefix(&self.root) {
            Ok(below) => join("", &below.to_string_lossy()),
            Err(_) => Err(ReadProblem::Refused(format!(
                "`{target}` leads out of the source, which is `{}`; register it as a source of its own",
                self.root.display()
            ))),
        }
    }

    async fn find(&self, pattern: &str) -> Result<Vec<String>, ReadProblem> {
        let (root, pattern) = (self.root.clone(), pattern.to_owned());
        blocking(move || matching(&root, &pattern)).await
    }

    async fn list(&self, folder: &str) -> Result<Vec<FileInfo>, ReadProblem> {
        let (root, folder) = (self.root.clone(), folder.to_owned());
        blocking(move || Ok(walk(&root, &folder)?.files)).await
    }

    async fn read(&self, path: &str, limit: u64) -> Result<Bytes, ReadProblem> {
        let (root, path) = (self.root.clone(), path.to_owned());
        blocking(move || read(&root, &path, limit)).await
    }

    fn place(&self, path: &str) -> Place {
        let target = self.root.join(path).display().to_string();
        Place { kind: "file", target, view: None, edit: None, folder: None }
    }

    fn remarks(&self) -> Vec<Remark> {
        self.remarks.clone()
    }

    fn granted(&self) -> Granted {
        Granted::All
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReadProblem> + Send + 'static,
) -> Result<T, ReadProblem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ReadProblem::Unreachable(format!("reading the disk failed: {error}"))),
    }
}

fn canonical(path: &Path) -> Result<PathBuf, ReadProblem> {
    fs::canonicalize(path).map_err(|error| problem(&path.display().to_string(), &error))
}

fn problem(path: &str, error: &std::io::Error) -> ReadProblem {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            ReadProblem::Missing(format!("`{path}` is not there; correct the path, or add the file"))
        }
        ErrorKind::PermissionDenied => ReadProblem::Unreachable(format!(
            "`{path}` may not be read; give the user that runs Causeway the right to read"
        )),
        _ => ReadProblem::Unreachable(format!("`{path}` cannot be read: {error}")),
    }
}

/// The real path of a file of the source.
fn inside(root: &Path, path: &str) -> Result<PathBuf, ReadProblem> {
    let real = fs::canonicalize(root.join(path)).map_err(|error| problem(path, &error))?;
    if real.starts_with(root) {
        Ok(real)
    } else {
        Err(ReadProblem::Refused(format!(
            "`{path}` is a symbolic link that leads out of the source; copy the file into it"
        )))
    }
}

fn read(root: &Path, path: &str, limit: u64) -> Result<Bytes, ReadProblem> {
    let real = inside(root, path)?;
    let about = fs::metadata(&real).map_err(|error| problem(path, &error))?;
    if !about.is_file() {
        // A pipe or a device could keep its reader for ever.
        return Err(ReadProblem::Refused(format!("`{path}` is not a file")));
    }
    let too_large = || {
        ReadProblem::Refused(format!(
            "`{path}` is larger than {} MiB; split it into several files",
            limit / 1024 / 1024
        ))
    };
    if about.len() > limit {
        return Err(too_large());
    }
    let file = fs::File::open(&real).map_err(|error| problem(path, &error))?;
    let mut content = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
    // It may grow while it is read.
    file.take(limit + 1).read_to_end(&mut content).map_err(|error| problem(path, &error))?;
    if content.len() as u64 > limit { Err(too_large()) } else { Ok(content.into()) }
}

/// What is in a folder.
#[derive(Default)]
struct Walked {
    files: Vec<FileInfo>,
    /// What could be a catalog file and was passed over.
    remarks: Vec<Remark>,
}

fn walk(root: &Path, folder: &str) -> Result<Walked, ReadProblem> {
    let start = inside(root, folder)?;
    let mut walked = Walked::default();
    let walk = WalkDir::new(&start).follow_links(false).max_depth(64).sort_by_file_name().into_iter();
    let is_kept = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !SKIPPED.contains(&entry.file_name().to_string_lossy().as_ref())
    };
    let below = |path: &Path| Some(path.strip_prefix(root).ok()?.to_str()?.replace('\\', "/"));
    for (number, entry) in walk.filter_entry(is_kept).enumerate() {
        if number >= MOST {
            return Err(ReadProblem::Refused(format!(
                "`{folder}` holds more than {MOST} files; register a part of it"
            )));
        }
        let passed = match entry {
            Ok(entry) => {
                let Some(path) = below(entry.path()) else { continue };
                if entry.file_type().is_file() {
                    walked.files.push(FileInfo { path, executable: is_executable(&entry) });
                    continue;
                }
                if entry.file_type().is_dir() || !Begin::is_usual(&path) {
                    continue;
                }
                Remark {
                    about: path,
                    severity: Severity::Info,
                    message: "left out: it is a symbolic link or no regular file, which is not followed".into(),
                    keeps: Vec::new(),
                }
            }
            // A folder that may not be entered hides only itself.
            Err(error) => {
                let Some(path) = error.path().and_then(below) else { continue };
                let keeps = vec![format!("{path}/")];
                let message = format!(
                    "left out: it may not be entered; give the user that runs Causeway the right to read it, until when what it declared stands: {}",
                    error.io_error().map_or_else(|| "it leads back to itself".to_owned(), ToString::to_string)
                );
                Remark { about: path, severity: Severity::Warning, message, keeps }
            }
        };
        if walked.remarks.len() < REMARKS {
            walked.remarks.push(passed);
        }
    }
    Ok(walked)
}

#[cfg(unix)]
fn is_executable(entry: &walkdir::DirEntry) -> bool {
    use std::os::unix::fs::PermissionsExt;
    entry.metadata().is_ok_and(|about| about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_entry: &walkdir::DirEntry) -> bool {
    false
}

fn matching(root: &Path, pattern: &str) -> Result<Vec<String>, ReadProblem> {
    let matcher = super::glob(pattern)?;
    let fixed: Vec<&str> = pattern.split('/').take_while(|part| !is_glob(part)).collect();
    let folder = fixed.join("/");
    if !root.join(&folder).is_dir() {
        return Ok(Vec::new());
    }
    let files = walk(root, &folder)?.files;
    Ok(files.into_iter().map(|file| file.path).filter(|path| matcher.is_match(path)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn said(source: &dyn OpenSource, path: &str) -> String {
        match source.read(path, 10).await {
            Ok(content) => String::from_utf8_lossy(&content).into_owned(),
            Err(problem) => format!("{problem:?}"),
        }
    }

    fn organisation() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("a/catalog-info.yaml", "a"),
            ("a/other.yaml", "o"),
            ("b/c/catalog-info.yml", "c"),
            ("b/long.yaml", "0123456789x"),
            (".git/catalog-info.yaml", "no"),
        ] {
            fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
            fs::write(folder.path().join(path), text).unwrap();
        }
        folder
    }

    #[tokio::test]
    async fn a_folder_means_its_catalog_files_and_a_glob_what_it_matches() {
        let folder = organisation();
        let root = folder.path().display();
        let begin = |source: Arc<dyn OpenSource>| source.begin();
        let found = Begin::Found(vec!["a/catalog-info.yaml".into(), "b/c/catalog-info.yml".into()]);
        assert_eq!(begin(open(&format!("{root}")).await.unwrap()), found);
        let named = Begin::Named(vec!["catalog-info.yaml".into(), "other.yaml".into()]);
        assert_eq!(begin(open(&format!("{root}/a/*.yaml")).await.unwrap()), named);
        let deep = Begin::Named(vec!["a/catalog-info.yaml".into(), "a/other.yaml".into(), "b/long.yaml".into()]);
        assert_eq!(begin(open(&format!("{root}/**/*.yaml")).await.unwrap()), deep);
        fs::remove_file(folder.path().join("a/catalog-info.yaml")).unwrap();
        assert_eq!(begin(open(&format!("{root}/a")).await.unwrap()), Begin::Guessed(vec!["other.yaml".into()]));
        for missing in ["nothing", "nothing/*.yaml", "a/*.json"] {
            assert!(
                matches!(open(&format!("{root}/{missing}")).await.err(), Some(ReadProblem::Missing(_))),
                "{missing}"
            );
        }
    }

    #[tokio::test]
    async fn a_catalog_file_that_is_no_regular_file_is_passed_over_and_told() {
        let folder = organisation();
        let root = folder.path();
        std::os::unix::fs::symlink(root.join("a/catalog-info.yaml"), root.join("b/catalog-info.yaml")).unwrap();
        std::os::unix::fs::symlink(root.join("a/other.yaml"), root.join("b/another.yaml")).unwrap();
        let about =
            |source: &dyn OpenSource| source.remarks().into_iter().map(|remark| remark.about).collect::<Vec<_>>();
        let source = open(&root.display().to_string()).await.unwrap();
        assert_eq!(about(&*source), ["b/catalog-info.yaml"]);
        fs::create_dir(root.join("d")).unwrap();
        std::os::unix::fs::symlink(root.join("a/catalog-info.yaml"), root.join("d/catalog-info.yaml")).unwrap();
        let problem = open(&root.join("d").display().to_string()).await.err().unwrap().to_string();
        assert!(problem.contains("`catalog-info.yaml` is left out: it is a symbolic link"), "{problem}");
    }

    #[tokio::test]
    async fn nothing_outside_the_root_is_read() {
        let (folder, outside) = (organisation(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("secret.yaml"), "s").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.yaml"), folder.path().join("a/link.yaml")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("b/long.yaml"), folder.path().join("a/out-of-a.yaml")).unwrap();
        let source = open(&folder.path().join("a").display().to_string()).await.unwrap();
        assert!(said(&*source, "link.yaml").await.starts_with("Refused"));
        assert!(said(&*source, "out-of-a.yaml").await.starts_with("Refused"));
        assert!(said(&*source, "../b/long.yaml").await.starts_with("Refused"));
        let secret = outside.path().join("secret.yaml").display().to_string();
        assert!(matches!(source.resolve("catalog-info.yaml", &secret), Err(ReadProblem::Refused(_))));
        let own = fs::canonicalize(folder.path().join("a/other.yaml")).unwrap().display().to_string();
        assert_eq!(source.resolve("catalog-info.yaml", &own).unwrap(), "other.yaml");
    }

    #[tokio::test]
    async fn what_is_too_large_or_no_file_is_refused() {
        let folder = organisation();
        let source = open(&folder.path().display().to_string()).await.unwrap();
        assert_eq!(said(&*source, "a/catalog-info.yaml").await, "a");
        assert!(said(&*source, "b/long.yaml").await.starts_with("Refused"));
        assert!(said(&*source, "b").await.starts_with("Refused"));
        assert!(said(&*source, "b/none.yaml").await.starts_with("Missing"));
    }
}
