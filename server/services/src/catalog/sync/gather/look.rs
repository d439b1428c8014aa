//! A file looked at by itself: parsed, and judged as far as no other file is needed for that. It depends on nothing that
//! the walk changes, so that files can be looked at beside each other.

use std::sync::Arc;

use bytes::Bytes;
use domain::catalog::{
    EntityRef, FieldPath, FileProblem, KINDS, OwnKind, OwnKinds, Severity, Violation, declared, kind, meant_version,
    normalise, unshown, validate,
};
use serde_json::{Map, Value, json};

use super::{notes::About, placeholders, reference_of};
use crate::{
    catalog::{
        kinds,
        ports::Place,
        sync::recall,
        yaml::{self, Document},
    },
    scorecards, templates,
};

/// How a file is looked at.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) limits: yaml::Limits,
    /// Whether nobody named the file, so that it may not be meant for a catalog at all.
    pub(super) is_guessed: bool,
    pub(super) is_before: bool,
    pub(super) origin: Arc<str>,
    pub(super) place: Place,
}

/// A file as it was seen.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) bytes: Bytes,
    /// Names its content, its place, and the program.
    pub(super) digest: Option<String>,
    /// Whether what stands in it is meant for a catalog.
    pub(super) is_meant: bool,
    pub(super) documents: Result<Vec<Seen>, FileProblem>,
}

/// A document as it was seen.
#[derive(Debug)]
pub(super) enum Seen {
    /// Cannot be read; no more than a remark where the file is not meant for a catalog.
    Unreadable(FileProblem),
    /// Is not meant for a catalog, and begins at this line.
    LeftOut(u32, FileProblem),
    /// Is not meant for a catalog, unless the organisation has a kind of that name.
    Perhaps(Document),
    /// Names other files, and is judged once they were read.
    Open(Document),
    Judged(Box<Judged>),
}

/// A document that was judged.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) about: About,
    /// The line it begins at.
    pub(super) line: u32,
    /// What is wrong with what every document must have.
    pub(super) told: Vec<FileProblem>,
    /// Nothing where it breaks a rule of those.
    pub(super) verdict: Option<Verdict>,
}

/// What becomes of a document that keeps the rules of the envelope.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) reference: EntityRef,
    /// What its kind says against it.
    pub(super) told: Vec<FileProblem>,
    /// Where its name stands, if that was asked for.
    pub(super) name_at: Option<(u32, u32)>,
    pub(super) fate: Fate,
    /// As it will stand, where the walk has yet to look at it.
    pub(super) document: Option<Document>,
}

#[derive(Debug)]
pub(super) enum Fate {
    /// It stands, as this text, and may declare a kind.
    Stands(String, Option<OwnKind>),
    /// Its kind may be declared in a file yet to come.
    Waits(String),
    /// It breaks the rules of its kind.
    Refused,
}

impl Look {
    /// Names a content that is looked at in this way.
    pub(super) fn digest(&self, content: &str) -> String {
        recall::digest(content, &self.place, &self.origin, self.is_guessed)
    }

    /// Looks at a file, whose content may be known by a name.
    pub(super) fn at(&self, bytes: Bytes, content: Option<String>) -> Looked {
        let content = content.unwrap_or_else(|| recall::content_of(&bytes));
        let is_meant = !self.is_guessed || speaks_of_catalog(&bytes);
        let documents = yaml::read(&bytes, &self.limits).map(|documents| {
            let seen = documents.into_iter().map(|document| match document {
                Ok(document) => self.see(document),
                // Charts and the like only look like YAML.
                Err(problem) if !is_meant => Seen::Unreadable(FileProblem { severity: Severity::Info, ..problem }),
                Err(problem) => Seen::Unreadable(problem),
            });
            seen.collect()
        });
        Looked { digest: Some(self.digest(&content)), bytes, is_meant, documents }
    }

    fn see(&self, document: Document) -> Seen {
        if self.is_guessed && !is_meant(&document.value) {
            let may_be = EntityRef::of(&document.value).is_some() && !is_of_kubernetes(&document.value);
            return if may_be { Seen::Perhaps(document) } else { not_of_catalog(&document) };
        }
        self.see_meant(document)
    }

