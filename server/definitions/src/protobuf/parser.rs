//! The grammar, as far as readers see it.

use std::fmt::Write as _;

use super::{
    file::{File, Message, Method, Part, Service},
    tokens::{Token, Word, problem, tokens},
};
use crate::model::Problem;

/// How deep messages may stand in each other.
const DEPTH: u8 = 32;

struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
}

pub(super) fn parse(text: &str) -> Result<File, Problem> {
    let mut reader = Reader { text, tokens: tokens(text)?, at: 0 };
    let mut file = File::default();
    loop {
        let comment = reader.comment();
        match reader.word() {
            Word::End => return Ok(file),
            Word::Sign(';') => reader.skip(),
            Word::Name("syntax" | "edition") => {
                reader.skip();
                reader.sign('=')?;
                file.syntax = reader.text()?;
                file.comment = comment;
                reader.sign(';')?;
            }
            Word::Name("package") => {
                reader.skip();
                file.package = reader.name()?;
                if file.comment.is_empty() {
                    file.comment = comment;
                }
                reader.sign(';')?;
            }
            Word::Name("import") => {
                reader.skip();
                if matches!(reader.word(), Word::Name("public" | "weak")) {
                    reader.skip();
                }
                file.imports.push(reader.text()?);
                reader.sign(';')?;
            }
            Word::Name("option") => file.options.push(reader.said()?),
            Word::Name("extend") => reader.extension(comment, 0, &mut file.extensions, &mut file.messages)?,
            Word::Name("message") => file.messages.push(reader.message(comment, 0)?),
            Word::Name("enum") => file.messages.push(reader.enumeration(comment)?),
            Word::Name("service") => file.services.push(reader.service(comment)?),
            _ => return Err(reader.wrong("`message`, `service` or `enum`")),
        }
    }
}

impl<'a> Reader<'a> {
    fn token(&self) -> &Token<'a> {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn word(&self) -> Word<'a> {
        self.token().word
    }

    fn comment(&self) -> String {
        self.token().before.clone()
    }

    fn skip(&mut self) {
        self.at += 1;
    }

    fn wrong(&self, wanted: &str) -> Problem {
        let found = match self.word() {
            Word::Name(name) => format!("`{}`", crate::document::short(name, 40)),
            Word::Text(_) => "a text".to_owned(),
            Word::Sign(sign) => format!("`{sign}`"),
            Word::End => "the end of the file".to_owned(),
        };
        problem(self.text, self.token().at, &format!("{found} stands where {wanted} should"))
    }

    fn is_sign(&self, sign: char) -> bool {
        self.word() == Word::Sign(sign)
    }

    fn sign(&mut self, sign: char) -> Result<(), Problem> {
        if !self.is_sign(sign) {
            return Err(self.wrong(&format!("`{sign}`")));
        }
        self.skip();
        Ok(())
    }

    fn name(&mut self) -> Result<String, Problem> {
        let Word::Name(name) = self.word() else { return Err(self.wrong("a name")) };
        self.skip();
        Ok(name.to_owned())
    }

    fn text(&mut self) -> Result<String, Problem> {
        let Word::Text(text) = self.word() else { return Err(self.wrong("a text")) };
        self.skip();
        Ok(text.to_owned())
    }

    /// Reads past a statement, with whatever braces it has.
    fn statement(&mut self) -> Result<(), Problem> {
        let mut open = 0_usize;
        loop {
            match self.word() {
                Word::End => return Err(self.wrong("`;`")),
                Word::Sign('{' | '[' | '(') => open += 1,
                Word::Sign('}' | ']' | ')') => {
                    open = open.checked_sub(1).ok_or_else(|| self.wrong("`;`"))?;
                }
                Word::Sign(';') if open == 0 => {
                    self.skip();
                    return Ok(());
                }
                _ => {}
            }
            self.skip();
        }
    }

