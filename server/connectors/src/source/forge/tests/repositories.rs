//! Which repositories are read, which of them again, and what a failure costs.

use super::*;

#[tokio::test]
async fn every_repository_is_found_and_only_what_moved_is_asked_for_again() {
    let forge = Server::start(github(&["fares", "gangway", "tables", "tides", "web"])).await;
    forge.change(|hub| drop(hub.texts.remove(&file("web"))));
    let source = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    assert_eq!(paths(&source), ["fares", "gangway", "tables", "tides"].map(|name| format!("{name}/catalog-info.yaml")));
    assert_eq!(text(&source, "tides/catalog-info.yaml").await, "name: tides\n");
    let place = source.place("tides/catalog-info.yaml");
    assert_eq!(place.target, "https://github.example/saltmarsh/tides/blob/main/catalog-info.yaml");
    assert_eq!(forge.asked().len(), 3 + 5);
    assert_eq!(source.granted(), services::catalog::keys::Granted::Only("quay".into()));

    // Nothing moved: the pages are asked for, by their tags, and nothing else, also after a restart.
    let list = format!("304 {API}/orgs/saltmarsh/repos");
    let forge = forge.restarted();
    let source = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    assert_eq!(paths(&source).len(), 4);
    assert_eq!(text(&source, "tides/catalog-info.yaml").await, "name: tides\n");
    assert_eq!(forge.asked(), [list.clone(), list.clone(), list.clone()]);
    let told = source.allowance().unwrap();
    assert_eq!((told.asked, told.unchanged), (3, 3));

    // One was pushed to, and one has a file now.
    forge.change(|hub| {
        let repos = hub.lists.get_mut(&format!("{API}/orgs/saltmarsh/repos")).unwrap();
        repos[3] = repo("tides", "2026-11-02T00:00:00Z");
        repos[4] = repo("web", "2026-11-02T00:00:00Z");
        hub.texts.insert(file("web"), "name: web\n".into());
    });
    let source = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    assert_eq!(paths(&source).len(), 5);
    let asked: Vec<String> = forge.asked().into_iter().filter(|asked| asked.contains("contents")).collect();
    assert_eq!(asked, [format!("200 {}", file("web")), format!("304 {}", file("tides"))]);
}

#[tokio::test]
async fn what_was_pushed_to_is_asked_for_though_the_list_does_not_know_yet() {
    let forge = Server::start(github(&["fares", "tides"])).await;
    forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    forge.asked();
    let contents = || forge.asked().into_iter().filter(|asked| asked.contains("contents")).collect::<Vec<_>>();
    forge.change(|hub| drop(hub.texts.insert(file("tides"), "name: ebb\n".into())));
    let mut pushed = Pushed::from([("saltmarsh/tides".to_owned(), Utc::now())]);
    let source = forge.open_after(SourceKind::GitHub, "saltmarsh", &pushed).await.unwrap();
    assert_eq!(text(&source, "tides/catalog-info.yaml").await, "name: ebb\n");
    assert_eq!(contents(), [format!("200 {}", file("tides"))]);
    // Once is enough, until the next push.
    forge.open_after(SourceKind::GitHub, "saltmarsh", &pushed).await.unwrap();
    assert!(contents().is_empty());
    pushed.insert("saltmarsh/tides".to_owned(), Utc::now());
    forge.open_after(SourceKind::GitHub, "saltmarsh", &pushed).await.unwrap();
    assert_eq!(contents(), [format!("304 {}", file("tides"))]);
}

/// An organisation with a team, and with what its API tells of one repository.
fn with_people() -> Hub {
    let mut hub = github(&["fares", "gangway", "tables", "tides", "web"]);
    hub.lists.insert(format!("{API}/orgs/saltmarsh/teams"), vec![json!({ "id": 1, "slug": "quay", "name": "Quay" })]);
    hub.lists.insert(format!("{API}/orgs/saltmarsh/teams/quay/members"), vec![json!({ "login": "ines" })]);
    hub.lists.insert(format!("{API}/orgs/saltmarsh/members"), vec![json!({ "login": "ines" })]);
    hub.texts.insert(about("tides"), repo("tides", "2026-11-01T00:00:00Z").to_string());
    hub
}

