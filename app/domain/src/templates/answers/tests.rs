//! Forms for given answers, and answers from forms.

use serde_json::json;

use super::*;
use crate::templates::{Look, TextLook, at_pointer};

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn names(schema: &Value, answers: Value) -> Vec<String> {
    fields(schema, &map(answers)).into_iter().map(|field| field.pointer).collect()
}

fn pairs(sent: &[(&str, &str)]) -> Vec<(String, String)> {
    sent.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// The second page of the example's Rust service.
fn where_it_runs() -> Value {
    json!({
        "required": ["port", "storage"],
        "properties": {
            "port": {"type": "integer", "minimum": 1024, "maximum": 65535, "default": 8080},
            "storage": {"type": "string", "enum": ["none", "postgres", "cache"], "enumNames": ["None", "PostgreSQL", "Cache"], "default": "none"},
            "public": {"title": "Reachable from outside", "type": "boolean", "default": false},
        },
        "dependencies": {
            "storage": {"oneOf": [
                {"properties": {"storage": {"enum": ["none"]}}},
                {"properties": {"storage": {"enum": ["postgres"]}, "size": {"type": "string", "enum": ["S", "M"], "default": "S"}}, "required": ["size"]},
                {"properties": {"storage": {"enum": ["cache"]}, "megabytes": {"type": "integer"}}, "required": ["megabytes"]},
            ]},
            "public": ["port"],
        },
        "allOf": [{
            "if": {"properties": {"public": {"const": true}}, "required": ["public"]},
            "then": {"properties": {"host": {"type": "string"}}, "required": ["host"]},
            "else": {"properties": {"reason": {"type": "string"}}},
        }],
    })
}

#[test]
fn fields_appear_with_the_answers_they_depend_on() {
    let schema = where_it_runs();
    assert_eq!(names(&schema, json!({"storage": "none"})), ["/port", "/storage", "/public", "/reason"]);
    assert_eq!(names(&schema, json!({"storage": "postgres"})), ["/port", "/storage", "/public", "/size", "/reason"]);
    assert_eq!(
        names(&schema, json!({"storage": "cache", "public": true})),
        ["/port", "/storage", "/public", "/megabytes", "/host"]
    );
    let shown = fields(&schema, &map(json!({"storage": "cache", "public": true})));
    let required: Vec<&str> = shown.iter().filter(|f| f.required).map(|f| f.pointer.as_str()).collect();
    assert_eq!(required, ["/port", "/storage", "/megabytes", "/host"]);
    // The branch narrows `storage`, but all options stay.
    assert!(matches!(&shown[1].control, Control::Choice { options, .. } if options.len() == 3));
}

#[test]
fn defaults_follow_what_they_make_appear() {
    assert_eq!(
        Value::Object(with_defaults(&where_it_runs(), &map(json!({"storage": "postgres"})))),
        json!({"storage": "postgres", "port": 8080, "public": false, "size": "S"})
    );
    let nested = json!({"properties": {"a": {"type": "object", "properties": {"b": {"default": 1}, "c": {}}}}});
    assert_eq!(Value::Object(with_defaults(&nested, &Map::new())), json!({"a": {"b": 1}}));
}

#[test]
fn what_a_form_sends_becomes_typed_answers() {
    let sent = pairs(&[
        ("/port", "9000"),
        ("/storage", "postgres"),
        ("/public", "true"),
        ("/size", "M"),
        ("/host", "a.example"),
        ("/megabytes", "1"),
    ]);
    let answers = decode(&where_it_runs(), &map(json!({"name": "quay", "size": "S"})), &sent);
    assert_eq!(
        Value::Object(answers),
        json!({"name": "quay", "port": 9000, "storage": "postgres", "public": true, "size": "M", "host": "a.example"})
    );
    let wrong = decode(&where_it_runs(), &Map::new(), &pairs(&[("/port", "many"), ("/storage", "")]));
    assert_eq!(Value::Object(wrong), json!({"port": "many", "public": false}));
}

#[test]
fn lists_groups_and_pickers_are_read_back() {
    let schema = json!({"properties": {
        "ports": {"type": "array", "items": {"type": "object", "properties": {"number": {"type": "integer"}, "open": {"type": "boolean"}}}},
        "hosts": {"type": "array", "items": {"type": "string"}},
        "topics": {"type": "array", "uniqueItems": true, "items": {"type": "string", "enum": ["a", "b", "c"]}},
        "tags": {"type": "array", "ui:field": "EntityTagsPicker", "items": {"type": "string"}},
        "repoUrl": {"type": "string", "ui:field": "RepoUrlPicker", "ui:options": {"allowedHosts": ["github.com"]}},
        "deep": {"type": "object", "properties": {"x/y": {"type": "number"}}},
    }});
    let sent = pairs(&[
        ("/ports/0/number", "1"),
        ("/ports/1/number", "2"),
        ("/ports/1/open", "true"),
        ("/hosts/0", "h"),
        ("/hosts/1", ""),
        ("/topics", "a"),
        ("/topics", "c"),
        ("/tags", "rust, web"),
        ("/repoUrl/owner", "salt marsh"),
        ("/repoUrl/repo", "quay"),
        ("/deep/x~1y", "1.5"),
    ]);
    let answers = decode(&schema, &Map::new(), &sent);
    assert_eq!(at_pointer(&answers, "/deep/x~1y"), Some(&json!(1.5)));
    assert_eq!(at_pointer(&answers, "/ports/1/open"), Some(&json!(true)));
    assert_eq!(
        Value::Object(answers),
        json!({
            "ports": [{"number": 1, "open": false}, {"number": 2, "open": true}],
            "hosts": ["h", null],
            "topics": ["a", "c"],
            "tags": ["rust", "web"],
            "repoUrl": "github.com?owner=salt%20marsh&repo=quay",
            "deep": {"x/y": 1.5},
        })
    );
}

#[test]
fn hints_choose_how_a_field_is_drawn() {
    let schema = json!({"ui:order": ["b", "*", "a"], "required": ["owner"], "properties": {
        "a": {"type": "string", "ui:widget": "textarea", "ui:options": {"rows": 9}, "ui:help": "h", "ui:placeholder": "p", "ui:autofocus": true},
        "owner": {"title": "Owner", "type": "string", "ui:field": "OwnerPicker", "ui:options": {"catalogFilter": {"kind": "Group"}, "allowArbitraryValues": false}},
        "look": {"type": "string", "enum": ["x"], "ui:widget": "radio"},
        "yes": {"type": "boolean", "ui:widget": "radio"},
        "token": {"type": "string", "ui:field": "Secret"},
        "pass": {"type": "string", "ui:widget": "password"},
        "odd": {"type": "string", "ui:field": "ColourWheel"},
        "gone": {"type": "string", "ui:widget": "hidden", "default": "v"},
        "mail": {"type": ["null", "string"], "format": "email", "minLength": 3},
        "ref": {"$ref": "#/definitions/size"},
        "b": {"type": "number"},
    }, "definitions": {"size": {"title": "Size", "enum": [1, 2]}}});
    let fields = fields(&schema, &Map::new());
    let by = |name: &str| fields.iter().find(|field| field.pointer == format!("/{name}")).unwrap();
    assert_eq!((fields[0].pointer.as_str(), fields.last().unwrap().pointer.as_str()), ("/b", "/a"));
    assert!(matches!(&by("a").control, Control::Text { look: TextLook::Area(9), .. }) && by("a").autofocus);
    assert!(
        matches!(&by("owner").control, Control::Entity { arbitrary: false, multiple: false, .. })
            && by("owner").required
    );
    assert!(matches!(&by("look").control, Control::Choice { look: Look::Radio, .. }));
    assert!(matches!(&by("yes").control, Control::Choice { options, .. } if options[0].value == json!(true)));
    assert!(by("token").control.is_late() && by("pass").control.is_late());
    assert!(by("odd").note.as_ref().unwrap().contains("ColourWheel"));
    assert!(matches!(&by("gone").control, Control::Hidden { value } if value == "v"));
    assert!(
        matches!(&by("mail").control, Control::Text { look: TextLook::Line(kind), min_length: Some(3), .. } if kind == "email")
    );
    assert_eq!(by("ref").label, "Size");
}

#[test]
fn schemas_that_refer_to_themselves_come_to_an_end() {
    let schema = json!({"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#/properties/b"}}, "allOf": [{"$ref": "#"}]});
    assert!(!fields(&schema, &map(json!({"a": {"a": {"a": {}}}}))).is_empty());
}
