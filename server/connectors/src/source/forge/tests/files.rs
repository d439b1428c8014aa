//! Files that a pattern finds: which of them are asked for, and how many at once.

use super::*;

const PATTERN: &str = "services/*/catalog-info.yaml";

fn place(name: &str) -> String {
    format!("{API}/repos/saltmarsh/mono/contents/services/{name}/catalog-info.yaml")
}

/// A repository that was pushed to at that time, with a catalog file of each name. Its tree says what Git calls them.
fn mono(hub: &mut Hub, pushed: &str, files: &[(&str, &str)]) {
    hub.lists.insert(format!("{API}/orgs/saltmarsh/repos"), vec![repo("mono", pushed)]);
    hub.texts.insert(format!("{API}/repos/saltmarsh/mono"), repo("mono", pushed).to_string());
    let tree: Vec<Value> = files
        .iter()
        .map(|(name, text)| {
            let (path, sha) =
                (format!("services/{name}/catalog-info.yaml"), super::super::files::name_of(text.as_bytes()));
            json!({ "path": path, "mode": "100644", "type": "blob", "sha": sha })
        })
        .collect();
    let tree = json!({ "tree": tree, "truncated": false }).to_string();
    hub.texts.insert(format!("{API}/repos/saltmarsh/mono/git/trees/main"), tree);
    hub.texts.extend(files.iter().map(|(name, text)| (place(name), (*text).to_owned())));
}

#[tokio::test]
async fn of_many_files_only_those_that_moved_are_asked_for() {
    let mut hub = github(&["mono"]);
    mono(&mut hub, "2026-11-01T00:00:00Z", &[("a", "name: a\n"), ("b", "name: b\n"), ("c", "name: c\n")]);
    let forge = Server::start(hub).await;
    let target = format!("saltmarsh?file={PATTERN}");
    assert_eq!(paths(&forge.open(SourceKind::GitHub, &target).await.unwrap()).len(), 3);
    forge.asked();
    let since = Utc::now();
    forge.change(|hub| {
        let files = [("a", "name: a\n"), ("b", "name: ebb\n"), ("c", "name: c\n"), ("d", "name: d\n")];
        mono(hub, "2026-11-02T00:00:00Z", &files);
    });
    // Also after a restart.
    let forge = forge.restarted();
    let pushed = Pushed::from([("saltmarsh/mono".to_owned(), Utc::now())]);
    let source = forge.open_pushed(&target, &pushed, since).await;
    let of_repository = ["", "/git/trees/main"].map(|below| format!("200 {API}/repos/saltmarsh/mono{below}"));
    let [about, tree] = of_repository;
    assert_eq!(forge.asked(), [about, format!("200 {}", place("b")), format!("200 {}", place("d")), tree]);
    let expected = [("a", "name: a\n"), ("b", "name: ebb\n"), ("c", "name: c\n"), ("d", "name: d\n")];
    let found = expected.map(|(name, _)| format!("mono/services/{name}/catalog-info.yaml"));
    assert_eq!(paths(&source), found);
    for (path, (_, told)) in found.iter().zip(expected) {
        assert_eq!(text(&source, path).await, told);
    }
    // What the server gave was not yet what its tree names: nothing but that is asked for.
    forge.change(|hub| {
        mono(hub, "2026-11-03T00:00:00Z", &[("a", "name: a\n"), ("b", "name: flow\n")]);
        hub.texts.insert(place("b"), "name: ebb\n".into());
    });
    let late = Pushed::from([("saltmarsh/mono".to_owned(), Utc::now())]);
    let source = forge.open_pushed(&target, &late, since).await;
    assert_eq!(text(&source, "mono/services/b/catalog-info.yaml").await, "name: ebb\n");
    assert!(forge.asked().contains(&format!("304 {}", place("b"))));
}

#[tokio::test]
async fn many_files_are_asked_for_at_once_and_stand_in_their_order() {
    let mut hub = github(&["mono"]);
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    mono(&mut hub, "2026-11-01T00:00:00Z", &names.map(|name| (name, name)));
    // None is answered before all are asked for.
    hub.together = Some(Arc::new(Barrier::new(names.len())));
    let forge = Server::start(hub).await;
    let source = forge.open(SourceKind::GitHub, &format!("saltmarsh?file={PATTERN}")).await.unwrap();
    assert_eq!(paths(&source), names.map(|name| format!("mono/services/{name}/catalog-info.yaml")));
    for (path, name) in paths(&source).iter().zip(names) {
        assert_eq!(text(&source, path).await, name);
    }
}

