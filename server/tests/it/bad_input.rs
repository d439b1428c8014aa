//! What is wrong is told with its place and its mending, costs little, and takes nothing good with it.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    catalog::component,
    portal::{Backend, Options, Portal},
};

/// `path line:column message` of every problem of a source.
async fn told(portal: &Portal, registered: &Value) -> Vec<String> {
    let trace = portal.trace(registered).await;
    let files = trace["files"].as_array().unwrap().iter();
    let problems = files.flat_map(|file| {
        let path = file["path"].as_str().unwrap().to_owned();
        file["problems"].as_array().unwrap().iter().map(move |problem| {
            format!("{path} {}:{} {}", problem["line"], problem["column"], problem["message"].as_str().unwrap())
        })
    });
    problems.collect()
}

/// A file with a good component before and after something bad.
fn between(bad: &str) -> String {
    component("before", "service", "berths") + "---\n" + bad + "\n" + &component("after", "service", "berths")
}

async fn takes_in_the_good_and_tells(portal: &Portal, bad: &str, message: &str) {
    let path = portal.write("catalog-info.yaml", between(bad));
    let registered = portal.register("file", &path).await;
    let told = told(portal, &registered).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(message), "{told:?}");
    assert_eq!(portal.names("order=asc:metadata.name").await, ["after", "before"]);
}

fn alias_bomb() -> String {
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for level in 1..30 {
        let before = vec![format!("*a{}", level - 1); 9].join(",");
        writeln!(bomb, "a{level}: &a{level} [{before}]").unwrap();
    }
    bomb
}

both! {
    async fn malformed_yaml_hides_nothing(portal) {
        takes_in_the_good_and_tells(&portal, "kind: [Component", "catalog-info.yaml 12:7 cannot be read as YAML").await;
    }

    async fn an_alias_bomb_does_no_harm(portal) {
        takes_in_the_good_and_tells(&portal, &alias_bomb(), "would grow too large").await;
    }

    async fn deep_nesting_does_no_harm(portal) {
        takes_in_the_good_and_tells(&portal, &"[".repeat(200_000), "cannot be read as YAML").await;
    }

    async fn a_key_twice_is_told(portal) {
        takes_in_the_good_and_tells(&portal, "kind: A\nkind: B", "duplicate mapping key: kind; remove one of the two keys").await;
    }

    async fn what_is_no_entity_is_told(portal) {
        takes_in_the_good_and_tells(&portal, "- a\n- b", "a document must be a mapping with `apiVersion`, `kind` and `metadata`").await;
    }

    async fn a_file_of_fifty_megabytes_and_one_that_is_not_utf8_leave_the_others_alone(portal) {
        portal.write("a/catalog-info.yaml", component("good", "service", "berths"));
        portal.write("b/catalog-info.yaml", "x".repeat(50 * 1024 * 1024));
        portal.write("c/catalog-info.yaml", b"apiVersion: v1\nkind: \xff\xfe\n");
        let folder = portal.data.path().join("files").display().to_string();
        let registered = portal.register("file", &folder).await;
        assert_eq!(portal.names("").await, ["good"]);
        assert_eq!(told(&portal, &registered).await, [
            "b/catalog-info.yaml null:null `b/catalog-info.yaml` is larger than 5 MiB; split it into several files",
            "c/catalog-info.yaml 2:7 the file is not UTF-8: byte 21 is 0xff; save it as UTF-8",
        ]);
    }

    async fn a_circle_of_locations_ends(portal) {
        let location = |name: &str, target: &str| {
            format!("---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: {name}\nspec:\n  target: {target}\n")
        };
        portal.write("b.yaml", location("b", "./catalog-info.yaml") + &component("good", "service", "berths"));
        let path = portal.write("catalog-info.yaml", location("a", "./b.yaml"));
        let registered = portal.register("file", &path).await;
        assert_eq!(portal.names("").await, ["good", "a", "b"]);
        let told = told(&portal, &registered).await;
        assert!(told[0].contains("leads back to `catalog-info.yaml`, in a circle"), "{told:?}");
    }

    async fn a_name_is_claimed_once(portal) {
        let first = portal.write("first.yaml", component("Tides", "service", "berths"));
        let second = portal.write("second.yaml", component("tides", "website", "berths"));
        portal.register("file", &first).await;
        let registered = portal.register("file", &second).await;
        let entity = portal.json("/api/catalog/entities/by-name/component/default/tides").await;
        assert_eq!(entity["spec"]["type"], "service");
        assert_eq!(entity["status"]["items"][1]["error"]["name"], "ConflictError", "{entity}");
        let trace = portal.trace(&registered).await;
        assert_eq!(trace["conflicts"][0]["reference"], "component:default/tides", "{trace}");
        let told = told(&portal, &registered).await;
        assert!(told[0].contains("that one stands"), "{told:?}");
    }

    async fn nothing_outside_the_source_is_read(portal) {
        portal.write("secret.txt", "the secret");
        portal.write("secret.yaml", component("secret", "service", "berths"));
        let text = component("good", "service", "berths")
            + "---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: out}\nspec: {targets: [../secret.yaml, /etc/hostname]}\n"
            + "---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: leak}\nspec: {type: openapi, lifecycle: x, owner: y, definition: {$text: ../secret.txt}}\n"
            + "---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: link}\nspec: {type: openapi, lifecycle: x, owner: y, definition: {$text: ./link.txt}}\n";
        let path = portal.write("inner/catalog-info.yaml", text);
        let link = portal.data.path().join("files/inner/link.txt");
        std::os::unix::fs::symlink(portal.data.path().join("files/secret.txt"), link).unwrap();
        let registered = portal.register("file", &path).await;
        assert_eq!(portal.names("").await, ["good", "out"]);
        let told = told(&portal, &registered).await;
        assert_eq!(told.iter().filter(|line| line.contains("leads out of the source")).count(), 4, "{told:?}");
        assert_eq!(told.iter().filter(|line| line.contains("symbolic link that leads out")).count(), 1, "{told:?}");
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(!told.join("\n").contains("the secret"));
    }
}

