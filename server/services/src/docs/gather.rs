//! Reading a site from its source: as much as is allowed, and a remark about what is left out.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{NavItem, elsewhere, manifest, navigation};
use crate::catalog::ports::{OpenSource, ReadProblem};

/// How large one page may be.
const PAGE: u64 = 1024 * 1024;

/// How large one image may be.
const IMAGE: u64 = 4 * 1024 * 1024;

/// How large everything may be together.
const TOTAL: usize = 48 * 1024 * 1024;

/// How many files are looked at, and how many of them are taken.
const FILES: (usize, usize) = (20_000, 3_000);

/// How many remarks are kept.
const REMARKS: usize = 60;

/// What a site is made of.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) name: String,
    pub(super) home: Option<String>,
    pub(super) nav: Vec<NavItem>,
    pub(super) remarks: Vec<String>,
    pub(super) files: BTreeMap<String, GatheredFile>,
}

#[derive(Debug)]
pub(super) struct GatheredFile {
    /// As rows name it.
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) edit: Option<String>,
    pub(super) content: Vec<u8>,
    /// Its path in the source.
    pub(super) whole: String,
}

impl GatheredFile {
    /// Another name of the file at `path`.
    pub(super) fn same(path: String, whole: String) -> Self {
        Self { kind: "same".into(), title: String::new(), edit: Some(path), content: Vec::new(), whole }
    }

    /// A file that is not kept, only where people look at it.
    pub(super) fn other(view: Option<String>, whole: String) -> Self {
        Self { kind: "other".into(), title: String::new(), edit: view, content: Vec::new(), whole }
    }
}

/// Reads the site in the folder `root` of an open source.
pub(super) async fn gather(source: &dyn OpenSource, root: &str) -> Result<Gathered, ReadProblem> {
    let mut found = Gathered::default();
    let manifest = manifest(source, root).await?;
    let (base, has_manifest) = match &manifest {
        Some((path, manifest)) => match source.resolve(path, &manifest.docs) {
            Ok(base) => (base, true),
            Err(problem) => return Err(ReadProblem::Refused(format!("`docs_dir: {}`: {problem}", manifest.docs))),
        },
        None => (root.to_owned(), false),
    };
    let mut manifest = manifest.map(|(_, manifest)| manifest).unwrap_or_default();
    found.remarks = std::mem::take(&mut manifest.remarks);
    found.name = manifest.name;
    let paths = paths(source, &base, has_manifest, manifest.nav.as_deref(), &mut found.remarks).await?;
    let mut total = 0;
    for (path, whole) in paths {
        take(source, &path, whole, &mut total, &mut found).await?;
    }
    elsewhere::add(source, &mut found.files).await?;
    let titles: BTreeMap<String, String> = found
        .files
        .iter()
        .filter(|(_, file)| file.kind == "page")
        .map(|(path, file)| (path.clone(), file.title.clone()))
        .collect();
    if titles.is_empty() {
        return Err(ReadProblem::Missing(if has_manifest {
            format!("`{}` has no Markdown file; write `index.md` in it, or correct `docs_dir`", shown(&base))
        } else {
            format!(
                "`{}` has no `mkdocs.yml`, no Markdown file in `docs/` and no `README.md`; write one of them",
                shown(root)
            )
        }));
    }
    found.nav = match manifest.nav {
        Some(nav) => navigation::settled(nav, &titles, &mut found.remarks),
        None => navigation::by_folder(&titles),
    };
    found.home = navigation::home(&found.nav, &titles);
    found.remarks.truncate(REMARKS);
    without_nul(&mut found);
    Ok(found)
}

/// Databases keep no text with a NUL in it, and one page must not take the others away.
fn without_nul(found: &mut Gathered) {
    fn clean(text: &mut String) -> bool {
        let is_odd = text.contains('\0');
        if is_odd {
            *text = text.replace('\0', "\u{fffd}");
        }
        is_odd
    }
    fn clean_all(nav: &mut [NavItem]) -> bool {
        nav.iter_mut().fold(false, |is_odd, item| {
            let inner = match &mut item.to {
                super::NavTarget::Page(text) | super::NavTarget::Link(text) => clean(text),
                super::NavTarget::Section(inner) => clean_all(inner),
            };
            clean(&mut item.title) || inner || is_odd
        })
    }
    let is_odd = clean(&mut found.name) | clean_all(&mut found.nav);
    let mut told: Vec<String> = is_odd.then(|| "`mkdocs.yml`".to_owned()).into_iter().collect();
    for (path, file) in found.files.iter_mut().filter(|(_, file)| file.kind == "page") {
        if clean(&mut file.title) || file.content.contains(&0) {
            told.push(format!("`{path}`"));
        }
    }
    for remark in &mut found.remarks {
        clean(remark);
    }
    found.remarks.extend(told.into_iter().take(5).map(|path| {
        format!("{path} has signs that no text has (NUL); they are shown as `\u{fffd}`: save it anew as UTF-8")
    }));
}

