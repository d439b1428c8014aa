//! Kinds that an organisation declares itself: `kind: EntityKind`.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    FieldPath, KINDS, Violation,
    graph::forward,
    syntax::{is_api_version, is_kind, is_name},
};

/// How many relation fields a kind may have.
const MOST_RELATIONS: usize = 50;

/// The longest title and icon.
const LONGEST: usize = 63;

/// A kind, its rules, and how it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnKind {
    /// As it is written: `Vessel`.
    pub name: String,
    /// What many of them are called: `Vessels`.
    pub plural: String,
    /// The name of the pictogram.
    pub icon: Option<String>,
    /// The `apiVersion`s that these rules are about; empty means all.
    pub versions: Vec<String>,
    /// The JSON Schema of `spec`.
    pub schema: Option<Value>,
    /// The fields of `spec` that name other entities.
    pub relations: Vec<OwnRelation>,
}

/// A field of `spec` that names other entities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRelation {
    /// The field below `spec`, with dots: `crew.captain`. Lists on the way are gone through item by item.
    pub field: String,
    /// What it means, seen from the entity that has the field: `homedAt`.
    pub relation: String,
    /// What it means, seen from the other end: `homeOf`.
    pub reverse: String,
    /// The kind of a reference that names none, in lower case.
    pub default_kind: Option<String>,
    /// The kinds that make sense at the other end, in lower case; empty means all.
    pub allowed_kinds: Vec<String>,
}

/// The kinds of an organisation, by their names in lower case.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnKinds(BTreeMap<String, Arc<OwnKind>>);

impl OwnKinds {
    /// Adds a kind, in place of an earlier one of that name.
    pub fn insert(&mut self, kind: OwnKind) {
        self.0.insert(kind.name.to_lowercase(), Arc::new(kind));
    }

    /// The kind of this name, in whatever case it is written.
    pub fn get(&self, name: &str) -> Option<&Arc<OwnKind>> {
        self.0.get(&name.to_lowercase())
    }

    /// Every kind, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<OwnKind>> {
        self.0.values()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The forward name of a relation, and whether the given one was its reverse.
    pub fn forward(&self, relation: &str) -> Option<(String, bool)> {
        if let Some((known, is_reverse)) = forward(relation) {
            return Some((known.to_owned(), is_reverse));
        }
        self.iter().flat_map(|kind| &kind.relations).find_map(|pair| {
            if pair.relation.eq_ignore_ascii_case(relation) {
                Some((pair.relation.clone(), false))
            } else {
                pair.reverse.eq_ignore_ascii_case(relation).then(|| (pair.relation.clone(), true))
            }
        })
    }
}

impl FromIterator<OwnKind> for OwnKinds {
    fn from_iter<T: IntoIterator<Item = OwnKind>>(kinds: T) -> Self {
        let mut all = Self::default();
        for kind in kinds {
            all.insert(kind);
        }
        all
    }
}

impl OwnKind {
    /// Reads the document of an entity of kind `EntityKind` that keeps the rules of the envelope.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(document: &Value) -> Result<Self, Vec<Violation>> {
        let mut reader = Reader(Vec::new());
        let at = FieldPath::of("spec");
        let nothing = Map::new();
        let spec = match document.get("spec") {
            Some(Value::Object(spec)) => spec,
            _ => &nothing,
        };
        reader.only(&at, spec, &["owner", "names", "icon", "versions", "schema", "relations"]);
        let names_at = at.key("names");
        let names = match spec.get("names") {
            Some(Value::Object(names)) => names,
            Some(_) => {
                reader.say(&names_at, "must be a mapping with a `kind` and a `plural`");
                &nothing
            }
            None => {
                reader.say(&names_at, "is missing; write what the kind is called: `kind: Vessel`, `plural: Vessels`");
                &nothing
            }
        };
        reader.only(&names_at, names, &["kind", "plural"]);
        let name = if spec.contains_key("names") { reader.kind_name(&names_at, names) } else { String::new() };
        let plural = reader.text(&names_at, names, "plural").unwrap_or_else(|| format!("{name}s"));
        let icon = reader.text(&at, spec, "icon");
        if icon.as_ref().is_some_and(|icon| !is_name(icon)) {
            reader.say(&at.key("icon"), "is not the name of a pictogram; write one like `ship`");
        }
        let versions = reader.versions(&at, spec);
        let schema = match spec.get("schema") {
            None | Some(Value::Null) => None,
            Some(schema @ (Value::Object(_) | Value::Bool(_))) => Some(schema.clone()),
            Some(_) => {
                reader.say(&at.key("schema"), "must be a JSON Schema of `spec`, so a mapping");
                None
            }
        };
        let relations = reader.relations(&at, spec);
        let kind = Self { name, plural, icon, versions, schema, relations };
        if reader.0.is_empty() { Ok(kind) } else { Err(reader.0) }
    }

    /// Whether these rules are about documents of `version`.
    pub fn is_about(&self, version: &str) -> bool {
        self.versions.is_empty() || self.versions.iter().any(|known| known == version)
    }
}