    /// What a statement says behind its first word.
    fn said(&mut self) -> Result<String, Problem> {
        self.skip();
        let from = self.token().at;
        self.statement()?;
        let said = &self.text[from..self.tokens[self.at - 1].at];
        Ok(said.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// An `option`, kept unless it only deprecates what it stands in; whether it does.
    fn option(&mut self, options: &mut Vec<String>) -> Result<bool, Problem> {
        let words: Vec<Word<'a>> = self.tokens.iter().skip(self.at + 1).take(3).map(|token| token.word).collect();
        let deprecates = words == [Word::Name("deprecated"), Word::Sign('='), Word::Name("true")];
        let said = self.said()?;
        if !deprecates {
            options.push(said);
        }
        Ok(deprecates)
    }

    fn service(&mut self, comment: String) -> Result<Service, Problem> {
        self.skip();
        let mut service = Service { name: self.name()?, comment, options: Vec::new(), methods: Vec::new() };
        self.sign('{')?;
        loop {
            let comment = self.comment();
            match self.word() {
                Word::Sign('}') => {
                    self.skip();
                    return Ok(service);
                }
                Word::Sign(';') => self.skip(),
                Word::Name("option") => {
                    self.option(&mut service.options)?;
                }
                Word::Name("rpc") => service.methods.push(self.method(comment)?),
                _ => return Err(self.wrong("`rpc`")),
            }
        }
    }

    fn method(&mut self, comment: String) -> Result<Method, Problem> {
        self.skip();
        let name = self.name()?;
        let (input, input_streams) = self.side()?;
        if self.word() != Word::Name("returns") {
            return Err(self.wrong("`returns`"));
        }
        self.skip();
        let (output, output_streams) = self.side()?;
        let (mut deprecated, mut options) = (false, Vec::new());
        if self.is_sign('{') {
            self.skip();
            while !self.is_sign('}') {
                match self.word() {
                    Word::Name("option") => deprecated |= self.option(&mut options)?,
                    Word::Sign(';') => self.skip(),
                    _ => return Err(self.wrong("`option`")),
                }
            }
            self.skip();
        } else {
            self.sign(';')?;
        }
        // Behind the last sign of it, as behind a field.
        let comment = if comment.is_empty() { self.tokens[self.at - 1].after.clone() } else { comment };
        Ok(Method { name, comment, input, input_streams, output, output_streams, options, deprecated })
    }

    fn side(&mut self) -> Result<(String, bool), Problem> {
        self.sign('(')?;
        let mut name = self.name()?;
        let streams = name == "stream" && !self.is_sign(')');
        if streams {
            name = self.name()?;
        }
        self.sign(')')?;
        Ok((name, streams))
    }

    fn enumeration(&mut self, comment: String) -> Result<Message, Problem> {
        self.skip();
        let mut found = Message { name: self.name()?, comment, is_enumeration: true, ..Message::default() };
        self.sign('{')?;
        loop {
            let comment = self.comment();
            match self.word() {
                Word::Sign('}') => {
                    self.skip();
                    return Ok(found);
                }
                Word::Sign(';') => self.skip(),
                Word::Name("option") => found.deprecated |= self.option(&mut found.options)?,
                Word::Name("reserved") => found.reserved.push(self.said()?),
                _ => {
                    let part = Part { name: self.name()?, comment, ..Part::default() };
                    let part = self.numbered(part)?;
                    found.parts.push(self.ended(part)?);
                }
            }
        }
    }

    /// An `extend`; the messages of its groups are of what it stands in.
    fn extension(
        &mut self,
        comment: String,
        depth: u8,
        extensions: &mut Vec<Message>,
        messages: &mut Vec<Message>,
    ) -> Result<(), Problem> {
        let mut found = self.message(comment, depth)?;
        messages.append(&mut found.inner);
        extensions.push(found);
        Ok(())
    }

    /// A message, or an `extend`.
    fn message(&mut self, comment: String, depth: u8) -> Result<Message, Problem> {
        if depth > DEPTH {
            return Err(problem(self.text, self.token().at, "messages stand too deep in each other"));
        }
        self.skip();
        let found = Message { name: self.name()?, comment, ..Message::default() };
        self.within(found, depth)
    }

    /// What stands in the braces of a message.
    fn within(&mut self, mut found: Message, depth: u8) -> Result<Message, Problem> {
        self.sign('{')?;
        // The `oneof` that is open: its name, and what is said of it.
        let mut one_of: Option<(String, String)> = None;
        loop {
            let comment = self.comment();
            // A field may have a type that is called `option`, but never one that is called `message`.
            match self.word() {
                Word::Sign('}') => {
                    self.skip();
                    if one_of.take().is_none() {
                        return Ok(found);
                    }
                }
                Word::Sign(';') => self.skip(),
                Word::Name("message") => found.inner.push(self.message(comment, depth + 1)?),
                Word::Name("enum") => found.inner.push(self.enumeration(comment)?),
                Word::Name("option") => match &mut one_of {
                    Some((name, comment)) => {
                        let said = self.said()?;
                        let break_before = if comment.is_empty() { "" } else { "\n" };
                        let _ = write!(comment, "{break_before}Option of {name}: {said}");
                    }
                    None => found.deprecated |= self.option(&mut found.options)?,
                },
                Word::Name("reserved") => found.reserved.push(self.said()?),
                Word::Name("extensions") => found.open.push(self.said()?),
                Word::Name("extend") => {
                    self.extension(comment, depth + 1, &mut found.extensions, &mut found.inner)?;
                }
                Word::Name("oneof") if one_of.is_none() => {
                    self.skip();
                    one_of = Some((self.name()?, comment));
                    self.sign('{')?;
                }
                _ => {
                    let (name, said) = one_of.clone().unwrap_or_default();
                    let part = Part { one_of_comment: said, ..self.field(comment, name)? };
                    // Groups of proto2 are a field, and its message with the same name.
                    if self.is_sign('{') && depth < DEPTH {
                        let group = Message { name: part.name.clone(), ..Message::default() };
                        found.inner.push(self.within(group, depth + 1)?);
                        found.parts.push(part);
                    } else {
                        found.parts.push(self.ended(part)?);
                    }
                }
            }
        }
    }

    /// A field up to its end.
    fn field(&mut self, comment: String, one_of: String) -> Result<Part, Problem> {
        let mut kind = self.name()?;
        let mut required = false;
        if ["optional", "repeated", "required"].contains(&kind.as_str()) && matches!(self.word(), Word::Name(_)) {
            required = kind == "required";
            let label = if required { String::new() } else { format!("{kind} ") };
            kind = format!("{label}{}", self.name()?);
        }
        if kind == "map" && self.is_sign('<') {
            self.skip();
            let key = self.name()?;
            self.sign(',')?;
            kind = format!("map<{key}, {}>", self.name()?);
            self.sign('>')?;
        }
        let name = self.name()?;
        if kind == "group" || kind.ends_with(" group") {
            kind = format!("{kind} {name}");
        }
        self.numbered(Part { name, kind, one_of, required, comment, ..Part::default() })
    }

    /// The number and the options of a field or a value.
    fn numbered(&mut self, mut part: Part) -> Result<Part, Problem> {
        self.sign('=')?;
        if self.is_sign('-') {
            self.skip();
            part.number.push('-');
        }
        part.number.push_str(&self.name()?);
        if self.is_sign('[') {
            let from = self.token().at;
            let mut open = 0_usize;
            loop {
                match self.word() {
                    Word::End => return Err(self.wrong("`]`")),
                    Word::Sign('[') => open += 1,
                    Word::Sign(']') => open -= 1,
                    _ => {}
                }
                if open == 0 {
                    break;
                }
                self.skip();
            }
            part.options = self.text[from + 1..self.token().at].split_whitespace().collect::<Vec<_>>().join(" ");
            part.deprecated = part.options.replace(' ', "").contains("deprecated=true");
            self.skip();
        }
        Ok(part)
    }

    /// The end of a field or a value, behind which a comment may stand.
    fn ended(&mut self, mut part: Part) -> Result<Part, Problem> {
        if part.comment.is_empty() {
            part.comment.clone_from(&self.token().after);
        }
        self.sign(';')?;
        Ok(part)
    }
}
