//! What lists promise: columns as chosen, views that are kept, the whole to take away.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::json;

use crate::{
    catalog::component,
    definitions::main_of,
    lifecycle::form,
    portal::{Backend, Portal},
    scorecards::{GROUP, SCORECARD, tiered},
};

/// A line's people and teams: `berths` is below `port`, and Ama is in `port`.
pub(crate) const TEAMS: &str = "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: port\n  title: Port\nspec:\n  type: department\n  children: [berths]\n---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: ama\n  title: Ama\nspec:\n  memberOf: [port]\n";

impl Portal {
    /// The part of a page that is about its subject.
    pub(crate) async fn main(&self, path: &str) -> String {
        main_of(&self.html(path).await).to_owned()
    }

    /// Says that the guest is Ama.
    pub(crate) async fn be_ama(&self) {
        self.submit("/catalog/default/user/ama", "say_who", &[("person", "user:default/ama")]).await;
    }

    async fn table(&self, query: &str) -> Vec<String> {
        let response = self.get(&format!("/api/v1/catalog/entities.csv{query}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
        assert_eq!(response.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"catalog.csv\"");
        response.text().await.unwrap().lines().map(str::to_owned).collect()
    }

    /// What a form's answer is.
    async fn sent(&self, page: &str, function: &str, fields: &[(&str, &str)]) -> Response {
        let address = self.form_on(page, function).await;
        let request = self.request(Method::POST, &address).header("accept", "text/html");
        form(request.header("referer", format!("{}{page}", self.base)), fields).send().await.unwrap()
    }

    /// The address that a form's answer leads to.
    async fn led_to(&self, page: &str, function: &str, fields: &[(&str, &str)]) -> String {
        self.sent(page, function, fields).await.headers()[header::LOCATION].to_str().unwrap().to_owned()
    }
}

/// The headings of a list, as they are read.
fn heads(main: &str) -> Vec<String> {
    let head = main.split("<thead").nth(1).unwrap().split("</thead>").next().unwrap();
    let text = |head: &str| -> String {
        let parts = head.split_once('>').unwrap().1.split('<');
        parts.map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect()
    };
    head.split("<th ").skip(1).map(|head| text(head).trim().to_owned()).collect()
}

both! {
    async fn a_list_has_the_columns_that_its_address_names(portal) {
        let path = portal.write("catalog-info.yaml", tiered("ticket-api", "1") + GROUP + SCORECARD);
        portal.register("file", &path).await;
        portal.report("ticket-api", |_| true).await;
        let main = portal.main("/catalog").await;
        assert_eq!(heads(&main), ["Name", "Type", "Owner", "System", "Lifecycle", "Level", "Changed"]);
        let query = "columns=name&columns=owner&columns=annotation:example.org/tier,level:readiness,no-such";
        let main = portal.main(&format!("/catalog?{query}")).await;
        assert_eq!(heads(&main), ["Name", "Owner", "tier", "readiness"]);
        assert!(main.contains("title=\"1\"") && main.contains("Silver"), "{main}");
        // The form works without a script: what was chosen is checked, and goes where the list is.
        assert!(main.contains("value=\"annotation:example.org/tier, level:readiness\""), "{main}");
        let table = portal.table(&format!("?{}", query.replace(",no-such", ""))).await;
        assert_eq!(table, ["entity,name,owner,annotation:example.org/tier,level:readiness", "component:default/ticket-api,ticket-api,group:default/berths,1,Silver"]);
    }

    async fn things_of_one_name_or_title_are_told_apart(portal) {
        let in_namespace = |namespace: &str, title: &str| {
            let metadata = format!("  namespace: {namespace}\n{title}  tags: [java]\n");
            component("tide-tables", "service", "group:default/berths").replace("  tags: [java]\n", &metadata)
        };
        let all = GROUP.to_owned() + &in_namespace("default", "") + &in_namespace("payments", "") + &in_namespace("search", "  title: Water levels\n");
        portal.register("file", &portal.write("catalog-info.yaml", all)).await;
        let names = |main: &str| -> Vec<String> {
            let rows = main.split("row-link").skip(1).map(|row| row.split("</p>").next().unwrap().split("</li>").next().unwrap());
            let texts = rows.map(|row| row.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim()));
            texts.map(|texts| texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")).collect()
        };
        assert_eq!(names(&portal.main("/catalog").await), ["tide-tables", "tide-tables payments", "Water levels search"]);
        let mut found = names(&portal.main("/search?q=tide-tables").await);
        found.sort_unstable();
        assert_eq!(found, ["Water levels search/tide-tables", "tide-tables", "tide-tables payments"]);
    }

    async fn people_stand_with_their_teams_and_addresses(portal) {
        let more = "---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: kofi\nspec:\n  profile: {email: kofi@example.org, displayName: Abena}\n  memberOf: [port, berths, ghosts]\n";
        portal.register("file", &portal.write("catalog-info.yaml", GROUP.to_owned() + TEAMS + more)).await;
        let people = portal.main("/catalog?kind=user").await;
        assert_eq!(heads(&people), ["Name", "Team", "Email", "Changed"]);
        assert!(people.find("Abena") < people.find("Ama"), "by what is read: {people}");
        assert!(people.contains("kofi@example.org") && people.contains("href=\"/catalog/default/group/port\""), "{people}");
        let line = |name: &str, lines: &[String]| -> Vec<String> {
            let found = lines.iter().find(|line| line.starts_with(name)).unwrap();
            found.rsplit_once(',').unwrap().0.split(',').map(|cell| cell.trim_matches(['"', ' ']).to_owned()).collect()
        };
        let table = portal.table("?kind=user").await;
        assert_eq!(table[0], "entity,name,team,email,changed");
        assert_eq!(line("user:default/ama", &table), ["user:default/ama", "Ama", "group:default/port", ""]);
        let kofi = line("user:default/kofi", &table);
        assert_eq!(kofi.last().unwrap(), "kofi@example.org", "{kofi:?}");
        assert!(["berths", "port"].iter().all(|team| kofi.contains(&format!("group:default/{team}"))), "{kofi:?}");
        assert_eq!(heads(&portal.main("/catalog?kind=group").await), ["Name", "Type", "Team", "Email", "Changed"]);
        let berths = portal.table("?kind=group").await;
        assert_eq!(line("group:default/berths", &berths)[3], "group:default/port");
    }

    async fn a_whole_list_is_taken_away_and_runs_nothing(portal) {
        let mut text = String::from(GROUP);
        for number in 0..1_203 {
            let _ = write!(text, "{}", component(&format!("c-{number:04}"), if number % 2 == 0 { "service" } else { "library" }, "berths"));
        }
        text += &component("formula", "service", "berths").replace("  tags: [java]\n", "  title: '=cmd|x, \"y\"'\n  description: '@sum'\n");
        let path = portal.write("catalog-info.yaml", text);
        portal.register("file", &path).await;
        let all = portal.table("?columns=type,description&sort=name&order=desc").await;
        assert_eq!(all.len(), 1_205, "a head and a line for each");
        assert_eq!(all[1], "component:default/c-1202,c-1202,service,");
        let names: std::collections::BTreeSet<&str> = all.iter().skip(1).map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(names.len(), 1_204, "none twice");
        let formula = all.iter().find(|line| line.starts_with("component:default/formula")).unwrap();
        assert_eq!(formula, "component:default/formula,\"'=cmd|x, \"\"y\"\"\",service,\"'@sum\"");
        let some = portal.table("?type=library&q=c-11").await;
        assert_eq!(some.len(), 51, "{some:?}");
        assert_eq!(portal.table("?q=no-such-thing").await, ["entity,name,type,owner,system,lifecycle,level,changed"]);
        assert!(portal.main("/catalog?type=library").await.contains("href=\"/api/v1/catalog/entities.csv?type=library\""));
    }

    async fn a_view_is_kept_named_anew_and_taken_away(portal) {
        let path = portal.write("catalog-info.yaml", component("ticket-api", "service", "berths") + GROUP + TEAMS);
        portal.register("file", &path).await;
        let page = "/catalog?type=service&columns=owner";
        let opened = portal.led_to(page, "save_view", &[("name", "Mine to watch"), ("team", ""), ("query", "type=service&columns=owner&evil=1&page=3")]).await;
        let id = opened.split("view=").nth(1).unwrap().to_owned();
        assert_eq!(opened, format!("/catalog?type=service&columns=owner&view={id}"));
        let main = portal.main(&opened).await;
        assert!(main.contains("Mine to watch") && main.contains("Remove view"), "{main}");
        let link = portal.get(&format!("/catalog/views/{id}")).await;
        assert_eq!((link.status(), link.headers()[header::LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, &*opened));

        let again = portal.sent(page, "save_view", &[("name", "Mine to watch"), ("team", ""), ("query", "")]).await;
        assert_eq!(again.status(), StatusCode::CONFLICT, "a name is taken once");
        assert!(again.text().await.unwrap().contains("Mine to watch"));
        // Only what was sent is answered: an address that somebody made up has the portal say nothing.
        let made_up = URL_SAFE.encode(r#"{"Conflict":"your licence has ended"}"#);
        let main = portal.main(&format!("/catalog?__path=%2Fapi%2Fportal%2Fsave_view&__err={made_up}")).await;
        assert!(!main.contains("licence"), "{main}");
        portal.submit(&opened, "rename_view", &[("id", &id), ("name", "Watched")]).await;
        portal.submit(&format!("/catalog?type=library&view={id}"), "change_view", &[("id", &id), ("query", "type=library")]).await;
        let link = portal.get(&format!("/catalog/views/{id}")).await;
        assert_eq!(link.headers()[header::LOCATION], format!("/catalog?type=library&view={id}"));
        assert!(portal.main("/catalog").await.contains("Watched"));
        let history: Vec<String> = portal.changes_of(&format!("view:{id}"), 3).await;
        assert_eq!(history, ["view-saved", "view-saved", "view-saved"]);

        // A team's views are for those who are in it.
        let refused = portal.sent(page, "save_view", &[("name", "Ours"), ("team", "group:default/port"), ("query", "")]).await;
        assert!(refused.status().is_client_error(), "{refused:?}");
        portal.be_ama().await;
        let ours = portal.led_to(page, "save_view", &[("name", "Ours"), ("team", "group:default/port"), ("query", "lifecycle=production")]).await;
        assert!(ours.starts_with("/catalog?lifecycle=production&view="), "{ours}");
        assert!(portal.main("/catalog").await.contains("Ours"));
        let team = ours.split("view=").nth(1).unwrap();
        portal.submit("/catalog/default/user/ama", "say_who", &[("person", "")]).await;
        let main = portal.main("/catalog").await;
        assert!(!main.contains(">Ours<") && main.contains("Watched"));
        portal.submit(&format!("/catalog?view={id}"), "remove_view", &[("id", &id)]).await;
        assert_eq!(portal.get(&format!("/catalog/views/{id}")).await.headers()[header::LOCATION], "/catalog?view=gone");
        let left = portal.get(&format!("/catalog/views/{team}")).await;
        assert_eq!(left.status(), StatusCode::SEE_OTHER, "another person's link still opens");
    }

    async fn an_address_that_asks_for_what_no_list_has_says_so(portal) {
        let path = portal.write("catalog-info.yaml", component("quay", "service", "berths"));
        portal.register("file", &path).await;
        for (query, said) in [
            ("sort=bogus", "a list cannot be sorted by `bogus`"),
            ("order=sideways", "`order` is `asc` or `desc`"),
            ("columns=type,bogus", "there is no column `bogus`"),
        ] {
            let response = portal.get(&format!("/api/v1/catalog/entities.csv?{query}")).await;
            let status = response.status();
            let told = response.text().await.unwrap();
            assert!(status == StatusCode::UNPROCESSABLE_ENTITY && told.contains(said), "{status} {told}");
            // The list is shown as far as it goes.
            let main = portal.main(&format!("/catalog?{query}")).await;
            let word = said.rsplit_once('`').map_or(said, |(words, _)| words.rsplit('`').next().unwrap());
            assert!(main.contains(word) && main.contains("quay"), "{main}");
        }
        assert_eq!(portal.table("?sort=name&order=asc&columns=type").await.len(), 2);
        let main = portal.main("/catalog?page=999").await;
        assert!(main.contains("There is no page 999") && main.contains("Look at the last page"), "{main}");
        assert!(!main.contains("No source declares any"), "{main}");
    }

    async fn mine_my_teams_and_starred_are_lists(portal) {
        let text = component("quay", "service", "berths") + &component("mine", "service", "user:ama") + &component("other", "service", "tides") + GROUP + TEAMS;
        let path = portal.write("catalog-info.yaml", text);
        portal.register("file", &path).await;
        let names = async |query: &str| -> Vec<String> {
            let lines = portal.table(&format!("?columns=name&{query}")).await;
            lines.iter().skip(1).map(|line| line.split(',').next_back().unwrap().to_owned()).collect()
        };
        assert_eq!(names("owner=my-teams").await, [""; 0]);
        assert!(portal.main("/catalog?owner=me").await.contains("does not know which person"));
        portal.be_ama().await;
        assert_eq!(names("owner=me").await, ["mine"]);
        assert_eq!(names("owner=my-teams").await, ["quay"], "what the teams below own is among it");
        assert_eq!(names("owner=group:default/port").await, [""; 0]);
        assert_eq!(names("owner=group:default/port&below=yes").await, ["quay"]);
        portal.submit("/catalog?owner=me", "set_star", &[("deed", "star component:default/other")]).await;
        assert_eq!(names("starred=yes").await, ["other"]);
        assert!(portal.main("/catalog").await.contains("Take the star of other away"));
        portal.submit("/catalog/default/component/other", "set_star", &[("deed", "unstar component:default/other")]).await;
        assert_eq!(names("starred=yes").await, [""; 0]);
    }
}

#[tokio::test]
async fn a_star_that_means_nothing_is_told() {
    let portal = Portal::start(Backend::Sqlite).await;
    let path = portal.write("catalog-info.yaml", component("ticket-api", "service", "berths") + GROUP);
    portal.register("file", &path).await;
    let address = portal.form_on("/catalog", "set_star").await;
    for (deed, status) in
        [("star component:default/none", 404), ("stars component:default/ticket-api", 422), ("x", 422)]
    {
        let response = form(portal.request(Method::POST, &address), &[("deed", deed)]).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{deed}");
    }
    let (status, answer) = portal.post("/api/catalog/locations", &json!({ "type": "file", "target": path })).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
}
