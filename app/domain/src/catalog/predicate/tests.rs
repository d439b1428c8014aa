use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::catalog::flatten;

/// Names of the entities that a predicate means.
fn meant(query: &Value) -> String {
    let entities = [
        json!({
            "kind": "Component",
            "metadata": {"name": "s", "annotations": {"github.com/repo": "service"}, "tags": ["java", "spring"]},
            "spec": {"type": "service", "owner": "g"},
            "relations": [{"type": "ownedBy", "targetRef": "group:default/g"}, {"type": "providesApi", "targetRef": "api:default/a"}],
        }),
        json!({
            "kind": "Component",
            "metadata": {"name": "w", "annotations": {"github.com/repo": "website"}},
            "spec": {"type": "website", "owner": "g"},
            "relations": [{"type": "ownedBy", "targetRef": "group:default/g"}],
        }),
        json!({"kind": "Group", "metadata": {"name": "g"}, "spec": {"type": "squad"}}),
        json!({
            "kind": "API",
            "metadata": {"name": "a"},
            "spec": {"type": "grpc", "owner": "g", "nothing": null, "oneNum": 1, "oneStr": "1", "flag": true},
            "relations": [{"type": "ownedBy", "targetRef": "group:default/g"}],
        }),
    ];
    let predicate = Predicate::parse(query).unwrap_or_else(|problem| panic!("{query}: {problem}"));
    let names = entities.iter().filter(|entity| predicate.matches(&flatten(entity)));
    names.map(|entity| entity["metadata"]["name"].as_str().unwrap()).collect::<Vec<_>>().join(",")
}

