//! Skeletons: the files a template starts from, rendered in memory. `fetch:template` and `fetch:plain` are these
//! functions, in a plan as in a run, so that a plan shows what a run writes, byte for byte.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::{Value, json};

use super::expression::{Context, Dialect, Renderer, TemplateError};

/// How many files a skeleton may hold.
pub const MOST_FILES: usize = 5_000;

/// How many bytes a skeleton, and what is rendered from it, may have together.
pub const MOST_BYTES: usize = 64 << 20;

/// The longest path of a file.
const LONGEST_PATH: usize = 1024;

/// A file in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// From the root, with `/`.
    pub path: String,
    /// What it holds.
    pub content: Bytes,
    /// Whether it is a program.
    pub executable: bool,
}

/// How a skeleton is rendered: the input of `fetch:template`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// What files see as `values`.
    pub values: Value,
    /// Globs of files whose contents are copied as they are; their paths are rendered.
    pub copy_without_templating: Vec<String>,
    /// Globs of files that are copied as they are, paths too; the older form.
    pub copy_without_render: Vec<String>,
    /// Only files that end so are rendered, and the ending goes.
    pub extension: Option<String>,
    /// How the files are written.
    pub dialect: Dialect,
    /// The folder that the files go into.
    pub target: String,
    /// Whether files that are there are replaced.
    pub replace: bool,
}

/// Why a skeleton could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkeletonError {
    /// The file, if one is to blame.
    pub path: Option<String>,
    /// What is wrong and how to mend it.
    pub error: TemplateError,
}

impl SkeletonError {
    fn new(path: Option<&str>, message: impl Into<String>) -> Self {
        Self { path: path.map(str::to_owned), error: TemplateError { line: None, message: message.into() } }
    }
}

impl fmt::Display for SkeletonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "`{path}`: {}", self.error),
            None => self.error.fmt(f),
        }
    }
}

impl std::error::Error for SkeletonError {}

impl From<SkeletonError> for crate::Error {
    fn from(error: SkeletonError) -> Self {
        Self::Rejected(error.to_string())
    }
}

impl Options {
    /// Reads the rendered input of a `fetch:template` step.
    ///
    /// # Errors
    /// A field has another type than it must have.
    pub fn from_input(input: &Value) -> Result<Self, SkeletonError> {
        let flag = |name: &str| input.get(name).and_then(Value::as_bool).unwrap_or(false);
        let globs = |name: &str| match input.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
                Ok(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            Some(_) => {
                Err(SkeletonError::new(None, format!("`input.{name}` must be a list of globs, such as `[docs/**]`")))
            }
        };
        let copy_without_templating = globs("copyWithoutTemplating")?;
        let copy_without_render = globs("copyWithoutRender")?;
        let extension = match input.get("templateFileExtension") {
            None | Some(Value::Null | Value::Bool(false)) => None,
            Some(Value::Bool(true)) => Some(".njk".to_owned()),
            Some(Value::String(text)) => Some(if text.starts_with('.') { text.clone() } else { format!(".{text}") }),
            Some(_) => return Err(SkeletonError::new(None, "`input.templateFileExtension` must be `true` or a text")),
        };
        let chosen = [!copy_without_templating.is_empty(), !copy_without_render.is_empty(), extension.is_some()];
        if chosen.into_iter().filter(|&chosen| chosen).count() > 1 {
            let message =
                "`copyWithoutTemplating`, `copyWithoutRender` and `templateFileExtension` exclude each other; keep one";
            return Err(SkeletonError::new(None, message));
        }
        Ok(Self {
            values: input.get("values").cloned().unwrap_or_else(|| json!({})),
            copy_without_templating,
            copy_without_render,
            extension,
            dialect: Dialect {
                cookiecutter: flag("cookiecutterCompat"),
                trim_blocks: flag("trimBlocks"),
                lstrip_blocks: flag("lstripBlocks"),
            },
            target: target(input)?,
            replace: flag("replace"),
        })
    }
}

/// The folder that a step's `targetPath` names, without `.` and never outside.
pub fn target(input: &Value) -> Result<String, SkeletonError> {
    match input.get("targetPath") {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) if matches!(text.as_str(), "" | "." | "./") => Ok(String::new()),
        Some(Value::String(text)) => {
            inside(text).map_err(|why| SkeletonError::new(None, format!("`input.targetPath` {why}")))
        }
        Some(_) => Err(SkeletonError::new(None, "`input.targetPath` must be a text")),
    }
}

/// Does a `fetch:template` step: `files` rendered, at the places where they go in the workspace.
pub fn fetch_template(files: &[File], input: &Value) -> Result<Vec<File>, SkeletonError> {
    let options = Options::from_input(input)?;
    let rendered = render_tree(files, &options)?;
    Ok(moved(rendered, &options.target))
}

/// Does a `fetch:plain` step: `files` as they are, at the places where they go in the workspace.
pub fn fetch_plain(files: &[File], input: &Value) -> Result<Vec<File>, SkeletonError> {
    for file in files {
        inside(&file.path).map_err(|why| SkeletonError::new(Some(&file.path), why))?;
    }
    Ok(moved(files.to_vec(), &target(input)?))
}

