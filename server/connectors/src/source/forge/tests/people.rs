//! Teams and members, and what is another word at GitLab and Gitea.

use super::*;

#[tokio::test]
async fn teams_and_members_of_github_are_groups_and_users() {
    let mut hub = github(&["tides"]);
    let member = |login: &str| json!({ "id": if login == "ama" { 11 } else { 12 }, "login": login, "avatar_url": format!("https://a.example/{login}") });
    for (path, items) in [
        ("orgs/saltmarsh/members", vec![member("ama"), member("kofi")]),
        (
            "orgs/saltmarsh/teams",
            vec![
                json!({ "id": 22, "slug": "quay", "name": "Quay", "description": "All of it", "parent": null }),
                json!({ "id": 21, "slug": "berths", "name": "Berths", "description": "", "parent": { "slug": "quay" } }),
            ],
        ),
        ("orgs/saltmarsh/teams/quay/members", vec![member("ama"), member("kofi")]),
        ("orgs/saltmarsh/teams/berths/members", vec![member("kofi")]),
    ] {
        hub.lists.insert(format!("{API}/{path}"), items);
    }
    hub.texts.insert(
        format!("{API}/users/ama"),
        json!({ "id": 11, "name": "Ama Owusu", "email": "ama@saltmarsh.example", "bio": null }).to_string(),
    );
    let forge = Server::start(hub).await;
    let source = forge.open(SourceKind::GitHub, "saltmarsh?people=true").await.unwrap();
    assert_eq!(paths(&source)[..4], ["@members/11", "@members/12", "@teams/21", "@teams/22"]);
    let host = forge.address.clone();
    let read = async |path: &str| serde_json::from_str::<Value>(&text(&source, path).await).unwrap();
    let (ama, berths, quay) = (read("@members/11").await, read("@teams/21").await, read("@teams/22").await);
    assert_eq!(
        ama["spec"],
        json!({ "profile": { "displayName": "Ama Owusu", "email": "ama@saltmarsh.example", "picture": "https://a.example/ama" }, "memberOf": ["quay"] })
    );
    assert_eq!(ama["metadata"]["annotations"]["github.com/user-login"], "ama");
    assert_eq!(berths["metadata"]["annotations"]["github.com/team-slug"], "saltmarsh/berths");
    assert_eq!((&berths["spec"]["parent"], &berths["spec"]["members"]), (&json!("quay"), &json!(["kofi"])));
    assert_eq!(quay["spec"]["members"], json!(["ama"]), "who is in a team below is not counted twice");
    assert_eq!(source.place("@teams/22").target, format!("http://{host}/orgs/saltmarsh/teams/quay"));
    assert_eq!(source.place("@members/11").target, format!("http://{host}/ama"));
    // A name that is known is not asked for again the same day.
    forge.asked();
    forge.open(SourceKind::GitHub, "saltmarsh?people=true").await.unwrap();
    assert!(!forge.asked().iter().any(|asked| asked.contains("/users/ama")));
    // Unless somebody else has the login now.
    forge.change(|hub| {
        hub.lists.get_mut(&format!("{API}/orgs/saltmarsh/members")).unwrap()[0]["id"] = json!(13);
        let profile = json!({ "id": 13, "name": "Another Ama", "email": null, "bio": null });
        hub.texts.insert(format!("{API}/users/ama"), profile.to_string());
    });
    let source = forge.open(SourceKind::GitHub, "saltmarsh?people=true").await.unwrap();
    let ama: Value = serde_json::from_str(&text(&source, "@members/13").await).unwrap();
    assert_eq!(
        (&ama["spec"]["profile"]["displayName"], ama["spec"]["profile"].get("email")),
        (&json!("Another Ama"), None)
    );
    // Teams that may not be seen are said to be so, and those of before stand.
    forge.change(|hub| {
        hub.broken.insert(format!("{API}/orgs/saltmarsh/teams"), (403, "Must have admin rights"));
    });
    let source = forge.open(SourceKind::GitHub, "saltmarsh?people=true").await.unwrap();
    let keeps: Vec<String> = source.remarks().into_iter().flat_map(|remark| remark.keeps).collect();
    assert_eq!(keeps, ["@teams/", "@members/"]);
}

