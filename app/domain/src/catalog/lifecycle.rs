//! What becomes of things whose source lets go of them, and of documents that are not taken in.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{EntityRef, FileProblem, Source};

/// What people can decide about an orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OrphanDeed {
    /// It stays, although nothing declares it.
    Keep,
    /// It leaves the catalog now.
    Remove,
}

/// An entity that its source no longer declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Orphan {
    /// Which.
    pub reference: EntityRef,
    /// Its title or name.
    pub title: String,
    /// Who owns it.
    pub owner: Option<EntityRef>,
    /// The source that declared it; it may be gone too.
    pub source: Uuid,
    /// What that source read.
    pub target: String,
    /// Whether that source is still registered.
    pub is_registered: bool,
    /// The file that declared it.
    pub path: String,
    /// Since when nothing declares it.
    pub since: DateTime<Utc>,
    /// Since when, and by whom, it is kept all the same.
    pub kept: Option<(DateTime<Utc>, String)>,
    /// When it is removed; never, while somebody keeps it.
    pub removal: Option<DateTime<Utc>>,
}

/// When an orphan is removed.
pub fn removal(since: DateTime<Utc>, grace_days: u32) -> DateTime<Utc> {
    since + Duration::days(i64::from(grace_days))
}

/// A part of a long list, and how long the whole is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Part<T> {
    /// The rows asked for.
    pub rows: Vec<T>,
    /// How many there are in all.
    pub total: u32,
}

/// One sync of a source, as it is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncRecord {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// How many files were read.
    pub read: u32,
    /// How many entities came in.
    pub created: u32,
    /// How many changed.
    pub updated: u32,
    /// How many bear another name now.
    pub renamed: u32,
    /// How many are no longer declared.
    pub orphaned: u32,
    /// How many left the catalog.
    pub removed: u32,
    /// How many files were rejected, wholly or in part.
    pub rejected: u32,
    /// How many files gave a warning.
    pub warned: u32,
    /// Why the source could not be read.
    pub problem: Option<String>,
    /// Whether the numbers are left out, since a policy hides some of what they count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_narrowed: bool,
}

impl SyncRecord {
    /// The same without its numbers.
    #[must_use]
    pub fn narrowed(self) -> Self {
        let Self { started_at, ended_at, problem, .. } = self;
        Self { started_at, ended_at, problem, is_narrowed: true, ..Self::default() }
    }

    /// How many entities are others than before.
    pub fn changed(&self) -> u32 {
        self.created + self.updated + self.renamed + self.orphaned + self.removed
    }
}

/// A document, or a file, that should be mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trouble {
    /// The source it stands in.
    pub source: Uuid,
    /// The file.
    pub path: String,
    /// What is wrong, where, and how to mend it.
    pub problem: FileProblem,
    /// What the document declares or would declare, as far as it can be told.
    pub reference: Option<EntityRef>,
    /// The team or person it belongs to, as far as it can be told.
    pub owner: Option<EntityRef>,
}

/// Which troubles are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TroubleFilter {
    /// Those of one team or person; `nobody` for those that nobody owns; all where it is empty.
    pub owner: String,
    /// Those of one source.
    pub source: Option<Uuid>,
    /// Those that keep a document out of the catalog.
    pub rejected_only: bool,
    /// How many to skip.
    pub offset: u32,
    /// How many to answer at most.
    pub limit: u32,
}

/// A name that two declarations claim, with what people need to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Dispute {
    /// The entity that is declared twice.
    pub reference: EntityRef,
    /// Since when; unknown for those of an older release.
    pub since: Option<DateTime<Utc>>,
    /// Whose declaration stands.
    pub holder: Claim,
    /// Whose does not.
    pub claimer: Claim,
    /// Whether the holder's stands because its source is trusted with people and the claimer's is not, so that nobody hands it over.
    pub by_trust: bool,
}

/// A declaration, by where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Claim {
    /// The source.
    pub source: Uuid,
    /// What it reads.
    pub target: String,
    /// The file.
    pub path: String,
    /// Whether the file was rejected in its last sync, so that its last good state stands.
    pub is_broken: bool,
}

/// The part of a rejected file's text that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptText {
    /// The file.
    pub path: String,
    /// The number of its first line, from 1.
    pub first_line: u32,
    /// The lines.
    pub text: String,
    /// What is wrong with them.
    pub problems: Vec<FileProblem>,
    /// Where the file can be seen, if its source has pages.
    pub view: Option<String>,
}

/// How far the clocks of two replicas may be apart.
const AHEAD: Duration = Duration::minutes(5);

impl Source {
    /// When it is synced next by itself, as seen at `now`; `None` for one that waits for webhooks and people. What a clock that ran
    /// ahead has written is taken for long ago.
    pub fn next_sync(&self, default_minutes: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.leaving_at.is_some() {
            return None;
        }
        let minutes = self.every_minutes.unwrap_or(default_minutes);
        let from = self.tried_at.unwrap_or(self.created_at);
        if from > now + AHEAD {
            return (minutes > 0).then_some(now);
        }
        (minutes > 0).then(|| from + Duration::minutes(i64::from(minutes)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sync_that_lies_ahead_keeps_no_schedule_waiting() {
        let now = DateTime::UNIX_EPOCH + Duration::days(20_000);
        let source = |tried_at: Option<DateTime<Utc>>| {
            let source = json!({
                "id": Uuid::nil(), "kind": "file", "target": "/x", "created_at": now - Duration::days(1), "tried_at": tried_at,
                "entities": 0, "files": 0, "rejected": 0, "warned": 0,
            });
            serde_json::from_value::<Source>(source).unwrap()
        };
        assert_eq!(source(Some(now)).next_sync(10, now), Some(now + Duration::minutes(10)));
        assert_eq!(source(Some(now + Duration::minutes(1))).next_sync(10, now), Some(now + Duration::minutes(11)));
        assert_eq!(source(Some(now + Duration::days(40))).next_sync(10, now), Some(now));
        assert_eq!(source(Some(now + Duration::days(40))).next_sync(0, now), None);
    }
}
