//! What a document says about other entities.

use std::borrow::Cow;

use serde_json::Value;

use super::{EntityRef, FieldPath, KINDS, OwnKinds, ReferenceDefaults, Violation, kind};

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
    /// References that name nothing, or something of an unexpected kind; a kind or version that nobody knows.
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
        for field in kind.relations {
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

impl Declared {
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
            (Value::String(_), true) => {
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
                        "`{target}` is a {}, but `{}` names a {}; correct the reference",
                        target.kind(),
                        rule.name,
                        rule.targets.join(" or ")
                    );
                    self.warnings.push(Violation { field: field.clone(), message });
                }
                let (relation, reverse) = (rule.relation.clone(), rule.reverse.clone());
                self.relations.push(DeclaredRelation { field, relation, reverse, target });
            }
        }
    }
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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::OwnKind;

    #[test]
    fn fields_become_relations_in_the_namespace_of_the_entity() {
        let document = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
            "metadata": {"name": "ticket-api", "namespace": "quay"},
            "spec": {
                "type": "service", "lifecycle": "production", "owner": "berths", "system": "default/ticketing",
                "providesApis": ["tickets"], "dependsOn": ["resource:tickets-db", "queue"], "subcomponentOf": "api:wrong",
            },
        });
        let reference = EntityRef::new("component", "quay", "ticket-api");
        let found = declared(&reference, &document, &OwnKinds::default());
        let lines = found.relations.iter().map(|r| format!("{}: {} {} ({})", r.field, r.relation, r.target, r.reverse));
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
        spec.owner: ownedBy group:quay/berths (ownerOf)
        spec.system: partOf system:default/ticketing (hasPart)
        spec.subcomponentOf: partOf api:quay/wrong (hasPart)
        spec.providesApis[0]: providesApi api:quay/tickets (apiProvidedBy)
        spec.dependsOn[0]: dependsOn resource:quay/tickets-db (dependencyOf)
        ");
        let warnings = found.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(warnings, @"
        spec.subcomponentOf: `api:quay/wrong` is a api, but `subcomponentOf` names a component; correct the reference
        spec.dependsOn[1]: `queue` needs a kind here; write `kind:queue`, for example `component:queue`
        ");
    }

    #[test]
    fn fields_of_an_own_kind_become_relations_wherever_they_stand() {
        let kind = OwnKind::read(&json!({"spec": {
            "names": {"kind": "Vessel"}, "versions": ["fleet.example/v1"],
            "relations": [
                {"field": "homePort", "relation": "homedAt", "reverse": "homeOf", "defaultKind": "Resource", "allowedKinds": ["Resource"]},
                {"field": "calls.port", "relation": "callsAt", "reverse": "calledBy", "defaultKind": "Resource"},
                {"field": "crew.captain", "relation": "ledBy", "reverse": "leads", "defaultKind": "User", "allowedKinds": ["User"]},
            ],
        }}))
        .unwrap();
        let own: OwnKinds = [kind].into_iter().collect();
        let reference = EntityRef::new("vessel", "fleet", "heron");
        let mut document = json!({"apiVersion": "fleet.example/v1", "kind": "Vessel", "spec": {
            "homePort": "quay-one", "crew": {"captain": "group:berths"}, "calls": [{"port": "a"}, {"port": ["b", "default/c"]}, 7],
        }});
        let found = declared(&reference, &document, &own);
        let lines = found.relations.iter().map(|r| format!("{}: {} {} ({})", r.field, r.relation, r.target, r.reverse));
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
        spec.homePort: homedAt resource:fleet/quay-one (homeOf)
        spec.calls[0].port: callsAt resource:fleet/a (calledBy)
        spec.calls[1].port[0]: callsAt resource:fleet/b (calledBy)
        spec.calls[1].port[1]: callsAt resource:default/c (calledBy)
        spec.crew.captain: ledBy group:fleet/berths (leads)
        ");
        insta::assert_snapshot!(found.warnings[0].to_string(), @"spec.crew.captain: `group:fleet/berths` is a group, but `crew.captain` names a user; correct the reference");
        document["apiVersion"] = "fleet.example/v9".into();
        let found = declared(&reference, &document, &own);
        assert!(found.relations.is_empty());
        insta::assert_snapshot!(found.warnings[0].to_string(), @"apiVersion: `fleet.example/v9` is not a version of Vessel that is known (fleet.example/v1); only the envelope was checked, and no relations were read");
    }

    #[test]
    fn one_where_many_are_meant_and_many_for_one_are_read_and_told() {
        let document = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Resource",
            "spec": {"type": "x", "owner": "berths", "system": ["a", "b"], "dependsOn": "resource:c"},
        });
        let found = declared(&EntityRef::new("resource", "default", "x"), &document, &OwnKinds::default());
        let targets: Vec<_> = found.relations.iter().map(|relation| relation.target.name()).collect();
        assert_eq!(targets, ["berths", "a", "b", "c"]);
        let warnings = found.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(warnings, @"
        spec.system: `system` names one entity, and others reject a list; every item was read
        spec.dependsOn: `dependsOn` is a list, and others reject a text; write it with a `-` before it
        ");
    }

    #[test]
    fn a_kind_that_nobody_declared_is_told() {
        let told = |kind: &str| {
            let document = json!({"apiVersion": "backstage.io/v1alpha1", "kind": kind, "spec": {"owner": "berths"}});
            let found = declared(&EntityRef::new(kind, "default", "x"), &document, &OwnKinds::default());
            assert!(found.relations.is_empty());
            found.warnings[0].to_string()
        };
        insta::assert_snapshot!(told("Vessel"), @"kind: `Vessel` is not a kind that is known here; only the envelope was checked, and no relations were read: declare it with `kind: EntityKind`, or correct it");
        insta::assert_snapshot!(told("Compnent"), @"kind: `Compnent` is not a kind that is known here; only the envelope was checked, and no relations were read: did you mean `Component`?");
    }
}
