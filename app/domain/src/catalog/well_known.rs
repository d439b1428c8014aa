//! What the well-known annotations lead to: one table from keys to addresses and facts.
//!
//! An annotation names a thing in another tool; where that tool is, the installation says ([`Tools`]), or the forge that the
//! file came from. Where an address cannot be told, nothing is drawn.

mod table;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::table::{Row, TABLE, Way, one, path};
use super::EntityRef;

/// Where an organisation's tools are: the addresses that annotations are put behind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tools {
    /// Argo CD: `https://argocd.example.com`.
    pub argocd: Option<String>,
    /// An organisation in Azure DevOps: `https://dev.azure.com/example`.
    pub azure_devops: Option<String>,
    /// `CircleCI`, if it is not the public one.
    pub circleci: Option<String>,
    /// GitHub, if it is not the public one.
    pub github: Option<String>,
    /// GitLab, if it is not the public one.
    pub gitlab: Option<String>,
    /// `GoCD`.
    pub gocd: Option<String>,
    /// Jenkins.
    pub jenkins: Option<String>,
    /// Jira: `https://example.atlassian.net`.
    pub jira: Option<String>,
    /// An account of `PagerDuty`: `https://example.pagerduty.com`.
    pub pagerduty: Option<String>,
    /// Periskop.
    pub periskop: Option<String>,
    /// Quay, if it is not the public one.
    pub quay: Option<String>,
    /// An account of Rollbar: `https://rollbar.com/example`.
    pub rollbar: Option<String>,
    /// An organisation in Sentry: `https://example.sentry.io`.
    pub sentry: Option<String>,
    /// `SonarQube`, or `https://sonarcloud.io`.
    pub sonarqube: Option<String>,
    /// Vault or `OpenBao`.
    pub vault: Option<String>,
}

/// What an annotation says about an entity, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAnnotation {
    /// What it is: `Argo CD application`.
    pub title: String,
    /// What the annotation says.
    pub value: String,
    /// Where it leads; `None` for a fact.
    pub url: Option<String>,
}

/// Keys whose values are lists: each item leads somewhere of its own.
const LISTS: &[&str] = &["gocd.org/pipelines", "argocd/app-name"];

/// How many items of such a list are drawn.
const MOST: usize = 20;

/// The longest value that is drawn.
const LONGEST: usize = 500;

/// What the annotations of a document lead to and say, in the order of the table.
pub fn well_known(document: &Value, tools: &Tools) -> Vec<KnownAnnotation> {
    let Some(annotations) = document.pointer("/metadata/annotations").and_then(Value::as_object) else {
        return Vec::new();
    };
    let annotation = |key: &str| annotations.get(key).and_then(Value::as_str).map(str::trim);
    let source = ["backstage.io/source-location", "backstage.io/managed-by-location"]
        .iter()
        .find_map(|key| annotation(key)?.strip_prefix("url:"));
    let mut found: Vec<KnownAnnotation> = Vec::new();
    for Row(key, title, way) in TABLE {
        let Some(text) = annotation(key).filter(|text| !text.is_empty() && text.len() <= LONGEST) else { continue };
        let values: Vec<&str> = if LISTS.contains(key) {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).take(MOST).collect()
        } else {
            vec![text]
        };
        for value in values {
            let Some(url) = way.lead(value, tools, source) else { continue };
            let known = KnownAnnotation { title: (*title).to_owned(), value: value.to_owned(), url };
            if known.url.is_none() || !found.iter().any(|other| other.url == known.url) {
                found.push(known);
            }
        }
    }
    found
}

impl Way {
    /// Where a value leads; `Some(None)` for a fact, `None` where nothing is drawn.
    #[expect(clippy::option_option, reason = "drawn or not, and with or without an address, are two questions")]
    fn lead(&self, value: &str, tools: &Tools, source: Option<&str>) -> Option<Option<String>> {
        let url = match self {
            Self::Fact => return Some(None),
            Self::Address => value.to_owned(),
            Self::Location => value.strip_prefix("url:")?.to_owned(),
            Self::Entity => return Some(Some(value.parse::<EntityRef>().ok()?.path())),
            Self::Below(base, way) => format!("{}{}", base(tools)?.trim_end_matches('/'), way(value)?),
            Self::Repository(base, behind) => {
                let below = path(value).filter(|below| below.matches('/').count() > 1)?;
                let forge = source.and_then(|source| forge_of(source, &below)).or(base(tools))?;
                format!("{}{below}{behind}", forge.trim_end_matches('/'))
            }
            Self::Slug(base, public) => match (value.split_once('/'), base(tools)) {
                (Some((organisation, project)), None) => public(organisation, project),
                (Some((_, project)), Some(base)) => {
                    format!("{}{}", base.trim_end_matches('/'), project_of(base, project)?)
                }
                (None, Some(base)) => format!("{}{}", base.trim_end_matches('/'), project_of(base, value)?),
                (None, None) => return None,
            },
        };
        // Annotations are written by anyone: never a script.
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        (is_web && !url.contains(char::is_whitespace)).then_some(Some(url))
    }
}

