//! Whose people and teams are believed, and that nobody keeps them out by being there first.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{catalog::component, portal::Portal};

fn user(name: &str, title: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}, title: {title}}}\nspec: {{memberOf: []}}\n---\n"
    )
}

impl Portal {
    async fn trusted(&self, path: &str, trust: &str) -> String {
        let wish = json!({ "kind": "file", "target": path, "trust": trust });
        let (status, source) = self.post("/api/v1/catalog/sources", &wish).await;
        assert_eq!(status, StatusCode::CREATED, "{source}");
        source["id"].as_str().unwrap().to_owned()
    }

    async fn trusts(&self, source: &str, trust: &str) {
        let (status, told) =
            self.post(&format!("/api/v1/catalog/sources/{source}/trust"), &json!({ "trust": trust })).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{told}");
    }

    /// An entity; of one that is not there, what is said instead.
    async fn entity(&self, path: &str) -> Value {
        self.get(&format!("/api/catalog/entities/by-name/{path}")).await.json().await.unwrap()
    }

    /// Waits until someone is called so, and is not in the catalog as an orphan.
    async fn is_called(&self, path: &str, title: &str) {
        let _: () = self
            .until(&format!("{path} is {title}"), async |portal| {
                let entity = portal.entity(path).await;
                let is_orphan = entity["metadata"]["annotations"]["backstage.io/orphan"] == "true";
                (entity["metadata"]["title"] == title && !is_orphan).then_some(())
            })
            .await;
    }

    async fn synced_again(&self, source: &str) {
        let (status, _) = self.post(&format!("/api/v1/catalog/sources/{source}/sync"), &json!({})).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        let _: () = self
            .until("it is synced", async |portal| {
                portal.json(&format!("/api/v1/catalog/sources/{source}")).await["source"]["asked_at"]
                    .is_null()
                    .then_some(())
            })
            .await;
    }
}

const ADA: &str = "user/default/ada";

both! {
    async fn who_is_believed_takes_over_a_person_from_who_was_there_first(portal) {
        let early = portal.write("early.yaml", user("ada", "Squatted") + &component("tides", "service", "berths"));
        let people = portal.write("people.yaml", user("ada", "Ada") + &component("tides", "website", "berths"));
        let first = portal.trusted(&early, "none").await;
        portal.is_called(ADA, "Squatted").await;
        let uid = portal.entity(ADA).await["metadata"]["uid"].clone();
        let believed = portal.trusted(&people, "all").await;
        portal.is_called(ADA, "Ada").await;
        assert_eq!(portal.entity(ADA).await["metadata"]["uid"], uid, "it is the same one");
        // Of all else the first claim stands.
        assert_eq!(portal.entity("component/default/tides").await["spec"]["type"], "service");
        let history = portal.html("/catalog/default/user/ada/history").await;
        assert!(history.contains("Handed over to") && history.contains("the source is trusted with people"), "{history}");
        let disputes = portal.until("who lost it says so", async |portal| {
            let found = portal.json("/api/v1/catalog/conflicts").await;
            let is_told = |row: &Value| row["reference"] == "user:default/ada" && row["claimer"]["source"] == first.as_str();
            found["rows"].as_array().is_some_and(|rows| rows.iter().any(is_told)).then_some(found)
        }).await;
        let of = |name: &str| disputes["rows"].as_array().unwrap().iter().find(|row| row["reference"] == name).unwrap().clone();
        let (ada, tides) = (of("user:default/ada"), of("component:default/tides"));
        assert_eq!((&ada["holder"]["source"], &ada["by_trust"], &tides["by_trust"]), (&json!(believed), &json!(true), &json!(false)));
        let trace = portal.html(&format!("/sources/{first}")).await;
        assert!(trace.contains("since it is trusted with people"), "{trace}");
        // It is not handed back, and nothing offers to.
        let back = json!({ "source": first, "path": ada["claimer"]["path"] });
        let (status, why) = portal.post("/api/v1/catalog/conflicts/user/default/ada", &back).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(why["detail"].as_str().unwrap().contains("trusted with people"), "{why}");
        let inbox = portal.html("/sources/conflicts").await;
        assert!(inbox.contains("It stands because its source is trusted with people and teams"), "{inbox}");
        assert_eq!(inbox.matches("have it<").count(), 1, "only the component's can be handed over: {inbox}");

        // Left behind, the name is nobody's who is not believed, until it has left.
        portal.write("people.yaml", component("tides", "website", "berths"));
        portal.synced_again(&believed).await;
        portal.synced_again(&first).await;
        let orphan = portal.entity(ADA).await;
        assert_eq!((&orphan["metadata"]["title"], &orphan["metadata"]["annotations"]["backstage.io/orphan"]), (&json!("Ada"), &json!("true")));
        portal.submit("/sources/orphans", "settle_orphan", &[("reference", "user:default/ada"), ("deed", "remove")]).await;
        portal.is_called(ADA, "Squatted").await;
        portal.write("people.yaml", user("ada", "Ada"));
        portal.synced_again(&believed).await;
        portal.is_called(ADA, "Ada").await;

        // Whom one believes is decided anew, and of two who are believed the first stands.
        portal.trusts(&first, "all").await;
        portal.trusts(&believed, "none").await;
        portal.is_called(ADA, "Squatted").await;
        portal.trusts(&believed, "all").await;
        portal.synced_again(&believed).await;
        portal.is_called(ADA, "Squatted").await;
    }

    async fn of_two_sources_that_read_one_file_the_one_that_is_believed_has_its_people(portal) {
        let same = portal.write("same.yaml", user("ada", "Ada") + &component("tides", "service", "berths"));
        let location = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: people}\nspec: {targets: [./same.yaml]}\n";
        let location = portal.write("location.yaml", location);
        let first = portal.trusted(&same, "none").await;
        portal.is_called(ADA, "Ada").await;
        let believed = portal.trusted(&location, "all").await;
        let holds = async |portal: &Portal, source: &str| portal.json(&format!("/api/v1/catalog/sources/{source}")).await["source"]["entities"].clone();
        let _: () = portal.until("the people are theirs who are believed", async |portal| {
            (holds(portal, &believed).await == 2 && holds(portal, &first).await == 1).then_some(())
        }).await;
        assert_eq!(portal.json("/api/v1/catalog/conflicts").await["total"], 0, "one and the same file is no conflict");
    }
}
