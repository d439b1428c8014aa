use serde_json::json;

use crate::{Definition, Language, of_document};

fn told(definition: &Definition) -> String {
    let items = definition.overview.groups.iter().flat_map(|group| &group.items);
    let lines = items.map(|item| {
        let detail = definition.detail(&item.id).unwrap();
        let sections: Vec<_> = detail
            .sections
            .iter()
            .map(|section| {
                let fields: Vec<_> =
                    section.fields.iter().map(|field| format!("{}: {}", field.name, field.kind)).collect();
                format!("{} ({})", section.title, fields.join(", "))
            })
            .collect();
        format!("{} | {} {} | {}", item.id, item.badge, item.title, sections.join("; "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn channels_of_version_2_carry_their_messages() {
    let definition = of_document(Language::AsyncApi, json!({
        "asyncapi": "2.6.0", "info": { "title": "Moves", "version": "1" },
        "servers": { "production": { "url": "kafka.example:9092", "protocol": "kafka" } },
        "channels": { "moves/{unit}": {
            "parameters": { "unit": { "schema": { "type": "string" } } },
            "subscribe": { "summary": "Hear", "message": { "oneOf": [{ "$ref": "#/components/messages/Moved" }, { "payload": { "type": "object", "properties": { "x": { "type": "integer" } } } }] } },
        } },
        "components": { "messages": { "Moved": { "headers": { "type": "object", "properties": { "id": { "type": "string" } } }, "payload": { "$ref": "#/components/schemas/Move" } } }, "schemas": { "Move": { "type": "object", "properties": { "from": { "type": "string" } } } } },
    }))
    .unwrap();
    assert_eq!(definition.overview.servers[0].address, "kafka://kafka.example:9092");
    insta::assert_snapshot!(told(&definition), @"
    subscribe moves/{unit} | subscribe moves/{unit} | Parameters (unit: string); Message Moved, headers (id: string); Message Moved (: Move); Message (x: integer)
    message:Moved | message Moved | Message, headers (id: string); Message (: Move)
    schema:Move | schema Move | Schema (from: string)
    ");
}

#[test]
fn operations_of_version_3_find_their_channels() {
    let definition = of_document(Language::AsyncApi, json!({
        "asyncapi": "3.0.0", "info": {},
        "channels": {
            "moved": { "address": "yard.moved", "messages": { "Moved": { "payload": { "schemaFormat": "application/vnd.apache.avro;version=1.9.0", "schema": { "type": "record" } } } } },
            "quiet": { "address": null },
            "answers": { "address": "yard.answers", "messages": { "Answer": { "payload": { "type": "object", "properties": { "ok": { "type": "boolean" } } } } } },
        },
        "operations": {
            "ask": { "action": "send", "channel": { "$ref": "#/channels/moved" }, "reply": { "channel": { "$ref": "#/channels/answers" }, "messages": [{ "$ref": "#/channels/answers/messages/Answer" }] } },
            "onMoved": { "action": "receive", "channel": { "$ref": "#/channels/moved" }, "messages": [{ "$ref": "#/channels/moved/messages/Moved" }], "reply": { "address": { "location": "$message.header#/replyTo" } } } },
    }))
    .unwrap();
    insta::assert_snapshot!(told(&definition), @"
    ask | send yard.moved | Message Moved (); Reply: Message Answer (ok: boolean)
    onMoved | receive yard.moved | Message Moved ()
    channel quiet | channel quiet | 
    channel answers | channel yard.answers | Message Answer (ok: boolean)
    ");
}

#[test]
fn odd_shapes_do_no_harm() {
    for odd in [
        json!({ "asyncapi": "2.0.0", "channels": { "a": { "publish": { "message": 3 }, "subscribe": null } } }),
        json!({ "asyncapi": "3.0.0", "operations": { "a": 3, "b": { "channel": { "$ref": "#/x" } } }, "channels": [] }),
    ] {
        told(&of_document(Language::AsyncApi, odd).unwrap());
    }
    assert!(of_document(Language::AsyncApi, json!({ "openapi": "3.0.0" })).is_err());
}
