//! Deliveries of Git forges: what they say, and what follows.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryOutcome {
    /// The source is fetched at once.
    Queued,
    /// It is about something that the source does not read.
    Ignored,
    /// It came before.
    Repeated,
}

impl DeliveryOutcome {
    /// The name as it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ignored => "ignored",
            Self::Repeated => "repeated",
        }
    }
}

/// A delivery whose signature was right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDelivery {
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// `GitHub`, `GitLab`, `Gitea`.
    pub forge: String,
    /// The forge's word for what happened: `push`.
    pub event: String,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// The outcome, in words.
    pub detail: String,
}

/// The webhook of a source, as people see it. It may hold its secret, so it does not print.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where forges send to.
    pub address: String,
    /// When its secret was made, and by whom; `None` if there is none yet.
    pub made: Option<(DateTime<Utc>, String)>,
    /// The secret, for a short while after it was made.
    pub secret: Option<String>,
    /// When a delivery with a wrong signature last came, and what was wrong.
    pub refused: Option<(DateTime<Utc>, String)>,
    /// The last deliveries, newest first.
    pub deliveries: Vec<WebhookDelivery>,
}

/// What people can do with a source's webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookDeed {
    /// Make a secret, in place of the one before.
    Make,
    /// Show the new secret no longer.
    Hide,
    /// Take it away: deliveries are refused.
    Drop,
}

/// What a push says, whichever forge sent it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Push {
    /// The branch, without `refs/heads/`; `None` for a tag.
    pub branch: Option<String>,
    /// The tag, without `refs/tags/`.
    pub tag: Option<String>,
    /// The branch that the repository opens with.
    pub default_branch: Option<String>,
    /// The forge's own name for the repository: `quay/tides`.
    pub name: Option<String>,
    /// Addresses of the repository.
    pub repositories: Vec<String>,
    /// Whether the repository is archived, if the forge says so.
    pub is_archived: bool,
    /// Whether the repository is a fork, if the forge says so.
    pub is_fork: bool,
}

impl Push {
    /// Names the repository, as [`repository_path`] does.
    pub fn repository_path(&self) -> Option<String> {
        let named = self.name.as_ref().map(|name| name.to_lowercase());
        named.or_else(|| self.repositories.first().map(|address| repository_path(address)))
    }
}

/// What a source reads, as far as a push must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reads<'a> {
    /// The address that was registered.
    pub target: &'a str,
    /// The branch that was read last; `None` before the first sync, and for what is not Git.
    pub branch: Option<&'a str>,
    /// Whether that branch was only read because the repository opens with it.
    pub follows_default: bool,
}

/// Why a push does not concern a source; `None` if it does, or if that cannot be told.
pub fn why_ignored(push: &Push, reads: Reads<'_>) -> Option<String> {
    let known = reads.branch?;
    // A push to another repository concerns the source if its Locations lead there, whatever the branch.
    let same = |address: &String| leads_to(reads.target, address);
    if !push.repositories.iter().any(same) {
        return None;
    }
    let wanted = push.default_branch.as_deref().filter(|_| reads.follows_default).unwrap_or(known);
    // A source may read a tag, which may move.
    if !reads.follows_default && push.tag.as_deref() == Some(known) {
        return None;
    }
    match push.branch.as_deref() {
        Some(branch) if branch == wanted || branch == known => None,
        Some(branch) => Some(format!("a push to `{branch}`; this source reads `{wanted}`")),
        None => {
            let tag = push.tag.as_deref().map(|tag| format!("the tag `{tag}`"));
            Some(format!("{}; this source reads `{wanted}`", tag.as_deref().unwrap_or("no branch")))
        }
    }
}

/// Why a push does not concern an organisation, of which each repository is read at the branch that it opens with.
pub fn why_ignored_by_organisation(push: &Push, target: &str) -> Option<String> {
    let address = target.split(['?', '#']).next().unwrap_or_default();
    // By whichever name of the server: within a network a forge is often reached by another than it calls itself.
    let above = format!("{}/", repository_path(address));
    if let Some(path) = push.repository_path().filter(|path| !path.starts_with(&above)) {
        return Some(format!("a push to `{path}`, which is not below `{address}`"));
    }
    match (push.branch.as_deref(), push.default_branch.as_deref()) {
        (None, _) => Some("a tag; repositories of an organisation are read at their branch".into()),
        (Some(branch), Some(wanted)) if branch != wanted => {
            Some(format!("a push to `{branch}`; of this repository `{wanted}` is read"))
        }
        _ => None,
    }
}

/// One name on its server for all addresses of a repository, by whichever name of the server: `quay/tides`.
pub fn repository_path(address: &str) -> String {
    let address = bare(address);
    address.split_once('/').map(|(_, path)| path.trim_end_matches(".git").to_owned()).unwrap_or_default()
}

