//! What has left, or bears another name, as it was last.

use domain::{changes::ChangeKind, identity::Tenant};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, prelude::Json};

use super::{BATCH, row};
use crate::Result;

/// Changes that tell how an entity is under its name.
const STATES: [ChangeKind; 5] = [
    ChangeKind::EntityCreated,
    ChangeKind::EntityUpdated,
    ChangeKind::EntityRenamed,
    ChangeKind::EntityOrphaned,
    ChangeKind::EntityRemoved,
];

/// How each of these, which are not there by this name, was when it last bore it: the name, and the state. Nothing of what never
/// was.
pub(in crate::changes) async fn last_states(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    subjects: &[String],
) -> Result<Vec<(String, Json)>> {
    let mut states = Vec::new();
    for subjects in subjects.chunks(BATCH) {
        let numbers: Vec<Option<i64>> = row::Entity::find()
            .select_only()
            .column_as(row::Column::Seq.max(), "seq")
            .filter(row::Column::Tenant.eq(tenant.as_str()))
            .filter(row::Column::Subject.is_in(subjects))
            .filter(row::Column::Kind.is_in(STATES.map(ChangeKind::as_str)))
            .group_by(row::Column::Subject)
            .into_tuple()
            .all(db)
            .await?;
        let rows: Vec<(String, Option<Json>, Option<Json>)> = row::Entity::find()
            .select_only()
            .columns([row::Column::Subject, row::Column::Before, row::Column::After])
            .filter(row::Column::Tenant.eq(tenant.as_str()))
            .filter(row::Column::Seq.is_in(numbers.into_iter().flatten()))
            .into_tuple()
            .all(db)
            .await?;
        states.extend(rows.into_iter().filter_map(|(subject, before, after)| Some((subject, after.or(before)?))));
    }
    Ok(states)
}
