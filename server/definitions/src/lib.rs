//! Definitions of APIs as people read them: from text that anyone may write to plain data, at a bounded cost.
//!
//! A definition is read once into an [`Overview`] of everything that can be looked at; what stands behind one [`Item`] is worked
//! out when somebody asks for it, so a definition of thousands of operations costs as much as the one that is shown. Descriptions
//! are Markdown as their authors wrote it: whoever shows them sanitises them.

mod anchors;
mod asyncapi;
mod document;
mod graphql;
mod merged;
mod model;
mod openapi;
mod protobuf;
mod sample;
mod schema;

use std::collections::HashMap;

use serde_json::Value;

pub use self::model::{
    Code, Cut, Detail, Fact, Field, Group, Item, Overview, Place, Problem, Scheme, Section, Server, Tone,
};

/// The largest definition that is read, in bytes.
pub const LARGEST: usize = 16 * 1024 * 1024;

/// How a definition is written, as `spec.type` of an API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// OpenAPI 2, 3.0 and 3.1, as YAML or JSON.
    OpenApi,
    /// AsyncAPI 2 and 3, as YAML or JSON.
    AsyncApi,
    /// GraphQL's schema language.
    GraphQl,
    /// Protocol buffers, with or without services.
    Protobuf,
}

impl Language {
    /// The language that `spec.type` names; none for what is only shown as text.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_lowercase().as_str() {
            "openapi" | "swagger" => Some(Self::OpenApi),
            "asyncapi" => Some(Self::AsyncApi),
            "graphql" => Some(Self::GraphQl),
            "grpc" | "protobuf" | "proto" => Some(Self::Protobuf),
            _ => None,
        }
    }

    /// The language's own name.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenApi => "OpenAPI",
            Self::AsyncApi => "AsyncAPI",
            Self::GraphQl => "GraphQL",
            Self::Protobuf => "Protocol buffers",
        }
    }

    /// Whether its text is YAML or JSON, which [`of_document`] takes.
    pub fn is_structured(self) -> bool {
        matches!(self, Self::OpenApi | Self::AsyncApi)
    }
}

/// A definition that could be read.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Everything that can be looked at.
    pub overview: Overview,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    OpenApi(Value),
    AsyncApi(Value),
    Pages(HashMap<String, Detail>),
}

/// Reads a definition that is a YAML or JSON document.
///
/// # Errors
/// A [`Problem`] if the document is not one of the language.
pub fn of_document(language: Language, document: Value) -> Result<Definition, Problem> {
    let document = anchors::placed(merged::merged(document));
    if language == Language::AsyncApi {
        return Ok(Definition { overview: asyncapi::overview(&document)?, body: Body::AsyncApi(document) });
    }
    Ok(Definition { overview: openapi::overview(&document)?, body: Body::OpenApi(document) })
}

/// Reads a definition that has a grammar of its own.
///
/// # Errors
/// A [`Problem`] with its place if the text breaks the grammar.
pub fn of_text(language: Language, text: &str) -> Result<Definition, Problem> {
    let (overview, pages) = if language == Language::GraphQl { graphql::read(text)? } else { protobuf::read(text)? };
    Ok(Definition { overview, body: Body::Pages(pages) })
}

impl Definition {
    /// What stands behind an item of the overview.
    pub fn detail(&self, id: &str) -> Option<Detail> {
        match &self.body {
            Body::OpenApi(document) => openapi::detail(document, id),
            Body::AsyncApi(document) => asyncapi::detail(document, id),
            Body::Pages(pages) => pages.get(id).cloned(),
        }
    }
}
