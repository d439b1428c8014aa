//! Results and history follow a thing to its new name.

use chrono::{DateTime, Utc};
use domain::{catalog::EntityRef, changes::Change, identity::Tenant};
use sea_orm::{ConnectionTrait, Statement};

use crate::Result;

/// A thing that bears another name since some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Renamed {
    pub(super) from: EntityRef,
    pub(super) to: EntityRef,
    pub(super) at: DateTime<Utc>,
}

impl Renamed {
    /// What a change of that kind says.
    pub(super) fn by(change: &Change) -> Option<Self> {
        let name = |document: &Option<serde_json::Value>| document.as_ref().and_then(EntityRef::of);
        Some(Self { from: name(&change.before)?, to: name(&change.after)?, at: change.at })
    }
}

/// Gives what was judged under old names to the new ones. Safe to repeat; where the new name was judged already, that stands.
pub(super) async fn follow(db: &impl ConnectionTrait, tenant: &Tenant, renames: &[Renamed]) -> Result<()> {
    let results = "UPDATE scorecard_results SET entity = $1 WHERE tenant = $2 AND entity = $3 AND NOT EXISTS \
                   (SELECT 1 FROM scorecard_results r WHERE r.tenant = scorecard_results.tenant \
                   AND r.scorecard = scorecard_results.scorecard AND r.entity = $1)";
    let moves = "UPDATE scorecard_moves SET entity = $1 WHERE tenant = $2 AND entity = $3 AND at <= $4";
    for Renamed { from, to, at } in renames {
        let names = [to.to_string().into(), tenant.as_str().into(), from.to_string().into()];
        let backend = db.get_database_backend();
        db.execute_raw(Statement::from_sql_and_values(backend, results, names.clone())).await?;
        let values = names.into_iter().chain([(*at).into()]);
        db.execute_raw(Statement::from_sql_and_values(backend, moves, values)).await?;
    }
    Ok(())
}
