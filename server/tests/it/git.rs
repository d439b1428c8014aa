//! The embedded Git hosting, with the real `git`.

use std::path::Path;

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::process::Command;

use crate::{portal::Portal, road::SERVICE};

/// Runs `git` in `folder` and returns what it printed.
async fn git(folder: &Path, args: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(["-c", "user.name=Ama", "-c", "user.email=ama@example.com"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .await
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

async fn with_repository(portal: &Portal) -> String {
    portal.has_template("service", SERVICE).await;
    let id = portal.run("service", json!({ "name": "quay-signs" })).await;
    portal
        .until("the repository is there", async |portal| {
            (portal.task(&id).await["steps"][1]["status"] == "completed").then_some(())
        })
        .await;
    format!("{}/git/harbour/quay-signs.git", portal.base)
}

both! {
    async fn what_a_template_made_can_be_cloned_changed_and_pushed(portal) {
        let address = with_repository(&portal).await;
        let work = tempfile::tempdir().unwrap();
        git(work.path(), &["clone", "--quiet", &address, "one"]).await.unwrap();
        let one = work.path().join("one");
        let read = |name: &str| std::fs::read_to_string(one.join(name)).unwrap();
        assert_eq!(read("README.md"), "# quay-signs\n");
        assert_eq!(read("src/quay-signs.sh"), "echo quay-signs\n");
        assert_eq!(std::fs::read(one.join("logo.bin")).unwrap(), [0_u8, 159, 146, 150, 0]);
        assert_eq!(git(&one, &["log", "--format=%an: %s"]).await.unwrap().trim(), "Ama Osei: Initial commit");
        std::fs::write(one.join("README.md"), "# Signs\n".repeat(100_000)).unwrap();
        git(&one, &["commit", "--quiet", "--all", "--message", "Say more"]).await.unwrap();
        git(&one, &["push", "--quiet", "origin", "main"]).await.unwrap();
        git(work.path(), &["clone", "--quiet", "--depth", "1", &address, "two"]).await.unwrap();
        assert_eq!(std::fs::metadata(work.path().join("two/README.md")).unwrap().len(), 800_000);
        // Nobody rewrites what others may have cloned.
        git(&one, &["commit", "--quiet", "--amend", "--message", "Say otherwise"]).await.unwrap();
        assert!(git(&one, &["push", "--quiet", "--force", "origin", "main"]).await.is_err());
    }

    async fn a_push_is_told_of_with_what_was_there_before_and_after(portal) {
        let address = with_repository(&portal).await;
        let work = tempfile::tempdir().unwrap();
        git(work.path(), &["clone", "--quiet", &address, "one"]).await.unwrap();
        let one = work.path().join("one");
        let commit = async || git(&one, &["rev-parse", "HEAD"]).await.unwrap().trim().to_owned();
        let first = commit().await;
        git(&one, &["commit", "--quiet", "--allow-empty", "--message", "Say more"]).await.unwrap();
        let second = commit().await;
        git(&one, &["push", "--quiet", "origin", "HEAD:main", "HEAD:signs"]).await.unwrap();
        git(&one, &["push", "--quiet", "origin", ":signs"]).await.unwrap();
        // What is refused is not told as done, and neither is what changes nothing.
        assert!(git(&one, &["push", "--quiet", "--force", "origin", &format!("{first}:main")]).await.is_err());
        git(&one, &["push", "--quiet", "origin", "HEAD:main"]).await.unwrap();
        let told = portal.json("/api/v1/audit?kind=pushed&subject=repository:harbour/quay-signs").await;
        let items = told["items"].as_array().unwrap();
        let whose: Vec<&str> = items.iter().map(|entry| entry["actor"].as_str().unwrap()).collect();
        assert_eq!(whose, ["guest", "guest"], "{told}");
        assert_eq!(items[0]["detail"]["refs"], json!([{ "ref": "refs/heads/signs", "before": second, "after": null }]));
        assert_eq!(items[1]["detail"]["refs"], json!([
            { "ref": "refs/heads/main", "before": first, "after": second },
            { "ref": "refs/heads/signs", "before": null, "after": second },
        ]));
        let page = portal.get("/audit?kind=pushed").await.text().await.unwrap();
        let moved = format!("refs/heads/main from {} to {}", &first[..10], &second[..10]);
        assert!(page.contains(&moved) && page.contains("refs/heads/signs from nothing to"), "{page}");
    }
}

both! {
    async fn what_a_policy_closes_is_read_in_no_other_way(portal) {
        let address = with_repository(&portal).await;
        let token = portal.command(&["token", "create", "reader", "--roles", "developer", "--scopes", "read,write,run"]).await;
        let send = async |path: &str, body: serde_json::Value| {
            let answer = portal.request(Method::POST, path).bearer_auth(token.trim()).json(&body).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let there = json!({ "kind": "git", "target": address });
        assert_eq!(send("/api/v1/catalog/explain", there.clone()).await.0, 200);
        let close = "forbid (principal == Machine::\"reader\", action == Action::\"readRepository\", resource is Repository);\nforbid (principal == Machine::\"reader\", action == Action::\"manageSources\", resource is Place) when { resource.address like \"https://a.example/*\" } unless { resource.address like \"https://a.example/team/*\" };";
        let put = portal.request(Method::PUT, "/api/v1/permission/policies/close").json(&json!({ "text": close }));
        assert!(put.send().await.unwrap().status().is_success());
        for path in ["/api/v1/catalog/explain", "/api/v1/catalog/sources"] {
            let (status, said) = send(path, there.clone()).await;
            assert!(status == 403 && said.contains("harbour/quay-signs"), "{path}: {status} {said}");
        }
        // However many slashes it is written with, and whatever reads it.
        for doubled in ["git//harbour/quay-signs", "git///harbour/quay-signs.git/"] {
            let target = address.replace("git/harbour/quay-signs.git", doubled);
            for path in ["/api/v1/catalog/explain", "/api/v1/catalog/sources"] {
                let (status, said) = send(path, json!({ "kind": "git", "target": target })).await;
                assert!(status == 403 && said.contains("harbour/quay-signs"), "{path} {target}: {status} {said}");
            }
        }
        // Somebody may not read it, so no document that everybody is shown has a piece of it; nor are its docs shown to them.
        let folder = tempfile::tempdir().unwrap();
        let whole = address.trim_end_matches(".git");
        let readme = format!("$text: {whole}/blob/main/README.md");
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: leak}}\nspec:\n  type: openapi\n  lifecycle: x\n  owner: harbour\n  definition:\n    {readme}\n---\n\
             apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: signs-docs, annotations: {{backstage.io/techdocs-ref: 'url:{whole}'}}}}\nspec: {{type: x, lifecycle: x, owner: harbour}}\n"
        );
        std::fs::write(folder.path().join("catalog-info.yaml"), text).unwrap();
        let registered = portal.register("file", folder.path().to_str().unwrap()).await;
        let id = registered["location"]["id"].as_str().unwrap();
        let trace = portal.json(&format!("/api/v1/catalog/sources/{id}")).await.to_string();
        assert!(trace.contains("which not everybody may read"), "{trace}");
        let docs = "/catalog/default/component/signs-docs/docs";
        assert!(portal.html(docs).await.contains("quay-signs"), "the guest may read it");
        let denied = portal.request(Method::GET, docs).bearer_auth(token.trim()).header("accept", "text/html");
        let denied = denied.send().await.unwrap();
        assert_eq!(denied.status(), StatusCode::FORBIDDEN);
        // What is decided about is where an address leads, however it is written.
        for target in ["x.yaml", "team/../x.yaml", "team/%2e%2e/x.yaml", "team/*/../../%78.yaml"] {
            let (status, said) = send("/api/v1/catalog/sources", json!({ "kind": "url", "target": format!("https://a.example/{target}") })).await;
            assert_eq!(status, 403, "{target}: {said}");
        }
        assert_eq!(send("/api/v1/catalog/sources", json!({ "kind": "url", "target": "https://a.example/team/x.yaml" })).await.0, 201);
    }
}

