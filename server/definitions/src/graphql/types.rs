//! What the parser's tree says about a type.

use apollo_parser::cst::{self, CstNode, Definition};

use super::{Kind, Type};
use crate::{
    document::short,
    model::{Fact, Field},
};

pub(super) fn root(definition: cst::RootOperationTypeDefinition) -> Option<(String, String)> {
    let operation = definition.operation_type()?.source_string().trim().to_owned();
    Some((operation, definition.named_type()?.name()?.text().to_string()))
}

pub(super) fn type_of(definition: Definition) -> Option<Type> {
    let name = definition.name()?.text().to_string();
    let (kind, description, implements, fields, directives) = match definition {
        Definition::ObjectTypeDefinition(it) => (
            Kind::Object,
            it.description(),
            it.implements_interfaces(),
            fields(it.fields_definition()),
            it.directives(),
        ),
        Definition::ObjectTypeExtension(it) => {
            (Kind::Object, None, it.implements_interfaces(), fields(it.fields_definition()), it.directives())
        }
        Definition::InterfaceTypeDefinition(it) => (
            Kind::Interface,
            it.description(),
            it.implements_interfaces(),
            fields(it.fields_definition()),
            it.directives(),
        ),
        Definition::InterfaceTypeExtension(it) => {
            (Kind::Interface, None, it.implements_interfaces(), fields(it.fields_definition()), it.directives())
        }
        Definition::InputObjectTypeDefinition(it) => {
            (Kind::Input, it.description(), None, inputs(it.input_fields_definition()), it.directives())
        }
        Definition::InputObjectTypeExtension(it) => {
            (Kind::Input, None, None, inputs(it.input_fields_definition()), it.directives())
        }
        Definition::UnionTypeDefinition(it) => {
            (Kind::Union, it.description(), None, members(it.union_member_types()), it.directives())
        }
        Definition::UnionTypeExtension(it) => {
            (Kind::Union, None, None, members(it.union_member_types()), it.directives())
        }
        Definition::EnumTypeDefinition(it) => {
            (Kind::Enum, it.description(), None, values(it.enum_values_definition()), it.directives())
        }
        Definition::EnumTypeExtension(it) => {
            (Kind::Enum, None, None, values(it.enum_values_definition()), it.directives())
        }
        Definition::ScalarTypeDefinition(it) => (Kind::Scalar, it.description(), None, Vec::new(), it.directives()),
        Definition::ScalarTypeExtension(it) => (Kind::Scalar, None, None, Vec::new(), it.directives()),
        _ => return None,
    };
    let named = |node: cst::NamedType| Some(node.name()?.text().to_string());
    let (_, facts) = directives_told(directives);
    Some(Type {
        kind,
        name,
        description: words(description),
        implements: implements.map(|list| list.named_types().filter_map(named).collect()).unwrap_or_default(),
        fields,
        facts,
    })
}

/// A directive that the schema defines: its arguments, and where it may stand.
pub(super) fn directive_of(it: &cst::DirectiveDefinition) -> Option<Type> {
    let places = it.directive_locations().into_iter().flat_map(|list| list.directive_locations());
    let places: Vec<String> = places.map(|place| place.source_string().trim().to_owned()).take(40).collect();
    let mut facts = vec![Fact::new("Stands on", places.join(", "))];
    if it.repeatable_token().is_some() {
        facts.push(Fact::new("Rule", "may stand more than once"));
    }
    let arguments = it.arguments_definition().into_iter().flat_map(|list| list.input_value_definitions());
    Some(Type {
        kind: Kind::Directive,
        name: it.name()?.text().to_string(),
        description: words(it.description()),
        implements: Vec::new(),
        fields: arguments.filter_map(input).map(|field| (field, Vec::new())).collect(),
        facts,
    })
}

pub(super) fn words(description: Option<cst::Description>) -> String {
    description.and_then(|description| description.string_value()).map(|value| String::from(&value)).unwrap_or_default()
}

/// Whether a directive deprecates, and all of them as facts.
pub(super) fn directives_told(directives: Option<cst::Directives>) -> (bool, Vec<Fact>) {
    let mut facts = Vec::new();
    let mut deprecated = false;
    for directive in directives.into_iter().flat_map(|list| list.directives()).take(20) {
        let Some(name) = directive.name().map(|name| name.text().to_string()) else { continue };
        deprecated |= name == "deprecated";
        let arguments = directive.arguments().map(|arguments| arguments.source_string()).unwrap_or_default();
        let arguments = arguments.trim().trim_matches(['(', ')']);
        facts.push(if arguments.is_empty() {
            Fact::new("Directive", format!("@{name}"))
        } else {
            Fact::new(format!("@{name}"), short(arguments, 200))
        });
    }
    (deprecated, facts)
}

fn fields(list: Option<cst::FieldsDefinition>) -> Vec<(Field, Vec<Field>)> {
    let one = |it: cst::FieldDefinition| {
        let (deprecated, facts) = directives_told(it.directives());
        let field = Field {
            name: it.name()?.text().to_string(),
            kind: it.ty()?.source_string().trim().to_owned(),
            deprecated,
            description: words(it.description()),
            facts,
            ..Field::default()
        };
        let arguments = it.arguments_definition().into_iter().flat_map(|list| list.input_value_definitions());
        Some((field, arguments.filter_map(input).collect()))
    };
    list.into_iter().flat_map(|list| list.field_definitions()).filter_map(one).collect()
}

fn input(it: cst::InputValueDefinition) -> Option<Field> {
    let (deprecated, mut facts) = directives_told(it.directives());
    let kind = it.ty()?.source_string().trim().to_owned();
    let default = it.default_value().and_then(|default| default.value()).map(|value| value.source_string());
    if let Some(default) = &default {
        facts.insert(0, Fact::new("Default", short(default.trim(), 120)));
    }
    Some(Field {
        name: it.name()?.text().to_string(),
        required: kind.ends_with('!') && default.is_none(),
        kind,
        deprecated,
        description: words(it.description()),
        facts,
        ..Field::default()
    })
}

fn inputs(list: Option<cst::InputFieldsDefinition>) -> Vec<(Field, Vec<Field>)> {
    let all = list.into_iter().flat_map(|list| list.input_value_definitions());
    all.filter_map(input).map(|field| (field, Vec::new())).collect()
}

fn members(list: Option<cst::UnionMemberTypes>) -> Vec<(Field, Vec<Field>)> {
    let one = |it: cst::NamedType| {
        let kind = it.name()?.text().to_string();
        Some((Field { kind, ..Field::default() }, Vec::new()))
    };
    list.into_iter().flat_map(|list| list.named_types()).filter_map(one).collect()
}

fn values(list: Option<cst::EnumValuesDefinition>) -> Vec<(Field, Vec<Field>)> {
    let one = |it: cst::EnumValueDefinition| {
        let (deprecated, facts) = directives_told(it.directives());
        let name = it.enum_value()?.name()?.text().to_string();
        Some((Field { name, deprecated, description: words(it.description()), facts, ..Field::default() }, Vec::new()))
    };
    list.into_iter().flat_map(|list| list.enum_value_definitions()).filter_map(one).collect()
}