fn bare(address: &str) -> String {
    let text = address.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
    text.to_lowercase()
}

/// Whether `target` is the repository at `address`, or something in it.
fn leads_to(target: &str, address: &str) -> bool {
    let (target, address) = (bare(target), bare(address));
    let address = address.trim_end_matches(".git");
    !address.is_empty()
        && target.strip_prefix(address).is_some_and(|rest| {
            let rest = rest.strip_prefix(".git").unwrap_or(rest);
            rest.is_empty() || rest.starts_with('/')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(branch: Option<&str>, default: Option<&str>, reads: Reads<'_>) -> String {
        let push = Push {
            branch: branch.map(str::to_owned),
            tag: branch.is_none().then(|| "v1".into()),
            default_branch: default.map(str::to_owned),
            repositories: vec!["https://git.example/quay/tides.git".into(), "https://git.example/quay/tides".into()],
            ..Push::default()
        };
        why_ignored(&push, reads).unwrap_or_else(|| "concerns it".into())
    }

    const READS: Reads<'_> =
        Reads { target: "https://git.example/quay/tides", branch: Some("main"), follows_default: false };

    #[test]
    fn only_the_branch_that_is_read_counts() {
        assert_eq!(told(Some("main"), None, READS), "concerns it");
        assert_eq!(told(Some("next"), None, READS), "a push to `next`; this source reads `main`");
        assert_eq!(told(None, None, READS), "the tag `v1`; this source reads `main`");
        assert_eq!(told(None, None, Reads { branch: Some("v1"), ..READS }), "concerns it");
        let follows = Reads { branch: Some("v1"), follows_default: true, ..READS };
        assert_eq!(told(None, Some("main"), follows), "the tag `v1`; this source reads `main`");
        for target in ["https://git.example/quay/tides.git/tree/main/a", "https://git.example/quay/tides.git?ref=main"]
        {
            let told = told(Some("next"), None, Reads { target, ..READS });
            assert_eq!(told, "a push to `next`; this source reads `main`", "{target}");
        }
        // What was never read may be any branch.
        assert_eq!(told(Some("next"), None, Reads { branch: None, ..READS }), "concerns it");
    }

    #[test]
    fn an_organisation_is_concerned_by_its_repositories_default_branches() {
        let told = |branch: Option<&str>, repository: &str| {
            let push = Push {
                branch: branch.map(str::to_owned),
                tag: None,
                default_branch: Some("main".into()),
                repositories: vec![repository.to_owned()],
                ..Push::default()
            };
            let why = why_ignored_by_organisation(&push, "https://git.example/quay?people=true");
            why.unwrap_or_else(|| "concerns it".into())
        };
        assert_eq!(told(Some("main"), "https://git.example/quay/tides"), "concerns it");
        assert_eq!(
            told(Some("next"), "https://git.example/quay/tides"),
            "a push to `next`; of this repository `main` is read"
        );
        assert!(told(None, "https://git.example/quay/tides").starts_with("a tag"));
        assert_eq!(
            told(Some("main"), "https://git.example/quays/tides"),
            "a push to `quays/tides`, which is not below `https://git.example/quay`"
        );
        // A forge calls itself by the name that people use, whichever it is reached by.
        assert_eq!(told(Some("main"), "https://other.example/Quay/tides.git"), "concerns it");
        let push = Push {
            branch: Some("main".into()),
            name: Some("Quay/tides".into()),
            repositories: vec!["https://other.example/below/Quay/tides".into()],
            ..Push::default()
        };
        assert_eq!(why_ignored_by_organisation(&push, "http://gitea:3000/quay"), None);
    }

    #[test]
    fn a_new_default_branch_is_followed_by_those_who_follow_it() {
        let follows = Reads { follows_default: true, ..READS };
        assert_eq!(told(Some("trunk"), Some("trunk"), follows), "concerns it");
        assert_eq!(told(Some("next"), Some("trunk"), follows), "a push to `next`; this source reads `trunk`");
        assert_eq!(told(Some("trunk"), Some("trunk"), READS), "a push to `trunk`; this source reads `main`");
    }

    #[test]
    fn another_repository_may_be_one_that_a_location_leads_to() {
        let blob = "https://git.example/quay/tides/blob/main/catalog-info.yaml";
        assert_eq!(
            told(Some("next"), None, Reads { target: blob, ..READS }),
            "a push to `next`; this source reads `main`"
        );
        for target in ["https://git.example/quay/tides-2", "https://git.example/quay", "/srv/tides"] {
            assert_eq!(told(Some("next"), None, Reads { target, ..READS }), "concerns it", "{target}");
        }
    }
}
