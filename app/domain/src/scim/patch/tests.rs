use proptest::prelude::*;
use serde_json::json;

use super::*;

fn ada() -> Map<String, Value> {
    let ada = json!({
        "userName": "ada", "active": true, "name": { "givenName": "Ada", "familyName": "B" },
        "emails": [{ "value": "ada@x.example", "type": "work", "primary": true }],
    });
    ada.as_object().unwrap().clone()
}

fn patched(operations: Value) -> Result<Value, Problem> {
    let mut document = ada();
    let body = json!({ "schemas": [PATCH], "Operations": operations });
    apply(&mut document, &super::operations(&body)?)?;
    Ok(Value::Object(document))
}

#[test]
fn people_are_changed_as_entra_id_and_okta_say_it() {
    // Okta: no path.
    let off = patched(json!([{ "op": "replace", "value": { "active": false } }])).unwrap();
    assert_eq!(off["active"], false);
    // Entra ID: words in capitals, flags as texts, filters in paths, keys with dots.
    let changed = patched(json!([
        { "op": "Replace", "path": "active", "value": "False" },
        { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ada@y.example" },
        { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+31 1" },
        { "op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Quays" },
        { "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "m1" },
        { "op": "replace", "value": { "name.familyName": "Byron", "displayName": "Ada Byron", "unheard": 1, "id": "x" } },
    ]))
    .unwrap();
    assert_eq!(
        changed,
        json!({
            "userName": "ada", "active": false, "name": { "givenName": "Ada", "familyName": "Byron" },
            "emails": [{ "value": "ada@y.example", "type": "work", "primary": true }],
            "phoneNumbers": [{ "type": "mobile", "value": "+31 1" }],
            ENTERPRISE: { "department": "Quays", "manager": { "value": "m1" } }, "displayName": "Ada Byron",
        })
    );
}

#[test]
fn values_are_added_replaced_and_removed() {
    let more =
        patched(json!([{ "op": "add", "path": "emails", "value": [{ "value": "b@x.example", "primary": true }] }]))
            .unwrap();
    assert_eq!(more["emails"][0]["primary"], false);
    assert_eq!(more["emails"][1]["value"], "b@x.example");
    let again =
        patched(json!([{ "op": "add", "path": "emails", "value": { "value": "ada@x.example", "type": "work" } }]))
            .unwrap();
    assert_eq!(again["emails"].as_array().unwrap().len(), 1);
    for gone in [
        json!([{ "op": "remove", "path": "emails" }]),
        json!([{ "op": "remove", "path": "emails[value eq \"ADA@x.example\"]" }]),
        json!([{ "op": "remove", "path": "emails", "value": [{ "value": "ada@x.example" }] }]),
        json!([{ "op": "replace", "path": "emails", "value": [] }]),
    ] {
        assert_eq!(patched(gone.clone()).unwrap().get("emails"), None, "{gone}");
    }
    let nothing = patched(json!([{ "op": "remove", "path": "emails[type eq \"home\"]" }])).unwrap();
    assert_eq!(nothing, Value::Object(ada()));
    let given = patched(json!([{ "op": "remove", "path": "name.familyName" }])).unwrap();
    assert_eq!(given["name"], json!({ "givenName": "Ada" }));
}

#[test]
fn what_cannot_be_done_is_told_by_its_kind() {
    for (operations, fault) in [
        (json!([]), Fault::InvalidSyntax),
        (json!([{ "op": "swap" }]), Fault::InvalidSyntax),
        (json!([{ "op": "remove" }]), Fault::NoTarget),
        (json!([{ "op": "replace", "value": 3 }]), Fault::InvalidValue),
        (json!([{ "op": "replace", "path": "unheard", "value": 3 }]), Fault::InvalidPath),
        (json!([{ "op": "replace", "path": "name.unheard", "value": 3 }]), Fault::InvalidPath),
        (json!([{ "op": "replace", "path": "a b", "value": 3 }]), Fault::InvalidPath),
        (json!([{ "op": "replace", "path": "userName[value eq \"a\"]", "value": 3 }]), Fault::InvalidPath),
        (json!([{ "op": "replace", "path": "emails[size gt 3].value", "value": "a" }]), Fault::InvalidFilter),
        (json!([{ "op": "replace", "path": "emails[value co \"nobody\"].value", "value": "a" }]), Fault::NoTarget),
        (json!([{ "op": "replace", "path": "active", "value": "perhaps" }]), Fault::InvalidValue),
        (json!([{ "op": "add", "path": "groups", "value": [{ "value": "g" }] }]), Fault::Mutability),
        (json!([{ "op": "remove", "path": "userName" }]), Fault::InvalidValue),
    ] {
        assert_eq!(patched(operations.clone()).unwrap_err().fault, fault, "{operations}");
    }
    assert!(super::operations(&json!({ "schemas": ["x"], "Operations": [{ "op": "add" }] })).is_err());
}

#[test]
fn groups_are_changed_as_entra_id_and_okta_say_it() {
    let deeds = |operations: Value| group_deeds(&super::operations(&json!({ "Operations": operations }))?);
    let all = deeds(json!([
        { "op": "replace", "value": { "id": "g", "displayName": "Quays" } },
        { "op": "Replace", "path": "displayName", "value": "Quays" },
        { "op": "Add", "path": "members", "value": [{ "$ref": null, "value": "a" }, { "value": "b" }] },
        { "op": "remove", "path": "members[value eq \"a\"]" },
        { "op": "Remove", "path": "members", "value": [{ "value": "b" }] },
        { "op": "remove", "path": "members" },
        { "op": "replace", "path": "members", "value": [{ "value": "c" }] },
        { "op": "add", "path": "externalId", "value": "x" },
    ]))
    .unwrap();
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        all,
        [
            GroupDeed::Rename("Quays".to_owned()),
            GroupDeed::Rename("Quays".to_owned()),
            GroupDeed::Admit(ids(&["a", "b"])),
            GroupDeed::Dismiss(ids(&["a"])),
            GroupDeed::Dismiss(ids(&["b"])),
            GroupDeed::Assemble(Vec::new()),
            GroupDeed::Assemble(ids(&["c"])),
            GroupDeed::Mark(Some("x".to_owned())),
        ]
    );
    for (operations, fault) in [
        (json!([{ "op": "remove", "path": "displayName" }]), Fault::InvalidValue),
        (json!([{ "op": "add", "path": "owners", "value": [] }]), Fault::InvalidPath),
        (json!([{ "op": "add", "path": "members", "value": [{ "name": "a" }] }]), Fault::InvalidValue),
        (json!([{ "op": "remove", "path": "members[type eq \"User\"]" }]), Fault::InvalidFilter),
        (json!([{ "op": "add", "path": "members[value eq \"a\"]", "value": "b" }]), Fault::InvalidFilter),
        (json!([{ "op": "remove" }]), Fault::NoTarget),
    ] {
        assert_eq!(deeds(operations.clone()).unwrap_err().fault, fault, "{operations}");
    }
}

proptest! {
    #[test]
    fn what_was_replaced_once_stays_as_it_is_when_replaced_again(value in "[a-z]{1,5}", kind in "(work|home)") {
        let operations = json!([{ "op": "replace", "path": format!("emails[type eq \"{kind}\"].value"), "value": value }]);
        let twice = json!([operations[0].clone(), operations[0].clone()]);
        prop_assert_eq!(patched(operations).unwrap(), patched(twice).unwrap());
    }
}