    /// Looks at a document that is meant for the catalog.
    pub(super) fn see_meant(&self, mut document: Document) -> Seen {
        if is_of_kubernetes(&document.value) {
            return left_out(
                &document,
                "left out: its `apiVersion` is one of Kubernetes; read a cluster as a source of its own",
            );
        }
        if placeholders::are_in(&document.value) {
            return Seen::Open(document);
        }
        let value = document.value.take();
        let about = About::of(0, &value);
        Seen::Judged(Box::new(self.judge(document, value, about, None)))
    }

    /// Judges a document whose placeholders were resolved, but for those at `unresolved`.
    pub(super) fn judge(
        &self,
        mut document: Document,
        mut value: Value,
        about: About,
        unresolved: Option<&Vec<FieldPath>>,
    ) -> Judged {
        let mut told = Vec::new();
        for field in yaml::places(&value, &document.odd_keys) {
            let message = "the key is no text and was read as one; put it in quotes. Where an expression is meant, put the \
                           whole of it in quotes: `\"{{ … }}\"`";
            told.push(document.problem(Severity::Warning, &field, message.to_owned()));
        }
        for field in document.infinite() {
            let message = "`.inf` and `.nan` are no numbers to a catalog, which is JSON, and were read as nothing; write a number, \
                           or put it in quotes";
            told.push(document.problem(Severity::Warning, &field, message.to_owned()));
        }
        for warning in normalise(&mut value).into_iter().chain(unshown(&value)) {
            told.push(document.problem(Severity::Warning, &warning.field, warning.message));
        }
        let violations = validate(&value);
        let is_broken = !violations.is_empty() || unresolved.is_some();
        for violation in violations {
            // What is wrong with a field that could not be fetched was told already.
            if unresolved.is_none_or(|fields| !is_above_any(&violation.field, fields)) {
                told.push(document.problem(Severity::Error, &violation.field, violation.message));
            }
        }
        let line = document.line;
        let verdict = reference_of(&value).filter(|_| !is_broken).map(|reference| {
            annotate(&mut value, &self.place, &self.origin);
            let (told, fate) = fate(&reference, &value, &document);
            let is_needed = matches!(fate, Fate::Waits(_)) || ["location", "entitykind"].contains(&reference.kind());
            document.value = if reference.kind() == "location" { value } else { Value::Null };
            // A sync has no use for it, and looking it up is as dear as reading the document.
            let name = FieldPath::of("metadata.name");
            let name = self.is_before.then(|| document.problem(Severity::Info, &name, String::new()));
            let name_at = name.and_then(|name| name.line.zip(name.column));
            Verdict { reference, told, name_at, fate, document: is_needed.then_some(document) }
        });
        Judged { about, line, told, verdict }
    }
}

/// What becomes of a document that keeps the rules of the envelope, and what its kind says of it.
fn fate(reference: &EntityRef, value: &Value, document: &Document) -> (Vec<FileProblem>, Fate) {
    let problem =
        |severity: Severity, violation: Violation| document.problem(severity, &violation.field, violation.message);
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let (mut told, mut own) = (Vec::new(), None);
    let lint = match reference.kind() {
        "entitykind" => match kinds::read(value) {
            Ok(kind) => {
                own = Some(kind);
                Vec::new()
            }
            Err(wrong) => {
                let told = wrong.into_iter().map(|wrong| problem(Severity::Error, wrong));
                return (told.collect(), Fate::Refused);
            }
        },
        "template" => templates::lint(value),
        "scorecard" => scorecards::lint(reference, value),
        _ if kind(text("kind"), text("apiVersion")).is_none() => return (told, Fate::Waits(value.to_string())),
        _ => Vec::new(),
    };
    // One that could not do its work stands nevertheless: its page tells what is wrong with it.
    told.extend(lint.into_iter().map(|violation| problem(Severity::Warning, violation)));
    let warnings = declared(reference, value, &OwnKinds::default()).warnings;
    told.extend(warnings.into_iter().map(|warning| problem(Severity::Warning, warning)));
    (told, Fate::Stands(value.to_string(), own))
}

