//! Protocol buffers: services, messages, enumerations, with the comments that stand before them.
//!
//! A definition is read to be shown, not to be compiled: what it imports is not fetched, options are read past, and a type is a
//! name. The two compilers written in Rust bring a code generator's worth of dependencies for that.

mod parser;
mod tokens;

use std::collections::HashMap;

use self::parser::{File, Message, Part};
use crate::{
    document::short,
    model::{Detail, Fact, Field, Group, Item, Overview, Problem, Section, Tone},
};

pub(crate) fn read(text: &str) -> Result<(Overview, HashMap<String, Detail>), Problem> {
    let file = parser::parse(text)?;
    let mut names = Vec::new();
    for message in &file.messages {
        name_all(message, "", &mut names);
    }
    names.sort();
    let pages = Pages { file: &file, names };
    let mut details = HashMap::new();
    let mut groups = Vec::new();
    for service in &file.services {
        let items = service.methods.iter().map(|method| {
            let detail = pages.method(&service.name, method);
            let item = detail.item.clone();
            details.insert(item.id.clone(), detail);
            item
        });
        groups.push(Group { name: service.name.clone(), items: items.collect(), description: service.comment.clone() });
    }
    let (mut messages, mut enumerations) = (Vec::new(), Vec::new());
    for message in &file.messages {
        pages.types(message, "", &mut details, &mut messages, &mut enumerations);
    }
    for (name, items) in [("Messages", messages), ("Enumerations", enumerations)] {
        if !items.is_empty() {
            groups.push(Group { name: name.into(), description: String::new(), items });
        }
    }
    let mut notes = Vec::new();
    if !file.imports.is_empty() {
        notes.push(format!("It imports {}, which is not shown here.", file.imports.join(", ")));
    }
    if groups.is_empty() {
        notes.push("It describes no service and no message.".into());
    }
    let overview = Overview {
        form: if file.syntax.is_empty() {
            "Protocol buffers".into()
        } else {
            format!("Protocol buffers, {}", file.syntax)
        },
        title: file.package.clone(),
        description: file.comment.clone(),
        groups,
        notes,
        ..Overview::default()
    };
    Ok((overview, details))
}

fn name_all(message: &Message, outer: &str, names: &mut Vec<String>) {
    let name = inside(outer, &message.name);
    for inner in &message.inner {
        name_all(inner, &name, names);
    }
    names.push(name);
}

fn inside(outer: &str, name: &str) -> String {
    if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") }
}

struct Pages<'a> {
    file: &'a File,
    /// Every type of the file, sorted.
    names: Vec<String>,
}