fn about(name: &str) -> String {
    format!("{API}/repos/saltmarsh/{name}")
}

#[tokio::test]
async fn a_push_alone_has_nothing_asked_for_but_what_was_pushed_to() {
    let forge = Server::start(with_people()).await;
    let all = "saltmarsh?people=true";
    let earlier = Utc::now();
    forge.open(SourceKind::GitHub, all).await.unwrap();
    forge.asked();
    let since = Utc::now();
    forge.change(|hub| drop(hub.texts.insert(file("tides"), "name: ebb\n".into())));
    let pushed = ["tides", "fares"].map(|name| format!("saltmarsh/{name}"));
    let mut pushed: Pushed = pushed.into_iter().zip([Utc::now(), earlier]).collect();
    let source = forge.open_pushed(all, &pushed, since).await;
    assert_eq!(forge.asked(), [format!("200 {}", about("tides")), format!("200 {}", file("tides"))]);
    // The rest was not looked at, and nothing is said of it.
    assert_eq!(paths(&source), ["tides/catalog-info.yaml"]);
    assert_eq!(text(&source, "tides/catalog-info.yaml").await, "name: ebb\n");
    assert_eq!(source.part().unwrap(), ["tides/", "@pushed", "@waiting"]);
    assert_eq!((source.is_behind(), source.remarks().len()), (false, 0));
    // Of what was listed a while ago, or before a restart, the rest is to be asked for afterwards.
    let memory = forge.forges.memories.lock().unwrap().values().next().unwrap().clone();
    memory.list(Utc::now() - LISTS_HOLD);
    assert!(forge.open_pushed(all, &pushed, since).await.is_behind());
    let forge = forge.restarted();
    forge.asked();
    let source = forge.open_pushed(all, &pushed, since).await;
    assert!(source.is_behind() && source.part().is_some());
    assert!(!forge.asked().iter().any(|asked| asked.contains("orgs")));
    // What was not seen yet, or may be called otherwise by now, has all of it asked for.
    pushed.insert("saltmarsh/fresh".to_owned(), Utc::now());
    forge.change(|hub| {
        let repos = hub.lists.get_mut(&format!("{API}/orgs/saltmarsh/repos")).unwrap();
        repos.push(repo("fresh", "2026-11-02T00:00:00Z"));
        hub.texts.insert(about("fresh"), repo("fresh", "2026-11-02T00:00:00Z").to_string());
        hub.texts.insert(file("fresh"), "name: fresh\n".into());
    });
    let source = forge.open_pushed(all, &pushed, since).await;
    assert_eq!(text(&source, "fresh/catalog-info.yaml").await, "name: fresh\n");
    assert!(source.part().is_none() && !source.is_behind());
    assert!(forge.asked().iter().any(|asked| asked.ends_with("/orgs/saltmarsh/repos")));
}

#[tokio::test]
async fn a_push_is_read_by_what_its_repository_is_now() {
    let forge = Server::start(with_people()).await;
    forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    let since = Utc::now();
    let pushed = Pushed::from([("saltmarsh/tides".to_owned(), Utc::now())]);
    forge.change(|hub| {
        let mut tides = repo("tides", "2026-11-02T00:00:00Z");
        tides["default_branch"] = json!("trunk");
        hub.texts.insert(about("tides"), tides.to_string());
    });
    let source = forge.open_pushed("saltmarsh", &pushed, since).await;
    let place = source.place("tides/catalog-info.yaml");
    assert_eq!(place.target, "https://github.example/saltmarsh/tides/blob/trunk/catalog-info.yaml");
    forge.change(|hub| {
        let mut tides = repo("tides", "2026-11-02T00:00:00Z");
        tides["archived"] = json!(true);
        hub.texts.insert(about("tides"), tides.to_string());
    });
    let source = forge.open_pushed("saltmarsh", &pushed, since).await;
    assert_eq!(paths(&source), [""; 0]);
    assert_eq!(source.part().unwrap(), ["tides/", "@pushed", "@waiting"]);
    assert!(source.remarks()[0].message.contains("`saltmarsh/tides` is archived"), "{:?}", source.remarks());
}

