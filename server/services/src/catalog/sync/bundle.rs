//! `$openapi` and `$asyncapi`: a definition that is spread over several files, written out as one.
//!
//! The first mention of a part in another file is replaced by the part; every further one, a circle included, points at
//! where that stands. A definition that refers to no other file stays as it is written, comments and all.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use serde_json::Value;

use super::outside::Outside;
use crate::catalog::{
    ports::{Begin, OpenSource, ReadProblem},
    yaml,
};

/// How many files a definition may be spread over.
const FILES: usize = 200;

/// How many references to other files are written out.
const PARTS: usize = 2_000;

/// How deep parts may stand in each other.
const DEPTH: usize = 128;

/// Where a file is, and how it is read.
#[derive(Clone)]
pub(super) struct Spot {
    pub(super) source: Arc<dyn OpenSource>,
    pub(super) path: String,
}

impl Spot {
    fn name(&self) -> String {
        self.source.place(&self.path).target
    }

    /// The file that `target` means in this one.
    pub(super) async fn follow(&self, outside: &mut Outside<'_>, target: &str) -> Result<Self, ReadProblem> {
        if !target.contains("://") {
            return Ok(Self { source: self.source.clone(), path: self.source.resolve(&self.path, target)? });
        }
        // Only the outside world has addresses: a document from there must not make the server read its own disk.
        let source = outside.open(&*self.source, target).await?;
        let Begin::Named(paths) = source.begin() else {
            return Err(ReadProblem::Refused(format!("`{target}` is not one file")));
        };
        match paths.into_iter().next() {
            Some(path) => Ok(Self { source, path }),
            None => Err(ReadProblem::Refused(format!("`{target}` is not a file"))),
        }
    }
}

/// The definition in `text`, which stands at `spot`, with what it refers to in other files.
pub(super) async fn bundle(
    outside: &mut Outside<'_>,
    spot: &Spot,
    text: &str,
    limits: &yaml::Limits,
    bytes: &mut u64,
) -> Result<String, String> {
    let root = spot.name();
    let value = yaml::read_one(text.as_bytes(), limits).map_err(|problem| problem.to_string())?;
    let mut files = BTreeMap::from([(root.clone(), value)]);
    let mut links: HashMap<(String, String), String> = HashMap::new();
    let mut queue = VecDeque::from([(root.clone(), spot.clone())]);
    while let Some((name, spot)) = queue.pop_front() {
        let mut targets = Vec::new();
        targets_in(&files[&name], 0, &mut targets);
        targets.sort();
        targets.dedup();
        for target in targets {
            let told = |problem: &dyn std::fmt::Display| format!("`$ref: {target}` in `{name}`: {problem}");
            let other = spot.follow(outside, &target).await.map_err(|problem| told(&problem))?;
            let other_name = other.name();
            links.insert((name.clone(), target.clone()), other_name.clone());
            if files.contains_key(&other_name) {
                continue;
            }
            if files.len() >= FILES {
                return Err(format!("the definition is spread over more than {FILES} files; bring it into fewer"));
            }
            let content = other.source.read(&other.path, limits.bytes).await.map_err(|problem| told(&problem))?;
            *bytes += content.len() as u64;
            if *bytes > limits.text as u64 {
                return Err("the files of the definition are too large together".to_owned());
            }
            let value = yaml::read_one(&content, limits).map_err(|problem| told(&problem))?;
            files.insert(other_name.clone(), value);
            queue.push_back((other_name, other));
        }
    }
    if files.len() == 1 && links.is_empty() {
        return Ok(text.to_owned());
    }
    let mut writing =
        Writing { files: &files, links: &links, root: &root, placed: HashMap::new(), parts: 0, nodes: limits.nodes };
    let mut whole = files[&root].clone();
    writing.write(&mut whole, &root, &mut String::new(), 0)?;
    if text.trim_start().starts_with('{') {
        return serde_json::to_string_pretty(&whole).map_err(|error| error.to_string());
    }
    serde_saphyr::to_string(&whole).map_err(|error| format!("cannot be written as YAML: {error}"))
}

/// The other files that a value refers to, as they are written.
fn targets_in(value: &Value, depth: usize, found: &mut Vec<String>) {
    if depth > DEPTH || found.len() > PARTS {
        return;
    }
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                let (file, _) = cut(reference);
                if !file.is_empty() {
                    found.push(file.to_owned());
                }
            }
            for value in fields.values() {
                targets_in(value, depth + 1, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                targets_in(item, depth + 1, found);
            }
        }
        _ => {}
    }
}

/// The file and the pointer of a reference.
fn cut(reference: &str) -> (&str, &str) {
    reference.split_once('#').unwrap_or((reference, ""))
}

struct Writing<'a> {
    files: &'a BTreeMap<String, Value>,
    /// What a target in a file means.
    links: &'a HashMap<(String, String), String>,
    root: &'a str,
    /// Where a part of another file stands by now.
    placed: HashMap<(String, String), String>,
    parts: usize,
    nodes: usize,
}

impl Writing<'_> {
    /// Writes out what `value`, which comes from `file` and stands at `here`, refers to.
    fn write(&mut self, value: &mut Value, file: &str, here: &mut String, depth: usize) -> Result<(), String> {
        if depth > DEPTH {
            return Err(format!("parts of the definition stand more than {DEPTH} deep in each other"));
        }
        self.nodes = self.nodes.checked_sub(1).ok_or("the definition grows too large once it is written out")?;
        if let Some(Value::String(reference)) = value.get("$ref") {
            let (target, pointer) = cut(reference);
            let other = if target.is_empty() {
                file.to_owned()
            } else {
                self.links.get(&(file.to_owned(), target.to_owned())).cloned().unwrap_or_else(|| file.to_owned())
            };
            if other == self.root {
                value["$ref"] = format!("#{pointer}").into();
                return Ok(());
            }
            let key = (other.clone(), pointer.trim_end_matches('/').to_owned());
            if let Some(place) = self.placed.get(&key) {
                value["$ref"] = format!("#{place}").into();
                return Ok(());
            }
            self.parts += 1;
            if self.parts > PARTS {
                return Err(format!("the definition refers to more than {PARTS} parts of other files"));
            }
            let part = self.files.get(&other).and_then(|whole| whole.pointer(&decoded(&key.1)));
            let part = part.ok_or_else(|| format!("`$ref: {reference}` in `{file}`: nothing stands there"))?;
            *value = part.clone();
            self.placed.insert(key, here.clone());
            return self.write(value, &other, here, depth + 1);
        }
        let length = here.len();
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    here.push('/');
                    here.push_str(&key.replace('~', "~0").replace('/', "~1"));
                    self.write(value, file, here, depth + 1)?;
                    here.truncate(length);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    here.push('/');
                    here.push_str(&index.to_string());
                    self.write(item, file, here, depth + 1)?;
                    here.truncate(length);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// A pointer in an address is written as addresses are: `%7B` for `{`.
fn decoded(pointer: &str) -> String {
    let mut bytes = Vec::with_capacity(pointer.len());
    let mut rest = pointer.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        if let (b'%', Some(byte)) = (first, code) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| pointer.to_owned())
}