async fn manifest(source: &dyn OpenSource, root: &str) -> Result<Option<(String, manifest::Manifest)>, ReadProblem> {
    for name in ["mkdocs.yml", "mkdocs.yaml"] {
        let path = below(root, name);
        match source.read(&path, manifest::LARGEST).await {
            Ok(bytes) => {
                let read = tokio::task::spawn_blocking(move || manifest::read(&bytes)).await;
                let read =
                    read.map_err(|error| ReadProblem::Unreachable(format!("reading `{path}` failed: {error}")))?;
                return Ok(Some((path, read)));
            }
            Err(ReadProblem::Missing(_)) => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(None)
}

/// The files of a site: the path of each there, and in the source.
async fn paths(
    source: &dyn OpenSource,
    base: &str,
    has_manifest: bool,
    nav: Option<&[NavItem]>,
    remarks: &mut Vec<String>,
) -> Result<Vec<(String, String)>, ReadProblem> {
    let listed = match source.list(base).await {
        Ok(listed) => listed,
        // A web address has no folders: only what the navigation names can be read.
        Err(ReadProblem::Refused(_)) => {
            return Ok(named(nav).into_iter().map(|path| (path.clone(), below(base, &path))).collect());
        }
        Err(ReadProblem::Missing(_)) if has_manifest => {
            return Err(ReadProblem::Missing(format!(
                "`{}` is not there; write `index.md` in it, or correct `docs_dir`",
                shown(base)
            )));
        }
        Err(problem) => return Err(problem),
    };
    let prefix = if base.is_empty() || base.ends_with('/') { base.to_owned() } else { format!("{base}/") };
    let is_hidden = |path: &str| path.split('/').any(|part| part.starts_with('.') || part == "node_modules");
    let relative: Vec<String> = listed
        .into_iter()
        .take(FILES.0)
        .filter_map(|file| file.path.strip_prefix(&prefix).map(str::to_owned))
        .filter(|path| !is_hidden(path))
        .collect();
    let mut paths: Vec<(String, String)> = if has_manifest {
        relative.into_iter().map(|path| (path.clone(), below(base, &path))).collect()
    } else {
        meant(relative).into_iter().map(|(path, inner)| (path, below(base, &inner))).collect()
    };
    // Pages first: images and the rest are what is left out when there is too much.
    paths.sort_by_key(|(path, _)| (kind(path) != Kind::Page, path.clone()));
    if paths.len() > FILES.1 {
        remarks.push(format!("the docs have more than {} files; the rest is left out", FILES.1));
        paths.truncate(FILES.1);
    }
    Ok(paths)
}

/// What is the site in a folder without a manifest, as TechDocs has it: what is in `docs`, and the README as its first page
/// if it has none. The rest of the folder is the code's.
fn meant(relative: Vec<String>) -> Vec<(String, String)> {
    let readme = relative.iter().find(|path| path.eq_ignore_ascii_case("readme.md")).cloned();
    let inside = relative.into_iter().filter_map(|path| Some((path.strip_prefix("docs/")?.to_owned(), path)));
    let mut paths: Vec<(String, String)> = inside.collect();
    if !paths.iter().any(|(path, _)| ["index.md", "README.md"].contains(&path.as_str())) {
        paths.extend(readme.map(|readme| ("index.md".to_owned(), readme)));
    }
    paths
}

fn named(nav: Option<&[NavItem]>) -> Vec<String> {
    let mut paths = vec!["index.md".to_owned()];
    let mut open: Vec<&NavItem> = nav.unwrap_or_default().iter().collect();
    while let Some(item) = open.pop() {
        match &item.to {
            super::NavTarget::Page(path) if !paths.contains(path) && paths.len() < 200 => paths.push(path.clone()),
            super::NavTarget::Section(inner) => open.extend(inner),
            _ => {}
        }
    }
    paths
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    Image,
    Other,
}

fn kind(path: &str) -> Kind {
    let end = path.rsplit_once('.').map(|(_, end)| end.to_lowercase()).unwrap_or_default();
    match end.as_str() {
        "md" | "markdown" => Kind::Page,
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" | "svg" | "ico" => Kind::Image,
        _ => Kind::Other,
    }
}

async fn take(
    source: &dyn OpenSource,
    path: &str,
    whole: String,
    total: &mut usize,
    found: &mut Gathered,
) -> Result<(), ReadProblem> {
    let place = source.place(&whole);
    let remark = |remarks: &mut Vec<String>, text: String| {
        if remarks.len() < REMARKS {
            remarks.push(text);
        }
    };
    let kind = kind(path);
    if kind == Kind::Other {
        found.files.insert(path.to_owned(), GatheredFile::other(place.view, whole));
        return Ok(());
    }
    if *total >= TOTAL {
        remark(
            &mut found.remarks,
            format!("the docs are larger than {} MiB; the rest is left out", TOTAL / 1024 / 1024),
        );
        return Ok(());
    }
    let content = match source.read(&whole, if kind == Kind::Page { PAGE } else { IMAGE }).await {
        Ok(content) => content,
        // One file that cannot be read hides no other; a source that does not answer is not asked again and again.
        Err(ReadProblem::Unreachable(why)) => return Err(ReadProblem::Unreachable(why)),
        Err(problem) => {
            if path != "index.md" {
                remark(&mut found.remarks, format!("`{path}` is left out: {problem}"));
            }
            return Ok(());
        }
    };
    *total += content.len();
    let file = if kind == Kind::Page {
        if std::str::from_utf8(&content).is_err() {
            remark(&mut found.remarks, format!("`{path}` is not UTF-8; some letters are shown wrongly"));
        }
        let title = navigation::title(path, &String::from_utf8_lossy(&content));
        GatheredFile { kind: "page".into(), title, edit: place.edit, content: content.to_vec(), whole }
    } else {
        let Some(media) = media_type(&content) else {
            remark(&mut found.remarks, format!("`{path}` is left out: it is no image of a kind that is shown"));
            return Ok(());
        };
        GatheredFile { kind: media.into(), title: String::new(), edit: None, content: content.to_vec(), whole }
    };
    found.files.insert(path.to_owned(), file);
    Ok(())
}

/// What an image is by its content; its name may say anything.
fn media_type(content: &[u8]) -> Option<&'static str> {
    match content {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => Some("image/avif"),
        [0, 0, 1, 0, ..] => Some("image/x-icon"),
        _ => {
            let start = String::from_utf8_lossy(&content[..content.len().min(1024)]).to_lowercase();
            let start = start.trim_start_matches('\u{feff}').trim_start();
            let is_svg = start.starts_with("<svg")
                || (start.starts_with("<?xml") || start.starts_with("<!--") || start.starts_with("<!doctype svg"))
                    && start.contains("<svg");
            (is_svg && std::str::from_utf8(content).is_ok()).then_some("image/svg+xml")
        }
    }
}

fn below(folder: &str, path: &str) -> String {
    if folder.is_empty() || folder.ends_with('/') { format!("{folder}{path}") } else { format!("{folder}/{path}") }
}

fn shown(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}

/// A name for what was read, the same as long as all of it is the same.
pub(super) fn hash(found: &Gathered) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut about = format!("{}\n{:?}\n{:?}\n{:?}\n", found.name, found.home, found.nav, found.remarks);
    for (path, file) in &found.files {
        let _ = writeln!(about, "{path} {} {:?} {}", file.kind, file.edit, content_hash(&file.content));
    }
    hasher.update(about.as_bytes());
    hasher.finalize().to_hex().to_string()
}

pub(super) fn content_hash(content: &[u8]) -> String {
    blake3::hash(content).to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_what_its_content_says() {
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n..."), Some("image/png"));
        assert_eq!(media_type(b"<?xml version='1.0'?>\n<!-- x --><svg xmlns='x'/>"), Some("image/svg+xml"));
        for wrong in
            [&b"<html><svg></svg></html>"[..], b"<script>alert(1)</script>", b"MZ", b"", b"<svg \xff>", b"%PDF-1.7"]
        {
            assert_eq!(media_type(wrong), None, "{}", String::from_utf8_lossy(wrong));
        }
    }
}
