//! What a document says about other entities.

use std::borrow::Cow;

use serde_json::Value;

use super::{EntityRef, FieldPath, KINDS, Kind, Need, OwnKinds, ReferenceDefaults, Violation, kind};

/// A relation that a field of a document declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredRelation {
    /// Where it stands.
    pub field: FieldPath,
    /// What it means, seen from the document.
    pub relation: Cow<'static, str>,
    /// What it means, seen from the other end.
    pub reverse: Cow<'static, str>,
    /// The other end.
    pub target: EntityRef,
}

/// The relations of a document, and those of its fields that should be mended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// In the order of the fields.
    pub relations: Vec<DeclaredRelation>,
    /// References that name nothing, or something of an unexpected kind; texts of blanks alone; a kind or version that nobody
    /// knows.
    pub warnings: Vec<Violation>,
}

/// How one field is read.
struct Rule<'a> {
    name: &'a str,
    relation: Cow<'static, str>,
    reverse: Cow<'static, str>,
    default_kind: Option<&'a str>,
    targets: Vec<&'a str>,
}

/// Reads the relations that a valid document of `reference` declares.
pub fn declared(reference: &EntityRef, document: &Value, own: &OwnKinds) -> Declared {
    let mut found = Declared::default();
    let name = document.get("kind").and_then(Value::as_str).unwrap_or_default();
    let version = document.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let at = FieldPath::of("spec");
    let spec = document.get("spec");
    if let Some(kind) = kind(name, version) {
        for field in kind.relations_of(variant_of(document)) {
            let Some(value) = spec.and_then(|spec| spec.get(field.field)) else { continue };
            let rule = Rule {
                name: field.field,
                relation: field.relation.into(),
                reverse: field.reverse.into(),
                default_kind: field.default_kind,
                targets: field.targets.to_vec(),
            };
            found.shape(&rule, field.is_list, &at.key(field.field), value);
            found.read(reference, &rule, &at.key(field.field), value);
        }
        found.blanks(kind, spec);
        return found;
    }
    match own.get(name) {
        Some(kind) if kind.is_about(version) => {
            for field in &kind.relations {
                let rule = Rule {
                    name: &field.field,
                    relation: field.relation.clone().into(),
                    reverse: field.reverse.clone().into(),
                    default_kind: field.default_kind.as_deref(),
                    targets: field.allowed_kinds.iter().map(String::as_str).collect(),
                };
                if let Some(spec) = spec {
                    let steps: Vec<&str> = field.field.split('.').collect();
                    found.walk(reference, &rule, &at, spec, &steps);
                }
            }
        }
        Some(kind) => found.unknown_version(&kind.name, version, &kind.versions.join(", ")),
        None => match KINDS.iter().find(|known| known.name.eq_ignore_ascii_case(name)) {
            Some(known) => found.unknown_version(known.name, version, &known.versions.join(", ")),
            None => found.unknown_kind(name, own),
        },
    }
    found
}

fn variant_of(document: &Value) -> &str {
    document.pointer("/spec/type").and_then(Value::as_str).unwrap_or_default()
}

/// Whether Backstage refuses a document for what is only warned of here, at this field.
///
/// It refuses kinds and versions that it does not know, references that cannot be read, and one where there should be many or
/// many for one, but takes a reference to a thing of another kind without a word.
pub fn is_refused_elsewhere(document: &Value, field: &str) -> bool {
    if ["kind", "apiVersion"].contains(&field) {
        return true;
    }
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default();
    let Some(kind) = kind(text("kind"), text("apiVersion")) else { return false };
    kind.relations_of(variant_of(document)).any(|rule| {
        let Some(value) = document.get("spec").and_then(|spec| spec.get(rule.field)) else { return false };
        let below = field.strip_prefix("spec.").and_then(|field| field.strip_prefix(rule.field));
        let defaults = ReferenceDefaults { kind: rule.default_kind, namespace: "default" };
        let is_unreadable = |text: &str| !text.trim().is_empty() && EntityRef::parse(text, defaults).is_err();
        match (below, value) {
            (Some(""), Value::Array(_)) => !rule.is_list,
            // Its schemas have no `dependencyOf`, and what reads it takes both.
            (Some(""), Value::String(text)) => (rule.is_list && rule.field != "dependencyOf") || is_unreadable(text),
            (Some(index), Value::Array(items)) if index.starts_with('[') => {
                let at = index.trim_matches(['[', ']']).parse::<usize>().ok();
                at.and_then(|at| items.get(at)?.as_str()).is_some_and(is_unreadable)
            }
            _ => false,
        }
    })
}

impl Declared {
    /// Texts that must be there, and hold nothing but blanks.
    fn blanks(&mut self, kind: &Kind, spec: Option<&Value>) {
        // What names an entity is read as a reference, and told as one.
        let is_reference = |key: &str| kind.relations.iter().any(|rule| rule.field == key);
        let needed = kind.needs.iter().filter_map(|need| match need {
            Need::Text(key) if !is_reference(key) => Some(*key),
            _ => None,
        });
        for key in needed.chain((kind.name == "API").then_some("definition")) {
            let text = spec.and_then(|spec| spec.get(key)).and_then(Value::as_str);
            if text.is_some_and(|text| !text.is_empty() && text.trim().is_empty()) {
                let message = "holds nothing but blanks; write a text".to_owned();
                self.warnings.push(Violation { field: FieldPath::of("spec").key(key), message });
            }
        }
    }