#[tokio::test]
async fn where_people_cannot_be_listed_a_push_still_asks_for_nothing_else() {
    let mut hub = with_people();
    hub.lists.remove(&format!("{API}/orgs/saltmarsh/teams"));
    hub.lists.remove(&format!("{API}/orgs/saltmarsh/members"));
    let forge = Server::start(hub).await;
    let all = "saltmarsh?people=true";
    let source = forge.open(SourceKind::GitHub, all).await.unwrap();
    assert!(source.remarks().iter().any(|remark| remark.about == "@teams"), "{:?}", source.remarks());
    forge.asked();
    let since = Utc::now();
    let pushed = Pushed::from([("saltmarsh/tides".to_owned(), Utc::now())]);
    let source = forge.open_pushed(all, &pushed, since).await;
    assert!(!source.is_behind());
    assert!(!forge.asked().iter().any(|asked| asked.contains("orgs")));
}

#[tokio::test]
async fn what_was_pushed_while_the_forge_is_out_is_asked_for_again() {
    let forge = Server::start(with_people()).await;
    forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    let since = Utc::now();
    let pushed = Pushed::from([("saltmarsh/tides".to_owned(), Utc::now())]);
    assert_eq!(forge.open_pushed("saltmarsh", &pushed, since).await.again_at(), None);
    let late = Pushed::from([("saltmarsh/tides".to_owned(), Utc::now())]);
    forge.change(|hub| {
        hub.broken.insert(file("tides"), (502, "oh no"));
    });
    let source = forge.open_pushed("saltmarsh", &late, since).await;
    assert!(source.is_behind() && source.again_at().is_some_and(|at| at > Utc::now()));
    let source = forge.open_after(SourceKind::GitHub, "saltmarsh", &late).await.unwrap();
    assert!(source.again_at().is_some());
    // Not for ever: what nobody pushed to of late waits for the next sync.
    let early = Pushed::from([("saltmarsh/tides".to_owned(), Utc::now() - TimeDelta::hours(1))]);
    let source = forge.open_after(SourceKind::GitHub, "saltmarsh", &early).await.unwrap();
    assert_eq!(source.again_at(), None);
    // Where it wants no requests, all that is recorded stands until it does.
    forge.change(|hub| hub.left = Some(0));
    let source = forge.open_pushed("saltmarsh", &late, since).await;
    assert_eq!((source.part().unwrap(), paths(&source).len()), (vec!["@pushed".to_owned(), "@waiting".to_owned()], 0));
    let told = &source.remarks()[0];
    assert!(told.about == "@waiting" && told.message.starts_with("1 repository waits: "), "{told:?}");
    assert!(source.again_at().unwrap() > Utc::now() + TimeDelta::minutes(29));
}