struct Reader(Vec<Violation>);

impl Reader {
    fn say(&mut self, field: &FieldPath, message: impl Into<String>) {
        self.0.push(Violation { field: field.clone(), message: message.into() });
    }

    fn only(&mut self, at: &FieldPath, fields: &Map<String, Value>, known: &[&str]) {
        for key in fields.keys().filter(|key| !known.contains(&key.as_str())) {
            self.say(&at.key(key), format!("is not a field of a kind; the fields are {}", known.join(", ")));
        }
    }

    fn text(&mut self, at: &FieldPath, fields: &Map<String, Value>, key: &str) -> Option<String> {
        match fields.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if (1..=LONGEST).contains(&text.trim().len()) => Some(text.trim().to_owned()),
            Some(_) => {
                self.say(&at.key(key), format!("must be a text of 1 to {LONGEST} letters"));
                None
            }
        }
    }

    fn kind_name(&mut self, at: &FieldPath, names: &Map<String, Value>) -> String {
        let field = at.key("kind");
        let name = names.get("kind").and_then(Value::as_str).unwrap_or_default();
        if !is_kind(name) {
            self.say(&field, "must be a kind: 1 to 63 letters and digits, beginning with a letter, like `Vessel`");
        } else if let Some(known) = KINDS.iter().find(|known| known.name.eq_ignore_ascii_case(name)) {
            self.say(&field, format!("`{}` is there already, with rules of its own; choose another name", known.name));
        }
        name.to_owned()
    }

    fn versions(&mut self, at: &FieldPath, spec: &Map<String, Value>) -> Vec<String> {
        let field = at.key("versions");
        let items = match spec.get("versions") {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.say(&field, "must be a list of versions, like `[example.com/v1]`");
                return Vec::new();
            }
        };
        let mut versions = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match item.as_str().filter(|text| is_api_version(text)) {
                Some(version) => versions.push(version.to_owned()),
                None => self.say(&field.index(index), "is not a version; write it like `example.com/v1`"),
            }
        }
        versions
    }

    fn relations(&mut self, at: &FieldPath, spec: &Map<String, Value>) -> Vec<OwnRelation> {
        let field = at.key("relations");
        let items = match spec.get("relations") {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) if items.len() <= MOST_RELATIONS => items,
            Some(Value::Array(_)) => {
                self.say(&field, format!("has more than {MOST_RELATIONS} entries; leave the others out"));
                return Vec::new();
            }
            Some(_) => {
                self.say(&field, "must be a list of mappings with `field`, `relation` and `reverse`");
                return Vec::new();
            }
        };
        items.iter().enumerate().filter_map(|(index, item)| self.relation(&field.index(index), item)).collect()
    }

    fn relation(&mut self, at: &FieldPath, item: &Value) -> Option<OwnRelation> {
        let Some(fields) = item.as_object() else {
            self.say(at, "must be a mapping with `field`, `relation` and `reverse`");
            return None;
        };
        self.only(at, fields, &["field", "relation", "reverse", "defaultKind", "allowedKinds"]);
        let before = self.0.len();
        let mut word = |key: &str, what: &str, is_right: fn(&str) -> bool| {
            let text = fields.get(key).and_then(Value::as_str).unwrap_or_default();
            if !is_right(text) {
                self.say(&at.key(key), format!("must be {what}"));
            }
            text.to_owned()
        };
        let is_field =
            |text: &str| text.len() <= 253 && !text.is_empty() && text.split('.').all(|part| !part.is_empty());
        let field = word("field", "a field below `spec`, like `homePort` or `crew.captain`", is_field);
        let relation = word("relation", "one word for what it means, like `homedAt`", is_kind);
        let reverse = word("reverse", "one word for what it means at the other end, like `homeOf`", is_kind);
        if let (Some((known, is_reverse)), true) = (forward(&relation), self.0.len() == before)
            && let Some(opposite) = super::graph::opposite(known, is_reverse)
            && !opposite.eq_ignore_ascii_case(&reverse)
        {
            self.say(&at.key("reverse"), format!("the other end of `{relation}` is `{opposite}`; write that"));
        }
        let default_kind = self.text(at, fields, "defaultKind").map(|kind| kind.to_lowercase());
        let allowed_kinds = match fields.get("allowedKinds") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(kinds)) if kinds.iter().all(|kind| kind.as_str().is_some_and(is_kind)) => {
                kinds.iter().filter_map(Value::as_str).map(str::to_lowercase).collect()
            }
            Some(_) => {
                self.say(&at.key("allowedKinds"), "must be a list of kinds, like `[Resource]`");
                Vec::new()
            }
        };
        (self.0.len() == before).then_some(OwnRelation { field, relation, reverse, default_kind, allowed_kinds })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn document(spec: Value) -> Value {
        json!({"apiVersion": "causeway.dev/v1alpha1", "kind": "EntityKind", "metadata": {"name": "vessel"}, "spec": spec})
    }

    fn told(spec: Value) -> String {
        let problems = OwnKind::read(&document(spec)).unwrap_err();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_kind_is_read_with_its_relations() {
        let kind = OwnKind::read(&document(json!({
            "names": {"kind": "Vessel"}, "icon": "ship", "versions": ["fleet.example/v1"],
            "schema": {"type": "object", "required": ["homePort"]},
            "relations": [{"field": "homePort", "relation": "homedAt", "reverse": "homeOf", "defaultKind": "Resource", "allowedKinds": ["Resource"]}],
        })))
        .unwrap();
        assert_eq!((kind.plural.as_str(), kind.icon.as_deref()), ("Vessels", Some("ship")));
        assert!(kind.is_about("fleet.example/v1") && !kind.is_about("fleet.example/v2"));
        assert_eq!(kind.relations[0].allowed_kinds, ["resource"]);
        let kinds: OwnKinds = [kind].into_iter().collect();
        assert!(kinds.get("VESSEL").is_some());
        assert_eq!(kinds.forward("homeOf"), Some(("homedAt".to_owned(), true)));
        assert_eq!(kinds.forward("ownerOf"), Some(("ownedBy".to_owned(), true)));
        assert_eq!(kinds.forward("nothing"), None);
    }

    #[test]
    fn everything_wrong_with_a_kind_is_told_with_its_place() {
        insta::assert_snapshot!(told(json!({
            "names": {"kind": "component", "plural": ""}, "icon": "a b", "versions": ["x/y/z"], "schema": "no", "color": "red",
            "relations": [
                7, {"field": "a..b", "relation": "ownedBy", "reverse": "x", "allowedKinds": "Resource"},
                {"field": "owner", "relation": "ownedBy", "reverse": "owned"},
            ],
        })), @"
        spec.color: is not a field of a kind; the fields are owner, names, icon, versions, schema, relations
        spec.names.kind: `Component` is there already, with rules of its own; choose another name
        spec.names.plural: must be a text of 1 to 63 letters
        spec.icon: is not the name of a pictogram; write one like `ship`
        spec.versions[0]: is not a version; write it like `example.com/v1`
        spec.schema: must be a JSON Schema of `spec`, so a mapping
        spec.relations[0]: must be a mapping with `field`, `relation` and `reverse`
        spec.relations[1].field: must be a field below `spec`, like `homePort` or `crew.captain`
        spec.relations[1].allowedKinds: must be a list of kinds, like `[Resource]`
        spec.relations[2].reverse: the other end of `ownedBy` is `ownerOf`; write that
        ");
        insta::assert_snapshot!(told(json!({})), @"spec.names: is missing; write what the kind is called: `kind: Vessel`, `plural: Vessels`");
    }

    proptest! {
        #[test]
        fn no_document_makes_it_panic(name in ".{0,12}", field in ".{0,12}", relation in "[a-zA-Z]{0,8}", list in any::<bool>()) {
            let one = json!({"field": field, "relation": relation, "reverse": name});
            let relations = if list { json!([one]) } else { one };
            let _ = OwnKind::read(&document(json!({"names": {"kind": name}, "relations": relations, "schema": list})));
        }
    }
}