/// A web server that answers every request with `answer`, and counts them.
async fn web(answer: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let _ = connection.read(&mut request).await;
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    (address, count)
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/yaml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

async fn portal_that_may_ask(hosts: &[&str]) -> Portal {
    let allow = serde_json::to_string(hosts).unwrap();
    Portal::start_with(Backend::Sqlite, Options::default().set("OUTBOUND__ALLOW", &allow)).await
}

#[tokio::test]
async fn a_redirect_to_an_internal_address_is_not_followed() {
    let (inside, asked) = web(ok(&component("stolen", "service", "berths"))).await;
    let redirect = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://{inside}/latest/meta-data\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let (outside, _) = web(redirect).await;
    let portal = portal_that_may_ask(&[&outside]).await;
    let registered = portal.register("url", &format!("http://{outside}/catalog-info.yaml")).await;
    let problem = registered["problem"].as_str().unwrap_or_default();
    assert!(
        problem.contains("redirects to") && problem.contains("is at the internal address 127.0.0.1"),
        "{registered}"
    );
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert!(portal.names("").await.is_empty());
}

#[tokio::test]
async fn an_internal_address_is_fetched_from_only_if_it_is_allowed() {
    let (inside, asked) = web(ok(&component("inside", "service", "berths"))).await;
    let (closed, knocked) = web(ok("")).await;
    let portal = portal_that_may_ask(&[&inside]).await;
    for address in
        [format!("http://{closed}/x.yaml"), "http://169.254.169.254/latest/meta-data".into(), "http://[::1]:1/x".into()]
    {
        let registered = portal.register("url", &address).await;
        let problem = registered["problem"].as_str().unwrap_or_default();
        assert!(problem.contains("internal address") && problem.contains("[outbound] allow"), "{registered}");
    }
    portal.register("url", &format!("http://{inside}/catalog-info.yaml")).await;
    assert_eq!(portal.names("").await, ["inside"]);
    assert!(asked.load(Ordering::SeqCst) > 0);
    assert_eq!(knocked.load(Ordering::SeqCst), 0);
    for refused in
        ["file:///etc/passwd", "ftp://example.com/x", "https://me:secret@example.com/x", "not an address", ""]
    {
        let (status, body) = portal.post("/api/catalog/locations", &json!({ "type": "url", "target": refused })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}: {body}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let body = "x".repeat(6 * 1024 * 1024);
    let (endless, _) = web(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}")).await;
    let portal = portal_that_may_ask(&[&endless]).await;
    let registered = portal.register("url", &format!("http://{endless}/x.yaml")).await;
    assert!(registered["problem"].as_str().unwrap_or_default().contains("is larger than 5 MiB"), "{registered}");
}

#[tokio::test]
async fn a_git_server_that_hangs_holds_up_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let held = tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            connections.push(connection);
        }
    });
    let portal = portal_that_may_ask(&[&address]).await;
    let target = format!("http://{address}/o/r.git");
    let asked = json!({ "type": "git", "target": target });
    let (registered, ready) = tokio::join!(portal.post("/api/catalog/locations", &asked), portal.get("/readyz"));
    assert_eq!(ready.status(), StatusCode::OK);
    let problem = registered.1["problem"].as_str().unwrap_or_default();
    assert!(problem.contains("did not answer within 15 seconds"), "{registered:?}");
    held.abort();
}

/// Functions take their arguments as a form or as JSON; either way it is told what is wrong with them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_argument_that_cannot_be_read_is_refused_with_a_message() {
    let options =
        Options::default().set("LOG__FORMAT", "json").set("LOG__LEVEL", "'warn,causeway::http::served=debug'");
    let portal = Portal::start_with(Backend::Sqlite, options).await;
    let (_, functions) = crate::matrix::served(&portal);
    let send = async |name: &str, kind: &str, body: &str| {
        let request = portal.request(Method::POST, &functions[name]).header(header::CONTENT_TYPE, kind);
        let response = request.body(body.to_owned()).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    let (form, json) = ("application/x-www-form-urlencoded", "application/json");
    for (name, kind, body) in [
        ("cancel_run", form, "number=many"),
        ("cancel_run", form, ""),
        ("list_runs", form, "status=&page=-1"),
        ("get_run", form, "number=99999999999999999999&step="),
        ("preview_source", json, "{\"kind\": \"carrier-pigeon\", \"target\": \"x\"}"),
        ("preview_source", json, "{"),
        ("preview_source", json, "{\"kind\": \"file\"}"),
    ] {
        let (status, told) = send(name, kind, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {body}: {told}");
        assert!(
            told.starts_with("{\"Rejected\":\"what was sent cannot be read: ") && told.len() > 50,
            "{name} {body}: {told}"
        );
    }
    // None of them is asked for by an address alone.
    let asked = portal.get(&format!("{}?number=many", functions["cancel_run"])).await;
    assert!(asked.status().is_client_error() && !asked.text().await.unwrap().is_empty());
    // What is no fault of the arguments is none of theirs: a run that is not there.
    let (status, told) = send("cancel_run", form, "number=7").await;
    assert!(status == StatusCode::NOT_FOUND && told.contains("there is no run #7"), "{status} {told}");
}
