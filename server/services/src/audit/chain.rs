//! The chain: each entry's hash contains the hash before it, so that nothing can be altered, left out or put in between
//! without all that follows showing it.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::identity::{Caller, Entry};
use serde_json::{Value, json};

/// How many changes of one transaction are told one by one.
pub(super) const FEW: usize = 20;

/// An entry that is about to be written; its place and hash come with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) at: String,
    pub(super) actor: String,
    pub(super) entry: String,
    pub(super) address: Option<String>,
    pub(super) request: Option<String>,
    pub(super) kind: String,
    pub(super) subject: String,
    pub(super) changes: Option<(i64, i64)>,
    /// JSON, as it is kept.
    pub(super) detail: String,
}

impl Link {
    pub(super) fn new(caller: &Caller, at: DateTime<Utc>, kind: &str, subject: &str, detail: String) -> Self {
        let standing = &caller.standing;
        let entry = match &standing.source {
            Entry::None => "",
            Entry::Guest => "guest",
            Entry::Administrator => "administrator",
            Entry::Session(_) => "session",
            Entry::Token(_) => "token",
            Entry::Pipeline(_) => "pipeline",
        };
        Self {
            at: at.to_rfc3339_opts(SecondsFormat::Micros, true),
            actor: caller.subject.to_string(),
            entry: entry.to_owned(),
            address: standing.address.map(|address| address.to_string()),
            request: standing.request.clone(),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            changes: None,
            detail: with_through(detail, standing.through.as_deref()),
        }
    }

    /// The hash of this entry at its place, after the entry whose hash is `before`.
    pub(super) fn hash(&self, tenant: &str, seq: i64, before: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        let (first, last) =
            self.changes.map_or((String::new(), String::new()), |(a, b)| (a.to_string(), b.to_string()));
        let address = self.address.as_deref().unwrap_or_default();
        let request = self.request.as_deref().unwrap_or_default();
        let seq = seq.to_string();
        let parts = [
            before,
            tenant,
            &seq,
            &self.at,
            &self.actor,
            &self.entry,
            address,
            request,
            &self.kind,
            &self.subject,
            &first,
            &last,
            &self.detail,
        ];
        for part in parts {
            add(&mut hasher, part);
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// What an entry says, with what its actor came in with: which of someone's tokens it was, which job of a pipeline.
fn with_through(detail: String, through: Option<&str>) -> String {
    let Some(through) = through else { return detail };
    match serde_json::from_str(&detail) {
        Ok(Value::Object(mut said)) => {
            said.insert("through".to_owned(), through.into());
            Value::Object(said).to_string()
        }
        Ok(Value::Null) => json!({ "through": through }).to_string(),
        _ => detail,
    }
}

/// A part, with its length before it, so that nothing can move from one part to the next.
fn add(hasher: &mut blake3::Hasher, part: &str) {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part.as_bytes());
}

/// A change that has an entry of its own.
struct Few {
    kind: &'static str,
    subject: String,
    digest: String,
    /// What it was before and after, where an entry says it.
    states: Value,
}

/// How long the states of one change may be that its entry says: those of a policy, a role, a source. Those of entities stand in
/// `changes` alone, where only those read them who may see the entity.
const STATED: usize = 16 * 1024;

/// What was told of changes, as an audit entry vouches for it.
#[derive(Default)]
pub(crate) struct Told {
    whole: blake3::Hasher,
    count: usize,
    /// The first of them.
    few: Vec<Few>,
}

impl Told {
    /// Takes in a change.
    pub(crate) fn add(
        &mut self,
        source: &str,
        subject: &str,
        kind: &'static str,
        states: (Option<&str>, Option<&str>),
    ) {
        self.count += 1;
        let digest = digest(source, subject, kind, states);
        add(&mut self.whole, &digest);
        if self.few.len() <= FEW {
            let states = self::states(subject, states.0, states.1);
            self.few.push(Few { kind, subject: subject.to_owned(), digest, states });
        }
    }

    /// The entries for the changes up to the number `last`.
    pub(super) fn links(self, caller: &Caller, at: DateTime<Utc>, last: i64) -> Vec<Link> {
        let by = caller.author();
        let count = i64::try_from(self.count).unwrap_or(i64::MAX);
        let first = last - count + 1;
        if self.count <= FEW {
            let links = self.few.into_iter().zip(first..).map(|(few, seq)| {
                let mut detail = json!({ "digest": few.digest, "by": by });
                if let Value::Object(states) = few.states {
                    detail.as_object_mut().into_iter().for_each(|detail| detail.extend(states.clone()));
                }
                let link = Link::new(caller, at, few.kind, &few.subject, detail.to_string());
                Link { changes: Some((seq, seq)), ..link }
            });
            return links.collect();
        }
        let digest = self.whole.finalize().to_hex().to_string();
        let detail = json!({ "count": self.count, "digest": digest, "by": by }).to_string();
        vec![Link { changes: Some((first, last)), ..Link::new(caller, at, "changes", "", detail) }]
    }
}

/// What a change was before and after, as its entry says it; nothing of an entity.
fn states(subject: &str, before: Option<&str>, after: Option<&str>) -> Value {
    let is_entity = subject.split_once(':').is_some_and(|(_, rest)| rest.contains('/'));
    let length = before.map_or(0, str::len) + after.map_or(0, str::len);
    if is_entity || length == 0 {
        return Value::Null;
    }
    if length > STATED {
        return json!({ "states": "too long to be said here; they stand in the changes" });
    }
    let read = |text: Option<&str>| text.and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
    json!({ "before": read(before), "after": read(after) })
}

/// The digest of one change.
pub(super) fn digest(source: &str, subject: &str, kind: &str, (before, after): (Option<&str>, Option<&str>)) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [source, subject, kind, before.unwrap_or("-"), after.unwrap_or("-")] {
        add(&mut hasher, part);
    }
    hasher.finalize().to_hex().to_string()
}

/// The digest of many changes, from those of each.
pub(super) fn digest_of_many(digests: &[String]) -> String {
    if let [one] = digests {
        return one.clone();
    }
    let mut hasher = blake3::Hasher::new();
    for digest in digests {
        add(&mut hasher, digest);
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use domain::identity::Tenant;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_entry_that_is_altered_in_any_part_has_another_hash(actor in "[a-c]{0,3}", kind in "[a-c]{0,3}", subject in "[a-c]{0,3}", detail in "[a-c]{0,3}", other in "[a-c]{0,3}", part in 0..4_usize) {
            let caller = Caller::system(Tenant::default(), "test");
            let link = Link { actor, ..Link::new(&caller, DateTime::UNIX_EPOCH, &kind, &subject, detail) };
            let mut altered = link.clone();
            let field = [&mut altered.actor, &mut altered.kind, &mut altered.subject, &mut altered.detail].into_iter().nth(part).unwrap();
            *field = other;
            prop_assert_eq!(link == altered, link.hash("default", 1, "") == altered.hash("default", 1, ""));
            prop_assert_ne!(link.hash("default", 1, ""), link.hash("default", 2, ""));
            prop_assert_ne!(link.hash("default", 1, ""), link.hash("default", 1, "x"));
        }
    }
}
