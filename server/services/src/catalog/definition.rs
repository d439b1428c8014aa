//! Definitions of APIs, read once for each state of their entity.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use definitions::{Definition, Language, Place, Problem};
use domain::{catalog::Entity, identity::Caller};

use super::yaml;
use crate::{Error, Result, Services, identity};

/// How much text the definitions that are kept read may have together: as documents they take a few times as much.
const KEPT: usize = 24 * 1024 * 1024;

/// What a definition is, once it was read.
#[derive(Debug)]
pub struct ReadDefinition {
    /// Its language; none if it is only shown as text.
    pub language: Option<Language>,
    /// What it says, or why it cannot be read.
    pub read: Option<Result<Definition, Problem>>,
    /// How large its text is, in bytes.
    pub bytes: usize,
}

/// The definitions that were looked at last.
#[derive(Debug, Default)]
pub struct Definitions {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// By tenant, entity and state, with when each was last asked for.
    read: HashMap<(String, String, String), (u64, Arc<ReadDefinition>)>,
    bytes: usize,
    clock: u64,
}

impl Definitions {
    fn get(&self, key: &(String, String, String)) -> Option<Arc<ReadDefinition>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let now = kept.clock;
        let (asked, read) = kept.read.get_mut(key)?;
        *asked = now;
        Some(Arc::clone(read))
    }

    fn put(&self, key: (String, String, String), read: &Arc<ReadDefinition>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let now = kept.clock;
        // An older state of the same entity is not asked for again.
        let old: Vec<_> = kept.read.keys().filter(|known| (&known.0, &known.1) == (&key.0, &key.1)).cloned().collect();
        for old in old {
            kept.forget(&old);
        }
        while kept.bytes + read.bytes > KEPT {
            let oldest = kept.read.iter().min_by_key(|(_, (asked, _))| *asked).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            kept.forget(&oldest);
        }
        if read.bytes <= KEPT {
            kept.bytes += read.bytes;
            kept.read.insert(key, (now, Arc::clone(read)));
        }
    }
}

impl Kept {
    fn forget(&mut self, key: &(String, String, String)) {
        if let Some((_, gone)) = self.read.remove(key) {
            self.bytes -= gone.bytes;
        }
    }
}

/// The definition of an API, as far as it can be read. `entity` is as [`super::entity`] gave it.
pub async fn definition(services: &Services, caller: &Caller, entity: &Entity) -> Result<Arc<ReadDefinition>> {
    let reference = entity.reference.to_string();
    identity::may(services, caller, identity::Permission::ReadCatalog, identity::Target::Entity(&entity.reference))
        .await?;
    let key = (caller.tenant.to_string(), reference, entity.etag.clone());
    if let Some(kept) = services.definitions.get(&key) {
        return Ok(kept);
    }
    let language = entity.text("/spec/type").and_then(Language::named);
    let text = entity.text("/spec/definition").unwrap_or_default().to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let is_empty = text.trim().is_empty();
        let read = language.filter(|_| !is_empty).map(|language| read(language, &text));
        ReadDefinition { language, read, bytes: text.len() }
    });
    let read = read.await.map_err(|error| Error::Internal(format!("reading a definition failed: {error}")))?;
    let read = Arc::new(read);
    services.definitions.put(key, &read);
    Ok(read)
}