    fn unknown_version(&mut self, kind: &str, version: &str, known: &str) {
        let message = format!(
            "`{version}` is not a version of {kind} that is known ({known}); only the envelope was checked, and no relations were read"
        );
        self.warnings.push(Violation { field: FieldPath::of("apiVersion"), message });
    }

    fn unknown_kind(&mut self, name: &str, own: &OwnKinds) {
        let known = KINDS.iter().map(|kind| kind.name).chain(own.iter().map(|kind| kind.name.as_str()));
        let near = known.filter(|known| is_near(known, name)).min_by_key(|known| known.len().abs_diff(name.len()));
        let remedy = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it with `kind: EntityKind`, or correct it".to_owned(),
        };
        let message = format!(
            "`{name}` is not a kind that is known here; only the envelope was checked, and no relations were read: {remedy}"
        );
        self.warnings.push(Violation { field: FieldPath::of("kind"), message });
    }

    /// Others are stricter about one and many: a file that moves back would be rejected there.
    fn shape(&mut self, rule: &Rule<'_>, is_list: bool, at: &FieldPath, value: &Value) {
        let message = match (value, is_list) {
            (Value::Array(_), false) => {
                format!("`{}` names one entity, and others reject a list; every item was read", rule.name)
            }
            // What reads `dependencyOf` takes both.
            (Value::String(_), true) if rule.name != "dependencyOf" => {
                format!("`{}` is a list, and others reject a text; write it with a `-` before it", rule.name)
            }
            _ => return,
        };
        self.warnings.push(Violation { field: at.clone(), message });
    }

    /// Goes down to the field, through every item of the lists on the way.
    fn walk(&mut self, reference: &EntityRef, rule: &Rule<'_>, at: &FieldPath, value: &Value, steps: &[&str]) {
        match (steps, value) {
            ([], value) => self.read(reference, rule, at, value),
            (_, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    // A list in a list would lead nowhere that a path can name.
                    if !item.is_array() {
                        self.walk(reference, rule, &at.index(index), item, steps);
                    }
                }
            }
            ([step, rest @ ..], Value::Object(fields)) => {
                if let Some(value) = fields.get(*step) {
                    self.walk(reference, rule, &at.key(step), value, rest);
                }
            }
            _ => {}
        }
    }

    /// Reads a text, or every text of a list.
    fn read(&mut self, reference: &EntityRef, rule: &Rule<'_>, at: &FieldPath, value: &Value) {
        match value {
            Value::String(text) => self.add(reference, rule, at.clone(), text),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Value::String(text) = item {
                        self.add(reference, rule, at.index(index), text);
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, reference: &EntityRef, rule: &Rule<'_>, field: FieldPath, text: &str) {
        let defaults = ReferenceDefaults { kind: rule.default_kind, namespace: reference.namespace() };
        match EntityRef::parse(text, defaults) {
            Err(problem) => self.warnings.push(Violation { field, message: problem.to_string() }),
            Ok(target) => {
                if !rule.targets.is_empty() && !rule.targets.contains(&target.kind()) {
                    let message = format!(
                        "`{target}` is of the kind `{}`, but `{}` is for `{}`; correct the reference",
                        target.kind(),
                        rule.name,
                        rule.targets.join("` or `")
                    );
                    self.warnings.push(Violation { field: field.clone(), message });
                }
                let (relation, reverse) = (rule.relation.clone(), rule.reverse.clone());
                self.relations.push(DeclaredRelation { field, relation, reverse, target });
            }
        }
    }
}

/// The version that a document of a known kind means, where it writes another or none by mistake; empty where only the key is misspelt.
pub fn meant_version(document: &Value) -> Option<&'static str> {
    let fields = document.as_object()?;
    let name = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case("kind"))?.1.as_str()?;
    let kind = KINDS.iter().find(|known| known.name.eq_ignore_ascii_case(name))?;
    // `api_version`, `ApiVersion`.
    let is_version = |key: &str| key.replace(['_', '-'], "").eq_ignore_ascii_case("apiVersion");
    let Some((key, version)) = fields.iter().find(|(key, _)| is_version(key)) else {
        // Few others have documents of such a kind with a name and a specification, and all of those have a version.
        let is_whole = document.pointer("/metadata/name").is_some() && document.get("spec").is_some();
        return kind.versions.first().filter(|_| is_whole).copied();
    };
    let version = version.as_str()?;
    if key != "apiVersion" && kind.versions.contains(&version) {
        return Some("");
    }
    kind.versions.iter().find(|known| **known != version && is_slip_of(known, version)).copied()
}

/// Whether a version is another one misspelt: by a letter or two, or by the end of its group.
pub fn is_slip_of(known: &str, version: &str) -> bool {
    let (group, number) = known.split_once('/').unwrap_or((known, ""));
    let short = group.rsplit_once('.').map_or(group, |(name, _)| name);
    is_near(known, version)
        || version
            .split_once('/')
            .is_some_and(|(written, other)| other == number && written.eq_ignore_ascii_case(short))
}

/// Whether two words differ by a letter or two.
fn is_near(known: &str, word: &str) -> bool {
    let (known, word): (Vec<char>, Vec<char>) =
        (known.to_lowercase().chars().collect(), word.to_lowercase().chars().collect());
    if known.len().abs_diff(word.len()) > 2 || word.len() < 4 {
        return false;
    }
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (i, x) in known.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in word.iter().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[word.len()] <= 2
}

#[cfg(test)]
mod tests;
