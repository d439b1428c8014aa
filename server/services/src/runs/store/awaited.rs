//! Runs that do nothing until someone agrees to them.

use domain::{
    identity::Tenant,
    runs::{Agreement, Approval, RunStatus},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::run;
use crate::{Result, identity::Starter, permission::Traits};

impl run::Model {
    /// What was decided about it, where its template asks for that.
    pub(in crate::runs) fn approval(&self) -> Option<Approval> {
        let agreement = match Agreement::named(self.approval.as_deref()?)? {
            // Nobody decides any more about what was cancelled.
            Agreement::Waiting if self.cancel_asked_at.is_some() => Agreement::Withdrawn,
            agreement => agreement,
        };
        Some(Approval {
            agreement,
            by: self.approval_by.clone(),
            at: self.approval_at,
            note: self.approval_note.clone(),
        })
    }

    /// Who started it, as a subject writes itself.
    pub(in crate::runs) fn starter(&self) -> String {
        self.kept_starter().who().to_owned()
    }

    /// The same, with how they had come in.
    pub(in crate::runs) fn kept_starter(&self) -> Starter {
        let kept = self.starter.clone().and_then(|kept| serde_json::from_value::<Starter>(kept).ok());
        kept.unwrap_or_else(|| Starter::named(&self.created_by))
    }

    /// What policies may know of its template as it was then.
    pub(in crate::runs) fn then(&self) -> Traits {
        Traits::of_document(&self.template, &self.template_document)
    }

    /// Whether nothing happens to it until someone agrees. One that shall stop is let go on, to its end.
    pub(in crate::runs) fn awaits_approval(&self) -> bool {
        self.approval.as_deref() == Some(Agreement::Waiting.as_str()) && self.cancel_asked_at.is_none()
    }
}

/// What holds of runs that wait, and can be turned around: nothing in it is unknown.
pub(super) fn condition() -> Condition {
    Condition::all()
        .add(run::Column::Approval.is_not_null())
        .add(run::Column::Approval.eq(Agreement::Waiting.as_str()))
        .add(run::Column::Status.is_in([RunStatus::Open.as_str(), RunStatus::Processing.as_str()]))
        .add(run::Column::CancelAskedAt.is_null())
}

/// Runs that wait, those that wait longest first.
pub(in crate::runs) async fn awaited(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    seen: Option<Condition>,
    limit: u64,
) -> Result<Vec<run::Model>> {
    let found = run::Entity::find()
        .filter(run::Column::Tenant.eq(tenant.as_str()))
        .filter(condition())
        .filter(seen.unwrap_or_else(Condition::all))
        .order_by_asc(run::Column::Number)
        .limit(limit)
        .all(db)
        .await?;
    Ok(found)
}

/// How many runs wait.
pub(in crate::runs) async fn count_awaited(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
    seen: Option<Condition>,
) -> Result<u64> {
    let count = run::Entity::find()
        .filter(run::Column::Tenant.eq(tenant.as_str()))
        .filter(condition())
        .filter(seen.unwrap_or_else(Condition::all))
        .count(db)
        .await?;
    Ok(count)
}