#[tokio::test]
async fn files_are_read_as_text_and_never_as_pages() {
    let portal = Portal::start(crate::portal::Backend::Sqlite).await;
    with_repository(&portal).await;
    let file = portal.get("/git/harbour/quay-signs/blob/main/catalog-info.yaml").await;
    assert_eq!(file.status(), StatusCode::OK);
    assert_eq!(file.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(file.headers()["x-content-type-options"], "nosniff");
    assert!(file.text().await.unwrap().contains("name: quay-signs"));
    let page = portal.get("/git/harbour/quay-signs").await.text().await.unwrap();
    assert!(
        page.contains("git clone") && page.contains("/git/harbour/quay-signs/blob/main/src/quay-signs.sh"),
        "{page}"
    );
    for path in [
        "/git/harbour/quay-signs/blob/main/none",
        "/git/harbour/quay-signs/blob/none/README.md",
        "/git/harbour/quay-signs/blob/main/..%2F..%2F..%2Fcauseway.db",
        "/git/harbour/quay-signs/blob/--output=x/README.md",
        "/git/harbour/none/info/refs?service=git-upload-pack",
        "/git/..%2F..%2Fetc/passwd/info/refs?service=git-upload-pack",
        "/git/harbour/%2e%2e/info/refs?service=git-upload-pack",
    ] {
        assert_eq!(portal.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let dumb = portal.get("/git/harbour/quay-signs.git/info/refs").await;
    assert_eq!(dumb.status(), StatusCode::BAD_REQUEST);
    let form =
        portal.request(Method::POST, "/git/harbour/quay-signs.git/git-receive-pack").body("x").send().await.unwrap();
    assert_eq!(form.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