fn moved(mut files: Vec<File>, target: &str) -> Vec<File> {
    if !target.is_empty() {
        for file in &mut files {
            file.path = format!("{target}/{}", file.path);
        }
    }
    files
}

/// Renders a skeleton: paths and contents, in the order of the paths.
pub fn render_tree(files: &[File], options: &Options) -> Result<Vec<File>, SkeletonError> {
    if files.len() > MOST_FILES {
        let message =
            format!("the skeleton holds {} files, more than {MOST_FILES}; leave out what is generated", files.len());
        return Err(SkeletonError::new(None, message));
    }
    let engine = Renderer::new(options.dialect);
    let mut context = Context::default();
    context.set("values", &options.values);
    if options.dialect.cookiecutter {
        context.set("cookiecutter", &options.values);
    }
    let contents_kept = globs(&options.copy_without_templating)?;
    let all_kept = globs(&options.copy_without_render)?;
    let mut out: BTreeMap<String, File> = BTreeMap::new();
    let mut bytes = 0;
    for file in files {
        let ending = options.extension.as_deref().map(|ending| (ending, file.path.ends_with(ending)));
        let source = match ending {
            Some((ending, true)) => &file.path[..file.path.len() - ending.len()],
            _ => file.path.as_str(),
        };
        let is_kept = all_kept.is_match(&file.path);
        let Some(path) =
            (if is_kept { Some(source.to_owned()) } else { rendered_path(&engine, source, &file.path, &context)? })
        else {
            continue;
        };
        let path =
            inside(&path).map_err(|why| SkeletonError::new(Some(&file.path), format!("its rendered path {why}")))?;
        let as_it_is = is_kept || contents_kept.is_match(&file.path) || matches!(ending, Some((_, false)));
        let filled = match text_of(&file.content) {
            Some(text) if !as_it_is => {
                let rendered = engine.render(text, &context);
                Bytes::from(rendered.map_err(|error| SkeletonError { path: Some(file.path.clone()), error })?)
            }
            _ => file.content.clone(),
        };
        bytes += filled.len();
        if bytes > MOST_BYTES {
            let message = format!("the rendered files have more than {} MiB together", MOST_BYTES >> 20);
            return Err(SkeletonError::new(Some(&file.path), message));
        }
        let rendered = File { path: path.clone(), content: filled, executable: file.executable };
        if let Some(other) = out.insert(path, rendered) {
            let message =
                format!("it is rendered to `{}`, and so is another file; give them different names", other.path);
            return Err(SkeletonError::new(Some(&file.path), message));
        }
    }
    Ok(out.into_values().collect())
}

/// The path that `source` renders to; `None` if a part of it comes out empty, which leaves the file out.
fn rendered_path(
    engine: &Renderer,
    source: &str,
    path: &str,
    context: &Context,
) -> Result<Option<String>, SkeletonError> {
    let rendered =
        engine.render(source, context).map_err(|error| SkeletonError { path: Some(path.to_owned()), error })?;
    let is_left_out =
        rendered.is_empty() || rendered.starts_with('/') || rendered.ends_with('/') || rendered.contains("//");
    Ok((!is_left_out).then_some(rendered))
}

/// A path that stays where it is put: relative, without `..`, and not in Git's own folder.
fn inside(path: &str) -> Result<String, String> {
    if path.len() > LONGEST_PATH {
        return Err(format!("is longer than {LONGEST_PATH} bytes"));
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" if parts.is_empty() => return Err(format!("`{path}` is absolute; start it inside the workspace")),
            "" | "." => {}
            ".." => return Err(format!("`{path}` climbs out of the workspace; remove the `..`")),
            part if part.eq_ignore_ascii_case(".git") => {
                return Err(format!("`{path}` is in Git's own folder; choose another name"));
            }
            part if part.chars().any(|c| c.is_control() || c == '\\') => {
                return Err(format!("{path:?} has a control character or a backslash in it; remove it"));
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() || path.ends_with("/.") { Err(format!("`{path}` names no file")) } else { Ok(parts.join("/")) }
}

/// The text of a file; `None` if it is binary and must be copied as it is.
pub fn text_of(content: &[u8]) -> Option<&str> {
    let start = &content[..content.len().min(8000)];
    if start.contains(&0) { None } else { std::str::from_utf8(content).ok() }
}

fn globs(patterns: &[String]) -> Result<GlobSet, SkeletonError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let wrong = |error: globset::Error| SkeletonError::new(None, format!("`{pattern}` is not a glob: {error}"));
        let trimmed = pattern.trim_start_matches("./");
        // A folder means all that is in it.
        for pattern in [trimmed.to_owned(), format!("{}/**", trimmed.trim_end_matches('/'))] {
            set.add(GlobBuilder::new(&pattern).literal_separator(true).build().map_err(wrong)?);
        }
    }
    set.build().map_err(|error| SkeletonError::new(None, format!("the globs cannot be used together: {error}")))
}

#[cfg(test)]
mod tests;
