//! A server that answers the list calls as the API of Kubernetes does: pages with `continue`, selectors, refusals.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Request, State as Serving},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use services::secrets::Reference;
use tokio::net::TcpListener;

use super::*;

#[derive(Default)]
struct Api {
    asked: Vec<String>,
    denied: Vec<&'static str>,
    broken: Vec<&'static str>,
}

fn workload(name: &str, namespace: &str, labels: Value, annotations: Value) -> Value {
    json!({ "metadata": { "name": name, "namespace": namespace, "labels": labels, "annotations": annotations, "uid": "u" } })
}

async fn answer(Serving(api): Serving<Arc<Mutex<Api>>>, request: Request) -> Response {
    let mut api = api.lock().unwrap();
    let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
    api.asked.push(format!("{path}?{query}"));
    if request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some("Bearer t0ken") {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "kind": "Status", "code": 401 }))).into_response();
    }
    assert!(request.headers()[header::ACCEPT].to_str().unwrap().contains("PartialObjectMetadataList"));
    if api.denied.iter().any(|denied| path.ends_with(denied)) {
        return (StatusCode::FORBIDDEN, Json(json!({ "kind": "Status", "code": 403 }))).into_response();
    }
    if api.broken.iter().any(|broken| path.ends_with(broken)) {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "kind": "Status", "code": 500 }))).into_response();
    }
    let web = workload(
        "web",
        "shop",
        json!({ "app.kubernetes.io/name": "tickets", "app.kubernetes.io/part-of": "ferry" }),
        json!({ "causeway.dev/owner": "group:berths", "github.com/project-slug": "saltmarsh/tickets", "kubectl.kubernetes.io/last-applied-configuration": "{}" }),
    );
    let worker = workload(
        "worker",
        "shop",
        json!({ "app.kubernetes.io/name": "tickets" }),
        json!({ "causeway.dev/depends-on": "resource:default/tickets-db" }),
    );
    let (items, next) = match (path.rsplit('/').next().unwrap_or_default(), query.contains("continue=second")) {
        ("deployments", false) => (vec![web], "second"),
        ("deployments", true) => (vec![worker, workload("unnamed", "shop", json!({}), json!({}))], ""),
        ("statefulsets", _) => (
            vec![workload(
                "db",
                "shop",
                json!({ "causeway.dev/kind": "Resource", "backstage.io/kubernetes-id": "tickets-db" }),
                json!({}),
            )],
            "",
        ),
        ("cronjobs", _) => (
            vec![workload(
                "nightly",
                "shop",
                json!({}),
                json!({ "causeway.dev/name": "nightly", "causeway.dev/kind": "Job" }),
            )],
            "",
        ),
        _ => (Vec::new(), ""),
    };
    // As the API server writes an empty list.
    let items = if items.is_empty() { Value::Null } else { json!(items) };
    let list = json!({ "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": { "continue": next }, "items": items });
    Json(list).into_response()
}

