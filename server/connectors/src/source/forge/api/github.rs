//! GitHub, in its cloud and on own servers.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::TimeDelta;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use services::catalog::organisation::Organisation;

use super::{Client, Entry, Listed, People, Person, Repository, Team, Trouble, encoded, said, settles_at, web_or};

/// How long a person's name is taken as it is: asking for each is a request each.
const NAMES: TimeDelta = TimeDelta::hours(24);

/// How many are asked for at once.
const AT_ONCE: usize = 8;

#[derive(Debug, Serialize, Deserialize)]
struct Repo {
    name: String,
    full_name: String,
    html_url: Option<String>,
    default_branch: Option<String>,
    pushed_at: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    fork: bool,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    topics: Vec<String>,
}

pub(super) async fn repositories(client: &Client, organisation: &Organisation) -> Listed<Repository> {
    let name = encoded(&organisation.name, "");
    let mut listed = client.list::<Repo>(&format!("orgs/{name}/repos?per_page=100&type=all&sort=full_name")).await;
    if listed.cut == Some(Trouble::Missing) && listed.items.is_empty() {
        // A person can own repositories too.
        listed = client.list::<Repo>(&format!("users/{name}/repos?per_page=100&type=owner&sort=full_name")).await;
    }
    let repositories = listed.items.into_iter().map(|repo| read(repo, organisation));
    Listed { items: repositories.collect(), cut: listed.cut }
}

pub(super) async fn repository(
    client: &Client,
    organisation: &Organisation,
    path: &str,
) -> Result<Repository, Trouble> {
    client.one(path, TimeDelta::zero()).await.map(|repo| read(repo, organisation))
}

