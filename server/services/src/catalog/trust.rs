//! Which people and teams count for sign-in and permission: those of sources that an administrator believes. Everybody who may add a
//! source could otherwise make themselves a member of any team, or be taken for anybody.

use std::collections::HashSet;

use domain::{
    catalog::{SourceKind, Trust},
    changes::ChangeKind,
    identity::{Caller, Permission, Target, Tenant},
};
use sea_orm::prelude::Uuid;
use serde_json::json;

use super::{
    ports::{MEMBERS, TEAMS},
    store,
};
use crate::{Error, Result, Services, changes::NewChange, identity};

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
            return Ok(trust);
        }
        None => {}
    }
    if !identity::is_allowed(services, caller, Permission::ManagePeople, Target::Platform).await? {
        return Ok(Trust::None);
    }
    Ok(if kind.is_organisation() { Trust::Own } else { Trust::All })
}

/// Decides which people and teams of a source count.
pub async fn set_trust(services: &Services, caller: &Caller, id: Uuid, trust: Trust) -> Result<()> {
    identity::may(services, caller, Permission::ManagePeople, Target::Platform).await?;
    let mut tx = services.begin(caller).await?;
    let Some(source) = store::source(&*tx, &caller.tenant, id).await? else {
        return Err(Error::NotFound(format!("there is no source `{id}`; it may have been removed")));
    };
    if source.trust == trust {
        return Ok(());
    }
    store::set_trust(&*tx, &caller.tenant, id, trust).await?;
    tx.record(NewChange {
        source: id.to_string(),
        subject: source.subject(),
        kind: ChangeKind::SourceTrusted,
        before: Some(json!({ "trust": source.trust })),
        after: Some(json!({ "trust": trust })),
    });
    tx.commit().await?;
    identity::forget_all(services).await
}

/// Those of these people and teams that count: declared, now, by a source that is trusted with them.
pub(crate) async fn vouched(services: &Services, tenant: &Tenant, references: &[String]) -> Result<HashSet<String>> {
    if references.is_empty() {
        return Ok(HashSet::new());
    }
    let trusts = store::trusts(&services.db, tenant).await?;
    let known = store::known_as(&services.db, tenant, references).await?;
    let counts = known.into_iter().filter(|(_, known)| {
        let is_own = || [TEAMS, MEMBERS].iter().any(|folder| known.path.starts_with(folder));
        !known.is_orphaned
            && match trusts.get(&known.source) {
                Some(Trust::All) => true,
                Some(Trust::Own) => is_own(),
                Some(Trust::None) | None => false,
            }
    });
    Ok(counts.map(|(reference, _)| reference).collect())
}
