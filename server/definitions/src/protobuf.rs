//! Protocol buffers: services, messages, enumerations, with the comments that stand before them.
//!
//! A definition is read to be shown, not to be compiled: what it imports is not fetched, options are shown as they are written, and a
//! type is a name. The two compilers written in Rust bring a code generator's worth of dependencies for that.

mod file;
mod parser;
mod tokens;

use std::{collections::HashMap, fmt::Write as _};

use self::file::{File, Message, Method, Part};
use crate::{
    document::short,
    model::{Detail, Fact, Field, Group, Item, Overview, Problem, Section, Tone},
};

/// How many options are shown of one thing.
const OPTIONS: usize = 10;

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
        let mut description = service.comment.clone();
        for option in service.options.iter().take(OPTIONS) {
            let break_before = if description.is_empty() { "" } else { "\n\n" };
            let _ = write!(description, "{break_before}Option: {}", verbatim(&short(option, 300)));
        }
        groups.push(Group { name: service.name.clone(), items: items.collect(), description });
    }
    let (mut messages, mut enumerations) = (Vec::new(), Vec::new());
    for message in &file.messages {
        pages.types(message, "", &mut details, &mut messages, &mut enumerations);
    }
    let mut extensions = Vec::new();
    for extension in &file.extensions {
        pages.extension(extension, "", &mut details, &mut extensions);
    }
    for message in &file.messages {
        pages.extensions_within(message, "", &mut details, &mut extensions);
    }
    for (name, items) in [("Messages", messages), ("Enumerations", enumerations), ("Extensions", extensions)] {
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
        facts: file.options.iter().take(OPTIONS).map(|option| Fact::new("Option", short(option, 300))).collect(),
        groups,
        notes,
        ..Overview::default()
    };
    Ok((overview, details))
}

/// A text of code in Markdown, whatever is in it.
fn verbatim(code: &str) -> String {
    let fence = "`".repeat(code.split(|letter| letter != '`').map(str::len).max().unwrap_or(0) + 1);
    format!("{fence} {code} {fence}")
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
        let absolute = name.trim_start_matches('.');
        // A name may be said from any package around, too: within `a.b`, `b.X` is `a.b.X`.
        let package = self.file.package.as_str();
        let around = std::iter::successors(Some(package), |rest| Some(rest.split_once('.')?.1));
        let own = around.take(if name.starts_with('.') { 1 } else { usize::MAX });
        let own = own.filter(|rest| !rest.is_empty()).find_map(|rest| absolute.strip_prefix(rest)?.strip_prefix('.'));
        let absolute = own.unwrap_or(absolute);
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

    fn method(&self, service: &str, method: &Method) -> Detail {
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
        let options = method.options.iter().take(OPTIONS).map(|option| Fact::new("Option", short(option, 300)));
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
                    let said = part.one_of_comment.split_whitespace().collect::<Vec<_>>().join(" ");
                    let said = if said.is_empty() { said } else { format!(": {}", short(&said, 300)) };
                    facts.push(Fact::new("One of", format!("{}{said}", part.one_of)));
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
        let description = message.comment.clone();
        let detail = Detail { item: item.clone(), description, facts: told(message), sections, ..Detail::default() };
        details.insert(item.id.clone(), detail);
        if message.is_enumeration { &mut *enumerations } else { &mut *messages }.push(item);
        for inner in &message.inner {
            self.types(inner, &name, details, messages, enumerations);
        }
    }

    /// What an `extend` adds to a message.
    fn extension(
        &self,
        extension: &Message,
        scope: &str,
        details: &mut HashMap<String, Detail>,
        items: &mut Vec<Item>,
    ) {
        let name = &extension.name;
        let mut id = format!("extend:{name}");
        // A message may be extended in several places.
        if details.contains_key(&id) {
            id = format!("extend:{name}:{}", items.len());
        }
        let item = Item {
            id,
            badge: "extend".into(),
            title: name.clone(),
            summary: short(extension.comment.lines().next().unwrap_or_default(), 160),
            ..Item::default()
        };
        let whole = Field { kind: name.clone(), link: self.link(scope, name), ..Field::default() };
        let section = |title: &str, fields| Section { title: title.into(), fields, ..Section::default() };
        let detail = Detail {
            item: item.clone(),
            description: extension.comment.clone(),
            sections: vec![section("Extends", vec![whole]), section("Fields", self.fields(extension, scope))],
            ..Detail::default()
        };
        details.insert(item.id.clone(), detail);
        items.push(item);
    }

    fn extensions_within(
        &self,
        message: &Message,
        outer: &str,
        details: &mut HashMap<String, Detail>,
        items: &mut Vec<Item>,
    ) {
        let name = inside(outer, &message.name);
        for extension in &message.extensions {
            self.extension(extension, &name, details, items);
        }
        for inner in &message.inner {
            self.extensions_within(inner, &name, details, items);
        }
    }
}

/// What a message says beside its fields.
fn told(message: &Message) -> Vec<Fact> {
    let parts = [("Option", &message.options), ("Reserved", &message.reserved), ("Extensions", &message.open)];
    let one = |(term, texts): (&'static str, &Vec<String>)| {
        texts.iter().take(OPTIONS).map(|text| Fact::new(term, short(text, 300))).collect::<Vec<_>>()
    };
    parts.into_iter().flat_map(one).collect()
}

#[cfg(test)]
mod tests;
