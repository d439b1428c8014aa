//! A part of a scorecard's entities, as an address names it.

use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use crate::catalog::{DEFAULT_NAMESPACE, EntityRef, ReferenceDefaults};

/// Which entities of a scorecard are meant; everything that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntityFilter {
    /// Owned by this team, or by a team below it.
    pub team: Option<EntityRef>,
    /// Each team alone, without the teams below it.
    pub direct: bool,
    /// Part of this system.
    pub system: Option<EntityRef>,
    /// At exactly this level, by its name; `-floor` and `-none` are below all and not evaluated.
    pub level: Option<String>,
    /// At this level or above.
    pub at_least: Option<String>,
    /// With this outcome in any rule, or in `rule`.
    pub outcome: Option<Outcome>,
    /// The rule that `outcome` is about.
    pub rule: Option<String>,
    /// One rule away from a higher level.
    pub one_away: bool,
    /// Moved up or down in the last 30 days.
    pub moved: bool,
}

impl EntityFilter {
    /// Reads the parts of an address' query, each asked for by name.
    ///
    /// # Errors
    /// Says which part is not understood, and what it may be.
    pub fn read(part: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let part = |name: &str| part(name).filter(|text| !text.is_empty());
        let reference = |name: &str, kind: &'static str| {
            let defaults = ReferenceDefaults { kind: Some(kind), namespace: DEFAULT_NAMESPACE };
            part(name).map(|text| EntityRef::parse(&text, defaults).map_err(|why| why.to_string())).transpose()
        };
        let outcome = part("outcome").map(|name| {
            Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == name).ok_or_else(|| {
                let known = Outcome::ALL.map(Outcome::as_str).join("`, `");
                format!("`{name}` is no outcome of a rule; use one of `{known}`")
            })
        });
        Ok(Self {
            team: reference("team", "group")?,
            direct: part("direct").is_some_and(|text| text == "true"),
            system: reference("system", "system")?,
            level: part("level"),
            at_least: part("at_least"),
            outcome: outcome.transpose()?,
            rule: part("rule"),
            one_away: part("one_away").is_some_and(|text| text == "true"),
            moved: part("moved").is_some_and(|text| text == "true"),
        })
    }

    /// The parts of an address' query that mean this, by name.
    pub fn parts(&self) -> Vec<(&'static str, String)> {
        let flag = |is_set: bool| is_set.then(|| "true".to_owned());
        [
            ("team", self.team.as_ref().map(ToString::to_string)),
            ("direct", flag(self.direct)),
            ("system", self.system.as_ref().map(ToString::to_string)),
            ("level", self.level.clone()),
            ("at_least", self.at_least.clone()),
            ("outcome", self.outcome.map(|outcome| outcome.as_str().to_owned())),
            ("rule", self.rule.clone()),
            ("one_away", flag(self.one_away)),
            ("moved", flag(self.moved)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// `path` with the query that means this. None of its parts needs escaping: they are names and references.
    pub fn at(&self, path: &str) -> String {
        let parts: Vec<String> = self.parts().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_it_was_written() {
        let filter = EntityFilter {
            team: Some(EntityRef::new("group", "default", "harbour")),
            outcome: Some(Outcome::NotApplicable),
            rule: Some("docs".into()),
            one_away: true,
            ..EntityFilter::default()
        };
        let parts = filter.parts();
        let part = |name: &str| parts.iter().find(|(of, _)| *of == name).map(|(_, value)| value.clone());
        assert_eq!(EntityFilter::read(part), Ok(filter.clone()));
        assert_eq!(filter.at("/x"), "/x?team=group:default/harbour&outcome=not_applicable&rule=docs&one_away=true");
        assert_eq!(EntityFilter::default().at("/x"), "/x");
    }

    #[test]
    fn what_is_not_understood_is_told() {
        let outcome = |name: &str| (name == "outcome").then(|| "good".to_owned());
        assert!(EntityFilter::read(outcome).unwrap_err().starts_with("`good` is no outcome of a rule"));
    }
}
