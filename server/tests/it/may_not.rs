//! Forms that would be refused are not offered: who may not is told so, and why.

use reqwest::Method;
use serde_json::json;

use crate::portal::Portal;

async fn seen(portal: &Portal, token: &str, path: &str) -> String {
    let request = portal.request(Method::GET, path).bearer_auth(token).header("accept", "text/html");
    request.send().await.unwrap().text().await.unwrap()
}

both! {
    async fn who_may_not_is_told_so_instead_of_a_form(portal) {
        let every = "read,write,run,approve,administer";
        let mut tokens = Vec::new();
        for role in ["viewer", "developer", "administrator"] {
            let made = portal.command(&["token", "create", role, "--roles", role, "--scopes", every]).await;
            tokens.push(made.trim().to_owned());
        }
        let [viewer, developer, administrator] = <[String; 3]>::try_from(tokens).unwrap();
        let mut offers = Vec::new();
        for token in [&viewer, &developer, &administrator] {
            for page in ["/sources/new?kind=git", "/sources/new?kind=file"] {
                let page = seen(&portal, token, page).await;
                let (form, told) = (page.contains("Look at it"), page.contains("You may not register such a source"));
                assert!(form != told, "{page}");
                offers.push(form);
            }
        }
        assert_eq!(offers, [false, false, true, false, true, true]);
        let page = seen(&portal, &viewer, "/sources/new?kind=git").await;
        assert!(page.contains("developer-registers") && page.contains("/may?permission=manageSources"), "{page}");
        // The same for a run: what cannot be cancelled by the one who looks has no button, but a reason.
        let waits = "\n    - { id: wait, action: 'debug:wait', input: { minutes: 5 } }";
        portal.has_template("slow", waits).await;
        portal.run("slow", json!({ "name": "quay" })).await;
        let page = seen(&portal, &viewer, "/runs/1").await;
        assert!(page.contains("You may not cancel or retry it: ") && !page.contains("Cancel</button>"), "{page}");
        let page = seen(&portal, &administrator, "/runs/1").await;
        assert!(!page.contains("You may not cancel or retry it") && page.contains("Cancel"), "{page}");
    }
}
