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
fn traits_say_what_they_are_merged_into() {
    let document = |version: &str| {
        json!({
            "asyncapi": version, "info": {},
            "channels": { "c": { "address": "c", "messages": { "Lit": { "$ref": "#/components/messages/Lit" } }, "subscribe": { "traits": [{ "$ref": "#/components/operationTraits/kafka" }], "message": { "$ref": "#/components/messages/Lit" } } } },
            "operations": { "on": { "action": "receive", "channel": { "$ref": "#/channels/c" }, "traits": [{ "$ref": "#/components/operationTraits/kafka" }] } },
            "components": {
                "messages": { "Lit": { "contentType": "text/own", "headers": { "type": "object", "properties": { "own": { "type": "string" }, "both": { "type": "string" } } }, "traits": [{ "$ref": "#/components/messageTraits/common" }], "payload": { "type": "object", "properties": { "lumens": { "type": "integer" } } } } },
                "messageTraits": { "common": { "contentType": "text/trait", "correlationId": { "location": "$message.header#/trace" }, "headers": { "$ref": "#/components/schemas/Common" }, "bindings": { "kafka": { "key": { "type": "string" } } } } },
                "operationTraits": { "kafka": { "summary": "Heard", "bindings": { "kafka": { "clientId": { "type": "string", "enum": ["my-app"] }, "ack": true } } } },
                "schemas": { "Common": { "type": "object", "properties": { "my-app-header": { "type": "integer", "maximum": 100 }, "both": { "type": "integer" } } } },
            },
        })
    };
    let definition = of_document(Language::AsyncApi, document("3.0.0")).unwrap();
    insta::assert_snapshot!(told(&definition), @"
    on | receive c | Message Lit, headers (own: string, both: string, my-app-header: integer); Message Lit (lumens: integer); Message Lit, by protocol (key: string); Operation, by protocol (clientId: string, ack: true)
    message:Lit | message Lit | Message, headers (own: string, both: string, my-app-header: integer); Message (lumens: integer); Message, by protocol (key: string)
    schema:Common | schema Common | Schema (my-app-header: integer, both: integer)
    ");
    let detail = definition.detail("on").unwrap();
    let message = &detail.sections[1];
    assert_eq!((detail.item.summary.as_str(), message.note.as_str()), ("Heard", "text/own"));
    assert_eq!(
        (message.facts[0].term.as_str(), message.facts[0].text.as_str()),
        ("Correlation id", "$message.header#/trace")
    );
    let definition = of_document(Language::AsyncApi, document("2.6.0")).unwrap();
    let detail = definition.detail("subscribe c").unwrap();
    assert_eq!((detail.item.summary.as_str(), detail.sections[1].note.as_str()), ("Heard", "text/trait"));
    let headers: Vec<_> =
        detail.sections[0].fields.iter().map(|field| format!("{}: {}", field.name, field.kind)).collect();
    assert_eq!(headers, ["my-app-header: integer", "both: integer", "own: string"]);
}

#[test]
fn servers_channels_and_bindings_are_told_whole() {
    let definition = of_document(Language::AsyncApi, json!({
        "asyncapi": "2.6.0",
        "info": { "title": "T", "contact": { "name": "Quay", "email": "quay@example.com" } },
        "servers": { "prod": {
            "url": "broker.{env}.example:9092", "protocol": "kafka-secure", "protocolVersion": "3", "description": "Ours",
            "variables": { "env": { "default": "eu", "enum": ["eu", "us"], "description": "where" } },
            "security": [{ "sasl": [] }], "tags": [{ "name": "remote" }], "bindings": { "kafka": { "schemaRegistryUrl": "http://x" } },
        } },
        "channels": { "orders/{id}": {
            "parameters": { "id": { "schema": { "type": "string" }, "location": "$message.payload#/id" } },
            "bindings": { "kafka": { "topic": "orders", "partitions": 3, "topicConfiguration": { "retention.ms": 5 } }, "amqp": { "is": "routingKey", "exchange": { "name": "my-exchange", "type": "topic", "durable": true } } },
            "publish": { "message": { "payload": true, "examples": [{ "name": "one", "payload": 1, "headers": { "trace": "a" } }] } },
        } },
        "components": { "securitySchemes": { "sasl": { "type": "scramSha256" }, "key": { "type": "httpApiKey", "name": "k", "in": "query" } } },
    }))
    .unwrap();
    let lines = |facts: &[crate::Fact]| {
        facts.iter().map(|fact| format!("{}: {}", fact.term, fact.text)).collect::<Vec<_>>().join("; ")
    };
    let server = &definition.overview.servers[0];
    assert_eq!(server.description, "prod: Ours · env: eu or us (where)");
    assert_eq!(
        lines(&server.facts),
        "Protocol: kafka-secure 3; Needs: sasl; Tags: remote; Binding kafka: schemaRegistryUrl: http://x"
    );
    assert_eq!(lines(&definition.overview.facts), "Contact: Quay, quay@example.com");
    let schemes: Vec<_> = definition.overview.schemes.iter().map(|scheme| scheme.words.as_str()).collect();
    assert_eq!(schemes, ["scramSha256", "API key k in query"]);
    let detail = definition.detail("publish orders/{id}").unwrap();
    assert_eq!(lines(&detail.sections[0].fields[0].facts), "Taken from: $message.payload#/id");
    let examples: Vec<_> = detail.sections[1].examples.iter().map(|code| code.title.as_str()).collect();
    assert_eq!(examples, ["one", "one, headers"]);
    let bound = &detail.sections[2];
    assert_eq!((bound.title.as_str(), bound.note.as_str()), ("Channel, by protocol", "kafka"));
    let fields: Vec<_> = bound.fields.iter().map(|field| format!("{}: {}", field.name, field.kind)).collect();
    assert_eq!(fields, ["topic: orders", "partitions: 3", "topicConfiguration: "]);
    assert_eq!(bound.fields[2].children[0].name, "retention.ms");
    // An exchange has a type, and is no schema.
    let exchange = &detail.sections[3].fields[1].children;
    let exchange: Vec<_> = exchange.iter().map(|field| format!("{}: {}", field.name, field.kind)).collect();
    assert_eq!(exchange, ["name: my-exchange", "type: topic", "durable: true"]);
}

#[test]
fn what_a_trait_binds_stands_beside_what_is_bound_and_nothing_is_lost() {
    let definition = of_document(
        Language::AsyncApi,
        json!({
            "asyncapi": "3.0.0", "info": {},
            "channels": { "nobody": { "address": null, "title": "Replies", "summary": "Made for one", "messages": { "m": { "correlationId": { "location": "$message.header#/id", "description": "Says which" } } } } },
            "operations": { "recv": {
                "action": "receive", "title": "Take it", "channel": { "$ref": "#/channels/nobody" },
                "security": [{ "type": "plain", "description": "Ask us" }],
                "bindings": { "kafka": { "groupId": "g" } },
                "traits": [{ "bindings": { "kafka": { "clientId": { "const": "c1" }, "groupId": "other" } } }],
                "reply": { "address": { "location": "$message.header#/to", "description": "Where you listen" } },
            } },
        }),
    )
    .unwrap();
    let detail = definition.detail("recv").unwrap();
    let facts: Vec<_> = detail.facts.iter().map(|fact| format!("{}: {}", fact.term, fact.text)).collect();
    insta::assert_snapshot!(facts.join("\n"), @r"
    Channel: nobody, whose address is known once it runs
    Channel: Replies
    Channel: Made for one
    Reply on: where the request says: $message.header#/to (Where you listen)
    Needs: plain (Ask us)
    ");
    let bound = detail.sections.iter().find(|section| section.title == "Operation, by protocol").unwrap();
    let names: Vec<_> = bound.fields.iter().map(|field| format!("{} {}", field.name, field.kind)).collect();
    assert_eq!(names, ["groupId g", "clientId "]);
    let message = detail.sections.iter().find(|section| section.title == "Message m").unwrap();
    assert_eq!(message.facts[1].text, "Says which");
    let two = json!({ "asyncapi": "2.6.0", "info": {}, "channels": {}, "tags": [{ "name": "sea" }] });
    assert_eq!(of_document(Language::AsyncApi, two).unwrap().overview.facts, [crate::Fact::new("Tags", "sea")]);
}

#[test]
fn odd_shapes_do_no_harm() {
    for odd in [
        json!({ "asyncapi": "2.0.0", "channels": { "a": { "publish": { "message": 3 }, "subscribe": null } } }),
        json!({ "asyncapi": "3.0.0", "servers": { "a": 3, "b": { "security": [3], "bindings": [1] } }, "channels": { "a": { "bindings": { "x": 3 }, "messages": { "m": { "traits": [1, { "$ref": "#/channels/a/messages/m" }, { "headers": 3, "bindings": { "$ref": "#" } }] } } } }, "components": { "messages": { "m": { "traits": 3 } } } }),
        json!({ "asyncapi": "3.0.0", "operations": { "a": 3, "b": { "channel": { "$ref": "#/x" } } }, "channels": [] }),
    ] {
        told(&of_document(Language::AsyncApi, odd).unwrap());
    }
    assert!(of_document(Language::AsyncApi, json!({ "openapi": "3.0.0" })).is_err());
}
