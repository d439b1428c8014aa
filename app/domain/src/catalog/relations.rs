//! What a document says about other entities.

use serde_json::Value;

use super::{EntityRef, FieldPath, ReferenceDefaults, RelationField, Violation, kind};

/// A relation that a field of a document declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredRelation {
    /// Where it stands.
    pub field: FieldPath,
    /// What it means, seen from the document.
    pub relation: &'static str,
    /// What it means, seen from the other end.
    pub reverse: &'static str,
    /// The other end.
    pub target: EntityRef,
}

/// The relations of a document, and those of its fields that should be mended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// In the order of the fields.
    pub relations: Vec<DeclaredRelation>,
    /// References that name nothing, or something of an unexpected kind.
    pub warnings: Vec<Violation>,
}

/// Reads the relations that a valid document of `reference` declares.
pub fn declared(reference: &EntityRef, document: &Value) -> Declared {
    let mut found = Declared::default();
    let name = document.get("kind").and_then(Value::as_str).unwrap_or_default();
    let version = document.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let (Some(kind), Some(spec)) = (kind(name, version), document.get("spec")) else { return found };
    for field in kind.relations {
        let path = FieldPath::of("spec").key(field.field);
        match spec.get(field.field) {
            Some(Value::String(text)) => found.add(reference, field, path, text),
            Some(Value::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    if let Value::String(text) = item {
                        found.add(reference, field, path.index(at), text);
                    }
                }
            }
            _ => {}
        }
    }
    found
}

impl Declared {
    fn add(&mut self, reference: &EntityRef, rule: &RelationField, field: FieldPath, text: &str) {
        let defaults = ReferenceDefaults { kind: rule.default_kind, namespace: reference.namespace() };
        match EntityRef::parse(text, defaults) {
            Err(problem) => self.warnings.push(Violation { field, message: problem.to_string() }),
            Ok(target) => {
                if !rule.targets.is_empty() && !rule.targets.contains(&target.kind()) {
                    let message = format!(
                        "`{target}` is a {}, but `{}` names a {}; correct the reference",
                        target.kind(),
                        rule.field,
                        rule.targets.join(" or ")
                    );
                    self.warnings.push(Violation { field: field.clone(), message });
                }
                self.relations.push(DeclaredRelation { field, relation: rule.relation, reverse: rule.reverse, target });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
        let found = declared(&reference, &document);
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
}
