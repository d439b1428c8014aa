//! What a forge's push says.

use domain::catalog::Push;
use serde::Deserialize;

use crate::{Error, Result};

/// What an event is to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Push,
    /// Repositories, teams or members of an organisation are others now.
    People,
    /// The forge tries the webhook out.
    Hello,
    Other,
}

/// What the forge's word for an event means: `push` of GitHub and Gitea, `Push Hook` and `Tag Push Hook` of GitLab.
fn kind(event: &str) -> Kind {
    match event.to_ascii_lowercase().as_str() {
        "push" | "push hook" | "tag push hook" => Kind::Push,
        "repository" | "team" | "membership" | "organization" | "member" | "project_create" | "project_destroy"
        | "project_rename" | "project_transfer" | "system hook" | "subgroup hook" | "member hook" | "project hook" => {
            Kind::People
        }
        "ping" => Kind::Hello,
        _ => Kind::Other,
    }
}

/// What a delivery tells of. GitLab's hooks of a whole server say in their body alone what happened.
pub(super) fn kind_of(event: &str, body: &[u8]) -> Kind {
    #[derive(Deserialize)]
    struct Named {
        event_name: String,
    }
    let is_named_within = event.eq_ignore_ascii_case("system hook");
    let named = is_named_within.then(|| serde_json::from_slice::<Named>(body).ok()).flatten();
    match named.as_ref().map(|named| named.event_name.as_str()) {
        Some("push" | "tag_push") => Kind::Push,
        _ => kind(event),
    }
}

#[derive(Debug, Deserialize)]
struct Payload {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    repository: Repository,
    /// GitLab tells most of a repository here.
    #[serde(default)]
    project: Repository,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Repository {
    default_branch: Option<String>,
    full_name: Option<String>,
    path_with_namespace: Option<String>,
    archived: Option<bool>,
    fork: Option<bool>,
    html_url: Option<String>,
    clone_url: Option<String>,
    web_url: Option<String>,
    git_http_url: Option<String>,
    homepage: Option<String>,
}

/// Reads the body of a push, whose signature was checked.
pub(super) fn read(body: &[u8]) -> Result<Push> {
    // A form, where the forge was told to send one: `payload=…`.
    let form =
        url::form_urlencoded::parse(body).find(|(name, _)| name == "payload").map(|(_, value)| value.into_owned());
    let text = match &form {
        Some(payload) if !body.starts_with(b"{") => payload.as_bytes(),
        _ => body,
    };
    let payload: Payload = serde_json::from_slice(text).map_err(|error| {
        Error::Rejected(format!("the body is not a push: {error}; choose JSON as content type at the forge"))
    })?;
    let default_branch = payload.repository.default_branch.clone().or_else(|| payload.project.default_branch.clone());
    let Payload { repository, project, .. } = &payload;
    let name = repository.full_name.clone().or_else(|| project.path_with_namespace.clone());
    let (is_archived, is_fork) = (repository.archived.unwrap_or_default(), repository.fork.unwrap_or_default());
    let addresses = |of: Repository| [of.html_url, of.clone_url, of.web_url, of.git_http_url, of.homepage];
    let repositories = addresses(payload.repository).into_iter().chain(addresses(payload.project)).flatten().collect();
    let branch = payload.reference.strip_prefix("refs/heads/").map(str::to_owned);
    let tag = payload.reference.strip_prefix("refs/tags/").map(str::to_owned);
    let push = Push { branch, tag, default_branch, name, repositories, is_archived, is_fork };
    // No name has such signs, and not every database takes them.
    let names = [&push.branch, &push.tag, &push.default_branch, &push.name].into_iter().flatten();
    if names.chain(&push.repositories).any(|name| name.contains(char::is_control)) {
        return Err(Error::Rejected("the body is not a push: a name in it has a control character".to_owned()));
    }
    Ok(push)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_forge_tells_the_same_in_its_own_words() {
        let github = r#"{"ref":"refs/heads/main","repository":{"default_branch":"main","html_url":"https://h/o/r","clone_url":"https://h/o/r.git"}}"#;
        let gitlab = r#"{"object_kind":"push","ref":"refs/heads/main","project":{"default_branch":"main","web_url":"https://h/o/r","git_http_url":"https://h/o/r.git"},"repository":{"homepage":"https://h/o/r"}}"#;
        for text in [github, gitlab] {
            let push = read(text.as_bytes()).unwrap();
            assert_eq!((push.branch.as_deref(), push.default_branch.as_deref()), (Some("main"), Some("main")));
            assert!(push.repositories.contains(&"https://h/o/r".to_owned()), "{push:?}");
        }
        let form: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", github).finish();
        assert_eq!(read(form.as_bytes()).unwrap(), read(github.as_bytes()).unwrap());
        let push = read(br#"{"ref":"refs/tags/v1"}"#).unwrap();
        assert_eq!((push.branch, push.tag.as_deref()), (None, Some("v1")));
        let nul = r#"{"ref":"refs/heads/main","repository":{"html_url":"https://h/o/a\u0000b"}}"#;
        for wrong in ["", "{}", "[]", "ref=x", r#"{"ref":1}"#, nul, r#"{"ref":"refs/heads/a\u0000"}"#] {
            assert!(read(wrong.as_bytes()).unwrap_err().to_string().contains("not a push"), "{wrong}");
        }
    }

    #[test]
    fn only_pushes_are_pushes() {
        for (event, meant) in [
            ("push", Kind::Push),
            ("Push Hook", Kind::Push),
            ("ping", Kind::Hello),
            ("issues", Kind::Other),
            ("team", Kind::People),
        ] {
            assert_eq!(kind(event), meant, "{event}");
        }
        let of_server = |name: &str| kind_of("System Hook", format!(r#"{{"event_name":"{name}"}}"#).as_bytes());
        assert_eq!((of_server("push"), of_server("tag_push")), (Kind::Push, Kind::Push));
        assert_eq!((of_server("project_create"), kind_of("System Hook", b"[]")), (Kind::People, Kind::People));
        assert_eq!(kind_of("issues", br#"{"event_name":"push"}"#), Kind::Other);
    }
}
