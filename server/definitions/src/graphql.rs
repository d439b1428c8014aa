//! GraphQL's schema language.

mod types;

use std::collections::HashMap;

use apollo_parser::{Parser, cst::Definition};

use self::types::{directive_of, directives_told, root, type_of, words};
use crate::{
    document::short,
    model::{Detail, Fact, Field, Group, Item, Overview, Place, Problem, Section, Tone},
};

/// How many words a schema may have.
const TOKENS: usize = 2_000_000;

/// How deep values and lists may stand in each other.
const DEPTH: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Object,
    Interface,
    Input,
    Union,
    Enum,
    Scalar,
    Directive,
}

#[derive(Debug)]
struct Type {
    kind: Kind,
    name: String,
    description: String,
    implements: Vec<String>,
    fields: Vec<(Field, Vec<Field>)>,
    facts: Vec<Fact>,
}

/// What is said of the schema as a whole.
#[derive(Debug, Default)]
struct Whole {
    /// The types that operations start from.
    roots: HashMap<String, String>,
    description: String,
    facts: Vec<Fact>,
}

impl Whole {
    /// Takes a definition in, if it is of the schema itself.
    fn takes(&mut self, definition: &Definition) -> bool {
        match definition {
            Definition::SchemaDefinition(schema) => {
                self.roots.extend(schema.root_operation_type_definitions().filter_map(root));
                self.description = words(schema.description());
                self.facts.extend(directives_told(schema.directives()).1);
            }
            Definition::SchemaExtension(schema) => {
                self.roots.extend(schema.root_operation_type_definitions().filter_map(root));
                self.facts.extend(directives_told(schema.directives()).1);
            }
            _ => return false,
        }
        true
    }
}

pub(crate) fn read(text: &str) -> Result<(Overview, HashMap<String, Detail>), Problem> {
    let tree = Parser::new(text).token_limit(TOKENS).recursion_limit(DEPTH).parse();
    if let Some(error) = tree.errors().next() {
        return Err(Problem {
            message: format!("cannot be read as GraphQL: {}", short(error.message(), 200)),
            place: Some(Place::of(text, error.index())),
        });
    }
    let mut types: Vec<Type> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut whole = Whole::default();
    for definition in tree.document().definitions() {
        if whole.takes(&definition) {
            // It is of the schema as a whole.
        } else if let Definition::DirectiveDefinition(directive) = definition {
            // Types and directives may have one name.
            types.extend(directive_of(&directive));
        } else if let Some(found) = type_of(definition) {
            if let Some(&at) = known.get(&found.name) {
                types[at].implements.extend(found.implements);
                types[at].fields.extend(found.fields);
                types[at].facts.extend(found.facts);
            } else {
                known.insert(found.name.clone(), types.len());
                types.push(found);
            }
        }
    }
    let mut pages = HashMap::new();
    let mut groups = Vec::new();
    for (operation, group, tone, default) in [
        ("query", "Queries", Tone::Read, "Query"),
        ("mutation", "Mutations", Tone::Change, "Mutation"),
        ("subscription", "Subscriptions", Tone::Read, "Subscription"),
    ] {
        let name = whole.roots.get(operation).map_or(default, String::as_str);
        let Some(&at) = known.get(name) else { continue };
        let items = types[at].fields.iter().map(|(field, arguments)| {
            let item = Item {
                id: format!("{operation}:{}", field.name),
                badge: operation.to_owned(),
                tone,
                title: field.name.clone(),
                summary: short(field.description.lines().next().unwrap_or_default(), 160),
                deprecated: field.deprecated,
            };
            let mut sections = Vec::new();
            if !arguments.is_empty() {
                let fields = arguments.iter().map(|field| linked(field, &known)).collect();
                sections.push(Section { title: "Arguments".into(), fields, ..Section::default() });
            }
            let mut answer = Field { name: String::new(), description: String::new(), ..linked(field, &known) };
            answer.facts.clear();
            if let Some(&returned) = known.get(base(&field.kind)) {
                answer.children = types[returned].fields.iter().map(|(field, _)| linked(field, &known)).collect();
            }
            sections.push(Section { title: "Answer".into(), fields: vec![answer], ..Section::default() });
            let detail = Detail {
                item: item.clone(),
                description: field.description.clone(),
                facts: field.facts.clone(),
                sections,
                call: None,
            };
            pages.insert(item.id.clone(), detail);
            item
        });
        let items: Vec<Item> = items.collect();
        if !items.is_empty() {
            groups.push(Group { name: group.into(), description: types[at].description.clone(), items });
        }
    }
    for (kind, group, badge) in [
        (Kind::Object, "Types", "type"),
        (Kind::Interface, "Interfaces", "interface"),
        (Kind::Input, "Inputs", "input"),
        (Kind::Union, "Unions", "union"),
        (Kind::Enum, "Enumerations", "enum"),
        (Kind::Scalar, "Scalars", "scalar"),
        (Kind::Directive, "Directives", "directive"),
    ] {
        // Those that operations start from are among them, since fields may lead back to them.
        let items: Vec<Item> = types
            .iter()
            .filter(|found| found.kind == kind)
            .map(|found| {
                let detail = page(found, badge, &known);
                let item = detail.item.clone();
                pages.insert(item.id.clone(), detail);
                item
            })
            .collect();
        if !items.is_empty() {
            groups.push(Group { name: group.into(), description: String::new(), items });
        }
    }
    let notes = if groups.is_empty() { vec!["It describes no type.".into()] } else { Vec::new() };
    let Whole { description, facts, .. } = whole;
    Ok((Overview { form: "GraphQL".into(), description, facts, groups, notes, ..Overview::default() }, pages))
}

