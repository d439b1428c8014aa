//! `[sign_in]`: who comes in, and how they are known.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::TimeDelta;
use connectors::identity::{GitHub, GitHubSettings, Issuers, OpenId, OpenIdSettings, Web};
use domain::{catalog::EntityRef, identity::Verb};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use services::{
    identity::{DoorSettings, Doors, MatchRule, PipelineSettings, ProviderSettings, ports},
    secrets::Reference,
};
use url::Url;

use crate::cli::Problem;

/// `[sign_in]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SignIn {
    /// Whoever knows it is the administrator. With it, there is no guest, and other addresses than loopback may be served.
    pub(crate) administrator_token: Option<SecretString>,
    /// How many hours a session lasts at most.
    session_hours: u32,
    /// How many hours it lasts unused.
    idle_hours: u32,
    /// How many minutes until the provider is asked again whether a person still may; 0 asks as often as anyone looks.
    recheck_minutes: u32,
    /// How many days a token lasts at most.
    token_days: u32,
    /// How many days the tokens of a person go on whom their provider has not let in again.
    token_rest_days: u32,
    /// For how many hours at most a User was away from the catalog by mistake; who comes in by another account after longer is somebody else.
    away_hours: u32,
    /// People and groups, by reference, who are administrators.
    administrators: Vec<String>,
    /// `[[sign_in.providers]]`
    providers: Vec<Provider>,
    /// `[[sign_in.pipelines]]`
    pipelines: Vec<Pipeline>,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            administrator_token: None,
            session_hours: 168,
            idle_hours: 24,
            recheck_minutes: 15,
            token_days: 366,
            token_rest_days: 30,
            away_hours: 24,
            administrators: Vec::new(),
            providers: Vec::new(),
            pipelines: Vec::new(),
        }
    }
}

/// What a provider speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    OpenId,
    GitHub,
}

/// `[[sign_in.providers]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    /// In addresses: the provider sends people back to `/auth/callback/ID`.
    id: String,
    /// On the button.
    name: Option<String>,
    #[serde(default)]
    kind: Kind,
    /// The provider's address, as it calls itself; for GitHub Enterprise, where it is.
    issuer: Option<String>,
    client_id: String,
    /// Where the secret is: `env:NAME` or `file:/PATH`.
    client_secret: Option<String>,
    scopes: Option<Vec<String>>,
    /// Sent along when someone goes there.
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    /// How a User of the catalog is found, in order.
    #[serde(rename = "match")]
    matching: Option<Vec<Rule>>,
    /// Claims that must hold.
    #[serde(default)]
    require: BTreeMap<String, Patterns>,
    #[serde(default)]
    trust_email: bool,
    #[serde(default)]
    create_people: bool,
    name_claim: Option<String>,
    email_claim: Option<String>,
    groups_claim: Option<String>,
    /// What a group of the provider is in the catalog.
    #[serde(default)]
    teams: BTreeMap<String, String>,
    #[serde(default)]
    teams_by_name: bool,
    /// The name of the service token with which the provider's directory keeps its people current.
    scim: Option<String>,
}

/// One way to find a User.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "write `{ email = CLAIM }`, `{ name = CLAIM }` or `{ annotation = KEY, claim = CLAIM }`")]
enum Rule {
    Annotation { annotation: String, claim: String },
    Email { email: String },
    Name { name: String },
}

/// One pattern or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "write one pattern, or several as `[\"one\", \"other\"]`")]
enum Patterns {
    One(String),
    Many(Vec<String>),
}

/// `[[sign_in.pipelines]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pipeline {
    /// What it acts as: `machine:NAME`.
    name: String,
    issuer: String,
    /// For whom the token must be signed.
    audience: String,
    /// Claims that must hold.
    require: BTreeMap<String, Patterns>,
    /// What it may do, of what its roles may.
    scopes: Vec<String>,
    #[serde(default)]
    roles: BTreeSet<String>,
}

