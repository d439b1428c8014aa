//! Gitea and Forgejo.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use services::catalog::organisation::Organisation;

use super::{Client, Listed, People, Person, Repository, Team, Trouble, encoded, said, settles_at, web_or};

const AT_ONCE: usize = 8;

#[derive(Debug, Serialize, Deserialize)]
struct Repo {
    name: String,
    full_name: String,
    html_url: Option<String>,
    default_branch: Option<String>,
    updated_at: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    fork: bool,
    #[serde(default)]
    empty: bool,
    #[serde(default)]
    topics: Option<Vec<String>>,
}

pub(super) async fn repositories(client: &Client, organisation: &Organisation) -> Listed<Repository> {
    let name = encoded(&organisation.name, "");
    let mut listed = client.list::<Repo>(&format!("orgs/{name}/repos?limit=50&page=1")).await;
    if listed.cut == Some(Trouble::Missing) && listed.items.is_empty() {
        // A person can own repositories too.
        listed = client.list::<Repo>(&format!("users/{name}/repos?limit=50&page=1")).await;
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
        settles_at: repo.updated_at.as_deref().and_then(settles_at),
        mark: repo.updated_at.unwrap_or_default(),
        is_empty: repo.empty,
        branch: repo.default_branch.unwrap_or_else(|| "main".into()),
        topics: repo.topics.unwrap_or_default(),
        is_archived: repo.archived,
        is_fork: repo.fork,
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct TeamItem {
    id: u64,
    name: String,
    description: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Member {
    id: Option<u64>,
    login: String,
    full_name: Option<String>,
    email: Option<String>,
    avatar_url: Option<String>,
    html_url: Option<String>,
    description: Option<String>,
}

pub(super) async fn people(client: &Client, organisation: &Organisation) -> People {
    let name = encoded(&organisation.name, "");
    let teams = client.list::<TeamItem>(&format!("orgs/{name}/teams?limit=50&page=1")).await;
    let everyone = client.list::<Member>(&format!("orgs/{name}/members?limit=50&page=1")).await;
    let mut cut = teams.cut.or(everyone.cut);
    let asked: Vec<(TeamItem, String)> = teams
        .items
        .into_iter()
        .map(|team| {
            let path = format!("teams/{}/members?limit=50&page=1", team.id);
            (team, path)
        })
        .collect();
    let lists = stream::iter(asked).map(|(team, path)| async move { (team, client.list::<Member>(&path).await) });
    let lists: Vec<(TeamItem, Listed<Member>)> = lists.buffered(AT_ONCE).collect().await;
    let host = organisation.web.host_str().unwrap_or_default().to_owned();
    let origin = organisation.web.join("/").map(|url| url.to_string()).unwrap_or_default();
    let mut persons: BTreeMap<String, Member> =
        everyone.items.into_iter().map(|member| (member.login.clone(), member)).collect();
    let mut groups = Vec::with_capacity(lists.len());
    for (team, listed) in lists {
        cut = cut.or(listed.cut);
        let mut members: Vec<String> = listed.items.iter().map(|member| member.login.clone()).collect();
        members.sort();
        persons.extend(listed.items.into_iter().map(|member| (member.login.clone(), member)));
        groups.push(Team {
            id: Some(team.id),
            web: format!("{origin}org/{}/teams/{}", organisation.name, team.name.to_lowercase()),
            edit: Some(format!("{origin}org/{}/teams/{}/edit", organisation.name, team.name.to_lowercase())),
            annotations: vec![(format!("{host}/team"), format!("{}/{}", organisation.name, team.name))],
            name: team.name.to_lowercase(),
            title: team.name,
            description: said(team.description),
            members,
            ..Team::default()
        });
    }
    let persons = persons.into_values().map(|member| Person {
        id: member.id,
        annotations: vec![(format!("{host}/user-login"), member.login.clone())],
        web: member.html_url.unwrap_or_else(|| format!("{origin}{}", member.login)),
        title: said(member.full_name),
        email: said(member.email),
        picture: said(member.avatar_url),
        description: said(member.description),
        name: member.login,
    });
    People { teams: groups, persons: persons.collect(), cut }
}
