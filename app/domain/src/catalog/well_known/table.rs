//! Which annotation leads where.

use std::fmt::Write as _;

use super::Tools;

/// What is made of the value of an annotation.
pub(super) enum Way {
    /// Shown as it is.
    Fact,
    /// A web address.
    Address,
    /// `url:` and a web address.
    Location,
    /// The name of another entity.
    Entity,
    /// A path below a tool's address.
    Below(fn(&Tools) -> Option<&str>, fn(&str) -> Option<String>),
    /// A repository of a forge: below the address of the one that the file came from, or else of the configured one.
    Repository(fn(&Tools) -> Option<&str>, &'static str),
    /// Both parts of a slug are needed to tell the address of a public service.
    Slug(fn(&Tools) -> Option<&str>, fn(&str, &str) -> String),
}

/// Its key, its words, and what is made of its value.
pub(super) struct Row(pub(super) &'static str, pub(super) &'static str, pub(super) Way);

pub(super) const TABLE: &[Row] = &[
    Row("backstage.io/source-location", "Source", Way::Location),
    Row("backstage.io/view-url", "Catalog file", Way::Address),
    Row("backstage.io/techdocs-ref", "Source of the docs", Way::Location),
    Row("backstage.io/techdocs-entity", "Docs stand with", Way::Entity),
    Row("github.com/project-slug", "GitHub", Way::Repository(github, "")),
    Row("github.com/project-slug", "GitHub Actions", Way::Repository(github, "/actions")),
    Row("backstage.io/github-actions-id", "GitHub Actions", Way::Repository(github, "/actions")),
    Row(
        "github.com/team-slug",
        "Team on GitHub",
        Way::Below(github, |slug| {
            let (organisation, team) = pair(slug)?;
            Some(format!("/orgs/{}/teams/{}", encoded(organisation), encoded(team)))
        }),
    ),
    Row("github.com/user-login", "On GitHub", Way::Below(github, one)),
    Row("gitlab.com/project-slug", "GitLab", Way::Repository(gitlab, "")),
    Row("gitlab.com/project-slug", "GitLab pipelines", Way::Repository(gitlab, "/-/pipelines")),
    Row("gitlab.com/project-id", "GitLab", Way::Below(gitlab, |id| Some(format!("/projects{}", one(id)?)))),
    Row(
        "dev.azure.com/project-repo",
        "Azure Repos",
        Way::Below(
            |tools| tools.azure_devops.as_deref(),
            |slug| {
                let (project, repo) = pair(slug)?;
                Some(format!("/{}/_git/{}", encoded(project), encoded(repo)))
            },
        ),
    ),
    Row("dev.azure.com/project", "Azure DevOps project", Way::Below(|tools| tools.azure_devops.as_deref(), one)),
    Row("jenkins.io/job-full-name", "Jenkins job", Way::Below(|tools| tools.jenkins.as_deref(), jenkins)),
    Row("jenkins.io/github-folder", "Jenkins job", Way::Below(|tools| tools.jenkins.as_deref(), jenkins)),
    Row(
        "gocd.org/pipelines",
        "GoCD pipeline",
        Way::Below(|tools| tools.gocd.as_deref(), |name| Some(format!("/go/pipeline/activity{}", one(name)?))),
    ),
    Row(
        "circleci.com/project-slug",
        "CircleCI",
        Way::Below(
            |tools| tools.circleci.as_deref().or(Some("https://app.circleci.com")),
            |slug| match slug.split('/').collect::<Vec<_>>()[..] {
                [_, _, _] => Some(format!("/pipelines{}", path(slug)?)),
                // As upstream has it, a slug of two parts is one of Bitbucket.
                [_, _] => Some(format!("/pipelines/bitbucket{}", path(slug)?)),
                _ => None,
            },
        ),
    ),
    Row("tektonci/build-namespace", "Tekton namespace", Way::Fact),
    Row(
        "sonarqube.org/project-key",
        "SonarQube",
        Way::Below(
            |tools| tools.sonarqube.as_deref(),
            |key| {
                // With several instances, the key has the name of one before it.
                let key = key.rsplit('/').next().filter(|key| !key.is_empty())?;
                Some(format!("/dashboard?id={}", encoded(key)))
            },
        ),
    ),
    Row(
        "sentry.io/project-slug",
        "Sentry",
        Way::Slug(
            |tools| tools.sentry.as_deref(),
            |organisation, project| {
                format!("https://{}.sentry.io/projects/{}/", encoded(organisation), encoded(project))
            },
        ),
    ),
    Row(
        "rollbar.com/project-slug",
        "Rollbar",
        Way::Slug(
            |tools| tools.rollbar.as_deref(),
            |account, project| format!("https://rollbar.com/{}/{}", encoded(account), encoded(project)),
        ),
    ),
    Row(
        "periskop.io/service-name",
        "Periskop",
        Way::Below(|tools| tools.periskop.as_deref(), |name| Some(format!("/#/{}", encoded(name)))),
    ),
    Row(
        "pagerduty.com/service-id",
        "PagerDuty",
        Way::Below(|tools| tools.pagerduty.as_deref(), |id| Some(format!("/service-directory{}", one(id)?))),
    ),
    Row(
        "argocd/app-name",
        "Argo CD application",
        Way::Below(|tools| tools.argocd.as_deref(), |name| Some(format!("/applications{}", path(name)?))),
    ),
    Row("argocd/app-selector", "Argo CD selector", Way::Fact),
    Row(
        "jira/project-key",
        "Jira",
        Way::Below(|tools| tools.jira.as_deref(), |key| Some(format!("/browse{}", one(key)?))),
    ),
    Row(
        "quay.io/repository-slug",
        "Quay",
        Way::Below(
            |tools| tools.quay.as_deref().or(Some("https://quay.io")),
            |slug| Some(format!("/repository{}", path(slug)?)),
        ),
    ),
    Row(
        "vault.io/secrets-path",
        "Secrets in Vault",
        Way::Below(|tools| tools.vault.as_deref(), |secrets| Some(format!("/ui/vault/secrets{}", path(secrets)?))),
    ),
    Row("grafana/overview-dashboard", "Grafana dashboard", Way::Address),
    Row("grafana/dashboard-selector", "Grafana dashboards", Way::Fact),
    Row("datadoghq.com/dashboard-url", "Datadog dashboard", Way::Address),
    Row("lighthouse.com/website-url", "Website", Way::Address),
    Row("backstage.io/kubernetes-id", "Kubernetes id", Way::Fact),
    Row("backstage.io/kubernetes-namespace", "Kubernetes namespace", Way::Fact),
    Row("backstage.io/kubernetes-cluster", "Kubernetes cluster", Way::Fact),
    Row("backstage.io/kubernetes-label-selector", "Kubernetes labels", Way::Fact),
    Row("goldilocks.fairwinds.com/enabled", "Goldilocks", Way::Fact),
    Row("backstage.io/code-coverage", "Code coverage", Way::Fact),
    Row("backstage.io/ldap-rdn", "LDAP name", Way::Fact),
    Row("backstage.io/ldap-uuid", "LDAP id", Way::Fact),
    Row("backstage.io/ldap-dn", "LDAP", Way::Fact),
    Row("graph.microsoft.com/tenant-id", "Entra tenant", Way::Fact),
    Row("graph.microsoft.com/group-id", "Entra group", Way::Fact),
    Row("graph.microsoft.com/user-id", "Entra user", Way::Fact),
];

fn github(tools: &Tools) -> Option<&str> {
    tools.github.as_deref().or(Some("https://github.com"))
}

fn gitlab(tools: &Tools) -> Option<&str> {
    tools.gitlab.as_deref().or(Some("https://gitlab.com"))
}

/// `/job/a/job/b`; with the name of an instance before it, which of several is meant is not known.
fn jenkins(name: &str) -> Option<String> {
    if name.contains(':') {
        return None;
    }
    let jobs = name
        .split('/')
        .filter(|part| !part.is_empty())
        .fold(String::new(), |jobs, part| jobs + "/job/" + &encoded(part));
    (!jobs.is_empty()).then_some(jobs)
}

fn pair(slug: &str) -> Option<(&str, &str)> {
    slug.split_once('/').filter(|(first, second)| !first.is_empty() && !second.is_empty() && !second.contains('/'))
}

/// One segment of a path.
pub(super) fn one(text: &str) -> Option<String> {
    (!text.is_empty() && !text.contains('/')).then(|| format!("/{}", encoded(text)))
}

/// Several segments of a path, none of which climbs.
pub(super) fn path(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.trim_matches('/').split('/').collect();
    let is_plain = parts.iter().all(|part| !part.is_empty() && *part != "." && *part != "..");
    is_plain.then(|| parts.iter().fold(String::new(), |path, part| path + "/" + &encoded(part)))
}

/// A text as it may stand in an address.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
