//! The ways in that an installation opens, and who was seen at them lately.

mod farewell;
mod seen;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use self::farewell::{CHANNEL, PEOPLE, forget, forget_people};
pub use self::seen::Found;
pub(crate) use self::seen::Seen;
use super::{
    accounts,
    ports::{NoSignatures, Provider, Signatures},
};

/// The ways in, and what was seen at them.
pub struct Doors {
    /// What the installation decided.
    pub settings: DoorSettings,
    /// Systems that know people, by their id.
    pub providers: BTreeMap<String, Arc<dyn Provider>>,
    /// Believes the tokens of pipelines.
    pub signatures: Arc<dyn Signatures>,
    pub(crate) seen: Seen,
}

impl Doors {
    /// The doors of an installation.
    pub fn new(
        settings: DoorSettings,
        providers: BTreeMap<String, Arc<dyn Provider>>,
        signatures: Arc<dyn Signatures>,
    ) -> Self {
        Self { settings, providers, signatures, seen: Seen::default() }
    }
}

impl Default for Doors {
    fn default() -> Self {
        Self::new(DoorSettings::default(), BTreeMap::new(), Arc::new(NoSignatures))
    }
}

/// What an installation decided about coming in.
#[derive(Debug, Clone)]
pub struct DoorSettings {
    /// Whether whoever reaches the server without credentials is the guest.
    pub has_guest: bool,
    /// Names the administrator's token without giving it away; another token means another name. `None` without one.
    pub administrator: Option<String>,
    /// How long a session lasts at most.
    pub session: TimeDelta,
    /// How long it lasts unused.
    pub idle: TimeDelta,
    /// How long it stands before the provider is asked again whether the person still may.
    pub recheck: TimeDelta,
    /// How many days a token lasts at most.
    pub token_days: u32,
    /// How many days a person's tokens go on without a word of their provider's.
    pub token_rest_days: u32,
    /// For how long at most a User was away from the catalog by mistake.
    pub away: TimeDelta,
    /// People and groups, by reference, who are administrators whatever is assigned in Causeway.
    pub administrators: BTreeSet<String>,
    /// How people of each provider are taken in.
    pub providers: Vec<ProviderSettings>,
    /// Pipelines that are trusted.
    pub pipelines: Vec<PipelineSettings>,
}

impl DoorSettings {
    /// Whether the provider of an account is still there, and where it was: one that is elsewhere is another one.
    pub(crate) fn has(&self, account: &accounts::store::Row) -> bool {
        let is_there = |issuer: &String| account.issuer.as_ref().is_none_or(|then| then == issuer);
        self.providers.iter().any(|provider| provider.id == account.provider && is_there(&provider.issuer))
    }

    /// Since when a provider must have stood by someone for what it said then to count still: a session may outlast the days.
    pub(crate) fn fresh_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - TimeDelta::days(i64::from(self.token_rest_days)).max(self.session)
    }
}

impl Default for DoorSettings {
    fn default() -> Self {
        Self {
            has_guest: true,
            administrator: None,
            session: TimeDelta::hours(168),
            idle: TimeDelta::hours(24),
            recheck: TimeDelta::minutes(15),
            token_days: 366,
            token_rest_days: 30,
            away: TimeDelta::hours(24),
            administrators: BTreeSet::new(),
            providers: Vec::new(),
            pipelines: Vec::new(),
        }
    }
}

/// How a provider's people are taken in.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// In addresses: `corp`.
    pub id: String,
    /// Where it is, as it calls itself: somebody's number at one is somebody else's at another.
    pub issuer: String,
    /// On the button: `Saltmarsh`.
    pub name: String,
    /// How a User is found, in order.
    pub matching: Vec<MatchRule>,
    /// Which claims must hold: path and patterns.
    pub require: Vec<(String, Vec<String>)>,
    /// Whether addresses are believed that the provider does not call verified.
    pub trust_email: bool,
    /// Whether people come in who are not in the catalog.
    pub create_people: bool,
    /// The claim that becomes the name of one who is not in the catalog.
    pub name_claim: String,
    /// The claim with the address.
    pub email_claim: String,
    /// The claim with the groups.
    pub groups_claim: String,
    /// What a group at the provider means in the catalog.
    pub teams: BTreeMap<String, String>,
    /// Whether other groups mean the Group of the same name, if there is one.
    pub teams_by_name: bool,
    /// The name of the service token with which the provider's directory keeps its people current.
    pub scim: Option<String>,
}

#[cfg(test)]
impl ProviderSettings {
    /// One of which nothing is known but its name.
    pub(in crate::identity) fn bare(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            issuer: String::new(),
            name: id.to_owned(),
            matching: Vec::new(),
            require: Vec::new(),
            trust_email: false,
            create_people: false,
            name_claim: "preferred_username".to_owned(),
            email_claim: "email".to_owned(),
            groups_claim: "groups".to_owned(),
            teams: BTreeMap::new(),
            teams_by_name: false,
            scim: None,
        }
    }
}

/// How a User of the catalog is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatchRule {
    /// `spec.profile.email` is the claim.
    Email(String),
    /// `metadata.name` is the claim.
    Name(String),
    /// An annotation is the claim.
    Annotation(String, String),
}

impl MatchRule {
    /// The claim that it goes by.
    pub(crate) fn claim(&self) -> &String {
        let (Self::Email(claim) | Self::Name(claim) | Self::Annotation(_, claim)) = self;
        claim
    }
}

/// Pipelines that come in with what their own system signs.
#[derive(Debug, Clone)]
pub struct PipelineSettings {
    /// What they act as: `machine:NAME`.
    pub name: String,
    /// Who signs.
    pub issuer: String,
    /// For whom it must be signed.
    pub audience: String,
    /// Which claims must hold.
    pub require: Vec<(String, Vec<String>)>,
    /// What they may do, of what their roles may.
    pub scopes: domain::identity::Scopes,
    /// Their roles.
    pub roles: BTreeSet<String>,
}