fn read(repo: Repo, organisation: &Organisation) -> Repository {
    Repository {
        name: repo.full_name.to_lowercase(),
        web: web_or(repo.html_url, organisation, &repo.name),
        api: encoded(&repo.full_name, "/"),
        id: repo.name,
        mark: repo.pushed_at.clone().unwrap_or_default(),
        is_empty: repo.disabled || repo.pushed_at.is_none(),
        branch: repo.default_branch.unwrap_or_else(|| "main".into()),
        topics: repo.topics,
        is_archived: repo.archived,
        is_fork: repo.fork,
        settles_at: repo.pushed_at.as_deref().and_then(settles_at),
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Tree {
    tree: Vec<Node>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Node {
    path: String,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    sha: Option<String>,
}

pub(super) async fn tree(client: &Client, repository: &Repository, fresh: TimeDelta) -> Result<Vec<Entry>, Trouble> {
    let Repository { api, branch, web, .. } = repository;
    let path = format!("repos/{api}/git/trees/{}?recursive=1", encoded(branch, ""));
    let tree: Tree = client.one(&path, fresh).await?;
    if tree.truncated {
        return Err(Trouble::Failed(format!(
            "`{web}` has more files than its forge lists at once; name its catalog file instead of a pattern, or register it \
             as a Git repository"
        )));
    }
    let files = tree.tree.into_iter().filter(|node| node.kind == "blob" && !node.mode.starts_with("12"));
    Ok(files.map(|node| Entry { is_executable: node.mode == "100755", path: node.path, content: node.sha }).collect())
}

#[derive(Debug, Serialize, Deserialize)]
struct TeamItem {
    id: Option<u64>,
    slug: String,
    #[serde(default)]
    name: String,
    description: Option<String>,
    parent: Option<Parent>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Parent {
    slug: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Member {
    id: Option<u64>,
    login: String,
    avatar_url: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Profile {
    id: Option<u64>,
    name: Option<String>,
    email: Option<String>,
    bio: Option<String>,
}

/// What a person says of themselves; nothing if that is not to be had, since someone without a name is someone still.
async fn profile(client: &Client, login: &str, id: Option<u64>) -> Option<Profile> {
    let path = format!("users/{}", encoded(login, ""));
    // A login may be somebody else's by now.
    let is_theirs = |profile: &Profile| profile.id.is_none() || id.is_none() || profile.id == id;
    let known = client.one::<Profile>(&path, NAMES).await.ok()?;
    if is_theirs(&known) {
        return Some(known);
    }
    client.one::<Profile>(&path, TimeDelta::zero()).await.ok().filter(is_theirs)
}

pub(super) async fn people(client: &Client, organisation: &Organisation) -> People {
    let name = encoded(&organisation.name, "");
    let members = client.list::<Member>(&format!("orgs/{name}/members?per_page=100")).await;
    let teams = client.list::<TeamItem>(&format!("orgs/{name}/teams?per_page=100")).await;
    let mut cut = members.cut.or(teams.cut);
    let asked: Vec<String> = teams
        .items
        .iter()
        .map(|team| format!("orgs/{name}/teams/{}/members?per_page=100", encoded(&team.slug, "")))
        .collect();
    let mut of_team: HashMap<usize, BTreeSet<String>> = HashMap::new();
    let lists = stream::iter(asked.into_iter().enumerate())
        .map(|(number, path)| async move { (number, client.list::<Member>(&path).await) })
        .buffer_unordered(AT_ONCE);
    let lists: Vec<(usize, Listed<Member>)> = lists.collect().await;
    for (number, listed) in lists {
        cut = cut.or(listed.cut);
        of_team.insert(number, listed.items.into_iter().map(|member| member.login).collect());
    }
    only_direct(&teams.items, &mut of_team);
    let logins: BTreeMap<String, Member> =
        members.items.into_iter().map(|member| (member.login.clone(), member)).collect();
    let asked: Vec<(String, Option<u64>)> = logins.values().map(|member| (member.login.clone(), member.id)).collect();
    let profiles = stream::iter(asked)
        .map(|(login, id)| async move {
            let profile = profile(client, &login, id).await;
            (login, profile)
        })
        .buffer_unordered(AT_ONCE);
    let mut profiles: HashMap<String, Option<Profile>> = profiles.collect().await;
    let web = organisation.web.join("/").map(|url| url.to_string()).unwrap_or_default();
    let persons = logins.into_values().map(|member| {
        let profile = profiles.remove(&member.login).flatten();
        let (title, email, description) = match profile {
            Some(profile) => (said(profile.name), said(profile.email), said(profile.bio)),
            None => (None, None, None),
        };
        Person {
            id: member.id,
            annotations: vec![("github.com/user-login".into(), member.login.clone())],
            web: format!("{web}{}", member.login),
            name: member.login,
            picture: said(member.avatar_url),
            title,
            email,
            description,
        }
    });
    let persons: Vec<Person> = persons.collect();
    let teams = teams.items.into_iter().enumerate().map(|(number, team)| Team {
        id: team.id,
        annotations: vec![("github.com/team-slug".into(), format!("{}/{}", organisation.name, team.slug))],
        web: format!("{web}orgs/{}/teams/{}", organisation.name, team.slug),
        edit: Some(format!("{web}orgs/{}/teams/{}/edit", organisation.name, team.slug)),
        name: team.slug,
        title: team.name,
        description: said(team.description),
        parent: team.parent.map(|parent| parent.slug),
        picture: None,
        members: of_team.remove(&number).unwrap_or_default().into_iter().collect(),
    });
    People { teams: teams.collect(), persons, cut }
}

/// GitHub counts the members of teams below as members; here each stands in the lowest team alone, as Backstage has it.
fn only_direct(teams: &[TeamItem], members: &mut HashMap<usize, BTreeSet<String>>) {
    let numbers: HashMap<&str, usize> =
        teams.iter().zip(0..).map(|(team, number)| (team.slug.as_str(), number)).collect();
    let mut below: HashMap<usize, HashSet<String>> = HashMap::new();
    for (number, team) in teams.iter().enumerate() {
        let mut at = team.parent.as_ref();
        // A bound, should they stand in a circle.
        for _ in 0..32 {
            let Some(&parent) = at.and_then(|parent| numbers.get(parent.slug.as_str())) else { break };
            below.entry(parent).or_default().extend(members.get(&number).into_iter().flatten().cloned());
            at = teams[parent].parent.as_ref();
        }
    }
    for (number, below) in below {
        if let Some(members) = members.get_mut(&number) {
            members.retain(|member| !below.contains(member));
        }
    }
}