#[tokio::test]
async fn gitlab_is_read_with_the_groups_below_and_asked_again_while_its_mark_may_lag() {
    let now = Utc::now();
    let project = |id: u64, path: &str, active: chrono::DateTime<Utc>| {
        json!({
            "id": id, "path_with_namespace": path, "web_url": format!("https://gitlab.example/{path}"), "default_branch": "main",
            "last_activity_at": active.to_rfc3339(), "archived": false, "empty_repo": false, "topics": [], "forked_from_project": null,
        })
    };
    let (v4, day) = ("/api/v4", TimeDelta::days(1));
    let mut hub = Hub { page: 2, token: Some("t0ken"), ..Hub::default() };
    hub.lists.insert(
        format!("{v4}/groups/saltmarsh%2Fquays/projects"),
        vec![project(7, "saltmarsh/quays/tides", now), project(8, "saltmarsh/quays/deep/fares", now - day)],
    );
    hub.lists.insert(
        format!("{v4}/groups/saltmarsh%2Fquays/descendant_groups"),
        vec![json!({ "id": 3, "name": "Deep", "full_path": "saltmarsh/quays/deep", "parent_id": 2, "description": "", "web_url": "https://gitlab.example/groups/saltmarsh/quays/deep" })],
    );
    let ama = json!({ "id": 11, "username": "ama", "name": "Ama", "state": "active", "web_url": "https://gitlab.example/ama" });
    let gone = json!({ "username": "gone", "name": "Gone", "state": "blocked" });
    hub.lists.insert(format!("{v4}/groups/3/members"), vec![ama.clone()]);
    hub.lists.insert(format!("{v4}/groups/saltmarsh%2Fquays/members/all"), vec![ama, gone]);
    for id in [7, 8] {
        hub.texts.insert(format!("{v4}/projects/{id}/repository/files/catalog-info.yaml/raw"), format!("id: {id}\n"));
    }
    let forge = Server::start(hub).await;
    let source = forge.open(SourceKind::GitLab, "saltmarsh/quays?people=true").await.unwrap();
    assert_eq!(paths(&source), ["@members/11", "@teams/3", "deep/fares/catalog-info.yaml", "tides/catalog-info.yaml"]);
    assert_eq!(text(&source, "deep/fares/catalog-info.yaml").await, "id: 8\n");
    let place = source.place("deep/fares/catalog-info.yaml");
    assert_eq!(place.target, "https://gitlab.example/saltmarsh/quays/deep/fares/-/blob/main/catalog-info.yaml");
    let deep: Value = serde_json::from_str(&text(&source, "@teams/3").await).unwrap();
    assert_eq!(deep["metadata"]["annotations"]["127.0.0.1/team-path"], "saltmarsh/quays/deep");
    forge.asked();
    forge.open(SourceKind::GitLab, "saltmarsh/quays?people=true").await.unwrap();
    let files: Vec<String> = forge.asked().into_iter().filter(|asked| asked.contains("/files/")).collect();
    assert_eq!(files, [format!("304 {v4}/projects/7/repository/files/catalog-info.yaml/raw")]);
    // Renamed, it is the same team at the same place, and so is who is in it.
    forge.change(|hub| {
        let groups = hub.lists.get_mut(&format!("{v4}/groups/saltmarsh%2Fquays/descendant_groups")).unwrap();
        groups[0]["full_path"] = json!("saltmarsh/quays/piers");
        hub.lists.get_mut(&format!("{v4}/groups/3/members")).unwrap()[0]["username"] = json!("ama-o");
        hub.lists.get_mut(&format!("{v4}/groups/saltmarsh%2Fquays/members/all")).unwrap()[0]["username"] =
            json!("ama-o");
    });
    let source = forge.open(SourceKind::GitLab, "saltmarsh/quays?people=true").await.unwrap();
    let named = async |path: &str| {
        serde_json::from_str::<Value>(&text(&source, path).await).unwrap()["metadata"]["name"].clone()
    };
    assert_eq!((named("@teams/3").await, named("@members/11").await), (json!("piers"), json!("ama-o")));
}

#[tokio::test]
async fn gitea_is_read_with_its_teams() {
    let v1 = "/api/v1";
    let mut hub = Hub { page: 50, token: Some("t0ken"), ..Hub::default() };
    let web = "https://gitea.example/saltmarsh/tides";
    hub.lists.insert(
        format!("{v1}/orgs/saltmarsh/repos"),
        vec![json!({ "name": "tides", "full_name": "saltmarsh/tides", "html_url": web, "default_branch": "main", "updated_at": "2026-11-01T00:00:00Z", "archived": false, "fork": false, "empty": false, "topics": null })],
    );
    hub.lists
        .insert(format!("{v1}/orgs/saltmarsh/teams"), vec![json!({ "id": 5, "name": "Owners", "description": "" })]);
    let ama = json!({ "id": 11, "login": "ama", "full_name": "Ama", "email": "ama@saltmarsh.example", "avatar_url": "", "html_url": "https://gitea.example/ama" });
    hub.lists.insert(format!("{v1}/orgs/saltmarsh/members"), vec![ama.clone()]);
    hub.lists.insert(format!("{v1}/teams/5/members"), vec![ama]);
    hub.texts.insert(format!("{v1}/repos/saltmarsh/tides/raw/catalog-info.yaml"), "name: tides\n".into());
    let forge = Server::start(hub).await;
    let source = forge.open(SourceKind::Gitea, "saltmarsh?people=true").await.unwrap();
    assert_eq!(paths(&source), ["@members/11", "@teams/5", "tides/catalog-info.yaml"]);
    assert_eq!(source.place("tides/catalog-info.yaml").target, format!("{web}/src/branch/main/catalog-info.yaml"));
    let ama: Value = serde_json::from_str(&text(&source, "@members/11").await).unwrap();
    assert_eq!(ama["spec"]["memberOf"], json!(["owners"]));
    forge.asked();
    forge.open(SourceKind::Gitea, "saltmarsh?people=true").await.unwrap();
    let asked: Vec<String> = forge.asked().into_iter().filter(|asked| asked.contains("/repos")).collect();
    assert_eq!(asked, [format!("304 {v1}/orgs/saltmarsh/repos")]);
}