/// The annotations that Backstage sets.
fn annotate(value: &mut Value, place: &Place, origin: &str) {
    let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    metadata.entry("namespace").or_insert_with(|| domain::catalog::DEFAULT_NAMESPACE.into());
    if !metadata.get("annotations").is_some_and(Value::is_object) {
        metadata.insert("annotations".into(), Value::Object(Map::new()));
    }
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else { return };
    let location = format!("{}:{}", place.kind, place.target);
    annotations.insert("backstage.io/managed-by-location".into(), location.into());
    annotations.insert("backstage.io/managed-by-origin-location".into(), origin.into());
    let folder = place.folder.as_ref().map(|folder| format!("{}:{folder}", place.kind));
    for (key, text) in [("view-url", &place.view), ("edit-url", &place.edit), ("source-location", &folder)] {
        if let Some(text) = text {
            annotations.entry(format!("backstage.io/{key}")).or_insert_with(|| json!(text));
        }
    }
}

fn is_above_any(field: &FieldPath, others: &[FieldPath]) -> bool {
    others.iter().any(|other| other.0.len() == field.0.len() + 1 && other.0.starts_with(&field.0))
}

/// Whether a file that nobody named holds anything for a catalog, as far as its text shows.
pub(super) fn speaks_of_catalog(bytes: &[u8]) -> bool {
    // Some tools save texts as UTF-16, with a mark: such a file is told of and not passed over.
    let is_wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let narrow: Vec<u8> = if is_wide { bytes.iter().copied().filter(|&byte| byte != 0).collect() } else { Vec::new() };
    let text = String::from_utf8_lossy(if is_wide { &narrow } else { bytes });
    ["backstage.io/", "causeway.dev/"].iter().any(|group| text.contains(group))
}

/// A document that nobody named and that is of another world.
pub(super) fn not_of_catalog(document: &Document) -> Seen {
    if let Some(meant) = meant_version(&document.value) {
        if !meant.is_empty() {
            return misspelt(document, meant);
        }
        let message = "left out: the key is written `apiVersion`; correct it".to_owned();
        return Seen::LeftOut(document.line, document.problem(Severity::Warning, &FieldPath::default(), message));
    }
    left_out(document, "left out: its `apiVersion` is not one of a catalog")
}

/// A document that nobody named, of a kind that is known by another version.
pub(super) fn misspelt(document: &Document, meant: &str) -> Seen {
    let is_there = document.value.get("apiVersion").is_some();
    let field = if is_there { FieldPath::of("apiVersion") } else { FieldPath::default() };
    let what = if is_there { "it is not one of a catalog" } else { "`apiVersion` is missing" };
    let message = format!("left out: {what}; did you mean `{meant}`?");
    Seen::LeftOut(document.line, document.problem(Severity::Warning, &field, message))
}

fn left_out(document: &Document, why: &str) -> Seen {
    Seen::LeftOut(document.line, document.problem(Severity::Info, &FieldPath::default(), why.to_owned()))
}

fn api_version(value: &Value) -> &str {
    value.get("apiVersion").and_then(Value::as_str).unwrap_or_default()
}

/// Whether a document in a file that nobody named belongs into a catalog.
pub(super) fn is_meant(value: &Value) -> bool {
    let group = api_version(value).split('/').next().unwrap_or_default();
    ["backstage.io", "causeway.dev"].iter().any(|known| group == *known || group.ends_with(&format!(".{known}")))
}

/// Whether a document is for Kubernetes itself: manifests stand beside catalog files, and a glob finds both. Its groups without
/// a domain are the ones of old; it makes no more of them. A catalog's kind under a wrong version is a mistake to be told.
fn is_of_kubernetes(value: &Value) -> bool {
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
    let is_theirs = match api_version(value).split_once('/') {
        None => api_version(value) == "v1",
        Some((group, _)) => {
            ["apps", "autoscaling", "batch", "extensions", "policy"].contains(&group) || group.ends_with(".k8s.io")
        }
    };
    is_theirs && !KINDS.iter().any(|known| known.name == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_catalog_is_known_in_whichever_letters_it_is_saved() {
        let text = "apiVersion: backstage.io/v1alpha1\nkind: Component\n";
        let little = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes));
        let big = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes));
        for bytes in [text.as_bytes().to_vec(), little.collect(), big.collect()] {
            assert!(speaks_of_catalog(&bytes), "{bytes:?}");
        }
        assert!(!speaks_of_catalog(b"\xff\xfea\0:\0 \0b\0"));
    }
}
