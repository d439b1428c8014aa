//! Deeds that would be refused are not offered: who may not is told so, why, and where that is explained.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{
    approvals, catalog::component, definitions::main_of, lifecycle::form, lists::TEAMS, portal::Portal,
    scorecards::GROUP,
};

/// The main part of a page, as it is for a token.
async fn seen(portal: &Portal, token: &str, path: &str) -> (StatusCode, String) {
    let request = portal.request(Method::GET, path).bearer_auth(token).header("accept", "text/html");
    let response = request.send().await.unwrap();
    let (status, page) = (response.status(), response.text().await.unwrap());
    // What is drawn, without the data that the browser takes it over with.
    (status, main_of(&page).to_owned())
}

/// Where the forms of a page are sent that alter something, without what stands behind the names of server functions.
fn deeds(page: &str) -> BTreeSet<String> {
    let forms = page.split("<form").skip(1).filter_map(|form| form.split_once('>')).map(|(tag, _)| tag);
    let posts = forms.filter(|tag| tag.to_lowercase().contains("method=\"post\""));
    let actions = posts.map(|tag| tag.split("action=\"").nth(1).unwrap().split('"').next().unwrap());
    actions
        .map(|action| match action.strip_prefix("/api/portal/") {
            Some(function) => function.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_owned(),
            None => action.to_owned(),
        })
        .collect()
}

async fn tokens(portal: &Portal) -> [String; 3] {
    let every = "read,write,run,approve,administer";
    let mut tokens = Vec::new();
    for role in ["viewer", "developer", "administrator"] {
        let made = portal.command(&["token", "create", role, "--roles", role, "--scopes", every]).await;
        tokens.push(made.trim().to_owned());
    }
    <[String; 3]>::try_from(tokens).unwrap()
}