#[tokio::test]
async fn what_was_pushed_to_is_read_before_the_list_shows_it_and_told_of_where_it_is_not_read() {
    let mut hub = github(&["arch", "first", "tides"]);
    let repos = hub.lists.get_mut(&format!("{API}/orgs/saltmarsh/repos")).unwrap();
    repos[0]["archived"] = json!(true);
    repos[1]["pushed_at"] = Value::Null;
    for (path, there) in [
        ("fresh", repo("fresh", "2026-11-02T00:00:00Z")),
        ("sold", json!({ "name": "sold", "full_name": "quay/sold" })),
    ] {
        hub.texts.insert(format!("{API}/repos/saltmarsh/{path}"), there.to_string());
    }
    hub.texts.insert(file("fresh"), "name: fresh\n".into());
    let forge = Server::start(hub).await;
    let names = ["arch", "first", "fresh", "nowhere", "sold", "tides"];
    let mut pushed: Pushed = names.iter().map(|name| (format!("saltmarsh/{name}"), Utc::now())).collect();
    let source = forge.open_after(SourceKind::GitHub, "saltmarsh", &pushed).await.unwrap();
    let found = ["first", "fresh", "tides"].map(|name| format!("{name}/catalog-info.yaml"));
    assert_eq!(paths(&source), found);
    let told = source.remarks().into_iter().find(|remark| remark.about == "@pushed").unwrap().message;
    assert!(told.contains("`saltmarsh/arch` is archived"), "{told}");
    for name in ["nowhere", "sold"] {
        assert!(told.contains(&format!("`saltmarsh/{name}` is not in this organisation")), "{told}");
    }
    assert!(!told.contains("tides") && !told.contains("fresh"), "{told}");
    // What was not there is not asked for again, until the next push; what is there stays there.
    forge.asked();
    let source = forge.open_after(SourceKind::GitHub, "saltmarsh", &pushed).await.unwrap();
    assert_eq!(paths(&source), found);
    assert!(!forge.asked().iter().any(|asked| asked.contains("nowhere") || asked.contains("contents")));
    pushed.insert("saltmarsh/nowhere".to_owned(), Utc::now());
    forge.open_after(SourceKind::GitHub, "saltmarsh", &pushed).await.unwrap();
    assert!(forge.asked().contains(&format!("404 {API}/repos/saltmarsh/nowhere")));
}

#[tokio::test]
async fn what_is_archived_forked_or_not_asked_for_is_left_out() {
    let mut hub = github(&["a", "b", "c", "d"]);
    let repos = hub.lists.get_mut(&format!("{API}/orgs/saltmarsh/repos")).unwrap();
    repos[0]["archived"] = json!(true);
    repos[1]["fork"] = json!(true);
    repos[2]["topics"] = json!(["catalog"]);
    repos[3]["pushed_at"] = Value::Null;
    let forge = Server::start(hub).await;
    let found = async |target: &str| {
        let source = forge.open(SourceKind::GitHub, target).await.unwrap();
        paths(&source).into_iter().map(|path| path[..1].to_owned()).collect::<Vec<_>>().concat()
    };
    assert_eq!(found("saltmarsh").await, "c");
    assert_eq!(found("saltmarsh?archived=true&forks=true").await, "abc");
    assert_eq!(found("saltmarsh?archived=true&forks=true&topics=catalog").await, "c");
    assert_eq!(found("saltmarsh?archived=true&forks=true&names=a,b,!b").await, "a");
    let remarks = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap().remarks();
    assert!(remarks[0].message.starts_with("4 repositories, 1 with `catalog-info.yaml`, 3 left out"), "{remarks:?}");
}

