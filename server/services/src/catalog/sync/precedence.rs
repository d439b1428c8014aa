//! Whose claim of a name comes first. The first does, but of people and teams those that count come before those that do not:
//! whoever may add a source could otherwise keep out who is believed, by being there before them.

use std::collections::{HashMap, HashSet};

use domain::identity::Tenant;
use sea_orm::prelude::Uuid;

use super::gather::Found;
use crate::{
    Result,
    catalog::{
        store::{self, Known},
        trust::{Trusts, is_of_people},
    },
    changes::Transaction,
};

/// A name that changes hands.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) reference: String,
    /// The source and the file that held it.
    pub(super) from: (Uuid, String),
    /// The file that declares it too and holds it now.
    pub(super) path: String,
}

impl Taken {
    /// What the file at `path` takes, by what another of its files had before and what another source has; nothing of what
    /// nobody declares.
    pub(super) fn from(
        key: &str,
        path: &str,
        (id, before): (Uuid, Option<&String>),
        other: Option<&Known>,
    ) -> Option<Self> {
        let from = match other {
            Some(other) => (!other.is_orphaned).then(|| (other.source, other.path.clone())),
            None => before.map(|path| (id, path.clone())),
        };
        Some(Self { reference: key.to_owned(), from: from?, path: path.to_owned() })
    }
}

/// The sources that lose a name, or waited for it too, and have yet to say whose it is now. Of the one that takes it, only files
/// that are as they were have.
pub(super) async fn losers(
    tx: &Transaction,
    tenant: &Tenant,
    id: Uuid,
    taken: &[Taken],
    is_kept: impl Fn(&str) -> bool + Sync,
) -> Result<HashSet<Uuid>> {
    let names: Vec<String> = taken.iter().map(|taken| taken.reference.clone()).collect();
    let mut losers: HashSet<Uuid> =
        store::claimers(&**tx, tenant, &names).await?.into_iter().map(|claim| claim.source_id).collect();
    losers.remove(&id);
    let has_lost = |taken: &&Taken| taken.from.0 != id || is_kept(&taken.from.1);
    losers.extend(taken.iter().filter(has_lost).map(|taken| taken.from.0));
    Ok(losers)
}

/// What decides between claims, for the source that is synced.
pub(super) struct Precedence {
    id: Uuid,
    trusts: Trusts,
    /// People and teams that count, each with the first file of this source that declares it so.
    firsts: HashMap<String, String>,
}

impl Precedence {
    pub(super) async fn new(
        tx: &Transaction,
        tenant: &Tenant,
        id: Uuid,
        (found, others): (&[(String, Found)], &HashMap<String, Known>),
    ) -> Result<Self> {
        let holders = others.iter().filter(|(key, _)| is_of_people(key)).map(|(_, known)| known.source);
        let trusts = Trusts::load(&**tx, tenant).await?.with_gone(&**tx, tenant, holders).await?;
        let mut firsts = HashMap::new();
        for (key, found) in found.iter().filter(|(key, found)| trusts.stands_by(key, id, &found.path)) {
            firsts.entry(key.clone()).or_insert_with(|| found.path.clone());
        }
        Ok(Self { id, trusts, firsts })
    }

    /// Which other claim stands before the one of this source's file `path`: what it had itself, what another of its files had
    /// before and still declares, and what another source has.
    pub(super) fn stands(
        &self,
        key: &str,
        path: &str,
        (own, before, other): (Option<&Known>, Option<&String>, Option<&Known>),
    ) -> Option<(Uuid, String)> {
        let counts = |source: Uuid, path: &str| self.trusts.stands_by(key, source, path);
        let is_strong = counts(self.id, path);
        let other = other.filter(|other| match (counts(other.source, &other.path), is_strong) {
            // Nor does it become theirs who do not count while nothing declares it.
            (true, false) => true,
            (false, true) => false,
            _ => !other.is_orphaned,
        });
        let elsewhere = || other.map(|other| (other.source, other.path.clone()));
        if is_strong {
            let before = before.filter(|path| counts(self.id, path));
            return before.map(|path| (self.id, path.clone())).or_else(elsewhere);
        }
        if other.is_some_and(|other| !other.is_orphaned && counts(other.source, &other.path)) {
            return elsewhere();
        }
        let kept = || own.map(|own| &own.path).filter(|path| counts(self.id, path));
        let here = self.firsts.get(key).or_else(kept).or(before);
        here.map(|path| (self.id, path.clone())).or_else(elsewhere)
    }

    /// Whether a claim does not count, of a source and its file, though another does.
    pub(super) fn is_weaker(&self, key: &str, claim: (Uuid, &str), holder: (Uuid, &str)) -> bool {
        !self.trusts.stands_by(key, claim.0, claim.1) && self.trusts.stands_by(key, holder.0, holder.1)
    }
}