fn page(found: &Type, badge: &str, known: &HashMap<String, usize>) -> Detail {
    let item = Item {
        id: if found.kind == Kind::Directive {
            format!("directive:{}", found.name)
        } else {
            format!("type:{}", found.name)
        },
        badge: badge.to_owned(),
        tone: Tone::Plain,
        title: if found.kind == Kind::Directive { format!("@{}", found.name) } else { found.name.clone() },
        summary: short(found.description.lines().next().unwrap_or_default(), 160),
        deprecated: false,
    };
    let fields: Vec<Field> = found
        .fields
        .iter()
        .map(|(field, arguments)| {
            let children = arguments.iter().map(|argument| linked(argument, known)).collect();
            Field { children, ..linked(field, known) }
        })
        .collect();
    let title = match found.kind {
        Kind::Union => "Members",
        Kind::Enum => "Values",
        Kind::Directive => "Arguments",
        _ => "Fields",
    };
    let sections = if fields.is_empty() {
        Vec::new()
    } else {
        vec![Section { title: title.into(), fields, ..Section::default() }]
    };
    let mut facts = found.facts.clone();
    if !found.implements.is_empty() {
        facts.insert(0, Fact::new("Implements", found.implements.join(", ")));
    }
    Detail { item, description: found.description.clone(), facts, sections, call: None }
}

/// A field whose type leads to the page of the type.
fn linked(field: &Field, known: &HashMap<String, usize>) -> Field {
    let name = base(&field.kind);
    Field { link: known.contains_key(name).then(|| format!("type:{name}")), ..field.clone() }
}

/// The name in `[Name!]!`.
fn base(kind: &str) -> &str {
    kind.trim_matches(['[', ']', '!', ' '])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_schema_is_its_operations_and_types() {
        let (overview, pages) = read(
            r#"
            """All of *it*"""
            schema @link(url: "https://x.example", import: ["@key"]) { query: Root }
            extend schema @cost
            "The way in"
            type Root { "One berth" berth(id: ID!, near: Int = 3): Berth! @deprecated(reason: "use berths") }
            type Berth implements Node & Named { id: ID!, ships(first: Int!): [Ship!]! }
            extend type Berth { free: Boolean @deprecated }
            interface Node { id: ID!, root: Root! }
            union Thing = Berth | Ship
            enum State { "Nobody" FREE TAKEN }
            input Ask { berth: ID!, note: String = "x" }
            scalar Date @specifiedBy(url: "https://example.com")
            "Who may" directive @may(role: State! = FREE) repeatable on FIELD_DEFINITION | OBJECT
            "#,
        )
        .unwrap();
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
                "Queries",
                "query:berth",
            ),
            (
                "Types",
                "type:Root type:Berth",
            ),
            (
                "Interfaces",
                "type:Node",
            ),
            (
                "Inputs",
                "type:Ask",
            ),
            (
                "Unions",
                "type:Thing",
            ),
            (
                "Enumerations",
                "type:State",
            ),
            (
                "Scalars",
                "type:Date",
            ),
            (
                "Directives",
                "directive:may",
            ),
        ]
        "#);
        let facts: Vec<_> = overview.facts.iter().map(|fact| format!("{}: {}", fact.term, fact.text)).collect();
        assert_eq!(facts, [r#"@link: url: "https://x.example", import: ["@key"]"#, "Directive: @cost"]);
        assert_eq!(overview.description, "All of *it*");
        let berth = &pages["query:berth"];
        assert!(berth.item.deprecated && berth.description == "One berth");
        let arguments: Vec<_> =
            berth.sections[0].fields.iter().map(|field| (field.name.as_str(), field.required)).collect();
        assert_eq!(arguments, [("id", true), ("near", false)]);
        let answer = &berth.sections[1].fields[0];
        assert_eq!((answer.kind.as_str(), answer.link.as_deref()), ("Berth!", Some("type:Berth")));
        assert_eq!(
            answer.children.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(),
            ["id", "ships", "free"]
        );
        assert_eq!(pages["type:Berth"].facts[0].text, "Node, Named");
        let free = &answer.children[2];
        assert_eq!(
            (free.deprecated, free.facts[0].term.as_str(), free.facts[0].text.as_str()),
            (true, "Directive", "@deprecated")
        );
        let dead = pages.values().flat_map(|page| &page.sections).flat_map(|section| &section.fields);
        let dead: Vec<_> =
            dead.filter_map(|field| field.link.as_ref()).filter(|link| !pages.contains_key(*link)).collect();
        assert!(dead.is_empty() && pages["type:Root"].sections[0].fields[0].name == "berth", "{dead:?}");
        let may = &pages["directive:may"];
        let facts: Vec<_> = may.facts.iter().map(|fact| format!("{}: {}", fact.term, fact.text)).collect();
        assert_eq!(facts, ["Stands on: FIELD_DEFINITION, OBJECT", "Rule: may stand more than once"]);
        assert_eq!((may.item.title.as_str(), may.sections[0].fields[0].link.as_deref()), ("@may", Some("type:State")));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let problem = read("type A {\n  b: [Int\n}\n").unwrap_err();
        assert!(problem.to_string().starts_with("line 3, column 1: cannot be read as GraphQL:"), "{problem}");
        let deep = format!("type A {{ b: {}Int }}", "[".repeat(100_000));
        assert!(read(&deep).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z{}()\\[\\]!:=@\"# \n|&]{0,120}") {
            let _ = read(&text);
            let _ = read(&format!("type A {{ {text} }}"));
        }
    }
}
