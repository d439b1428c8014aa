use proptest::prelude::*;

use super::*;

const FILE: &str = r#"
    // Licence of the file.

    // Tides and depths.
    syntax = "proto3";
    package harbour.v1;
    import "google/protobuf/timestamp.proto";
    option go_package = "x;y";

    /* Answers
     * about tides. */
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
        (
            "Extensions",
            "extend:google.protobuf.MessageOptions",
        ),
    ]
    "#);
    assert_eq!(overview.groups[0].description, "Answers\nabout tides.\n\nOption: ` (x.y) = { a: 1 b { c: \"}\" } } `");
    let facts = |id: &str| {
        pages[id].facts.iter().map(|fact| format!("{}: {}", fact.term, fact.text)).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(facts("type:NextRequest"), "Reserved: 2, 4 to 6; Reserved: \"old\"");
    assert_eq!(facts("type:NextRequest.Kind"), "Option: allow_alias = true");
    assert_eq!(pages["extend:google.protobuf.MessageOptions"].sections[1].fields[0].name, "x");
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
    assert_eq!(problem.to_string(), "line 3, column 10: cannot be read as protobuf: `=` stands where a name should");
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

#[test]
fn what_is_said_of_a_choice_a_call_and_the_file_is_shown() {
    let (overview, pages) = read(
        "
        edition = \"2023\";
        package nordwind.v1;
        option go_package = \"x;y\";
        option features.field_presence = IMPLICIT;
        service Trains {
          rpc Get(Train) returns (Train); // behind it
          rpc Rel(v1.Train) returns (.v1.Train);
        }
        message Train {
          // How it moves.
          oneof motion { option (x.y) = 1; int32 speed = 1; }
          string v1 = 2;
        }
        ",
    )
    .unwrap();
    let options: Vec<_> = overview.facts.iter().map(|fact| fact.text.as_str()).collect();
    assert_eq!(options, ["go_package = \"x;y\"", "features.field_presence = IMPLICIT"]);
    assert_eq!(pages["Trains.Get"].description, "behind it");
    let sides = &pages["Trains.Rel"].sections;
    assert_eq!(sides[0].fields[0].link.as_deref(), Some("type:Train"));
    assert_eq!((sides[0].fields[0].children.len(), sides[1].fields[0].link.as_deref()), (2, None));
    let train = &pages["type:Train"];
    assert_eq!(train.sections[0].fields[0].facts[1].text, "motion: How it moves. Option of motion: (x.y) = 1");
    assert!(train.facts.is_empty(), "{:?}", train.facts);
}

#[test]
fn groups_and_extensions_of_proto2_are_shown_with_their_fields() {
    let (overview, pages) = read(
        "
        package old;
        message A {
          optional group Result = 2 [deprecated = true] { required string url = 3; reserved 9; }
          oneof it { group Other = 4 { optional int32 x = 5; } int32 y = 6; }
          extensions 100 to 199;
          extend A { optional int32 inner = 127; }
        }
        // Adds a number.
        extend A { optional int32 ext = 126; repeated group More = 128 { optional A a = 1; } }
        ",
    )
    .unwrap();
    let fields = |id: &str, section: usize| {
        let fields = &pages[id].sections[section].fields;
        let told = fields.iter().map(|field| format!("{} {} {:?}", field.name, field.kind, field.link.as_deref()));
        told.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(fields("type:A", 0), @r#"
    Result optional group Result Some("type:A.Result")
    Other group Other Some("type:A.Other")
    y int32 None
    "#);
    assert_eq!(fields("type:A.Result", 0), "url string None");
    assert_eq!(pages["type:A"].facts[0], Fact::new("Extensions", "100 to 199"));
    let extensions = overview.groups.iter().find(|group| group.name == "Extensions").unwrap();
    let ids: Vec<_> = extensions.items.iter().map(|item| (item.id.as_str(), item.summary.as_str())).collect();
    assert_eq!(ids, [("extend:A", "Adds a number."), ("extend:A:1", "")]);
    assert_eq!(fields("extend:A", 0), " A Some(\"type:A\")");
    assert_eq!(fields("extend:A", 1), "ext optional int32 None\nMore repeated group More Some(\"type:More\")");
    assert_eq!(fields("extend:A:1", 1), "inner optional int32 None");
}