async fn cluster(token: &str, denied: &[&'static str]) -> (Clusters, Arc<Mutex<Api>>, tempfile::TempDir) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let api = Arc::new(Mutex::new(Api { denied: denied.to_vec(), ..Api::default() }));
    let router = Router::new().fallback(answer).with_state(api.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, token).unwrap();
    let way = Way::Token { server: format!("http://{address}"), ca: None, token: Reference::File(path) };
    let known = vec![Cluster { name: "harbour".into(), way }];
    let clusters = Clusters::new(known, Guard::new(&[address]), folder.path().join("cache"));
    (clusters, api, folder)
}

async fn read(source: &Arc<dyn OpenSource>, path: &str) -> Value {
    serde_json::from_slice(&source.read(path, 100_000).await.unwrap()).unwrap()
}

#[tokio::test]
async fn workloads_are_components_and_resources_by_their_labels_and_annotations() {
    let (clusters, _, _folder) = cluster("t0ken", &[]).await;
    let source = clusters.open("harbour?owner=group:quay").await.unwrap();
    let paths =
        ["shop/component/default/nightly", "shop/component/default/tickets", "shop/resource/default/tickets-db"]
            .map(str::to_owned);
    assert_eq!(source.begin(), Begin::Named(paths.to_vec()));
    let tickets = read(&source, "shop/component/default/tickets").await;
    assert_eq!(tickets["kind"], "Component");
    assert_eq!(
        tickets["spec"],
        json!({ "type": "service", "lifecycle": "production", "owner": "group:berths", "system": "ferry", "dependsOn": ["resource:default/tickets-db"] })
    );
    assert_eq!(
        tickets["metadata"]["annotations"],
        json!({
            "github.com/project-slug": "saltmarsh/tickets",
            "backstage.io/kubernetes-id": "tickets",
            "backstage.io/kubernetes-namespace": "shop",
            "backstage.io/kubernetes-cluster": "harbour",
            "causeway.dev/workloads": "Deployment shop/web, Deployment shop/worker",
        })
    );
    let db = read(&source, "shop/resource/default/tickets-db").await;
    assert_eq!((&db["kind"], &db["spec"]), (&json!("Resource"), &json!({ "type": "database", "owner": "group:quay" })));
    assert_eq!(read(&source, "shop/component/default/nightly").await["spec"]["type"], "job");
    assert_eq!(source.place("shop/component/default/tickets").target, "harbour/shop/component/default/tickets");
    assert!(source.remarks()[0].message.starts_with("5 workloads become 3 things"), "{:?}", source.remarks());
    let Remark { about, severity, message, .. } = &source.remarks()[1];
    assert_eq!((about.as_str(), severity), ("CronJob shop/nightly", &Severity::Warning));
    assert!(message.contains("`causeway.dev/kind: Job` is not understood"), "{message}");
}

fn of(kind: &str, name: &str, namespace: &str, created: &str, annotations: Value) -> Workload {
    let labels = json!({ "app.kubernetes.io/name": "shared" });
    let metadata = json!({ "name": name, "namespace": namespace, "creationTimestamp": created, "labels": labels, "annotations": annotations });
    Workload { kind: kind.into(), metadata: serde_json::from_value(metadata).unwrap() }
}

fn documents(workloads: &[Workload]) -> Vec<(String, Value)> {
    let target = ClusterTarget::parse("harbour").unwrap();
    let documents = workloads::documents(&target, workloads.to_vec()).into_iter();
    documents.map(|(path, content)| (path, serde_json::from_slice(&content).unwrap())).collect()
}

#[tokio::test]
async fn what_cannot_be_listed_for_a_moment_is_as_it_was() {
    let (mut clusters, api, folder) = cluster("t0ken", &[]).await;
    let before = clusters.open("harbour?owner=group:quay").await.unwrap();
    for (denied, broken, is_restarted) in
        [(&[][..], &["statefulsets"][..], false), (&["deployments"], &[], false), (&["statefulsets"], &[], true)]
    {
        if is_restarted {
            let known = clusters.known.values().cloned().collect();
            clusters = Clusters::new(known, clusters.guard.clone(), folder.path().join("cache"));
        }
        {
            let mut api = api.lock().unwrap();
            (api.denied, api.broken) = (denied.to_vec(), broken.to_vec());
        }
        let after = clusters.open("harbour?owner=group:quay").await.unwrap();
        assert_eq!(after.begin(), before.begin());
        let told = after.remarks();
        assert!(told.iter().any(|remark| remark.message.contains("what was declared there before stands")), "{told:?}");
        assert!(told.iter().all(|remark| remark.keeps.is_empty()), "{told:?}");
        let tickets = "shop/component/default/tickets";
        assert_eq!(read(&after, tickets).await, read(&before, tickets).await);
    }
    // Where nothing is known from before, it is not recorded without.
    let (clusters, api, _folder) = cluster("t0ken", &[]).await;
    api.lock().unwrap().broken = vec!["statefulsets"];
    assert!(matches!(clusters.open("harbour").await, Err(ReadProblem::Unreachable(_))));
}

#[test]
fn what_one_namespace_says_alters_nothing_of_another() {
    let shop = of("Deployment", "good1", "shop", "2026-02-01T00:00:00Z", json!({ "causeway.dev/owner": "team-one" }));
    let pay = json!({ "causeway.dev/owner": "team-two", "causeway.dev/type": "job", "causeway.dev/tags": "ok,, Bad" });
    let pay = of("Deployment", "good2", "pay", "2026-03-01T00:00:00Z", pay);
    let told = documents(&[pay.clone(), shop.clone()]);
    let paths: Vec<_> = told.iter().map(|(path, _)| path.as_str()).collect();
    // The first of both that there was claims the name first.
    assert_eq!(paths, ["shop/component/default/shared", "pay/component/default/shared"]);
    assert_eq!(told[0].1["spec"], json!({ "type": "service", "lifecycle": "production", "owner": "team-one" }));
    assert_eq!(told[0].1["metadata"]["annotations"]["causeway.dev/workloads"], "Deployment shop/good1");
    assert_eq!(told[1].1["metadata"]["tags"], json!(["ok", "Bad"]));
    // Whoever says the same, or nothing, is the same thing still, and adds nothing to it.
    let same = json!({ "causeway.dev/owner": "team-one", "github.com/project-slug": "evil/x" });
    let same = of("Deployment", "good1", "canary", "2026-04-01T00:00:00Z", same);
    let silent = of("CronJob", "quiet", "aaa", "2026-05-01T00:00:00Z", json!({}));
    let told = documents(&[silent, same, shop]);
    assert_eq!((told.len(), told[0].0.as_str()), (1, "shop/component/default/shared"));
    assert_eq!(
        told[0].1["metadata"]["annotations"],
        json!({ "backstage.io/kubernetes-id": "shared", "backstage.io/kubernetes-cluster": "harbour", "causeway.dev/workloads": "CronJob aaa/quiet, Deployment canary/good1, Deployment shop/good1" })
    );
    // And nobody decides for those who were there before and said nothing.
    let shop = of("Deployment", "good1", "shop", "2026-02-01T00:00:00Z", json!({}));
    assert_eq!(documents(&[pay, shop])[0].1["spec"].get("owner"), None);
}

#[test]
fn one_chart_in_two_namespaces_is_one_thing_as_long_as_its_owner_is() {
    let first =
        json!({ "causeway.dev/owner": "x", "causeway.dev/tags": "a,b", "causeway.dev/lifecycle": "production" });
    let first = of("Deployment", "a", "live", "2026-01-01T00:00:00Z", first);
    let one = |annotations: Value| {
        let both = [of("Deployment", "b", "trial", "2026-02-01T00:00:00Z", annotations), first.clone()];
        let remarks = workloads::misread(&ClusterTarget::parse("harbour").unwrap(), &both);
        let told: Vec<_> = remarks.iter().map(|remark| (remark.severity, remark.message.clone())).collect();
        (documents(&both), told)
    };
    for same in [
        json!({}),
        json!({ "causeway.dev/owner": "group:default/X", "causeway.dev/tags": "b,a" }),
        json!({ "causeway.dev/owner": "Group:x", "causeway.dev/system": "ferry" }),
    ] {
        let (documents, told) = one(same.clone());
        assert_eq!((documents.len(), told), (1, Vec::new()), "{same}");
    }
    let (documents, told) = one(json!({ "causeway.dev/lifecycle": "experimental", "causeway.dev/tags": "c" }));
    assert_eq!(documents[0].1["metadata"]["tags"], json!(["a", "b"]));
    assert_eq!(
        told,
        [(
            Severity::Info,
            "its lifecycle, tags are not taken: `Deployment live/a` is the same thing and has been there longer, so it is as that says"
                .to_owned()
        )]
    );
    assert_eq!(one(json!({ "causeway.dev/owner": "y" })).0.len(), 2);
}

#[test]
fn workloads_of_one_namespace_that_contradict_each_other_are_told() {
    let first = json!({ "causeway.dev/type": "website", "causeway.dev/depends-on": "resource:a" });
    let second = json!({ "causeway.dev/type": "batch", "causeway.dev/owner": "second", "causeway.dev/depends-on": "resource:b,,resource:a," });
    let both = [of("Deployment", "dup2", "shop", "2", second), of("Deployment", "dup1", "shop", "1", first)];
    let told = documents(&both);
    assert_eq!(
        told[0].1["spec"],
        json!({ "type": "website", "lifecycle": "production", "owner": "second", "dependsOn": ["resource:a", "resource:b"] })
    );
    let remarks: Vec<_> = workloads::misread(&ClusterTarget::parse("harbour").unwrap(), &both)
        .into_iter()
        .map(|remark| format!("{}: {}", remark.about, remark.message))
        .collect();
    assert_eq!(
        remarks,
        [
            "Deployment shop/dup2: its type `batch` is not taken: `Deployment shop/dup1` names the same thing and says `website`; let both say the same, or give one another `causeway.dev/name`"
        ]
    );
}

#[tokio::test]
async fn namespaces_kinds_and_selectors_are_asked_of_the_server() {
    let (clusters, api, _folder) = cluster("t0ken", &[]).await;
    clusters.open("harbour?namespaces=shop&kinds=StatefulSet&selector=team%3Dquay").await.unwrap();
    let asked = api.lock().unwrap().asked.clone();
    assert_eq!(asked, ["/apis/apps/v1/namespaces/shop/statefulsets?limit=500&labelSelector=team%3Dquay"]);
}

#[tokio::test]
async fn what_may_not_be_listed_takes_nothing_away_and_a_refusal_is_told() {
    let (clusters, _, _folder) = cluster("t0ken", &["cronjobs"]).await;
    let source = clusters.open("harbour").await.unwrap();
    let kept: Vec<Remark> = source.remarks().into_iter().filter(|remark| !remark.keeps.is_empty()).collect();
    assert_eq!((kept.len(), kept[0].about.as_str(), &kept[0].keeps), (1, "@CronJob", &vec![String::new()]));
    assert!(kept[0].message.contains("the verb `list`"), "{kept:?}");
    let (clusters, _, folder) = cluster("wrong", &[]).await;
    let problem = clusters.open("harbour").await.err().unwrap().to_string();
    let path = folder.path().join("token").display().to_string();
    assert!(
        problem.contains("refuses the credential") && problem.contains(&path) && !problem.contains("wrong"),
        "{problem}"
    );
    assert!(clusters.open("quay").await.err().unwrap().to_string().contains("[clusters.quay]"));
}

#[test]
fn a_kubeconfig_is_read_and_what_it_cannot_do_here_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let told = |text: &str, context: Option<&str>| {
        std::fs::write(&path, text).unwrap();
        let way = Way::Kubeconfig { path: path.clone(), context: context.map(str::to_owned) };
        match (Cluster { name: "harbour".into(), way }).access() {
            Ok(access) => format!("{} {}", access.server, access.token.map_or("-", |_| "token")),
            Err(problem) => problem.to_string(),
        }
    };
    let whole = "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {cluster: c, user: u}\nclusters:\n- name: c\n  cluster: {server: 'https://10.0.0.1:6443'}\nusers:\n- name: u\n  user: {token: s3cret}\n";
    assert_eq!(told(whole, None), "https://10.0.0.1:6443/ token");
    assert!(told(whole, Some("b")).contains("has no context `b`"));
    assert!(told(&whole.replace("{token: s3cret}", "{exec: {command: aws}}"), None).contains("signs in by a program"));
    assert!(
        told(&whole.replace("6443'}", "6443', insecure-skip-tls-verify: true}"), None).contains("does not check who")
    );
    let broken = told(&whole.replace("contexts:", "contexts: s3cret"), None);
    assert!(broken.contains("is no kubeconfig") && !broken.contains("s3cret"), "{broken}");
}
