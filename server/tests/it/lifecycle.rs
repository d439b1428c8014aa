//! Orphans, renames, conflicts, problems and syncs, as people without JavaScript and machines see them.

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    catalog::component,
    portal::{Backend, Options, Portal},
};

/// With these fields, as a form has them.
pub(crate) fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

impl Portal {
    /// The HTML of a page that must be there.
    pub(crate) async fn html(&self, path: &str) -> String {
        let response = self.request(Method::GET, path).header("accept", "text/html").send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, StatusCode::OK, "GET {path}: {text}");
        text
    }

    /// Where the form for `function` on a page is sent.
    pub(crate) async fn form_on(&self, page: &str, function: &str) -> String {
        let html = self.html(page).await;
        let start = html.find(&format!("/api/portal/{function}")).unwrap_or_else(|| panic!("{page} has no {function}"));
        html[start..].split('"').next().unwrap().to_owned()
    }

    /// Sends a form of a page as a browser without JavaScript does; it must lead back to a page.
    pub(crate) async fn submit(&self, page: &str, function: &str, fields: &[(&str, &str)]) {
        let address = self.form_on(page, function).await;
        let request = self.request(Method::POST, &address).header("accept", "text/html");
        let request = form(request.header("referer", format!("{}{page}", self.base)), fields);
        let response = request.send().await.unwrap();
        let (status, location) = (response.status(), response.headers().get(header::LOCATION).cloned());
        let location = location.map(|location| location.to_str().unwrap().to_owned()).unwrap_or_default();
        assert!(status.is_redirection() && !location.contains("__err"), "{function}: {status} {location}");
    }

    /// Has the source of an entity synced, and waits until `probe` holds.
    async fn synced(&self, source: &str, what: &str, probe: impl AsyncFn(&Self) -> bool) {
        self.submit(&format!("/sources/{source}"), "sync_source", &[("id", source)]).await;
        self.until(what, async |portal| probe(portal).await.then_some(())).await;
    }

    async fn status_of(&self, name: &str) -> StatusCode {
        self.get(&format!("/api/catalog/entities/by-name/component/default/{name}")).await.status()
    }
}

fn id(registered: &Value) -> String {
    registered["location"]["id"].as_str().unwrap().to_owned()
}

fn file(names: &[&str]) -> String {
    names.iter().map(|name| component(name, "service", "berths")).collect()
}

async fn is_orphan(portal: &Portal, name: &str) -> bool {
    portal.names("filter=metadata.annotations.backstage.io/orphan=true").await.contains(&name.to_owned())
}