/// A repository whose catalog file leads on to those of its services.
fn led(hub: &mut Hub, pushed: &str, files: &[(&str, &str)]) {
    mono(hub, pushed, files);
    hub.texts.insert(format!("{API}/repos/saltmarsh/mono/contents/catalog-info.yaml"), "kind: Location\n".to_owned());
}

/// What its services' files and one that is not there say.
async fn services(source: &Arc<dyn OpenSource>) -> Vec<String> {
    let mut said = Vec::new();
    for path in source.find("mono/services/*/catalog-info.yaml").await.unwrap() {
        said.push(text(source, &path).await);
    }
    assert!(matches!(source.read("mono/openapi.yaml", 1 << 20).await, Err(ReadProblem::Missing(_))));
    said
}

#[tokio::test]
async fn what_catalog_files_lead_to_is_asked_for_only_if_it_moved() {
    let mut hub = github(&["mono"]);
    let names = ["a", "b", "c", "d", "e", "f"];
    led(&mut hub, "2026-11-01T00:00:00Z", &names.map(|name| (name, name)));
    let forge = Server::start(hub).await;
    let source = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    assert_eq!(services(&source).await, names);
    assert_eq!(forge.asked().len(), 4 + names.len());

    let source = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    assert_eq!(services(&source).await, names);
    // Whoever asks may see by now what was not there.
    let absent = format!("404 {API}/repos/saltmarsh/mono/contents/openapi.yaml");
    let nothing_pushed = [format!("304 {API}/orgs/saltmarsh/repos"), absent.clone()];
    assert_eq!(forge.asked(), nothing_pushed);
    // Also after a restart.
    let forge = forge.restarted();
    let source = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    assert_eq!(services(&source).await, names);
    assert_eq!(forge.asked(), nothing_pushed);

    let mut moved = names.map(|name| (name, name));
    moved[2].1 = "sea";
    forge.change(|hub| led(hub, "2026-11-02T00:00:00Z", &moved));
    let source = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    assert_eq!(services(&source).await, moved.map(|(_, text)| text));
    let below = ["contents/catalog-info.yaml", "contents/services/c/catalog-info.yaml", "git/trees/main"];
    let [first, third, tree] = below.map(|below| format!("{API}/repos/saltmarsh/mono/{below}"));
    let expected = [
        format!("200 {API}/orgs/saltmarsh/repos"),
        format!("200 {third}"),
        format!("200 {tree}"),
        format!("304 {first}"),
        absent,
    ];
    assert_eq!(forge.asked(), expected);
}

#[tokio::test]
async fn of_many_texts_whose_names_nobody_listed_the_tree_tells_which_moved() {
    let mut hub = github(&["mono"]);
    let names = ["a", "b", "c", "d", "e", "f"];
    led(&mut hub, "2026-11-01T00:00:00Z", &names.map(|name| (name, name)));
    let forge = Server::start(hub).await;
    let read = async |source: Arc<dyn OpenSource>| {
        for name in names {
            assert_eq!(text(&source, &format!("mono/services/{name}/catalog-info.yaml")).await, name);
        }
    };
    read(forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap()).await;
    forge.asked();
    forge.change(|hub| led(hub, "2026-11-02T00:00:00Z", &names.map(|name| (name, name))));
    read(forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap()).await;
    let few = ["a", "b", "c"].map(|name| format!("304 {}", place(name)));
    let asked = forge.asked();
    assert!(few.iter().all(|few| asked.contains(few)), "{asked:?}");
    // The list, the catalog file, the tree.
    assert_eq!(asked.len(), few.len() + 3, "{asked:?}");
}

#[tokio::test]
async fn what_was_asked_for_before_a_push_is_asked_for_again_after_it() {
    let mut hub = github(&["mono"]);
    led(&mut hub, "2026-11-01T00:00:00Z", &[("a", "ebb")]);
    let forge = Server::start(hub).await;
    let early = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    early.find("mono/services/*/catalog-info.yaml").await.unwrap();
    let path = "mono/services/a/catalog-info.yaml";
    assert_eq!(text(&early, path).await, "ebb");
    // One reading has the tree of before the push, and confirms by it only after another has seen the push.
    forge.change(|hub| led(hub, "2026-11-02T00:00:00Z", &[("a", "ebb"), ("b", "new")]));
    let early = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    early.find("mono/services/*/catalog-info.yaml").await.unwrap();
    forge.change(|hub| led(hub, "2026-11-03T00:00:00Z", &[("a", "flow"), ("b", "new")]));
    let late = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    assert_eq!(text(&early, path).await, "ebb");
    assert_eq!(text(&late, path).await, "flow");
    let later = forge.open(SourceKind::GitHub, "saltmarsh").await.unwrap();
    assert_eq!(text(&later, path).await, "flow");
}
