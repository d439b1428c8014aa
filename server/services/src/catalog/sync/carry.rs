//! What is kept under names of people and teams, taken along to the names that they have now.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::identity::Tenant;
use sea_orm::prelude::Uuid;
use serde_json::Value;

use super::{gather::Found, ties::Ties};
use crate::{
    Result,
    catalog::{
        ports::{MEMBERS, TEAMS},
        store,
        trust::{self, Trusts},
    },
    changes::Transaction,
    identity::{self, Around, Renamed},
};

/// What a sync is about to write of one source, in place of what stands.
pub(super) struct Carry<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) source: Uuid,
    /// Rows of before, by the new names.
    pub(super) renamed: &'a HashMap<String, store::Row>,
    pub(super) put: &'a HashMap<String, (Found, String)>,
    /// What is declared now and not written yet.
    pub(super) ties: &'a Ties,
    /// No longer declared.
    pub(super) gone: HashSet<&'a String>,
    /// Annotations of which no two people have the same.
    pub(super) telling: &'a BTreeSet<String>,
}

/// Type and target of a relation.
type Tie = (String, String);

impl Carry<'_> {
    /// Takes all of it along, where the source is believed about both names.
    pub(super) async fn run(self, tx: &mut Transaction) -> Result<()> {
        if !self.renamed.keys().any(|name| trust::is_of_people(name)) {
            return Ok(());
        }
        let trusts = Trusts::load(&**tx, self.tenant).await?;
        let mut believed = Vec::new();
        for (name, row) in self.renamed {
            let Some((found, _)) = self.put.get(name) else { continue };
            let is_believed = trusts.stands_by(&row.reference, row.source_id, &row.path)
                && trusts.stands_by(name, self.source, &found.path);
            if !is_believed {
                continue;
            }
            let before: Value = serde_json::from_str(&row.document)?;
            let mut around = (Around::default(), Around::default());
            if name.starts_with("group:") {
                around = (
                    self.around(tx, &trusts, served(&before), false).await?,
                    self.around(tx, &trusts, self.declared(tx, name).await?, true).await?,
                );
            }
            believed.push(Renamed {
                former: row.reference.clone(),
                later: name.clone(),
                is_numbered: is_numbered(&found.path),
                before,
                after: found.value(),
                around,
            });
        }
        identity::renamed(tx, self.tenant, believed, self.telling).await
    }

    /// What a team is tied to by now, whoever declares it.
    async fn declared(&self, tx: &Transaction, name: &str) -> Result<Vec<Tie>> {
        let stand = store::relations_from(&**tx, self.tenant, &[name.to_owned()]).await?;
        let stand = stand.into_iter().filter(|row| !self.gone.contains(&row.declared_by));
        let come = self.ties.of(name).map(|(kind, target)| (kind.to_owned(), target.to_owned()));
        Ok(stand.map(|row| (row.kind, row.target_ref)).chain(come).collect())
    }

    /// Who is in a team and what it is below, as far as they count.
    async fn around(&self, tx: &Transaction, trusts: &Trusts, ties: Vec<Tie>, is_now: bool) -> Result<Around> {
        let names: BTreeSet<&String> =
            ties.iter().map(|(_, target)| target).filter(|to| trust::is_of_people(to)).collect();
        let names: Vec<String> = names.into_iter().cloned().collect();
        let known = store::known_as(&**tx, self.tenant, &names).await?;
        let counts = |name: &String| match self.put.get(name).filter(|_| is_now) {
            Some((found, _)) => trusts.counts(self.source, &found.path),
            None => known.get(name).is_some_and(|known| {
                !(known.is_orphaned || is_now && self.gone.contains(name)) && trusts.counts(known.source, &known.path)
            }),
        };
        let mut around = Around::default();
        for (kind, target) in ties.into_iter().filter(|(_, target)| counts(target)) {
            match kind.as_str() {
                "hasMember" | "parentOf" => around.within.insert(target),
                "childOf" => around.above.insert(target),
                _ => false,
            };
        }
        Ok(around)
    }
}

/// What an entity was tied to, as its document tells.
fn served(document: &Value) -> Vec<Tie> {
    let relations = document["relations"].as_array().into_iter().flatten();
    let tie = |of: &Value| Some((of["type"].as_str()?.to_owned(), of["targetRef"].as_str()?.to_owned()));
    relations.filter_map(tie).collect()
}

/// Whether a file is that of a team or a member of a forge, and bears their number.
fn is_numbered(path: &str) -> bool {
    let number = [TEAMS, MEMBERS].iter().find_map(|folder| path.strip_prefix(folder));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|letter| letter.is_ascii_digit()))
}
