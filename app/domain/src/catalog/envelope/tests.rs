use proptest::prelude::*;
use serde_json::json;

use super::*;

fn said(document: &Value) -> String {
    validate(document).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_plain_component_breaks_no_rule() {
    let document = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "metadata": {
            "name": "ticket-api", "namespace": "default", "labels": {"example.com/tier": "1", "empty": ""},
            "annotations": {"backstage.io/techdocs-ref": "dir:."}, "tags": ["java", "c++", "team:a"],
            "links": [{"url": "https://x.example", "title": "X", "icon": "dashboard", "type": "t"}],
        },
        "spec": {"type": "service", "lifecycle": "production", "owner": "berths"},
    });
    assert_eq!(said(&document), "");
}

#[test]
fn every_broken_rule_is_told_with_its_place_and_its_mending() {
    let document = json!({
        "apiVersion": "backstage.io/v1/alpha", "kind": "1Component", "owner": "me",
        "metadata": {
            "name": "ticket api", "namespace": "-quay", "title": 5, "labels": {"UPPER.com/x": "a b"},
            "annotations": {"a/b/c": "x", "n": 3}, "tags": ["Java", 5], "links": [{"title": ""}, "x"],
        },
        "spec": "no",
    });
    insta::assert_snapshot!(said(&document), @r#"
    owner: `owner` does not belong here; move it into `metadata` or `spec`
    apiVersion: `backstage.io/v1/alpha` is not a version; write it like `backstage.io/v1alpha1`
    kind: `1Component` is not a kind; use 1 to 63 letters and digits, beginning with a letter
    spec: must be a mapping
    metadata.name: `ticket api` is not a name; use 1 to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends
    metadata.namespace: `-quay` is not a namespace; use 1 to 63 lower-case letters, digits and inner hyphens
    metadata.title: must be a text, not a number; put it in quotes
    metadata.labels["UPPER.com/x"]: `UPPER.com/x` is not a key; write `name` or `prefix/name`, the prefix a lower-case domain
    metadata.labels["UPPER.com/x"]: `a b` is not a label value; use 1 to 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends
    metadata.annotations["a/b/c"]: `a/b/c` is not a key; write `name` or `prefix/name`, the prefix a lower-case domain
    metadata.annotations.n: must be a text, not a number; put it in quotes
    metadata.tags[0]: `Java` is not a tag; use lower-case letters, digits, `:`, `+` and `#`, separated by single `-`, at most 63
    metadata.tags[1]: must be a text, not a number; put it in quotes
    metadata.links[0].url: is missing; add it
    metadata.links[0].title: is empty; write a title or remove it
    metadata.links[1]: must be a mapping with a `url`
    "#);
}

#[test]
fn known_kinds_ask_for_their_fields_and_unknown_ones_do_not() {
    let of = |kind: &str, spec: Value| {
        said(&json!({"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}))
    };
    insta::assert_snapshot!(of("Component", json!({"type": "service", "owner": 5, "dependsOn": "component:a"})), @"
    spec.lifecycle: is missing; every Component has one
    spec.owner: must be a text, not a number; put it in quotes
    ");
    insta::assert_snapshot!(of("API", json!({"type": "openapi", "lifecycle": "x", "owner": "y", "definition": {"openapi": "3"}})), @"spec.definition: must be a text; write `definition: |` before an inline document, or `$text:` for a file");
    insta::assert_snapshot!(of("User", json!({})), @"spec.memberOf: is missing; every User has a list, which may be empty: `memberOf: []`");
    insta::assert_snapshot!(of("Location", json!({"targets": "x", "presence": "maybe"})), @"
    spec.targets: must be a list of paths or addresses
    spec.presence: must be `required` or `optional`
    ");
    assert_eq!(of("Vessel", Value::Null), "");
    let server =
        |remotes: Value| of("API", json!({"type": "mcp-server", "lifecycle": "x", "owner": "y", "remotes": remotes}));
    assert_eq!(server(json!([{"type": "streamable-http", "url": "https://x.example/mcp"}])), "");
    insta::assert_snapshot!(server(json!([])), @"spec.remotes: is empty; an API of type `mcp-server` lists at least one: `- type: streamable-http`, `url: https://…`");
    insta::assert_snapshot!(server(json!([{"url": ""}, "x"])), @"
    spec.remotes[0].type: is missing; write how it is spoken to, like `streamable-http`
    spec.remotes[0].url: is empty; write where it answers
    spec.remotes[1]: must be a mapping with a `type` and a `url`
    ");
    insta::assert_snapshot!(of("User", json!({"memberOf": [], "profile": {"email": 5}})), @"spec.profile.email: must be a text, not a number; put it in quotes");
}

#[test]
fn resources_for_assistants_have_the_fields_of_their_variant() {
    let of = |spec: Value| {
        let version = "backstage.io/v1alpha1";
        said(&json!({"apiVersion": version, "kind": "AiResource", "metadata": {"name": "x"}, "spec": spec}))
    };
    let common = json!({"type": "guide", "lifecycle": "production", "owner": "berths"});
    let with = |type_: &str, more: Value| {
        let mut spec = common.clone();
        spec["type"] = type_.into();
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of(spec)
    };
    assert_eq!(of(common.clone()), "");
    let skill = json!({
        "disciplines": ["web"], "agents": ["any"], "dependsOn": ["base"], "allowedTools": ["Read"], "license": "MIT",
    });
    assert_eq!(with("skill", skill), "");
    assert_eq!(with("rule", json!({"category": "security", "rationale": "No secret leaves"})), "");
    insta::assert_snapshot!(with("rule", json!({"disciplines": [""]})), @"
    spec.category: is missing; every AiResource of type `rule` has one
    spec.rationale: is missing; every AiResource of type `rule` has one
    spec.disciplines[0]: must be a text that is not empty
    ");
    assert_eq!(with("plugin", json!({"skills": []})) + &with("guide", json!({"skills": "free words"})), "");
    insta::assert_snapshot!(with("plugin", json!({})), @"spec.skills: is missing; every AiResource of type `plugin` has a list, which may be empty: `skills: []`");
    insta::assert_snapshot!(with("marketplace", json!({"plugins": "x"})), @"spec.plugins: must be a list, not a text");
    insta::assert_snapshot!(with("skill", json!({"categories": "x", "license": 4})), @"
    spec.license: must be a text, not a number; put it in quotes
    spec.categories: must be a list of texts, not a text
    ");
}

#[test]
fn what_can_be_made_right_is_made_right_and_told() {
    let mut document = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "component", "relations": [],
        "metadata": {
            "name": "x", "namespace": "Quay", "uid": "1", "annotations": {"backstage.io/orphan": "true", "a": "b"},
        },
    });
    let warnings = normalise(&mut document).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(warnings, @r#"
    kind: `component` was read as `Component`; other readers look at the case, so write `Component`
    relations: `relations` is worked out by the catalog and was ignored; remove it
    metadata.annotations["backstage.io/orphan"]: `backstage.io/orphan` is set by the catalog and was ignored; remove it
    metadata.namespace: `Quay` was read as `quay`; write namespaces in lower case
    "#);
    let expected = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "metadata": {"name": "x", "namespace": "quay", "annotations": {"a": "b"}},
    });
    assert_eq!(document, expected);
}

#[test]
fn a_field_without_a_value_is_taken_as_left_out_and_told() {
    let mut document = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "metadata": {"name": "x", "namespace": null, "title": "", "description": "", "tags": null, "links": [{"url": "https://x.example", "icon": "a b"}], "note": null},
        "spec": {"type": "service", "lifecycle": "x", "owner": null, "system": null, "dependsOn": null, "note": null},
    });
    let warnings = normalise(&mut document).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(warnings, @"
    metadata.namespace: has no value and was taken as left out; write one, or remove the field
    metadata.title: has no value and was taken as left out; write one, or remove the field
    metadata.tags: has no value and was taken as left out; write one, or remove the field
    spec.dependsOn: has no value and was taken as left out; write one, or remove the field
    spec.owner: has no value and was taken as left out; write one, or remove the field
    spec.system: has no value and was taken as left out; write one, or remove the field
    ");
    let expected = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "metadata": {"name": "x", "description": "", "links": [{"url": "https://x.example", "icon": "a b"}], "note": null},
        "spec": {"type": "service", "lifecycle": "x", "note": null},
    });
    assert_eq!(document, expected);
    assert_eq!(said(&document), "spec.owner: is missing; every Component has one");
}

proptest! {
    #[test]
    fn a_name_that_passes_survives_in_a_reference(name in "[a-zA-Z0-9._-]{1,70}") {
        if is_name(&name) {
            let reference = format!("component:default/{name}").parse::<crate::catalog::EntityRef>().unwrap();
            prop_assert_eq!(reference.name(), name.to_lowercase());
        }
    }
}