both! {
    async fn an_orphan_is_seen_kept_and_removed_by_hand(portal) {
        let path = portal.write("catalog-info.yaml", file(&["a", "b", "c"]));
        let source = id(&portal.register("file", &path).await);
        portal.write("catalog-info.yaml", file(&["a"]));
        portal.synced(&source, "two are orphans", async |portal| is_orphan(portal, "b").await && is_orphan(portal, "c").await).await;
        let inbox = portal.html("/sources/orphans").await;
        assert!(inbox.contains("2 things that nothing declares any more") && inbox.contains("in 13 days"), "{inbox}");
        assert!(portal.html(&format!("/sources/orphans?source={source}")).await.contains("Remove all 2 now"));
        assert!(portal.html("/sources").await.contains("/sources/orphans"));
        let entity = portal.html("/catalog/default/component/b").await;
        assert!(entity.contains("no longer declares it") && entity.contains("Remove now"), "{entity}");
        portal.submit("/sources/orphans", "settle_orphan", &[("reference", "component:default/b"), ("deed", "keep")]).await;
        portal.submit("/sources/orphans", "settle_orphan", &[("reference", "component:default/c"), ("deed", "remove")]).await;
        assert_eq!(portal.status_of("c").await, StatusCode::NOT_FOUND);
        assert!(portal.html("/catalog/default/component/b").await.contains("Kept by guest"));
        assert!(portal.html("/catalog/default/component/b/history").await.contains("Kept, although nothing declares it"));
        // Nothing to decide any more: said, not done.
        let late = [("reference", "component:default/a"), ("deed", "remove")];
        let address = portal.form_on("/catalog/default/component/b", "settle_orphan").await;
        let late = form(portal.request(Method::POST, &address), &late).send().await.unwrap();
        assert_eq!(late.status(), StatusCode::CONFLICT);
        portal.submit("/sources/orphans", "settle_orphan", &[("reference", "component:default/b"), ("deed", "remove")]).await;
        assert_eq!(portal.status_of("b").await, StatusCode::NOT_FOUND);
        // All of a source at once.
        portal.write("catalog-info.yaml", file(&["a", "d", "e"]));
        portal.synced(&source, "two more are there", async |portal| portal.status_of("e").await.is_success()).await;
        portal.write("catalog-info.yaml", file(&["a"]));
        portal.synced(&source, "they are orphans", async |portal| is_orphan(portal, "d").await && is_orphan(portal, "e").await).await;
        let all = format!("/sources/orphans?source={source}");
        portal.submit(&all, "settle_orphans", &[("source", &source), ("deed", "remove")]).await;
        assert_eq!((portal.status_of("d").await, portal.status_of("e").await), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        assert!(portal.html("/sources/orphans").await.contains("There are no orphans"));
    }

    async fn a_removed_source_leaves_orphans_that_registering_it_again_finds(portal) {
        let path = portal.write("catalog-info.yaml", file(&["a"]));
        let source = id(&portal.register("file", &path).await);
        let before = portal.json("/api/catalog/entities/by-name/component/default/a").await["metadata"]["uid"].clone();
        portal.submit(&format!("/sources/{source}"), "remove_source", &[("id", &source), ("deed", "keep")]).await;
        assert!(is_orphan(&portal, "a").await);
        assert!(portal.html("/sources/orphans").await.contains("which was removed"));
        assert!(portal.html("/catalog/default/component/a").await.contains("no longer declares it"));
        let again = id(&portal.register("file", &path).await);
        assert_ne!(again, source);
        let entity = portal.json("/api/catalog/entities/by-name/component/default/a").await;
        assert_eq!(entity["metadata"]["uid"], before);
        assert!(!is_orphan(&portal, "a").await);
        portal.submit(&format!("/sources/{again}"), "remove_source", &[("id", &again), ("deed", "remove")]).await;
        assert_eq!(portal.status_of("a").await, StatusCode::NOT_FOUND);
    }

    async fn what_left_says_when_by_whom_and_where_to_see_it(portal) {
        let path = portal.write("catalog-info.yaml", file(&["a"]));
        let source = id(&portal.register("file", &path).await);
        portal.submit(&format!("/sources/{source}"), "remove_source", &[("id", &source), ("deed", "remove")]).await;
        let (status, page) = portal.page("/catalog/default/component/a").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(page.contains("left the catalog at") && page.contains("by guest"), "{page}");
        assert!(page.contains("<title>It is not in the catalog any more") && !page.contains("Try again"), "{page}");
        assert!(page.contains("Show how it was"), "{page}");
        let then = page.split("href=\"/catalog/default/component/a?asOf=").nth(1).unwrap();
        let then: String = then.chars().take_while(|letter| letter.is_ascii_alphanumeric() || ":.-".contains(*letter)).collect();
        let past = portal.html(&format!("/catalog/default/component/a?asOf={then}")).await;
        assert!(past.contains("As it was at"), "{past}");
        let (_, never) = portal.page("/catalog/default/component/never").await;
        assert!(never.contains("<title>There is nothing here"), "{never}");
        assert!(!never.contains("left the catalog"), "{never}");
    }

    async fn what_a_source_that_cannot_be_read_declared_says_how_old_it_is(portal) {
        let path = portal.write("catalog-info.yaml", file(&["a"]));
        let source = id(&portal.register("file", &path).await);
        assert!(!portal.html("/catalog/default/component/a").await.contains("cannot be read"));
        std::fs::remove_file(&path).unwrap();
        portal.synced(&source, "the page says so", async |portal| {
            portal.html("/catalog/default/component/a").await.contains("Its source cannot be read: ")
        }).await;
        let page = portal.html("/catalog/default/component/a").await;
        assert!(page.contains("What you see is from"), "{page}");
        portal.write("catalog-info.yaml", file(&["a"]));
        portal.synced(&source, "all is well", async |portal| {
            !portal.html("/catalog/default/component/a").await.contains("cannot be read")
        }).await;
    }

    async fn what_another_source_reads_too_stays_the_same_thing(portal) {
        let path = portal.write("same/catalog-info.yaml", file(&["a"]));
        let folder = path.trim_end_matches("/catalog-info.yaml").to_owned();
        let first = id(&portal.register("file", &path).await);
        let second = id(&portal.register("file", &folder).await);
        let before = portal.json("/api/catalog/entities/by-name/component/default/a").await["metadata"]["uid"].clone();
        portal.submit(&format!("/sources/{first}"), "remove_source", &[("id", &first), ("deed", "remove")]).await;
        portal.synced(&second, "it is the other one's", async |portal| {
            let entity = portal.json("/api/catalog/entities/by-name/component/default/a").await;
            assert_eq!(entity["metadata"]["uid"], before);
            entity["metadata"]["annotations"]["backstage.io/orphan"].is_null()
        }).await;
    }

    async fn a_renamed_thing_is_found_under_its_old_address(portal) {
        let path = portal.write("catalog-info.yaml", file(&["gate", "web"]));
        let source = id(&portal.register("file", &path).await);
        let before = portal.json("/api/catalog/entities/by-name/component/default/gate").await["metadata"]["uid"].clone();
        portal.write("catalog-info.yaml", file(&["boarding-gate", "web"]));
        portal.synced(&source, "it has its new name", async |portal| portal.status_of("boarding-gate").await.is_success()).await;
        let entity = portal.json("/api/catalog/entities/by-name/component/default/boarding-gate").await;
        assert_eq!(entity["metadata"]["uid"], before);
        // After that, it is under its new name alone.
        let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        for (name, expected) in [("gate", StatusCode::NOT_FOUND), ("boarding-gate", StatusCode::OK)] {
            let then = portal.get(&format!("/api/v1/catalog/entities/component/default/{name}?asOf={now}")).await;
            assert_eq!(then.status(), expected, "{name}");
            assert!(expected == StatusCode::OK || then.text().await.unwrap().contains("it has been `component:default/boarding-gate` since"));
        }
        // Clients are told the truth; people are led on.
        assert_eq!(portal.status_of("gate").await, StatusCode::NOT_FOUND);
        assert_eq!(portal.names("filter=kind=component&order=asc:metadata.name").await, ["boarding-gate", "web"]);
        let old = portal.request(Method::GET, "/catalog/default/component/gate/history").header("accept", "text/html");
        let old = old.send().await.unwrap();
        assert_eq!(old.status(), StatusCode::FOUND);
        assert_eq!(old.headers()[header::LOCATION], "/catalog/default/component/boarding-gate/history");
        let plain = portal.get("/catalog/default/component/gate").await;
        assert_eq!(plain.status(), StatusCode::FOUND);
        assert_eq!(plain.headers()[header::LOCATION], "/catalog/default/component/boarding-gate");
        let history = portal.html("/catalog/default/component/boarding-gate/history").await;
        assert!(history.contains("Renamed from gate to boarding-gate") && history.contains("Came into the catalog"), "{history}");
    }

    async fn a_name_that_is_declared_twice_can_be_handed_over(portal) {
        let first = portal.write("one/catalog-info.yaml", component("tides", "website", "berths"));
        let second = portal.write("two/catalog-info.yaml", component("tides", "service", "berths"));
        let (first, second) = (id(&portal.register("file", &first).await), id(&portal.register("file", &second).await));
        let kind = async |portal: &Portal| {
            portal.json("/api/catalog/entities/by-name/component/default/tides").await["spec"]["type"].clone()
        };
        assert_eq!(kind(&portal).await, "website");
        for page in ["/sources/conflicts", "/catalog/default/component/tides", &format!("/sources/{first}"), &format!("/sources/{second}")] {
            let html = portal.html(page).await;
            assert!(html.contains("Claims it too") && html.contains("one/catalog-info.yaml"), "{page}: {html}");
            // Both files are called alike.
            assert!(html.contains("two/catalog-info.yaml have it"), "{page}: {html}");
        }
        portal.submit("/sources/conflicts", "hand_over", &[("reference", "component:default/tides"), ("source", &second), ("path", "catalog-info.yaml")]).await;
        assert_eq!(kind(&portal).await, "service");
        assert!(portal.html("/catalog/default/component/tides/history").await.contains("Handed over to catalog-info.yaml"));
        portal.submit(&format!("/sources/{first}"), "sync_source", &[("id", &first)]).await;
        portal.submit(&format!("/sources/{second}"), "sync_source", &[("id", &second)]).await;
        portal.until("both have been synced", async |portal| {
            let page = portal.html("/sources").await;
            (!page.contains("Under way")).then_some(())
        }).await;
        assert_eq!(kind(&portal).await, "service");
        let inbox = portal.html("/sources/conflicts").await;
        assert!(inbox.contains("1 name is declared more than once"), "{inbox}");
    }

    async fn one_file_that_two_sources_read_is_no_conflict(portal) {
        let path = portal.write("org/catalog-info.yaml", component("tides", "website", "berths"));
        let folder = path.trim_end_matches("/catalog-info.yaml");
        let (alone, whole) = (id(&portal.register("file", &path).await), id(&portal.register("file", folder).await));
        let uid = portal.json("/api/catalog/entities/by-name/component/default/tides").await["metadata"]["uid"].clone();
        assert!(!portal.html("/catalog/default/component/tides").await.contains("Claims it too"));
        let dry = json!({ "type": "file", "target": path.replace("catalog-info", "*") });
        let (_, dry) = portal.post("/api/catalog/locations?dryRun=true", &dry).await;
        assert_eq!(dry["entities"][0]["metadata"]["name"], "tides", "{dry}");
        assert_eq!(portal.json("/api/v1/catalog/conflicts").await["total"], 0);
        assert_eq!(portal.json("/api/v1/catalog/problems").await["total"], 0);
        let trace = portal.json(&format!("/api/v1/catalog/sources/{whole}")).await;
        assert_eq!((&trace["files"][0]["outcome"], &trace["conflicts"]), (&json!("found"), &json!([])), "{trace}");
        let told = trace["files"][0]["problems"][0]["message"].as_str().unwrap();
        assert!(told.contains(&format!("`{path}` reads this very file too")), "{told}");
        // The other one takes over, as soon as the first lets go.
        let removed = portal.request(Method::DELETE, &format!("/api/v1/catalog/sources/{alone}?entities=orphan"));
        assert_eq!(removed.send().await.unwrap().status(), StatusCode::NO_CONTENT);
        portal.until("the folder has it", async |portal| {
            (portal.json(&format!("/api/v1/catalog/sources/{whole}")).await["source"]["entities"] == 1).then_some(())
        }).await;
        assert_eq!(portal.json("/api/catalog/entities/by-name/component/default/tides").await["metadata"]["uid"], uid);
        // Lists follow what is recorded.
        portal.until("it is no orphan", async |portal| (!is_orphan(portal, "tides").await).then_some(())).await;
    }

    async fn a_source_goes_with_its_entities_or_leaves_them_their_grace(portal) {
        let path = portal.write("catalog-info.yaml", file(&["gate"]));
        let source = id(&portal.register("file", &path).await);
        let uid = portal.json("/api/catalog/entities/by-name/component/default/gate").await["metadata"]["uid"].clone();
        let remove = async |query: &str, source: &str| {
            let request = portal.request(Method::DELETE, &format!("/api/v1/catalog/sources/{source}{query}"));
            request.send().await.unwrap().status()
        };
        assert_eq!(remove("?entities=keep", &source).await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(remove("?entities=orphan", &source).await, StatusCode::NO_CONTENT);
        assert!(is_orphan(&portal, "gate").await);
        let source = id(&portal.register("file", &path).await);
        assert_eq!(portal.json("/api/catalog/entities/by-name/component/default/gate").await["metadata"]["uid"], uid);
        assert_eq!(remove("", &source).await, StatusCode::NO_CONTENT);
        assert_eq!(portal.status_of("gate").await, StatusCode::NOT_FOUND);
    }

    async fn what_should_be_mended_stands_in_the_inbox_of_its_team(portal) {
        let group = "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: berths\nspec:\n  type: team\n  children: []\n";
        let broken = component("a b", "service", "berths");
        let path = portal.write("catalog-info.yaml", file(&["good"]) + group + &broken);
        let source = id(&portal.register("file", &path).await);
        let lonely = portal.write("lonely/catalog-info.yaml", "kind: [\n");
        portal.register("file", &lonely).await;
        let all = portal.html("/sources/problems").await;
        assert!(all.contains("2 problems to mend") && all.contains("is not a name") && all.contains("Nobody"), "{all}");
        let own = portal.html("/sources/problems?owner=group:default/berths").await;
        assert!(own.contains("1 problem to mend") && own.contains("line 23, column 9") && !own.contains("lonely"), "{own}");
        assert!(portal.html("/sources/problems?owner=berths").await.contains("is not a name"));
        assert!(portal.html("/sources/problems?owner=nobody").await.contains("unclosed bracket"));
        assert!(portal.html("/sources/problems?owner=group:default/none").await.contains("nothing to mend here"));
        assert!(portal.html("/catalog/default/group/berths").await.contains("1 document to mend"));
        let text_page = format!("/sources/{source}/file?path=catalog-info.yaml");
        assert!(portal.html(&format!("/sources/{source}")).await.contains(&text_page));
        // The text can be read when the file is gone.
        std::fs::remove_file(&path).unwrap();
        portal.synced(&source, "it cannot be read", async |portal| {
            portal.json(&format!("/api/catalog/locations/{source}/trace")).await["source"]["problem"].is_string()
        }).await;
        let text = portal.html(&text_page).await;
        assert!(text.contains("id=\"line-23\"") && text.contains("name: a b"), "{text}");
        let missing = portal.request(Method::GET, &format!("/sources/{source}/file?path=none.yaml")).send().await.unwrap();
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    }

    async fn sources_that_need_someone_come_first_and_are_found_by_their_address(portal) {
        portal.register("file", &portal.write("good/catalog-info.yaml", file(&["good"]))).await;
        portal.register("file", &portal.write("bad/catalog-info.yaml", "kind: [\n")).await;
        let (good, bad) = ("files/good/", "files/bad/");
        let all = portal.html("/sources").await;
        assert!(all.contains("1 needs attention") && all.find(bad) < all.find(good), "{all}");
        for (query, shown, hidden) in [("only=troubled", bad, good), ("q=GOOD", good, bad), ("q=file+bad", bad, good)] {
            let page = portal.html(&format!("/sources?{query}")).await;
            assert!(page.contains(shown) && !page.contains(hidden), "{query}: {page}");
        }
        assert!(portal.html("/sources?only=troubled&q=good").await.contains("None of them needs attention"));
        assert!(portal.html("/catalog").await.contains("href=\"/sources?only=troubled\""));
    }

    async fn what_is_set_up_of_a_source_stands_above_its_many_files(portal) {
        for number in 0..25 {
            portal.write(&format!("many/{number}/catalog-info.yaml"), component(&format!("c{number}"), "service", "berths"));
        }
        let broken = portal.write("many/broken/catalog-info.yaml", "kind: [\n");
        let source = id(&portal.register("file", broken.trim_end_matches("/broken/catalog-info.yaml")).await);
        let page = portal.html(&format!("/sources/{source}")).await;
        let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words}: {page}"));
        assert!(at(">Webhook<") < at(">Files<") && at("unclosed bracket") < at("25 files without a complaint"), "{page}");
    }

    async fn people_and_teams_show_where_they_are_written_to(portal) {
        let who = |kind: &str, name: &str, mail: &str| format!(
            "---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n  type: team\n  children: []\n  memberOf: []\n  profile:\n    email: {mail}\n"
        );
        portal.register("file", &portal.write("org.yaml", who("User", "ama", "ama@example.com") + &who("Group", "berths", "'a@b?bcc=c@d'"))).await;
        assert!(portal.html("/catalog/default/user/ama").await.contains("href=\"mailto:ama@example.com\""));
        let team = portal.html("/catalog/default/group/berths").await;
        assert!(team.contains("a@b?bcc=c@d") && !team.contains("mailto:"), "{team}");
        assert!(!portal.html("/catalog?kind=user").await.contains("nobody"));
    }

    async fn syncs_are_remembered_and_each_source_has_its_own_schedule(portal) {
        let path = portal.write("catalog-info.yaml", file(&["a"]));
        let source = id(&portal.register("file", &path).await);
        let page = portal.html(&format!("/sources/{source}")).await;
        assert!(page.contains("1 read, 1 changed, 0 rejected") && page.contains("next"), "{page}");
        for (minutes, told) in [("30", "in 29 minutes"), ("0", "synced by webhook and on demand only"), ("", "in 9 minutes")] {
            portal.submit(&format!("/sources/{source}"), "schedule_source", &[("id", &source), ("minutes", minutes)]).await;
            portal.until(told, async |portal| {
                portal.html(&format!("/sources/{source}")).await.contains(told).then_some(())
            }).await;
        }
        let address = portal.form_on(&format!("/sources/{source}"), "schedule_source").await;
        for wrong in ["soon", "-1", "1.5", "99999999"] {
            let request = form(portal.request(Method::POST, &address), &[("id", source.as_str()), ("minutes", wrong)]);
            assert_eq!(request.send().await.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        assert!(portal.html("/sources").await.contains("The last "));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_grace_an_orphan_left_from_before_is_removed_by_the_clock() {
    let mut portal = Portal::start(Backend::Sqlite).await;
    let path = portal.write("catalog-info.yaml", file(&["a", "b"]));
    let source = id(&portal.register("file", &path).await);
    portal.write("catalog-info.yaml", file(&["a"]));
    portal.synced(&source, "one is an orphan", async |portal| is_orphan(portal, "b").await).await;
    portal.kill().await;
    portal.restart_with(Options::default().set("CATALOG__ORPHAN_DAYS", "0")).await;
    portal
        .until("it is removed", async |portal| (portal.status_of("b").await == StatusCode::NOT_FOUND).then_some(()))
        .await;
    let told = portal.html("/catalog/default/component/a").await;
    assert!(!told.contains("no longer declares it"));
    let (_, dry) = portal.post("/api/catalog/locations?dryRun=true", &json!({ "type": "file", "target": path })).await;
    assert_eq!(dry["exists"], true);
}