impl SignIn {
    /// Whether anybody has to say who they are.
    pub(crate) fn is_configured(&self) -> bool {
        self.administrator_token.is_some() || !self.providers.is_empty()
    }
}

#[cfg(test)]
impl SignIn {
    /// With the administrator's token alone.
    pub(crate) fn with_token(token: &str) -> Self {
        Self { administrator_token: Some(SecretString::from(token)), ..Self::default() }
    }
}

/// Names the administrator's token without giving it away.
fn fingerprint(token: &SecretString) -> String {
    let key = blake3::derive_key("causeway 2026-11 administrator sessions", token.expose_secret().as_bytes());
    blake3::Hash::from(key).to_hex()[..32].to_owned()
}

/// The ways in that the configuration opens. `allow` names hosts that are asked although they are internal.
pub(crate) fn doors(settings: &SignIn, has_guest: bool, allow: &[String]) -> Result<Doors, Problem> {
    let web = Web::new(allow);
    let mut known: BTreeMap<String, Arc<dyn ports::Provider>> = BTreeMap::new();
    let mut providers = Vec::new();
    for provider in &settings.providers {
        let about = |why: String| format!("`[[sign_in.providers]]`, `{}`: {why}", provider.id);
        let (rules, door) = provider.read(&web).map_err(about)?;
        let is_shared =
            rules.scim.is_some() && providers.iter().any(|other: &ProviderSettings| other.scim == rules.scim);
        if is_shared {
            return Err(
                about("two providers have this `scim`; each directory needs a token of its own".to_owned()).into()
            );
        }
        if known.insert(rules.id.clone(), door).is_some() {
            return Err(about("two providers have this `id`; name one of them something else".to_owned()).into());
        }
        providers.push(rules);
    }
    let pipelines = settings
        .pipelines
        .iter()
        .map(|pipeline| pipeline.read().map_err(|why| format!("`[[sign_in.pipelines]]`, `{}`: {why}", pipeline.name)));
    let pipelines: Vec<PipelineSettings> = pipelines.collect::<Result<_, _>>()?;
    let administrators = settings.administrators.iter().map(|reference| match reference.parse::<EntityRef>() {
        Ok(known) if ["user", "group"].contains(&known.kind()) => Ok(known.to_string()),
        _ => Err(format!(
            "`[sign_in] administrators`: `{reference}` is nobody; write `user:default/NAME` or `group:default/NAME`"
        )),
    });
    let hours = |hours: u32| TimeDelta::hours(i64::from(hours.clamp(1, 24 * 366)));
    let settings = DoorSettings {
        has_guest,
        administrator: settings.administrator_token.as_ref().map(fingerprint),
        session: hours(settings.session_hours),
        idle: hours(settings.idle_hours),
        recheck: TimeDelta::minutes(i64::from(settings.recheck_minutes.min(60 * 24))),
        token_days: settings.token_days.clamp(1, 3_660),
        token_rest_days: settings.token_rest_days.clamp(1, 3_660),
        away: TimeDelta::hours(i64::from(settings.away_hours.min(24 * 366))),
        administrators: administrators.collect::<Result<_, _>>()?,
        providers,
        pipelines,
    };
    Ok(Doors::new(settings, known, Arc::new(Issuers::new(web))))
}

/// Where the secrets of providers are, by what they are called.
pub(crate) fn client_secrets(settings: &SignIn) -> Vec<(&str, Reference)> {
    let secrets = settings.providers.iter().filter_map(|provider| {
        let secret = provider.client_secret.as_ref()?.parse().ok()?;
        Some((provider.id.as_str(), secret))
    });
    secrets.collect()
}

