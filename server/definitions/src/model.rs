//! What a reader sees of a definition, whatever it is written in.

use std::fmt;

/// Everything that can be looked at in a definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// The language and its version: `OpenAPI 3.1.0`.
    pub form: String,
    /// What the definition calls itself.
    pub title: String,
    /// The API's own version.
    pub version: String,
    /// Markdown.
    pub description: String,
    /// Whom to ask, what holds for its use, where more stands.
    pub facts: Vec<Fact>,
    /// Where it is served.
    pub servers: Vec<Server>,
    /// How callers show who they are.
    pub schemes: Vec<Scheme>,
    /// Its operations and types, as the author grouped them.
    pub groups: Vec<Group>,
    /// What could not be shown, and why.
    pub notes: Vec<String>,
}

/// Where an API is served.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Server {
    /// An address, perhaps with variables in braces.
    pub address: String,
    /// In words.
    pub description: String,
    /// How it is spoken to, what it asks for.
    pub facts: Vec<Fact>,
}

/// A way for callers to show who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// As operations name it.
    pub name: String,
    /// What it is: `HTTP bearer (JWT)`.
    pub words: String,
    /// Markdown.
    pub description: String,
    /// Where callers go for it, and what they may ask for.
    pub facts: Vec<Fact>,
}

/// Operations or types that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// A tag, a service, or what the items are.
    pub name: String,
    /// Markdown.
    pub description: String,
    /// In the author's order.
    pub items: Vec<Item>,
}

/// How an item should be looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// It only reads.
    Read,
    /// It makes something.
    Make,
    /// It alters something.
    Change,
    /// It takes something away.
    Remove,
    /// It is a type, or something else.
    #[default]
    Plain,
}

/// Something that can be looked at on its own: an operation, a message, a type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Names it in an address.
    pub id: String,
    /// A short word before the title: `GET`, `rpc`, `enum`.
    pub badge: String,
    /// How the badge should look.
    pub tone: Tone,
    /// A path, or a name.
    pub title: String,
    /// One line.
    pub summary: String,
    /// Whether callers should move away from it.
    pub deprecated: bool,
}

/// What stands behind an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    /// As in the overview.
    pub item: Item,
    /// Markdown.
    pub description: String,
    /// Short facts.
    pub facts: Vec<Fact>,
    /// Its parts, in order.
    pub sections: Vec<Section>,
    /// A command that calls it.
    pub call: Option<Code>,
}

/// A short fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub term: String,
    /// What it says.
    pub text: String,
}

/// A part of a detail: parameters, a body, a response, fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// `Parameters`, `Response 200`.
    pub title: String,
    /// A short word beside the title: a media type.
    pub note: String,
    /// Markdown.
    pub description: String,
    /// Short facts.
    pub facts: Vec<Fact>,
    /// What it is made of.
    pub fields: Vec<Field>,
    /// Examples, as text.
    pub examples: Vec<Code>,
}

/// A text in some language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What it is.
    pub title: String,
    /// For highlighting.
    pub language: &'static str,
    /// The text.
    pub text: String,
}

/// A parameter, a property, an argument, a value of an enumeration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name; empty for a value that has none.
    pub name: String,
    /// Its type in words.
    pub kind: String,
    /// The item that the type is described by.
    pub link: Option<String>,
    /// Whether it must be there.
    pub required: bool,
    /// Whether callers should move away from it.
    pub deprecated: bool,
    /// Markdown.
    pub description: String,
    /// Bounds, defaults, allowed values.
    pub facts: Vec<Fact>,
    /// What it is made of.
    pub children: Vec<Field>,
    /// Why it has no children here although its type has some.
    pub cut: Option<Cut>,
}

/// Why a tree ends early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// The type contains itself; it stands further up.
    Cycle,
    /// It goes deeper than one page shows.
    Deep,
    /// The page shows as many fields as it can.
    Many,
}

/// Where something is in a text, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Place {
    /// The place of a byte.
    pub fn of(text: &str, byte: usize) -> Self {
        let mut byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let before = &text[..byte];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self { line: number(before.matches('\n').count() + 1), column: number(before[start..].chars().count() + 1) }
    }
}

/// Why a definition cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong and how to mend it.
    pub message: String,
    /// Where, if that is known.
    pub place: Option<Place>,
}

impl Problem {
    /// A problem of the definition as a whole.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place {
            write!(f, "line {}, column {}: ", place.line, place.column)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Fact {
    pub(crate) fn new(term: impl Into<String>, text: impl Into<String>) -> Self {
        Self { term: term.into(), text: text.into() }
    }
}
