//! References between entities: `[kind:][namespace/]name`.
//!
//! The rules are Backstage's (`packages/catalog-model/src/entity/ref.ts`): split at the first `:` and the first `/`, a `/`
//! before the `:` means that there is no kind, an empty part is an error, and case does not distinguish entities.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::letters::lower;

/// The namespace of an entity that does not name one.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The unique name of an entity, in lower case: `component:default/ticket-api`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntityRef {
    kind: String,
    namespace: String,
    name: String,
}

/// What a reference means where it leaves a part out.
#[derive(Debug, Clone, Copy)]
pub struct ReferenceDefaults<'a> {
    /// The kind, if the place implies one (`spec.owner` implies `group`).
    pub kind: Option<&'a str>,
    /// The namespace, usually that of the entity which refers.
    pub namespace: &'a str,
}

/// How long a reference may be; three parts of the longest names have not half of that.
const LONGEST: usize = 500;

/// Why a text is not a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAReference {
    /// A part between the separators is missing.
    #[error("`{0}` has an empty kind, namespace or name; write `[kind:][namespace/]name`")]
    EmptyPart(String),
    /// The place does not imply a kind.
    #[error("`{0}` needs a kind here; write `kind:{0}`, for example `component:{0}`")]
    NoKind(String),
    /// No entity has such a name.
    #[error("`{0}…` is longer than the name of any entity; write `[kind:][namespace/]name`")]
    TooLong(String),
    /// No entity has such a name, and not every database keeps it.
    #[error("`{0}` holds a control character; write `[kind:][namespace/]name`")]
    Control(String),
}

impl EntityRef {
    /// Joins three parts; `kind`, `namespace` and `name` must not be empty.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        Self { kind: lower(kind), namespace: lower(namespace), name: lower(name) }
    }

    /// Reads a reference in a place with `defaults`.
    pub fn parse(text: &str, defaults: ReferenceDefaults<'_>) -> Result<Self, NotAReference> {
        let empty = || NotAReference::EmptyPart(text.to_owned());
        let text_trimmed = text.trim();
        if text_trimmed.len() > LONGEST {
            return Err(NotAReference::TooLong(text_trimmed.chars().take(60).collect()));
        }
        if text_trimmed.contains(char::is_control) {
            return Err(NotAReference::Control(text_trimmed.escape_default().to_string()));
        }
        let colon = text_trimmed.find(':');
        let slash = text_trimmed.find('/');
        let colon = colon.filter(|&c| slash.is_none_or(|s| c < s));
        let (kind, rest) = match colon {
            Some(at) => (Some(&text_trimmed[..at]), &text_trimmed[at + 1..]),
            None => (defaults.kind, text_trimmed),
        };
        let (namespace, name) = match rest.find('/') {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (defaults.namespace, rest),
        };
        if name.is_empty() || namespace.is_empty() || kind.is_some_and(str::is_empty) {
            return Err(empty());
        }
        let kind = kind.ok_or_else(|| NotAReference::NoKind(text.to_owned()))?;
        Ok(Self::new(kind, namespace, name))
    }

    /// The text of the reference that `text` is when it names its kind: itself, if it is written out already, as most are that
    /// programs ask for.
    pub fn written_out(text: &str) -> Result<Cow<'_, str>, NotAReference> {
        let is_plain =
            text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase());
        let parts = text.split_once('/').and_then(|(before, name)| Some((before.split_once(':')?, name)));
        match parts {
            Some(((kind, namespace), name))
                if is_plain && !kind.is_empty() && !namespace.is_empty() && !name.is_empty() =>
            {
                Ok(Cow::Borrowed(text))
            }
            _ => text.parse::<Self>().map(|reference| Cow::Owned(reference.to_string())),
        }
    }

    /// What a document calls itself, if it has a name that could be one.
    pub fn of(document: &serde_json::Value) -> Option<Self> {
        let metadata = document.get("metadata")?;
        let text = |name: &str| metadata.get(name).and_then(serde_json::Value::as_str);
        let namespace = text("namespace").filter(|namespace| !namespace.is_empty()).unwrap_or(DEFAULT_NAMESPACE);
        let kind = document.get("kind")?.as_str().filter(|kind| !kind.is_empty())?;
        let name = text("name").filter(|name| !name.is_empty())?;
        let is_nameable = [kind, namespace, name].iter().map(|part| part.len()).sum::<usize>() <= LONGEST
            && ![kind, namespace, name].iter().any(|part| part.contains(char::is_control));
        is_nameable.then(|| Self::new(kind, namespace, name))
    }

    /// The kind, in lower case.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The namespace, in lower case.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The page of the entity in the portal.
    pub fn path(&self) -> String {
        format!("/catalog/{}/{}/{}", self.namespace, self.kind, self.name)
    }

    /// The shortest text that names the entity: without the default namespace.
    pub fn short(&self) -> String {
        if self.namespace == DEFAULT_NAMESPACE {
            self.name.clone()
        } else {
            format!("{}/{}", self.namespace, self.name)
        }
    }

    /// What to say beside a title, so that others with the same one can be told apart; nothing where the title is as short a name.
    pub fn beside(&self, title: &str) -> Option<String> {
        if !title.eq_ignore_ascii_case(&self.name) {
            return Some(self.short());
        }
        (self.namespace != DEFAULT_NAMESPACE).then(|| self.namespace.clone())
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Piece by piece: thousands are written for some answers.
        for piece in [&self.kind, ":", &self.namespace, "/", &self.name] {
            f.write_str(piece)?;
        }
        Ok(())
    }
}