fn is_id(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn patterns(require: &BTreeMap<String, Patterns>) -> Vec<(String, Vec<String>)> {
    let all = require.iter().map(|(path, patterns)| {
        let patterns = match patterns {
            Patterns::One(pattern) => vec![pattern.clone()],
            Patterns::Many(patterns) => patterns.clone(),
        };
        (path.clone(), patterns)
    });
    all.collect()
}

impl Provider {
    fn read(&self, web: &Web) -> Result<(ProviderSettings, Arc<dyn ports::Provider>), String> {
        if !is_id(&self.id) {
            return Err("use up to 40 of a-z, 0-9 and - for its `id`".to_owned());
        }
        if self.id == "default" {
            return Err("`default` is where the catalog's own people are; choose another `id`".to_owned());
        }
        if self.scim.as_deref().is_some_and(|name| !is_id(name)) {
            return Err("`scim` is the name of a service token: a-z, 0-9 and -".to_owned());
        }
        // What does not name a secret may be one, so it is not repeated.
        let secret = self.client_secret.as_ref().map(|text| text.parse::<Reference>()).transpose();
        let secret = secret.map_err(|error| format!("`client_secret`: {error}"))?;
        let scopes = |usual: &[&str]| {
            self.scopes.clone().unwrap_or_else(|| usual.iter().map(|scope| (*scope).to_owned()).collect())
        };
        let (door, usual): (Arc<dyn ports::Provider>, Vec<MatchRule>) = match self.kind {
            Kind::OpenId => {
                let settings = OpenIdSettings {
                    issuer: self
                        .issuer
                        .clone()
                        .ok_or("`issuer` is missing: the provider's address, as it calls itself")?,
                    client_id: self.client_id.clone(),
                    secret,
                    scopes: scopes(&["profile", "email"]),
                    parameters: self.parameters.clone().into_iter().collect(),
                };
                (Arc::new(OpenId::new(web.clone(), settings)?), vec![MatchRule::Email("email".to_owned())])
            }
            Kind::GitHub => {
                let url = self.issuer.as_deref().unwrap_or("https://github.com");
                let settings = GitHubSettings {
                    url: Url::parse(url).map_err(|error| format!("`issuer` is no address: {error}"))?,
                    client_id: self.client_id.clone(),
                    secret: secret.ok_or("`client_secret` is missing: where the secret of the OAuth app is")?,
                    scopes: scopes(&["read:user", "user:email", "read:org"]),
                };
                let login = MatchRule::Annotation("github.com/user-login".to_owned(), "login".to_owned());
                (Arc::new(GitHub::new(web.clone(), settings)), vec![login, MatchRule::Email("email".to_owned())])
            }
        };
        let matching = self.matching.as_ref().map_or(usual, |rules| rules.iter().map(Rule::read).collect());
        let teams = self.teams.iter().map(|(group, team)| match team.parse::<EntityRef>() {
            Ok(team) if team.kind() == "group" => Ok((group.clone(), team.to_string())),
            _ => Err(format!("`teams`: `{team}` is no group; write `group:default/NAME`")),
        });
        let or = |claim: &Option<String>, usual: &str| claim.clone().unwrap_or_else(|| usual.to_owned());
        let rules = ProviderSettings {
            id: self.id.clone(),
            issuer: self.issuer.as_deref().unwrap_or("https://github.com").trim_end_matches('/').to_owned(),
            name: self.name.clone().unwrap_or_else(|| match self.kind {
                Kind::GitHub => "GitHub".to_owned(),
                Kind::OpenId => self.id.clone(),
            }),
            matching,
            require: patterns(&self.require),
            trust_email: self.trust_email,
            create_people: self.create_people,
            name_claim: or(&self.name_claim, "preferred_username"),
            email_claim: or(&self.email_claim, "email"),
            groups_claim: or(&self.groups_claim, "groups"),
            teams: teams.collect::<Result<_, String>>()?,
            teams_by_name: self.teams_by_name,
            scim: self.scim.clone(),
        };
        if self.kind == Kind::GitHub && self.create_people && self.require.is_empty() {
            return Err("`create_people` would let in everyone who has an account at GitHub; add \
                        `require = { groups = \"YOUR-ORGANISATION\" }`"
                .to_owned());
        }
        Ok((rules, door))
    }
}

impl Rule {
    fn read(&self) -> MatchRule {
        match self {
            Self::Annotation { annotation, claim } => MatchRule::Annotation(annotation.clone(), claim.clone()),
            Self::Email { email } => MatchRule::Email(email.clone()),
            Self::Name { name } => MatchRule::Name(name.clone()),
        }
    }
}

impl Pipeline {
    fn read(&self) -> Result<PipelineSettings, String> {
        if !is_id(&self.name) {
            return Err("use up to 40 of a-z, 0-9 and - for its `name`".to_owned());
        }
        if self.require.is_empty() {
            return Err(
                "without `require`, every pipeline of the issuer would come in, also those of others; add for example \
                 `require = { repository = \"saltmarsh/*\" }`"
                    .to_owned(),
            );
        }
        let scopes =
            self.scopes.iter().map(|scope| scope.parse::<Verb>().map_err(|error| format!("`scopes`: {error}")));
        Ok(PipelineSettings {
            name: self.name.clone(),
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            require: patterns(&self.require),
            scopes: scopes.collect::<Result<_, _>>()?,
            roles: self.roles.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match toml::from_str::<SignIn>(text) {
            Ok(settings) => match doors(&settings, false, &[]) {
                Ok(doors) => format!("{:?}", doors.settings),
                Err(problem) => problem.to_string(),
            },
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn providers_and_pipelines_are_read_and_what_is_wrong_is_named() {
        let provider = "[[providers]]\nid = \"corp\"\nissuer = \"https://sso.example.com\"\nclient_id = \"c\"\n";
        let said = told(&format!(
            "{provider}client_secret = \"env:S\"\nmatch = [{{ annotation = \"a/b\", claim = \"sub\" }}, {{ name = \"login\" }}]\n"
        ));
        assert!(said.contains("Annotation(\"a/b\", \"sub\"), Name(\"login\")"), "{said}");
        let pipeline = "[[pipelines]]\nname = \"actions\"\nissuer = \"https://i.example\"\naudience = \"causeway\"\nscopes = [\"read\"]\n";
        assert!(told(&format!("{pipeline}require = {{ repository = [\"a/*\", \"b/c\"] }}\n")).contains("b/c"));
        for (wrong, why) in [
            (format!("{provider}client_secret = \"hunter2\"\n"), "never the secret itself"),
            (format!("{provider}{provider}"), "two providers"),
            (provider.replace("corp", "Corp"), "for its `id`"),
            (provider.replace("corp", "default"), "choose another"),
            (provider.replace("issuer = \"https://sso.example.com\"\n", ""), "`issuer` is missing"),
            (provider.replace("https://sso.example.com", "sso"), "no address"),
            (format!("{provider}teams = {{ a = \"user:default/x\" }}\n"), "is no group"),
            (format!("{provider}matches = []\n"), "matches"),
            (format!("{provider}match = [{{ emial = \"email\" }}]\n"), "write `{ email = CLAIM }`, `{ name = CLAIM }`"),
            ("[[providers]]\nid = \"gh\"\nkind = \"github\"\nclient_id = \"c\"\n".to_owned(), "`client_secret` is missing"),
            (
                "[[providers]]\nid = \"gh\"\nkind = \"github\"\nclient_id = \"c\"\nclient_secret = \"env:S\"\ncreate_people = true\n".to_owned(),
                "everyone who has an account",
            ),
            (format!("{pipeline}require = {{}}\n"), "without `require`"),
            (format!("{}require = {{ a = \"b\" }}\n", pipeline.replace("read", "rule")), "`scopes`"),
            ("administrators = [\"ada\"]\n".to_owned(), "is nobody"),
        ] {
            let problem = told(&wrong);
            assert!(problem.contains(why) && !problem.contains("hunter2"), "{wrong}: {problem}");
        }
    }
}
