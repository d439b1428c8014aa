//! The spine: everything that is altered is altered together with one row here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What happened to the subject of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// An entity came into the catalog.
    EntityCreated,
    /// An entity's document or its relations changed.
    EntityUpdated,
    /// An entity's source stopped declaring it; it stays visible for a grace period.
    EntityOrphaned,
    /// An entity left the catalog.
    EntityRemoved,
    /// An entity bears another name; the state before has the old one.
    EntityRenamed,
    /// Someone keeps an entity that nothing declares.
    EntityKept,
    /// A name went to another source, or another file, that declares it too.
    EntityHandedOver,
    /// A source was registered.
    SourceRegistered,
    /// A sync of a source ended, well or not.
    SourceSynced,
    /// A source is being taken away.
    SourceLeaving,
    /// A source that was being taken away stays, because that could not be done.
    SourceStays,
    /// A source was taken away.
    SourceRemoved,
    /// The documentation of an entity changed in its source.
    DocsChanged,
    /// A sync of a source was asked for.
    SourceAsked,
    /// When a source is synced was changed.
    SourceScheduled,
    /// Other people and teams of a source count.
    SourceTrusted,
    /// A source's webhook was made, made anew, or taken away.
    SourceWebhook,
    /// An entity's level or a rule's result on a scorecard changed.
    ScorecardEvaluated,
    /// A run was asked for.
    RunCreated,
    /// A run or one of its steps moved on.
    RunMoved,
    /// A source was pointed somewhere else.
    SourceMoved,
    /// A view of a list was saved, named anew, or altered.
    ViewSaved,
    /// A saved view was taken away.
    ViewRemoved,
    /// A credential was sealed, or sealed anew.
    CredentialSealed,
    /// A credential was taken away.
    CredentialRemoved,
    /// Policies were edited.
    PolicySaved,
    /// Edited policies were taken away.
    PolicyReset,
    /// A role was given.
    RoleGiven,
    /// A role was taken.
    RoleTaken,
}

impl ChangeKind {
    /// The name as it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EntityCreated => "entity-created",
            Self::EntityUpdated => "entity-updated",
            Self::EntityOrphaned => "entity-orphaned",
            Self::EntityRemoved => "entity-removed",
            Self::EntityRenamed => "entity-renamed",
            Self::EntityKept => "entity-kept",
            Self::EntityHandedOver => "entity-handed-over",
            Self::SourceRegistered => "source-registered",
            Self::SourceSynced => "source-synced",
            Self::SourceLeaving => "source-leaving",
            Self::SourceStays => "source-stays",
            Self::SourceRemoved => "source-removed",
            Self::DocsChanged => "docs-changed",
            Self::SourceAsked => "source-asked",
            Self::SourceScheduled => "source-scheduled",
            Self::SourceTrusted => "source-trusted",
            Self::SourceWebhook => "source-webhook",
            Self::ScorecardEvaluated => "scorecard-evaluated",
            Self::RunCreated => "run-created",
            Self::RunMoved => "run-moved",
            Self::SourceMoved => "source-moved",
            Self::ViewSaved => "view-saved",
            Self::ViewRemoved => "view-removed",
            Self::CredentialSealed => "credential-sealed",
            Self::CredentialRemoved => "credential-removed",
            Self::PolicySaved => "policy-saved",
            Self::PolicyReset => "policy-reset",
            Self::RoleGiven => "role-given",
            Self::RoleTaken => "role-taken",
        }
    }
}

/// One row of the spine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Gap-free within the tenant, in commit order.
    pub seq: i64,
    /// When it was committed.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// Where it came from: a source's id, a run's id; empty for the portal and the API.
    pub source: String,
    /// What it is about: an entity reference, `source:ID`, `run:ID`.
    pub subject: String,
    /// What happened.
    pub kind: String,
    /// The state before, if there was one.
    pub before: Option<Value>,
    /// The state after, if there is one.
    pub after: Option<Value>,
}
