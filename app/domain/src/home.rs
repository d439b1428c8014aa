//! What a person keeps for themselves: who they are in the catalog, what they starred, where they were.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::catalog::EntityRef;

/// The one who asks, as the catalog knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Whether things of their own can be kept for them.
    pub keeps: bool,
    /// Their page among the people, if they said which it is.
    pub user: Option<EntityRef>,
    /// The teams they are a member of.
    pub teams: Vec<EntityRef>,
}

/// The last visit before this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastVisit {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// The last change that could be seen then.
    pub seq: i64,
}

/// How long someone must be away for their return to count as another visit, in minutes.
pub const AWAY_MINUTES: i64 = 30;