#[tokio::test]
async fn one_that_cannot_be_read_hides_no_other_and_a_list_cut_short_takes_nothing_away() {
    let mut hub = github(&["fares", "tides", "web"]);
    hub.broken.insert(file("tides"), (500, "oh no"));
    let forge = Server::start(hub).await;
    let source = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    assert_eq!(paths(&source).len(), 3);
    assert!(text(&source, "tides/catalog-info.yaml").await.starts_with("Unreachable"));
    assert_eq!(text(&source, "web/catalog-info.yaml").await, "name: web\n");
    // What failed is asked for again although it did not move.
    forge.asked();
    forge.change(|hub| hub.broken.clear());
    let source = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    assert_eq!(text(&source, "tides/catalog-info.yaml").await, "name: tides\n");

    let forge = Server::start(github(&["fares", "tides", "web"])).await;
    forge.change(|hub| {
        hub.page = 1;
        hub.left = Some(7);
    });
    let source = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    let keeps: Vec<Remark> = source.remarks().into_iter().filter(|remark| !remark.keeps.is_empty()).collect();
    assert_eq!(keeps.len(), 2, "{keeps:?}");
    assert_eq!((keeps[0].about.as_str(), keeps[0].keeps.clone()), ("@list", vec![String::new()]));
    assert!(
        keeps[1].message.contains("repositories wait") && keeps[1].message.contains("wants no more requests before")
    );
    let told = source.allowance().unwrap();
    assert!(told.paused_until.is_some() && told.limit == Some(100), "{told:?}");
    // Until then, nothing is asked at all.
    forge.asked();
    let problem = forge.open(SourceKind::GitHub, "saltmarsh").await.err().unwrap().to_string();
    assert!(problem.contains("wants no more requests before"), "{problem}");
    assert!(forge.asked().is_empty());
}

#[tokio::test]
async fn a_refusal_names_the_credential_and_what_is_not_there_is_said() {
    let mut hub = github(&["tides"]);
    hub.token = Some("another");
    let forge = Server::start(hub).await;
    let problem = forge.open(SourceKind::GitHub, "saltmarsh").await.err().unwrap();
    assert!(
        matches!(&problem, ReadProblem::Refused(why) if why.contains("refuses the credential `quay`")),
        "{problem:?}"
    );
    let forge = Server::start(github(&["tides"])).await;
    let problem = forge.open(SourceKind::GitHub, "nobody").await.err().unwrap();
    assert!(matches!(&problem, ReadProblem::Missing(why) if why.contains("may not read it")), "{problem:?}");
    let closed = Forges::new(forge.data.path().join("x"), Guard::default());
    let target = format!("http://{}/saltmarsh", forge.address);
    let problem = closed.open(SourceKind::GitHub, &target, &Keys::none(), &Pushed::new()).await.err().unwrap();
    assert!(problem.to_string().contains("internal address"), "{problem}");
}

#[tokio::test]
async fn a_pattern_finds_files_and_relative_targets_stay_in_their_repository() {
    let mut hub = github(&["mono"]);
    let tree = ["services/a/catalog-info.yaml", "services/b/catalog-info.yaml", "api.yaml"]
        .map(|path| json!({ "path": path, "mode": "100644", "type": "blob" }));
    hub.texts.insert(
        format!("{API}/repos/saltmarsh/mono/git/trees/main"),
        json!({ "tree": tree, "truncated": false }).to_string(),
    );
    for name in ["a", "b"] {
        let path = format!("{API}/repos/saltmarsh/mono/contents/services/{name}/catalog-info.yaml");
        hub.texts.insert(path, format!("name: {name}\n"));
    }
    hub.texts.insert(format!("{API}/repos/saltmarsh/mono/contents/api.yaml"), "openapi: 3.1.0\n".into());
    let forge = Server::start(hub).await;
    let source = forge.open(SourceKind::GitHub, "saltmarsh?file=services/*/catalog-info.yaml").await.unwrap();
    assert_eq!(paths(&source), ["mono/services/a/catalog-info.yaml", "mono/services/b/catalog-info.yaml"]);
    let api = source.resolve("mono/services/a/catalog-info.yaml", "../../api.yaml").unwrap();
    assert_eq!((api.as_str(), text(&source, &api).await.as_str()), ("mono/api.yaml", "openapi: 3.1.0\n"));
    assert!(matches!(
        source.resolve("mono/services/a/catalog-info.yaml", "../../../other/x.yaml"),
        Err(ReadProblem::Refused(_))
    ));
    assert_eq!(source.find("mono/services/**").await.unwrap().len(), 2);
    assert_eq!(source.list("mono/services/a").await.unwrap().len(), 1);
}