impl FromStr for EntityRef {
    type Err = NotAReference;

    /// Reads a reference that names its kind; the namespace is `default` where none stands.
    fn from_str(text: &str) -> Result<Self, NotAReference> {
        Self::parse(text, ReferenceDefaults { kind: None, namespace: DEFAULT_NAMESPACE })
    }
}

impl TryFrom<String> for EntityRef {
    type Error = NotAReference;

    fn try_from(text: String) -> Result<Self, NotAReference> {
        text.parse()
    }
}

impl From<EntityRef> for String {
    fn from(reference: EntityRef) -> Self {
        reference.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str, kind: Option<&str>) -> Result<String, NotAReference> {
        EntityRef::parse(text, ReferenceDefaults { kind, namespace: "harbour" }).map(|r| r.to_string())
    }

    #[test]
    fn parts_that_are_left_out_come_from_the_place() {
        assert_eq!(parse("Berths", Some("Group")).unwrap(), "group:harbour/berths");
        assert_eq!(parse("user:ama", Some("Group")).unwrap(), "user:harbour/ama");
        assert_eq!(parse("quay/ama", Some("User")).unwrap(), "user:quay/ama");
        assert_eq!(parse("API:Quay/Tides", None).unwrap(), "api:quay/tides");
    }

    #[test]
    fn beside_a_title_stands_what_it_does_not_say() {
        let beside = |reference: &str, title: &str| reference.parse::<EntityRef>().unwrap().beside(title);
        assert_eq!(beside("component:tides", "Tides"), None);
        assert_eq!(beside("component:quay/tides", "tides").unwrap(), "quay");
        assert_eq!(beside("component:tides", "Tide tables").unwrap(), "tides");
        assert_eq!(beside("component:quay/tides", "Tide tables").unwrap(), "quay/tides");
    }

    #[test]
    fn a_slash_before_the_colon_means_there_is_no_kind() {
        assert_eq!(parse("quay/a:b", Some("Component")).unwrap(), "component:quay/a:b");
    }

    #[test]
    fn empty_parts_and_missing_kinds_are_told_apart() {
        for text in ["", ":", "/", "component:", ":x", "component:/x", "component:x/", "  "] {
            assert!(matches!(parse(text, Some("c")), Err(NotAReference::EmptyPart(_))), "{text}");
        }
        assert!(matches!(parse("x", None), Err(NotAReference::NoKind(_))));
    }

    #[test]
    fn what_no_entity_can_be_called_is_no_reference() {
        assert!(matches!(parse("a\0b", Some("c")), Err(NotAReference::Control(_))));
        assert!(matches!(parse(&"ä".repeat(251), Some("c")), Err(NotAReference::TooLong(_))));
        let document = |name: &str| serde_json::json!({ "kind": "Component", "metadata": { "name": name } });
        assert!(EntityRef::of(&document("a\0b")).is_none() && EntityRef::of(&document(&"a".repeat(501))).is_none());
        assert!(EntityRef::written_out(&format!("component:default/{}", "a".repeat(500))).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_itself(kind in "[a-zA-Z][a-zA-Z0-9]{0,9}", namespace in "[a-z0-9-]{1,9}", name in "[a-zA-Z0-9._-]{1,12}") {
            let reference = EntityRef::new(&kind, &namespace, &name);
            prop_assert_eq!(reference.to_string().parse::<EntityRef>().unwrap(), reference);
        }

        #[test]
        fn what_is_written_out_is_what_is_read(text in "[ a-cA-CäÄ:/.-]{0,12}") {
            let read = text.parse::<EntityRef>().map(|reference| reference.to_string());
            prop_assert_eq!(EntityRef::written_out(&text).map(Cow::into_owned), read);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = text.parse::<EntityRef>();
        }
    }
}
