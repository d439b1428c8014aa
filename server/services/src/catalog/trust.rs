//! Which people and teams count for sign-in and permission: those of sources that an administrator believes. Everybody who may add a
//! source could otherwise make themselves a member of any team, or be taken for anybody.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::{
    catalog::{SourceKind, Trust},
    changes::ChangeKind,
    identity::{Caller, Permission, Target, Tenant},
};
use sea_orm::{ConnectionTrait, prelude::Uuid};
use serde_json::{Value, json};

use super::{
    begin::begin,
    ports::{MEMBERS, TEAMS},
    store,
    sync::sync,
    unasked_in,
};
use crate::{
    Error, Result, Services,
    changes::{self, NewChange, Transaction},
    identity,
    queue::Job,
};

/// How long whoever decides waits for the names that change hands by it; what takes longer, a worker finishes.
const PATIENCE: Duration = Duration::from_secs(10);

/// What each source is trusted with.
pub(super) struct Trusts(HashMap<Uuid, Trust>);

impl Trusts {
    pub(super) async fn load(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Self> {
        Ok(Self(store::trusts(db, tenant).await?))
    }

    /// With what those of these sources were trusted with that are gone, when they went: what they declared waits for someone who is
    /// believed as much.
    pub(super) async fn with_gone(
        mut self,
        db: &impl ConnectionTrait,
        tenant: &Tenant,
        sources: impl Iterator<Item = Uuid>,
    ) -> Result<Self> {
        let gone: HashSet<Uuid> = sources.filter(|source| !self.0.contains_key(source)).collect();
        if gone.is_empty() {
            return Ok(self);
        }
        let subjects: Vec<String> = gone.iter().map(|id| format!("source:{id}")).collect();
        for change in changes::about_in(db, tenant, &subjects, &[ChangeKind::SourceRemoved.as_str()]).await? {
            let trust = change.before.as_ref().and_then(|before| before["trust"].as_str()?.parse().ok());
            if let (Ok(id), Some(trust)) = (change.source.parse(), trust) {
                self.0.insert(id, trust);
            }
        }
        Ok(self)
    }

    /// Whether people and teams count that a source declares in this file.
    pub(super) fn counts(&self, source: Uuid, path: &str) -> bool {
        self.0.get(&source).is_some_and(|trust| counts(*trust, path))
    }

    /// Whether a source is believed about this name: it is that of a person or a team, and theirs count.
    pub(super) fn stands_by(&self, reference: &str, source: Uuid, path: &str) -> bool {
        is_of_people(reference) && self.counts(source, path)
    }
}

/// Whether people and teams count that a source so trusted declares in this file.
pub(super) fn counts(trust: Trust, path: &str) -> bool {
    match trust {
        Trust::All => true,
        Trust::Own => [TEAMS, MEMBERS].iter().any(|folder| path.starts_with(folder)),
        Trust::None => false,
    }
}

/// Whether this is the name of a person or a team.
pub(super) fn is_of_people(reference: &str) -> bool {
    ["user:", "group:"].iter().any(|kind| reference.starts_with(kind))
}

/// What a new source is trusted with: what was asked for, by one who may decide that. Where nothing was asked, those who may decide
/// trust all of it, but of an organisation only what its forge says; whatever others add is not believed.
pub(super) async fn of_new(
    services: &Services,
    caller: &Caller,
    kind: SourceKind,
    asked: Option<Trust>,
) -> Result<Trust> {
    match asked {
        Some(Trust::None) => return Ok(Trust::None),
        Some(trust) => {
            identity::may(services, caller, Permission::ManagePeople, Target::Platform).await?;
            is_fit(trust, kind)?;
            return Ok(trust);
        }
        None => {}
    }
    if !identity::is_allowed(services, caller, Permission::ManagePeople, Target::Platform).await? {
        return Ok(Trust::None);
    }
    Ok(if kind.is_organisation() { Trust::Own } else { Trust::All })
}

fn is_fit(trust: Trust, kind: SourceKind) -> Result<()> {
    if trust.fits(kind) {
        return Ok(());
    }
    let why = "`own` means what the forge of an organisation tells of people, and this source is none; choose `none` or `all`";
    Err(Error::Rejected(why.to_owned()))
}

/// Decides which people and teams of a source count.
pub async fn set_trust(services: &Services, caller: &Caller, id: Uuid, trust: Trust) -> Result<()> {
    identity::may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    // Not while a sync decides by what was believed before, since it may tell of a claim that nobody would ask for then.
    let mut tx = begin(services, caller).await?;
    let Some(source) = store::source(&*tx, &caller.tenant, id).await? else {
        return Err(Error::NotFound(format!("there is no source `{id}`; it may have been removed")));
    };
    is_fit(trust, source.kind)?;
    // To say so is to decide it, where nobody was asked before.
    let is_unasked = async || Ok::<_, Error>(unasked_in(&*tx, &caller.tenant).await?.iter().any(|it| it.source == id));
    if source.trust == trust && !is_unasked().await? {
        return Ok(());
    }
    store::set_trust(&*tx, &caller.tenant, id, trust).await?;
    let waiting = ask_those_who_wait(&mut tx, &caller.tenant, id).await?;
    tx.record(NewChange {
        source: id.to_string(),
        subject: source.subject(),
        kind: ChangeKind::SourceTrusted,
        before: Some(json!({ "trust": source.trust })),
        after: Some(json!({ "trust": trust })),
    });
    tx.commit().await?;
    // Whoever decides sees what came of it.
    let system = Caller::system(caller.tenant.clone(), "trust");
    let soon = async {
        for source in waiting {
            sync(services, &system, source).await?;
        }
        Ok::<(), Error>(())
    };
    match tokio::time::timeout(PATIENCE, soon).await {
        Ok(Ok(()) | Err(Error::NotFound(_) | Error::Unavailable { .. })) | Err(_) => {}
        Ok(Err(error)) => return Err(error),
    }
    identity::forget_all(services).await
}

/// Has the sources synced that claim people or teams which this one claims or holds, since another claim may come before
/// the others now.
pub(super) async fn ask_those_who_wait(tx: &mut Transaction, tenant: &Tenant, id: Uuid) -> Result<HashSet<Uuid>> {
    let around = store::conflicts_around(&**tx, tenant, id).await?;
    let waiting = around.iter().filter(|row| is_of_people(&row.reference)).map(|row| row.source_id);
    let waiting: HashSet<Uuid> = waiting.collect();
    for source in waiting.iter().copied() {
        tx.enqueue(Job::SyncSource { source });
    }
    Ok(waiting)
}

/// The source that declares a person or team.
pub(crate) async fn declared_in(services: &Services, tenant: &Tenant, reference: &str) -> Result<Option<Uuid>> {
    let known = store::known_as(&services.db, tenant, &[reference.to_owned()]).await?;
    Ok(known.into_values().next().map(|known| known.source))
}

/// The uid and the document of a person or team that counts.
pub(crate) async fn vouched_user(
    services: &Services,
    tenant: &Tenant,
    reference: &str,
) -> Result<Option<(Uuid, Value)>> {
    Ok(vouched_users(services, tenant, &[reference.to_owned()]).await?.remove(reference))
}

/// The same of several, by their names.
pub(crate) async fn vouched_users(
    services: &Services,
    tenant: &Tenant,
    references: &[String],
) -> Result<HashMap<String, (Uuid, Value)>> {
    let trusts = Trusts::load(&services.db, tenant).await?;
    let rows = store::rows(&services.db, tenant, references).await?.into_iter();
    let counts = rows.filter(|row| row.orphaned_at.is_none() && trusts.counts(row.source_id, &row.path));
    Ok(counts.map(|row| (row.reference, (row.uid, row.document))).collect())
}

/// Those of these people and teams that count: declared, now, by a source that is trusted with them.
pub(crate) async fn vouched(services: &Services, tenant: &Tenant, references: &[String]) -> Result<HashSet<String>> {
    if references.is_empty() {
        return Ok(HashSet::new());
    }
    let trusts = Trusts::load(&services.db, tenant).await?;
    let known = store::known_as(&services.db, tenant, references).await?;
    let counts = known.into_iter().filter(|(_, known)| !known.is_orphaned && trusts.counts(known.source, &known.path));
    Ok(counts.map(|(reference, _)| reference).collect())
}

/// Everyone who counts, by reference.
pub(super) async fn vouched_people(services: &Services, tenant: &Tenant) -> Result<Vec<String>> {
    let trusts = Trusts::load(&services.db, tenant).await?;
    let known = store::known_people(&services.db, tenant).await?;
    let counts = known.into_iter().filter(|(_, known)| !known.is_orphaned && trusts.counts(known.source, &known.path));
    Ok(counts.map(|(reference, _)| reference).collect())
}
