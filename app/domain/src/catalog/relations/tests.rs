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
    spec.subcomponentOf: `api:quay/wrong` is of the kind `api`, but `subcomponentOf` is for `component`; correct the reference
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
    insta::assert_snapshot!(found.warnings[0].to_string(), @"spec.crew.captain: `group:fleet/berths` is of the kind `group`, but `crew.captain` is for `user`; correct the reference");
    document["apiVersion"] = "fleet.example/v9".into();
    let found = declared(&reference, &document, &own);
    assert!(found.relations.is_empty());
    insta::assert_snapshot!(found.warnings[0].to_string(), @"apiVersion: `fleet.example/v9` is not a version of Vessel that is known (fleet.example/v1); only the envelope was checked, and no relations were read");
}

#[test]
fn plugins_and_marketplaces_are_made_of_their_parts() {
    let told = |variant: &str, more: serde_json::Value| {
        let mut spec = json!({"type": variant, "lifecycle": "x", "owner": "berths"});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let document = json!({"apiVersion": "backstage.io/v1alpha1", "kind": "AiResource", "spec": spec});
        let found = declared(&EntityRef::new("airesource", "ai", "x"), &document, &OwnKinds::default());
        let relations = found.relations.iter().map(|it| format!("{} {} ({})", it.relation, it.target, it.reverse));
        relations.skip(1).chain(found.warnings.iter().map(ToString::to_string)).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(told("plugin", json!({"skills": ["a"]})), "hasPart airesource:ai/a (partOf)");
    assert_eq!(told("marketplace", json!({"plugins": ["a"], "skills": ["b c"]})), "hasPart airesource:ai/a (partOf)");
    assert!(told("skill", json!({"dependsOn": ["component:a"]})).contains("is for `airesource`"));
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
fn what_others_refuse_is_told_from_what_they_take() {
    let document = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "spec": {
            "type": " ", "lifecycle": "\n", "owner": "component:x", "system": ["a"], "subcomponentOf": " ", "dependencyOf": "resource:c",
            "dependsOn": "resource:c", "providesApis": ["component:x", " ", "a:"],
        },
    });
    let found = declared(&EntityRef::new("component", "default", "x"), &document, &OwnKinds::default());
    let told = found.warnings.iter().map(|told| {
        let refused = if is_refused_elsewhere(&document, &told.field.to_string()) { "refused" } else { "taken" };
        format!("{refused}: {told}")
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @"
    taken: spec.owner: `component:default/x` is of the kind `component`, but `owner` is for `group` or `user`; correct the reference
    refused: spec.system: `system` names one entity, and others reject a list; every item was read
    taken: spec.subcomponentOf: ` ` has an empty kind, namespace or name; write `[kind:][namespace/]name`
    taken: spec.providesApis[0]: `component:default/x` is of the kind `component`, but `providesApis` is for `api`; correct the reference
    taken: spec.providesApis[1]: ` ` has an empty kind, namespace or name; write `[kind:][namespace/]name`
    refused: spec.providesApis[2]: `a:` has an empty kind, namespace or name; write `[kind:][namespace/]name`
    refused: spec.dependsOn: `dependsOn` is a list, and others reject a text; write it with a `-` before it
    taken: spec.type: holds nothing but blanks; write a text
    taken: spec.lifecycle: holds nothing but blanks; write a text
    ");
}

#[test]
fn a_version_with_a_slip_in_it_is_told_from_one_of_another_world() {
    let meant = |version: &str| meant_version(&json!({"apiVersion": version, "kind": "component"}));
    for slip in ["backstge.io/v1alpha1", "Backstage.io/v1alpha1", "backstage.io/v1alfa1", "backstage/v1alpha1"] {
        assert_eq!(meant(slip), Some("backstage.io/v1alpha1"), "{slip}");
    }
    for other in ["core.oam.dev/v1beta1", "v1", "backstage.io/v1alpha1"] {
        assert_eq!(meant(other), None, "{other}");
    }
    assert_eq!(meant_version(&json!({"apiversion": "backstage.io/v1alpha1", "kind": "API"})), Some(""));
    assert_eq!(meant_version(&json!({"api_version": "backstage.io/v1alpha1", "Kind": "API"})), Some(""));
    let forgotten = json!({"kind": "Component", "metadata": {"name": "x"}, "spec": {}});
    assert_eq!(meant_version(&forgotten), Some("backstage.io/v1alpha1"));
    assert_eq!(meant_version(&json!({"kind": "Component", "name": "x"})), None);
    assert_eq!(meant_version(&json!({"apiVersion": "backstge.io/v1alpha1", "kind": "Deployment"})), None);
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
