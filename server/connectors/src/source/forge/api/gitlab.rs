//! GitLab: a group, with the groups below it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use services::catalog::organisation::Organisation;

use super::{Client, Entry, Listed, People, Person, Repository, Team, Trouble, encoded, said, web_or};

/// GitLab notes the last activity at most once an hour: after so long, it has noted every push before. With room for clocks
/// that differ.
const NOTED: TimeDelta = TimeDelta::minutes(70);

const AT_ONCE: usize = 8;

#[derive(Debug, Serialize, Deserialize)]
struct Project {
    id: u64,
    path_with_namespace: String,
    web_url: Option<String>,
    default_branch: Option<String>,
    last_activity_at: Option<DateTime<Utc>>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    empty_repo: bool,
    #[serde(default)]
    topics: Vec<String>,
    /// Whatever it was forked from.
    #[serde(rename = "forked_from_project")]
    origin: Option<Origin>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Origin {
    id: u64,
}

/// A path from the group that is read, which may be written in another case than its own.
fn below<'a>(organisation: &Organisation, path: &'a str) -> Option<&'a str> {
    let (group, rest) = path.split_at_checked(organisation.name.len())?;
    group.eq_ignore_ascii_case(&organisation.name).then_some(rest)?.strip_prefix('/')
}

pub(super) async fn repositories(client: &Client, organisation: &Organisation) -> Listed<Repository> {
    let group = encoded(&organisation.name, "");
    let archived = if organisation.archived { "" } else { "&archived=false" };
    let path = format!(
        "groups/{group}/projects?include_subgroups=true&with_shared=false&per_page=100&order_by=id&sort=asc{archived}"
    );
    let listed = client.list::<Project>(&path).await;
    let repositories = listed.items.into_iter().map(|project| read(project, organisation));
    Listed { items: repositories.collect(), cut: listed.cut }
}

pub(super) async fn repository(
    client: &Client,
    organisation: &Organisation,
    path: &str,
) -> Result<Repository, Trouble> {
    client.one(path, TimeDelta::zero()).await.map(|project| read(project, organisation))
}

fn read(project: Project, organisation: &Organisation) -> Repository {
    let id = below(organisation, &project.path_with_namespace).unwrap_or(&project.path_with_namespace).to_owned();
    Repository {
        web: web_or(project.web_url, organisation, &id),
        name: project.path_with_namespace.to_lowercase(),
        id,
        api: project.id.to_string(),
        is_empty: project.empty_repo || project.default_branch.is_none(),
        branch: project.default_branch.unwrap_or_else(|| "main".into()),
        topics: project.topics,
        is_archived: project.archived,
        is_fork: project.origin.is_some(),
        mark: project.last_activity_at.map(|at| at.to_rfc3339()).unwrap_or_default(),
        settles_at: project.last_activity_at.map(|at| at + NOTED),
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Node {
    path: String,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
}

pub(super) async fn tree(client: &Client, repository: &Repository, fresh: TimeDelta) -> Result<Vec<Entry>, Trouble> {
    let Repository { api, branch, .. } = repository;
    let path = format!("projects/{api}/repository/tree?recursive=true&per_page=100&ref={}", encoded(branch, ""));
    let listed = client.list_since::<Node>(&path, fresh).await;
    if let Some(trouble) = listed.cut {
        return Err(trouble);
    }
    let files = listed.items.into_iter().filter(|node| node.kind == "blob" && !node.mode.starts_with("12"));
    Ok(files.map(|node| Entry { is_executable: node.mode == "100755", path: node.path, content: node.id }).collect())
}

#[derive(Debug, Serialize, Deserialize)]
struct Group {
    id: u64,
    name: String,
    full_path: String,
    description: Option<String>,
    parent_id: Option<u64>,
    web_url: Option<String>,
    avatar_url: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Member {
    id: Option<u64>,
    username: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    state: String,
    avatar_url: Option<String>,
    web_url: Option<String>,
    email: Option<String>,
    public_email: Option<String>,
}

/// Whether a user stands for an access token of a project or a group: `project_7_bot_1f2e`, `group_3_bot`.
fn is_token(username: &str) -> bool {
    let number = username.strip_prefix("project_").or_else(|| username.strip_prefix("group_"));
    let after = number.map(|rest| rest.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    after.is_some_and(|rest| number != Some(rest) && (rest == "_bot" || rest.starts_with("_bot_")))
}

pub(super) async fn people(client: &Client, organisation: &Organisation) -> People {
    let root = encoded(&organisation.name, "");
    let groups = client.list::<Group>(&format!("groups/{root}/descendant_groups?per_page=100")).await;
    let everyone = client.list::<Member>(&format!("groups/{root}/members/all?per_page=100")).await;
    let mut cut = groups.cut.or(everyone.cut);
    let asked: Vec<(usize, String)> =
        groups.items.iter().map(|group| format!("groups/{}/members?per_page=100", group.id)).enumerate().collect();
    let lists = stream::iter(asked).map(|(number, path)| async move { (number, client.list::<Member>(&path).await) });
    let lists: Vec<(usize, Listed<Member>)> = lists.buffer_unordered(AT_ONCE).collect().await;
    let mut persons: BTreeMap<String, Member> = BTreeMap::new();
    let mut of_group: HashMap<usize, Vec<String>> = HashMap::new();
    let is_active =
        |member: &Member| (member.state.is_empty() || member.state == "active") && !is_token(&member.username);
    for (number, listed) in lists {
        cut = cut.or(listed.cut);
        for member in listed.items.into_iter().filter(is_active) {
            of_group.entry(number).or_default().push(member.username.clone());
            persons.insert(member.username.clone(), member);
        }
    }
    persons.extend(everyone.items.into_iter().filter(is_active).map(|member| (member.username.clone(), member)));
    let host = organisation.web.host_str().unwrap_or("gitlab.com").to_owned();
    let name = |path: &str| below(organisation, path).unwrap_or(path).replace('/', "-");
    let names: HashMap<u64, String> = groups.items.iter().map(|group| (group.id, name(&group.full_path))).collect();
    let teams = groups.items.into_iter().enumerate().map(|(number, group)| {
        let mut members = of_group.remove(&number).unwrap_or_default();
        members.sort();
        Team {
            id: Some(group.id),
            name: name(&group.full_path),
            title: group.name,
            description: said(group.description),
            parent: group.parent_id.and_then(|parent| names.get(&parent).cloned()),
            web: web_or(group.web_url, organisation, below(organisation, &group.full_path).unwrap_or_default()),
            edit: None,
            picture: said(group.avatar_url),
            annotations: vec![(format!("{host}/team-path"), group.full_path)],
            members,
        }
    });
    let teams = teams.collect();
    let origin = organisation.web.join("/").map(|url| url.to_string()).unwrap_or_default();
    let persons = persons.into_values().map(|member| {
        let web = member.web_url.unwrap_or_else(|| format!("{origin}{}", member.username));
        Person {
            id: member.id,
            annotations: vec![(format!("{host}/user-login"), web.clone())],
            web,
            title: said(Some(member.name)),
            email: said(member.email).or(said(member.public_email)),
            picture: said(member.avatar_url),
            description: None,
            name: member.username,
        }
    });
    People { teams, persons: persons.collect(), cut }
}
