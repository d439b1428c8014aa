//! Where the docs of an entity are, in the words of TechDocs.

use std::collections::HashSet;

use domain::{catalog::EntityRef, catalog::ReferenceDefaults, identity::Caller};

use crate::{Error, Result, Services, catalog};

/// `dir:.`, `dir:./docs/x`, `url:https://…`.
pub(super) const REFERENCE: &str = "backstage.io/techdocs-ref";

/// An entity whose docs these are too.
pub(super) const SHARED: &str = "backstage.io/techdocs-entity";

/// How many entities may lead from one to the next.
const HOPS: usize = 5;

/// The folder of a site, as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    /// A path from the file that declares the entity, or a whole address.
    pub(super) target: String,
    /// The source that declares the entity.
    pub(super) source: Option<uuid::Uuid>,
}

/// Who owns the docs of an entity, and where they are.
pub(super) async fn declared(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
) -> Result<(EntityRef, Declared)> {
    let mut at = reference.clone();
    let mut seen = HashSet::new();
    for _ in 0..HOPS {
        let entity = catalog::entity(services, caller, &at).await?;
        if let Some(target) = entity.annotation(REFERENCE) {
            let target = target_of(target).ok_or_else(|| {
                Error::Rejected(format!(
                    "`{REFERENCE}: {target}` of `{at}` is not understood; write `dir:.` for docs beside the file, or `url:https://…`"
                ))
            })?;
            return Ok((at, Declared { target, source: entity.source }));
        }
        let Some(shared) = entity.annotation(SHARED) else {
            return Err(Error::NotFound(format!(
                "`{at}` has no docs; add the annotation `{REFERENCE}: dir:.`, and `mkdocs.yml` with `docs/` beside its file"
            )));
        };
        let defaults = ReferenceDefaults { kind: Some("component"), namespace: at.namespace() };
        let next = EntityRef::parse(shared, defaults)
            .map_err(|error| Error::Rejected(format!("`{SHARED}: {shared}` of `{at}` names no entity: {error}")))?;
        seen.insert(at);
        if seen.contains(&next) {
            return Err(Error::Rejected(format!(
                "`{next}` shares docs that are its own; take `{SHARED}` away from one of the entities"
            )));
        }
        at = next;
    }
    Err(Error::Rejected(format!(
        "the docs of `{reference}` are shared over more than {HOPS} entities; name the last one directly"
    )))
}

fn target_of(text: &str) -> Option<String> {
    let (kind, target) = text.trim().split_once(':')?;
    let target = target.trim();
    match kind {
        "dir" if !target.contains("://") => Some(if target.is_empty() { ".".to_owned() } else { target.to_owned() }),
        "url" if target.starts_with("https://") || target.starts_with("http://") => Some(target.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_techdocs_are_understood() {
        for (text, expected) in [
            ("dir:.", Some(".")),
            ("dir: ./docs/x ", Some("./docs/x")),
            ("dir:", Some(".")),
            ("url:https://git.example/o/r/tree/main", Some("https://git.example/o/r/tree/main")),
            ("url:file:///etc", None),
            ("dir:https://x", None),
            ("git:x", None),
            (".", None),
        ] {
            assert_eq!(target_of(text).as_deref(), expected, "{text}");
        }
    }
}