fn read(language: Language, text: &str) -> Result<Definition, Problem> {
    if text.len() > definitions::LARGEST {
        let mib = definitions::LARGEST / 1024 / 1024;
        return Err(Problem::whole(format!("the definition is larger than {mib} MiB; only its source is shown")));
    }
    if !language.is_structured() {
        return definitions::of_text(language, text);
    }
    let document = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| {
            let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).max(1);
            let place = Some(Place { line: number(error.line()), column: number(error.column()) });
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            Problem { message: format!("cannot be read as JSON: {message}"), place }
        })?
    } else {
        let limits = yaml::Limits {
            bytes: definitions::LARGEST as u64,
            documents: 2,
            nodes: 3_000_000,
            text: 4 * definitions::LARGEST,
            // As deep as a catalog file may be: each level takes a part of the stack.
            depth: 64,
        };
        yaml::read_one(text.as_bytes(), &limits).map_err(|problem| Problem {
            place: problem.line.map(|line| Place { line, column: problem.column.unwrap_or(1) }),
            message: problem.message,
        })?
    };
    definitions::of_document(language, document)
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, time::Instant};

    use super::*;

    fn kept(bytes: usize) -> Arc<ReadDefinition> {
        Arc::new(ReadDefinition { language: None, read: None, bytes })
    }

    #[test]
    fn what_is_kept_has_a_bound_and_the_oldest_goes_first() {
        let definitions = Definitions::default();
        let key = |name: &str, etag: &str| ("default".to_owned(), name.to_owned(), etag.to_owned());
        definitions.put(key("a", "1"), &kept(KEPT / 2));
        definitions.put(key("b", "1"), &kept(KEPT / 2));
        assert!(definitions.get(&key("a", "1")).is_some());
        definitions.put(key("c", "1"), &kept(KEPT / 4));
        assert!(definitions.get(&key("a", "1")).is_some() && definitions.get(&key("b", "1")).is_none());
        definitions.put(key("a", "2"), &kept(1));
        assert!(definitions.get(&key("a", "1")).is_none());
        definitions.put(key("d", "1"), &kept(KEPT + 1));
        assert!(definitions.get(&key("d", "1")).is_none());
    }

    #[test]
    fn a_mistake_has_its_place_in_yaml_and_json() {
        let told = |text: &str| read(Language::OpenApi, text).unwrap_err().to_string();
        assert_eq!(told("openapi: 3.0.0\ninfo: [\n"), "line 2, column 7: cannot be read as YAML: unclosed bracket '['");
        assert_eq!(told("{\n \"openapi\": }"), "line 2, column 13: cannot be read as JSON: expected value");
        assert!(told("a: 1").contains("no OpenAPI document"));
        assert!(told(&"[".repeat(100_000)).contains("cannot be read"));
        assert!(told(&("{\"a\":".repeat(100_000))).contains("cannot be read"));
        let mut deep = String::from("openapi: 3.0.0\n");
        for level in 0..90 {
            writeln!(deep, "{}a:", " ".repeat(level)).unwrap();
        }
        assert!(told(&deep).contains("cannot be read"), "{}", told(&deep));
    }

    #[test]
    fn three_thousand_operations_are_read_and_one_is_shown() {
        let mut text = String::from("openapi: 3.0.0\ninfo: {title: Big, version: '1'}\npaths:\n");
        let filler = "x".repeat(2_500);
        for number in 0..3_000 {
            write!(
                text,
                "  /things/{number}:\n    get:\n      tags: [t{}]\n      operationId: get{number}\n      description: {filler}\n      \
                 responses:\n        '200':\n          description: ok\n          content:\n            application/json:\n              \
                 schema: {{$ref: '#/components/schemas/T{number}'}}\n",
                number % 30
            )
            .unwrap();
        }
        text.push_str("components:\n  schemas:\n");
        for number in 0..3_000 {
            let next = (number + 1) % 3_000;
            writeln!(text, "    T{number}: {{type: object, properties: {{next: {{$ref: '#/components/schemas/T{next}'}}, text: {{type: string, description: {filler:.400}}}}}}}").unwrap();
        }
        assert!(text.len() > 8 * 1024 * 1024, "{}", text.len());
        let started = Instant::now();
        let definition = read(Language::OpenApi, &text).unwrap();
        let read = started.elapsed();
        let detail = definition.detail("get2999").unwrap();
        assert_eq!(definition.overview.groups.len(), 31);
        assert_eq!(detail.sections[0].title, "Response 200");
        // An unoptimised build on a busy machine; optimised it takes a fraction of it.
        assert!(read.as_secs() < 60, "{read:?}");
    }
}