/// The address of the forge that a file came from, if the file is in that very repository.
fn forge_of<'a>(source: &'a str, below: &str) -> Option<&'a str> {
    let start = source.find("://")? + 3;
    let root = source[start..].find('/').map(|at| &source[..start + at])?;
    let rest = source[root.len()..].strip_prefix(below)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(root)
}

fn project_of(base: &str, project: &str) -> Option<String> {
    let project = one(project)?;
    Some(if base.contains("rollbar") { project } else { format!("/projects{project}/") })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;

    fn drawn(annotations: Value, tools: &Tools) -> String {
        let document = json!({"metadata": {"annotations": annotations}});
        let line = |known: KnownAnnotation| match known.url {
            Some(url) => format!("{}: {url}", known.title),
            None => format!("{} = {}", known.title, known.value),
        };
        well_known(&document, tools).into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn annotations_lead_to_the_tools_of_the_organisation() {
        let at = |host: &str| Some(format!("https://{host}.example/"));
        let tools = Tools {
            argocd: at("argocd"),
            azure_devops: at("azure"),
            gocd: at("gocd"),
            jenkins: at("jenkins"),
            jira: at("jira"),
            pagerduty: at("pager"),
            periskop: at("periskop"),
            sentry: at("sentry"),
            sonarqube: at("sonar"),
            vault: at("vault"),
            ..Tools::default()
        };
        insta::assert_snapshot!(drawn(
            json!({
                "backstage.io/source-location": "url:https://git.example/quay/fares/tree/main/", "backstage.io/view-url": "https://x.example/v",
                "github.com/project-slug": "quay/fares", "github.com/team-slug": "quay/crew", "github.com/user-login": "ama",
                "gitlab.com/project-slug": "quay/sub/fares", "dev.azure.com/project-repo": "quay/fares", "jenkins.io/job-full-name": "folder/my job",
                "gocd.org/pipelines": "one, two", "circleci.com/project-slug": "github/quay/fares", "sonarqube.org/project-key": "inst/quay:fares",
                "sentry.io/project-slug": "fares", "rollbar.com/project-slug": "quay/fares", "pagerduty.com/service-id": "P1",
                "argocd/app-name": "fares,fares-eu", "jira/project-key": "FARE", "quay.io/repository-slug": "quay/fares",
                "vault.io/secrets-path": "quay/fares", "backstage.io/kubernetes-id": "fares", "backstage.io/techdocs-entity": "component:docs",
            }),
            &tools
        ));
    }

    #[test]
    fn nothing_is_drawn_where_an_address_cannot_be_told() {
        assert_eq!(
            drawn(
                json!({
                    "sentry.io/project-slug": "fares", "rollbar.com/project-slug": "fares", "sonarqube.org/project-key": "x",
                    "jenkins.io/job-full-name": "main:job", "github.com/project-slug": "fares", "argocd/app-name": "x",
                    "backstage.io/view-url": "javascript:alert(1)", "backstage.io/source-location": "dir:.", "quay.io/repository-slug": "../x",
                    "pagerduty.com/integration-key": "secret", "gitlab.com/project-id": "a/b", "backstage.io/techdocs-ref": "dir:.",
                }),
                &Tools::default()
            ),
            ""
        );
        assert_eq!(
            drawn(json!({"sentry.io/project-slug": "quay/fares"}), &Tools::default()),
            "Sentry: https://quay.sentry.io/projects/fares/"
        );
        assert_eq!(well_known(&json!({}), &Tools::default()), []);
    }

    proptest! {
        #[test]
        fn every_address_is_one_of_the_web_or_of_the_portal(value in ".{0,40}", row in 0..TABLE.len()) {
            let annotations = Map::from_iter([(TABLE[row].0.to_owned(), Value::String(value))]);
            for known in well_known(&json!({"metadata": {"annotations": annotations}}), &Tools::default()) {
                if let Some(url) = known.url {
                    prop_assert!(url.starts_with("https://") || url.starts_with("http://") || url.starts_with("/catalog/"), "{}", url);
                }
            }
        }
    }
}
