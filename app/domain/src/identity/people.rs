//! Who comes in, as pages show it: people, their sessions, and tokens.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A browser in which someone is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Names it, for ending it.
    pub id: Uuid,
    /// Whether it is the one that asks.
    pub is_here: bool,
    /// How they signed in: a provider's name, or the administrator's token.
    pub way: String,
    /// When it began.
    pub began: DateTime<Utc>,
    /// When it was last seen, to the minute.
    pub seen: DateTime<Utc>,
    /// When it ends at the latest.
    pub ends: DateTime<Utc>,
    /// From where it began.
    pub address: Option<String>,
    /// What the browser says it is.
    pub agent: Option<String>,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Names it, for ending it.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// How it begins, to recognise it by.
    pub prefix: String,
    /// Who acts with it: `user:default/ada`, `machine:NAME`.
    pub owner: String,
    /// What it may do, of what its owner may.
    pub scopes: Vec<String>,
    /// Roles that a service token brings.
    pub roles: Vec<String>,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// By whom.
    pub made_by: String,
    /// When it ends.
    pub ends: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub used: Option<DateTime<Utc>>,
    /// From where it was last used.
    pub used_from: Option<String>,
}

/// A token that was just made: the only time that its secret is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minted {
    /// What it is called.
    pub name: String,
    /// The secret.
    pub secret: String,
    /// When it ends.
    pub ends: DateTime<Utc>,
    /// Roles that it brings and that no policy speaks of.
    pub unspoken: Vec<String>,
}

/// What a token should be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewToken {
    /// What it is called.
    pub name: String,
    /// In how many days it ends.
    pub days: u32,
    /// What it may do: `read`, `write`, `run`, `approve`, `administer`, `provision`.
    pub scopes: Vec<String>,
    /// Roles, for a service token.
    pub roles: Vec<String>,
    /// Names the wish: one is fulfilled once, however often it is sent.
    pub wish: Option<Uuid>,
}

/// An account at a provider, and the person that it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Names it.
    pub id: Uuid,
    /// The person: `user:default/ada`.
    pub who: String,
    /// The name that came with it.
    pub name: Option<String>,
    /// The address that came with it.
    pub email: Option<String>,
    /// What the provider is called.
    pub provider: String,
    /// What the provider calls the person.
    pub subject: String,
    /// Teams that came with it.
    pub groups: Vec<String>,
    /// Groups that came with it and mean nothing in the catalog, the first fifty.
    pub unmeant: Vec<String>,
    /// How the person was found.
    pub matched_by: String,
    /// Whether no User of the catalog was found, so that one was made up.
    pub is_made_up: bool,
    /// When they first signed in.
    pub first: DateTime<Utc>,
    /// When they last signed in.
    pub last: DateTime<Utc>,
    /// Since when they may not come in.
    pub blocked: Option<DateTime<Utc>>,
    /// Whether the name still means them: the catalog may call them otherwise by now, or somebody else so.
    pub is_theirs: bool,
    /// The other accounts of the same person: what each provider is called, and as whom they come in by it.
    pub beside: Vec<(String, String)>,
    /// In how many browsers they are signed in.
    pub sessions: u32,
    /// Their living tokens, where somebody looks after them.
    pub tokens: Vec<Token>,
    /// Whether a directory lets them in, and when it last spoke of them; nothing where none knows them.
    pub kept: Option<(bool, DateTime<Utc>)>,
}