both! {
    async fn who_may_not_is_told_so_instead_of_a_form(portal) {
        let [viewer, developer, administrator] = tokens(&portal).await;
        let mut offers = Vec::new();
        for token in [&viewer, &developer, &administrator] {
            for page in ["/sources/new?kind=git", "/sources/new?kind=file"] {
                let (_, page) = seen(&portal, token, page).await;
                let (form, told) = (page.contains("Look at it"), page.contains("You may not register such a source"));
                assert!(form != told, "{page}");
                offers.push(form);
            }
        }
        assert_eq!(offers, [false, false, true, false, true, true]);
        let (_, page) = seen(&portal, &viewer, "/sources/new?kind=git").await;
        assert!(page.contains("developer-registers") && page.contains("/may?permission=manageSources"), "{page}");
        // What is named is what was refused.
        let (_, page) = seen(&portal, &viewer, "/sources/new?kind=file").await;
        assert!(page.contains("/may?permission=manageSources\""), "{page}");
        let (_, page) = seen(&portal, &developer, "/sources/new?kind=file").await;
        assert!(page.contains("/may?permission=readServerFiles\""), "{page}");
        // The same for a run: what cannot be cancelled by the one who looks has no button, but a reason.
        let waits = "\n    - { id: wait, action: 'debug:wait', input: { minutes: 5 } }";
        portal.has_template("slow", waits).await;
        portal.run("slow", json!({ "name": "quay" })).await;
        let (_, page) = seen(&portal, &viewer, "/runs/1").await;
        assert!(page.contains("You may not cancel or retry it:") && !page.contains("Cancel</button>"), "{page}");
        assert!(page.contains("/may?permission=steerRun&amp;on=run%3A"), "{page}");
        let (_, page) = seen(&portal, &administrator, "/runs/1").await;
        assert!(!page.contains("You may not cancel or retry it") && page.contains("Cancel"), "{page}");
    }

    async fn what_hides_a_source_hides_no_page_beside_it(portal) {
        let [viewer, ..] = tokens(&portal).await;
        let path = portal.write("own.yaml", component("a", "service", "berths"));
        portal.register("file", &path).await;
        let hiding = "forbid (principal, action == Action::\"readCatalog\", resource is Source)\nwhen { resource.target like \"*/own.yaml\" };";
        let saved = portal.request(Method::PUT, "/api/v1/permission/policies/hiding").json(&json!({ "text": hiding }));
        assert!(saved.send().await.unwrap().status().is_success());
        for page in ["/", "/catalog/default/component/a", "/catalog/default/component/a/yaml", "/catalog/default/component/a/history", "/sources"] {
            let (status, drawn) = seen(&portal, &viewer, page).await;
            // What a thing declares is its own matter, and says where.
            assert!(status == StatusCode::OK && (page.ends_with("yaml") || !drawn.contains("own.yaml")), "{page}: {drawn}");
        }
        let (status, _) = seen(&portal, &viewer, "/catalog/default/component/a/relations").await;
        assert_eq!(status, StatusCode::OK);
    }

    async fn no_list_shows_what_is_hidden_by_who_started_it(portal) {
        let [viewer, developer, administrator] = tokens(&portal).await;
        approvals::has_template(&portal).await;
        let hidden = approvals::started(&portal, &developer).await;
        approvals::started(&portal, &administrator).await;
        let hiding = "forbid (principal, action == Action::\"readRuns\", resource is Run)\nwhen { resource has startedByMachine && resource.startedByMachine == Machine::\"developer\" }\nunless { principal in Role::\"developer\" };";
        let saved = portal.request(Method::PUT, "/api/v1/permission/policies/hiding").json(&json!({ "text": hiding }));
        assert!(saved.send().await.unwrap().status().is_success());
        for (token, count) in [(&viewer, 1), (&developer, 2)] {
            let list = portal.request(Method::GET, "/api/scaffolder/v2/tasks").bearer_auth(token).send().await.unwrap();
            let list: serde_json::Value = list.json().await.unwrap();
            assert_eq!((&list["totalTasks"], list["tasks"].as_array().unwrap().len()), (&json!(count), count), "{list}");
            let waits = portal.request(Method::GET, "/api/v1/approvals").bearer_auth(token).send().await.unwrap();
            assert_eq!(waits.text().await.unwrap().contains(&hidden), count == 2);
            let (_, drawn) = seen(&portal, token, "/runs").await;
            assert_eq!(drawn.contains("href=\"/runs/1\""), count == 2, "{drawn}");
        }
        // Nor does what changed tell that something did.
        let (_, home) = seen(&portal, &viewer, "/").await;
        assert!(home.contains("What changed") && !home.contains(">hidden:"), "{home}");
    }

    async fn no_page_offers_what_would_be_refused(portal) {
        let [viewer, _, administrator] = tokens(&portal).await;
        // One source that lets go of two things and has a name in common with another; a template, and a run that waits.
        let things = |names: &[&str]| names.iter().map(|name| component(name, "service", "berths")).collect::<String>() + GROUP + TEAMS;
        let path = portal.write("catalog-info.yaml", things(&["a", "b", "c"]));
        let registered = portal.register("file", &path).await;
        let source = registered["location"]["id"].as_str().unwrap().to_owned();
        portal.write("catalog-info.yaml", things(&["a"]));
        portal.submit(&format!("/sources/{source}"), "sync_source", &[("id", &source)]).await;
        portal.until("two are orphans", async |portal| portal.html("/sources/orphans").await.contains("2 things that nothing").then_some(())).await;
        let second = portal.write("second/catalog-info.yaml", component("a", "library", "berths"));
        portal.register("file", &second).await;
        approvals::has_template(&portal).await;
        portal.run("costly", json!({ "name": "quay" })).await;
        let (its_page, its_orphans) = (format!("/sources/{source}"), format!("/sources/orphans?source={source}"));
        let plan = "/create/default/costly?answers=%7B%22name%22%3A%22quay%22%7D&page=1";
        // Each with what the one who may not is told there, and where it is explained.
        let pages = [
            (&*its_page, "You may not sync, change or remove this source", "manageSources&amp;on=source%3A"),
            ("/sources/orphans", "You may not keep or remove it", "manageSources&amp;on=component%3Adefault%2Fb"),
            (&*its_orphans, "You may not settle them all at once", "manageSources&amp;on=source%3A"),
            ("/sources/conflicts", "You may not settle it", "manageSources&amp;on=component%3Adefault%2Fa"),
            ("/sources/explain", "You may not register such a source", "manageSources"),
            ("/sources/credentials", "may not manage sources", "manageSources"),
            ("/catalog/default/component/b", "You may not keep or remove it", "manageSources&amp;on=component%3Adefault%2Fb"),
            ("/policies", "You may not change policies", "managePolicies"),
            ("/policies/viewer", "You may not change these policies", "managePolicies&amp;on=policy%3Aviewer"),
            ("/policies/not-there-yet", "You may not change these policies", "managePolicies"),
            ("/roles", "You may not give or take roles", "managePolicies"),
            ("/roles/unused", "may not change policies and roles", "managePolicies"),
            ("/people", "may not manage people", "managePeople"),
            ("/people/tokens", "may not manage people", "managePeople"),
            ("/account/tokens", "You may not make or end tokens", "keepOwnTokens&amp;on=own"),
            ("/audit", "may not read the audit log", "readAudit"),
            ("/create", "To read only", ""),
            ("/create/default/costly", "You may not start runs of this template", "startRun&amp;on=template%3Adefault%2Fcostly"),
            (plan, "You may not start runs of this template", "startRun&amp;on=template%3Adefault%2Fcostly"),
            ("/runs/1", "You may not cancel or retry it", "steerRun&amp;on=run%3A"),
        ];
        let (mut offered, mut wrong) = (BTreeSet::new(), Vec::new());
        for (page, told, ask) in pages {
            let (_, drawn) = seen(&portal, &viewer, page).await;
            let mut left = deeds(&drawn);
            // A text may be explained by whoever reads the catalog.
            left.remove("/sources/explain");
            let leads = ask.is_empty() || drawn.contains(&format!("/may?permission={ask}"));
            if !left.is_empty() || !drawn.contains(told) || !leads {
                wrong.push((page, left, drawn.contains(told)));
            }
            // The explanation is there for them as well.
            let at = drawn.find(&format!("/may?permission={ask}")).filter(|_| !ask.is_empty()).map(|at| drawn[at..].split('"').next().unwrap().replace("&amp;", "&"));
            if let Some(at) = at {
                let (status, page) = seen(&portal, &viewer, &at).await;
                assert!(status == StatusCode::OK && page.contains("You may not"), "{at}: {page}");
            }
            let (_, drawn) = seen(&portal, &administrator, page).await;
            // The log says of the viewer's refusal what they were told.
            if !["/account/tokens", "/audit"].contains(&page) && drawn.contains(told) {
                wrong.push((page, BTreeSet::new(), true));
            }
            offered.extend(deeds(&drawn));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        // The questions of a template can be read, and lead on to each other; none can be answered for nothing.
        let (_, drawn) = seen(&portal, &viewer, "/create/default/costly").await;
        assert!(drawn.contains("<fieldset disabled class=\"contents\">") && !drawn.contains("Show the plan"), "{drawn}");
        let (_, drawn) = seen(&portal, &administrator, "/create/default/costly").await;
        assert!(drawn.contains("<fieldset class=\"contents\"><") && drawn.contains("Show the plan"), "{drawn}");
        let known = ["sync_source", "schedule_source", "remove_source", "change_webhook", "settle_orphan", "settle_orphans", "hand_over", "seal_credential", "/policies", "/policies/viewer", "/roles", "/people/tokens", "start_run", "cancel_run"];
        let missing: Vec<_> = known.into_iter().filter(|known| !offered.contains(*known)).collect();
        assert!(missing.is_empty(), "{missing:?} of {offered:?}");
    }

    async fn a_form_that_is_not_carried_out_gets_its_page_again(portal) {
        let [viewer, ..] = tokens(&portal).await;
        let path = portal.write("catalog-info.yaml", component("a", "service", "berths") + GROUP);
        let registered = portal.register("file", &path).await;
        let source = registered["location"]["id"].as_str().unwrap().to_owned();
        let send = async |page: Option<&str>, address: &str, token: Option<&str>, fields: &[(&str, &str)]| {
            let mut request = portal.request(Method::POST, address).header("accept", "text/html");
            if let Some(page) = page {
                request = request.header("referer", format!("{}{page}", portal.base));
            }
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let response = form(request, fields).send().await.unwrap();
            (response.status(), response.text().await.unwrap())
        };
        // An argument that cannot be read: the page, what is wrong, and what was written.
        let save = portal.form_on("/catalog?type=service", "save_view").await;
        let long = "n".repeat(61);
        let (status, page) = send(Some("/catalog?type=service"), &save, None, &[("name", &long), ("team", ""), ("query", "type=service")]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        assert!(page.contains("write 1 to 60 letters in one line") && page.contains(&format!("value=\"{long}\"")), "{page}");
        assert!(page.contains("data-at=\"/catalog?type=service&amp;__path=") && page.contains("role=\"alert\""), "{page}");
        // Once more from there: what the first try added does not pile up.
        let (status, page) = send(Some("/catalog?type=service&__path=x&__err=y"), &save, None, &[("name", ""), ("team", ""), ("query", "")]).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && !page.contains("__err=y"), "{page}");
        // What breaks a rule of the use case.
        let its_page = format!("/sources/{source}");
        let schedule = portal.form_on(&its_page, "schedule_source").await;
        let (status, page) = send(Some(&its_page), &schedule, None, &[("id", &source), ("minutes", "soon")]).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("is not a number of minutes"), "{status} {page}");
        // Secrets do not come back.
        let seal = portal.form_on("/sources/credentials", "seal_credential").await;
        let fields = [("name", "saltmarsh"), ("at", "nowhere at all/?"), ("kind", "token"), ("user", ""), ("secret", "hush-hush"), ("known_hosts", "")];
        let (status, page) = send(Some("/sources/credentials"), &seal, None, &fields).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("value=\"saltmarsh\"") && !page.contains("hush-hush"), "{status} {page}");
        // A page that has gone meanwhile, that cannot say it, or that is not named: one of its own.
        for from in [Some("/sources/none"), Some("/scorecards"), None] {
            let (status, page) = send(from, &schedule, None, &[("id", &source), ("minutes", "soon")]).await;
            assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("This was not done") && page.contains("is not a number of minutes"), "{from:?} {status} {page}");
        }
        let (status, page) = send(Some(&its_page), &schedule, Some(&viewer), &[("id", &source), ("minutes", "5")]).await;
        assert!(status == StatusCode::FORBIDDEN && page.contains("/may?permission=manageSources&amp;on=source%3A"), "{status} {page}");
        let (status, page) = send(Some("/people"), "/people/end-sessions", Some(&viewer), &[("id", &source)]).await;
        assert!(status == StatusCode::FORBIDDEN && page.contains("/may?permission=managePeople"), "{status} {page}");
    }
}