impl Pages<'_> {
    /// The page of a type, as named from within `scope`: the innermost that fits.
    fn link(&self, scope: &str, name: &str) -> Option<String> {
        let package = format!("{}.", self.file.package);
        let absolute = name.trim_start_matches('.');
        let absolute = absolute.strip_prefix(&package).unwrap_or(absolute);
        let mut scope = scope;
        loop {
            let found = inside(scope, absolute);
            if self.names.binary_search(&found).is_ok() {
                return Some(format!("type:{found}"));
            }
            if scope.is_empty() {
                return None;
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }

    fn method(&self, service: &str, method: &parser::Method) -> Detail {
        let item = Item {
            id: format!("{service}.{}", method.name),
            badge: "rpc".into(),
            tone: Tone::Make,
            title: method.name.clone(),
            summary: short(method.comment.lines().next().unwrap_or_default(), 160),
            deprecated: method.deprecated,
        };
        let side = |title: &str, name: &str, streams: bool| {
            let found = self.link("", name).and_then(|id| self.found(&id));
            let fields = found.map_or_else(
                || vec![Field { kind: name.to_owned(), ..Field::default() }],
                |(scope, message)| {
                    vec![Field {
                        kind: name.to_owned(),
                        link: self.link("", name),
                        children: self.fields(message, &scope),
                        ..Field::default()
                    }]
                },
            );
            Section {
                title: title.to_owned(),
                note: if streams { "stream of messages" } else { "one message" }.to_owned(),
                fields,
                ..Section::default()
            }
        };
        let full = inside(&self.file.package, &item.id);
        let full = full.replacen(&format!(".{}", method.name), &format!("/{}", method.name), 1);
        let options = method.options.iter().take(10).map(|option| Fact::new("Option", short(option, 300)));
        Detail {
            description: method.comment.clone(),
            facts: [Fact::new("Full name", full)].into_iter().chain(options).collect(),
            sections: vec![
                side("Request", &method.input, method.input_streams),
                side("Response", &method.output, method.output_streams),
            ],
            item,
            call: None,
        }
    }

    /// The message behind an id, and its scope.
    fn found(&self, id: &str) -> Option<(String, &Message)> {
        let name = id.strip_prefix("type:")?;
        let mut parts = name.split('.');
        let first = parts.next()?;
        let top = self.file.messages.iter().find(|message| message.name == first)?;
        let message = parts.try_fold(top, |message, part| message.inner.iter().find(|inner| inner.name == part))?;
        Some((name.to_owned(), message))
    }

    fn fields(&self, message: &Message, scope: &str) -> Vec<Field> {
        message
            .parts
            .iter()
            .map(|part: &Part| {
                let mut facts = vec![Fact::new("Number", part.number.clone())];
                if !part.one_of.is_empty() {
                    facts.push(Fact::new("One of", part.one_of.clone()));
                }
                if !part.options.is_empty() {
                    facts.push(Fact::new("Options", short(&part.options, 200)));
                }
                let base = part.kind.rsplit([' ', ',', '<']).next().unwrap_or_default().trim_end_matches('>');
                Field {
                    name: part.name.clone(),
                    link: self.link(scope, base),
                    kind: part.kind.clone(),
                    required: part.required,
                    deprecated: part.deprecated,
                    description: part.comment.clone(),
                    facts,
                    ..Field::default()
                }
            })
            .collect()
    }

    fn types(
        &self,
        message: &Message,
        outer: &str,
        details: &mut HashMap<String, Detail>,
        messages: &mut Vec<Item>,
        enumerations: &mut Vec<Item>,
    ) {
        let name = inside(outer, &message.name);
        let item = Item {
            id: format!("type:{name}"),
            badge: if message.is_enumeration { "enum" } else { "message" }.into(),
            tone: Tone::Plain,
            title: name.clone(),
            summary: short(message.comment.lines().next().unwrap_or_default(), 160),
            deprecated: message.deprecated,
        };
        let fields = self.fields(message, &name);
        let title = if message.is_enumeration { "Values" } else { "Fields" };
        let sections = if fields.is_empty() {
            Vec::new()
        } else {
            vec![Section { title: title.into(), fields, ..Section::default() }]
        };
        let detail = Detail { item: item.clone(), description: message.comment.clone(), sections, ..Detail::default() };
        details.insert(item.id.clone(), detail);
        if message.is_enumeration { &mut *enumerations } else { &mut *messages }.push(item);
        for inner in &message.inner {
            self.types(inner, &name, details, messages, enumerations);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = r#"
        // Licence of the file.

        // Tides and depths.
        syntax = "proto3";
        package harbour.v1;
        import "google/protobuf/timestamp.proto";
        option go_package = "x;y";

        // Answers about tides.
        service Tides {
          option (x.y) = { a: 1 b { c: "}" } };
          // The next tides.
          // Second line.
          rpc Next(NextRequest) returns (stream Tide) { option deprecated = true; }
          rpc Put(stream .harbour.v1.Tide) returns (google.protobuf.Empty) {
            option (google.api.http) = { put: "/v1/tides/{id}"
              body: "*" };
          }
        }
        message NextRequest {
          reserved 2, 4 to 6; reserved "old";
          string harbour = 1 [deprecated = true, (rule).min = 3]; // which one
          map<string, Kind> kinds = 3;
          oneof when { google.protobuf.Timestamp at = 7; int64 in = 8; }
          enum Kind { option allow_alias = true; KIND_UNSPECIFIED = 0; HIGH = 1; }
          message Inner { optional Kind kind = 1; repeated Tide tides = 2; }
        }
        message Tide { Inner none = 1; NextRequest.Inner inner = 2; }
        extend google.protobuf.MessageOptions { string x = 50000; }
    "#;

    #[test]
    fn a_file_is_its_services_and_messages() {
        let (overview, pages) = read(FILE).unwrap();
        assert_eq!((overview.form.as_str(), overview.title.as_str()), ("Protocol buffers, proto3", "harbour.v1"));
        assert_eq!(overview.notes, ["It imports google/protobuf/timestamp.proto, which is not shown here."]);
        let listed: Vec<_> = overview
            .groups
            .iter()
            .map(|group| {
                (group.name.as_str(), group.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>().join(" "))
            })
            .collect();
        insta::assert_debug_snapshot!(listed, @r#"
        [
            (
                "Tides",
                "Tides.Next Tides.Put",
            ),
            (
                "Messages",
                "type:NextRequest type:NextRequest.Inner type:Tide",
            ),
            (
                "Enumerations",
                "type:NextRequest.Kind",
            ),
        ]
        "#);
        let next = &pages["Tides.Next"];
        assert_eq!(next.description, "The next tides.\nSecond line.");
        assert!(next.item.deprecated);
        assert_eq!(next.facts[0].text, "harbour.v1.Tides/Next");
        assert_eq!(pages["Tides.Put"].facts[1].text, r#"(google.api.http) = { put: "/v1/tides/{id}" body: "*" }"#);
        assert_eq!(next.sections[1].note, "stream of messages");
        let fields: Vec<_> = pages["type:NextRequest"].sections[0]
            .fields
            .iter()
            .map(|field| {
                format!("{} {} {:?} {} {}", field.name, field.kind, field.link, field.deprecated, field.description)
            })
            .collect();
        insta::assert_snapshot!(fields.join("\n"), @r#"
        harbour string None true which one
        kinds map<string, Kind> Some("type:NextRequest.Kind") false 
        at google.protobuf.Timestamp None false 
        in int64 None false
        "#);
        let tide = &pages["type:Tide"].sections[0].fields;
        assert_eq!((tide[0].link.as_deref(), tide[1].link.as_deref()), (None, Some("type:NextRequest.Inner")));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let problem = read("syntax = \"proto3\";\nmessage A {\n  string = 1;\n}\n").unwrap_err();
        assert_eq!(
            problem.to_string(),
            "line 3, column 10: cannot be read as protobuf: `=` stands where a name should"
        );
        for wrong in
            ["message A {", "message A { string a = 1 }", "\"", "service", "/* never", "message A { oneof b {", "@"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let deep = "message A { ".repeat(10_000);
        assert!(read(&deep).unwrap_err().message.contains("deep"));
        let braces = format!("option x = {}", "{".repeat(100_000));
        assert!(read(&braces).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(message|service|rpc|enum|oneof|map|option|[a-z{}()<>=;,.\"/* \n\\[\\]0-9]){0,60}") {
            let _ = read(&text);
        }
    }
}