#[test]
fn every_operator_means_what_it_means_elsewhere() {
    let service = json!({"kind": "component", "spec.type": "SERVICE"});
    for (expected, query) in [
        ("s", service.clone()),
        ("s,w,g,a", json!({})),
        ("s,w,g,a", json!({"$all": []})),
        ("", json!({"$any": []})),
        ("", json!({"kind": {"$in": []}})),
        ("s", json!({"metadata.tags": {"$contains": "Java"}})),
        ("s", json!({"$all": [{"metadata.tags": {"$contains": "java"}}, {"metadata.tags": {"$contains": "spring"}}]})),
        ("", json!({"metadata.tags": {"$contains": "go"}})),
        ("", json!({"metadata.tags.0": "java"})),
        ("", json!({"": "component"})),
        ("s,w,g", json!({"kind": {"$in": ["component", "group"]}})),
        ("a", json!({"$not": {"kind": {"$in": ["component", "group"]}}})),
        ("w,g,a", json!({"$not": {"metadata.tags": {"$contains": "java"}}})),
        ("s,g", json!({"$any": [service, {"kind": "group"}]})),
        ("w,a", json!({"$not": {"$any": [service, {"kind": "group"}]}})),
        ("s,w,a", json!({"relations": {"$contains": {"type": "ownedBy", "targetRef": "group:default/g"}}})),
        ("s", json!({"relations": {"$contains": {"TYPE": "providesapi"}}})),
        (
            "s",
            json!({"relations": {"$contains": {"type": "providesApi", "targetRef": {"$in": ["api:default/A", "x"]}}}}),
        ),
        ("s,w", json!({"kind": "component", "spec.type": {"$in": ["service", "website"]}})),
        ("s,w,a", json!({"spec.owner": {"$exists": true}})),
        ("g", json!({"spec.owner": {"$exists": false}})),
        ("a", json!({"spec.nothing": {"$exists": true}})),
        ("a", json!({"spec.oneNum": 1})),
        ("a", json!({"spec.oneStr": 1})),
        ("a", json!({"spec.oneNum": "1"})),
        ("a", json!({"spec.flag": true})),
        ("s,w", json!({"metadata.annotations.github.com/repo": {"$exists": true}})),
        ("a", json!({"spec.type": {"$hasPrefix": "G"}})),
        ("s,w,g,a", json!({"spec.type": {"$hasPrefix": ""}})),
    ] {
        assert_eq!(meant(&query), expected, "{query}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let problem = |query: Value| Predicate::parse(&query).unwrap_err().to_string();
    let told = [
        json!("component"),
        json!([]),
        json!({"spec.type": null}),
        json!({"metadata.tags": ["a", "b"]}),
        json!({"kind": {"$unknown": "x"}}),
        json!({"kind": {"$in": "x"}}),
        json!({"kind": {"$in": [{"x": 1}]}}),
        json!({"kind": {"$exists": "x"}}),
        json!({"kind": {"$in": [], "$exists": true}}),
        json!({"$unknown": "x"}),
        json!({"$all": [], "kind": "x"}),
        json!({"$any": {"kind": "x"}}),
        json!({"$not": {"$all": [{"x": {"$hasPrefix": 1}}]}}),
        json!({"metadata": {"$contains": {"name": "a"}}}),
        json!({"relations": {"$contains": {"targetRef": "x"}}}),
        json!({"relations": {"$contains": {"type": "x", "targetRef": {"$in": []}}}}),
        json!({"relations": {"$contains": {"type": "x", "other": "y"}}}),
    ];
    insta::assert_snapshot!(told.map(problem).join("\n"), @r#"
    invalid query at `query`: expected an object of conditions; put a path before the value, like {"kind": "Component"}
    invalid query at `query`: expected an object of conditions
    invalid query at `query.spec.type`: expected a text, a number, true or false, or an object with one of `$exists`, `$in`, `$hasPrefix` and `$contains`
    invalid query at `query.metadata.tags`: expected a text, a number, true or false, or an object with one of `$exists`, `$in`, `$hasPrefix` and `$contains`
    invalid query at `query.kind.$unknown`: `$unknown` is not an operator; use `$exists`, `$in`, `$hasPrefix` or `$contains`
    invalid query at `query.kind.$in`: expected a list of values
    invalid query at `query.kind.$in[0]`: expected a text, a number, true or false
    invalid query at `query.kind.$exists`: expected true or false
    invalid query at `query.kind`: expected a text, a number, true or false, or an object with one of `$exists`, `$in`, `$hasPrefix` and `$contains`
    invalid query at `query`: `$unknown` is not an operator here; use `$all`, `$any` or `$not`
    invalid query at `query`: `$all` must be the only key; combine it with others inside `$all`
    invalid query at `query.$any`: expected a list of predicates
    invalid query at `query.$not.$all[0].x.$hasPrefix`: expected a text
    invalid query at `query.metadata.$contains`: an object is only looked for in `relations`, as {"type": "ownedBy", "targetRef": "group:default/x"}
    invalid query at `query.relations.$contains`: `type` is missing: which relation is meant, such as `ownedBy`
    invalid query at `query.relations.$contains`: `targetRef` is a text, or {"$in": [texts]} with at least one
    invalid query at `query.relations.$contains`: `other` is not expected like this; write a text `type` and, if wanted, `targetRef`
    "#);
}

#[test]
fn depth_and_size_are_bounded() {
    let deep = |depth: usize| (0..depth).fold(json!({"kind": "x"}), |inner, _| json!({"$not": inner}));
    assert!(Predicate::parse(&deep(MAX_DEPTH - 1)).is_ok());
    assert!(Predicate::parse(&deep(MAX_DEPTH)).unwrap_err().why.contains("write it flatter"));
    let wide = |width: usize| json!({"kind": {"$in": vec!["x"; width]}});
    assert!(Predicate::parse(&wide(MAX_PARTS - 2)).is_ok());
    assert!(Predicate::parse(&wide(MAX_PARTS)).unwrap_err().why.contains("several queries"));
}

fn any_query() -> impl Strategy<Value = Value> {
    let path = prop_oneof![Just("kind"), Just("spec.type"), Just("relations"), Just("$all"), Just("$x"), Just("")];
    let plain = prop_oneof![Just(json!("x")), Just(json!(1)), Just(json!(null)), Just(json!([{}]))];
    let leaf = (path, prop_oneof![Just("$in"), Just("$exists"), Just("$contains"), Just("$y")], plain)
        .prop_map(|(path, operator, value)| json!({path: {operator: value}}));
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|all| json!({"$all": all})),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|any| json!({"$any": any})),
            inner.prop_map(|not| json!({"$not": not})),
        ]
    })
}

proptest! {
    #[test]
    fn no_value_makes_it_panic(query in any_query()) {
        let _ = Predicate::parse(&query);
    }

    #[test]
    fn a_filter_means_the_same_as_a_predicate(text in prop::collection::vec("(kind|spec\\.a)(=[ab])?(,spec\\.b(=[ab])?)?", 0..3), kind in "[ab]", a in prop::option::of("[ab]")) {
        let filter = Filter::parse(&text).unwrap();
        let document = match a {
            Some(a) => json!({"kind": kind, "spec": {"a": a, "b": "b"}}),
            None => json!({"kind": kind}),
        };
        let entries = flatten(&document);
        prop_assert_eq!(filter.matches(&entries), Predicate::from(filter).matches(&entries));
    }
}
