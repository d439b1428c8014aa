//! Fields of a form, as a page draws them.

use serde_json::Value;

/// One field of a form.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Where its answer stands, as a JSON pointer: `/name`, `/ports/0/number`.
    pub pointer: String,
    /// What it is called.
    pub label: String,
    /// What it means.
    pub description: Option<String>,
    /// How to fill it in.
    pub help: Option<String>,
    /// What an answer looks like.
    pub placeholder: Option<String>,
    /// Whether there must be an answer.
    pub required: bool,
    /// Whether it is where a person starts.
    pub autofocus: bool,
    /// Whether it is only shown.
    pub readonly: bool,
    /// How it is drawn and what it takes.
    pub control: Control,
    /// What a person should know about how it is drawn.
    pub note: Option<String>,
}

/// One of several answers to choose from.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The answer.
    pub value: Value,
    /// What it is called.
    pub label: String,
}

impl Choice {
    /// The answer as it stands in a form.
    pub fn text(&self) -> String {
        text(&self.value)
    }
}

/// A value as it stands in a form: texts as they are, anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// How one of several is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// From a list that opens.
    Select,
    /// From buttons that are all in view.
    Radio,
}

/// How a text is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextLook {
    /// On one line; the type is that of HTML's `input`: `text`, `email`, `url`, `date`.
    Line(String),
    /// On so many lines.
    Area(u32),
}

/// How a field is drawn and what it takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Control {
    /// A text.
    Text {
        /// How it is entered.
        look: TextLook,
        /// At least so many characters.
        min_length: Option<u64>,
        /// At most so many characters.
        max_length: Option<u64>,
        /// A regular expression it matches.
        pattern: Option<String>,
        /// Answers to begin with.
        suggestions: Vec<String>,
    },
    /// A number.
    Number {
        /// Whether it is whole.
        integer: bool,
        /// At least.
        minimum: Option<f64>,
        /// At most.
        maximum: Option<f64>,
        /// A multiple of this.
        step: Option<f64>,
    },
    /// Yes or no.
    Toggle,
    /// One of several.
    Choice {
        /// What there is to choose from.
        options: Vec<Choice>,
        /// How it is chosen.
        look: Look,
    },
    /// Any of several.
    Choices {
        /// What there is to choose from.
        options: Vec<Choice>,
    },
    /// A list of answers of one kind.
    List {
        /// The answers so far.
        items: Vec<Field>,
        /// What a new one starts as.
        blank: Value,
        /// At least so many.
        min: u64,
        /// At most so many.
        max: Option<u64>,
    },
    /// Several fields under one heading.
    Group {
        /// The fields.
        fields: Vec<Field>,
    },
    /// Entities of the catalog, by reference.
    Entity {
        /// Which entities there are to choose from, as a template writes it: `{kind: Group, "spec.type": team}` or a list.
        filter: Value,
        /// Whether several can be chosen.
        multiple: bool,
        /// Whether something else may be written, too.
        arbitrary: bool,
        /// The kind that a reference may leave out.
        default_kind: Option<String>,
    },
    /// Where a repository is to stand: `host?owner=o&repo=r`.
    Repository {
        /// The hosts to choose from; none means this installation's own.
        hosts: Vec<String>,
        /// The owners to choose from; none means any.
        owners: Vec<String>,
        /// The names to choose from; none means any.
        repos: Vec<String>,
    },
    /// The name of an entity that is to be.
    EntityName,
    /// Tags of an entity, separated by commas.
    Tags,
    /// A secret: asked last, sent once, never part of the answers.
    Secret,
    /// A password: asked last, because the other answers stand in the address of the page.
    Password,
    /// Carried along, not shown.
    Hidden {
        /// What is carried.
        value: Value,
    },
}

impl Control {
    /// Whether the answer is asked with the plan, because it must not stand in an address.
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Secret | Self::Password)
    }
}
