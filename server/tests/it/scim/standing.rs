//! What follows from what a directory says: who comes in, and in which teams they are.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{Directory, fault};
use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, USUAL, portal_with},
    sign_in::both_with_a_provider,
};

async fn me(browser: &mut Browser, portal: &Portal) -> Value {
    let page = browser.open(&format!("{}/api/v1/me", portal.base)).await;
    serde_json::from_str(&page.text).unwrap_or_default()
}

/// A portal whose provider's people a directory keeps.
async fn kept(backend: Backend, provider: &Provider, more: &str) -> Portal {
    let portal =
        portal_with(backend, &[provider.settings("corp", &format!("{USUAL}, {more}"))], Options::default()).await;
    provider.know(&portal, &["corp"]).await;
    portal
}

/// A browser in which ada is signed in, and a token of hers.
async fn with_token(portal: &Portal) -> (Browser, String) {
    let mut browser = Browser::new();
    browser.sign_in(portal, "corp").await;
    let form = [("name", "laptop"), ("days", "30"), ("read", "true")];
    let made = browser.follow(Method::POST, &format!("{}/account/tokens", portal.base), Some(&form)).await;
    let at = made.text.find("cw_pat_").expect("the token is shown");
    (browser, made.text[at..at + 47].to_owned())
}

async fn administrator(portal: &Portal, path: &str) -> String {
    let page = portal.request(Method::GET, path).bearer_auth(TOKEN).header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK, "{path}");
    page.text().await.unwrap()
}

both_with_a_provider! {
    async fn a_person_stands_as_their_directory_says_and_goes_when_it_says_so(backend, provider) {
        let portal = kept(backend, &provider, "scim = \"directory\", teams_by_name = true, teams = { \"object-7\" = \"group:default/harbour\" }").await;
        let directory = Directory::new(&portal).await;
        let id = directory.ada().await;
        let path = format!("/Users/{id}");
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b");
        let token = portal.command(&["token", "create", "other", "--roles", "viewer"]).await;
        let form = browser.follow(Method::POST, &format!("{}/account/tokens", portal.base), Some(&[("name", "laptop"), ("days", "30"), ("read", "true")])).await;
        let at = form.text.find("cw_pat_").expect("the token is shown");
        let own = form.text[at..at + 47].to_owned();
        let by = async |token: &str| portal.request(Method::GET, "/api/v1/me").bearer_auth(token).send().await.unwrap().status();
        assert_eq!(by(&own).await, StatusCode::OK);
        // Groups count as teams by the rules of the claims: by name, or by what the directory calls them.
        let quays = directory.post("Groups", json!({ "displayName": "Quays", "members": [{ "value": id }] })).await.body["id"].as_str().unwrap().to_owned();
        directory.post("Groups", json!({ "displayName": "Everyone in the Harbour", "externalId": "object-7", "members": [{ "value": id }] })).await;
        directory.post("Groups", json!({ "displayName": "No such team", "members": [{ "value": id }] })).await;
        let teams = me(&mut browser, &portal).await["teams"].clone();
        assert_eq!(teams, json!(["group:default/berths", "group:default/harbour", "group:default/quays"]));
        // Out of the group, out of the team, at once.
        directory.patch(&format!("/Groups/{quays}"), json!([{ "op": "Remove", "path": "members", "value": [{ "value": id }] }])).await;
        assert_eq!(me(&mut browser, &portal).await["teams"], json!(["group:default/berths", "group:default/harbour"]));
        let page = administrator(&portal, "/people").await;
        assert!(page.contains("Kept current by SCIM") && page.contains("kept by SCIM, heard of") && page.contains("is no group of the catalog"), "{page}");
        // Sent away: sessions and tokens are over, and the door says why.
        let off = directory.patch(&path, json!([{ "op": "Replace", "path": "active", "value": "False" }])).await;
        assert_eq!(off.body["active"], false);
        assert!(me(&mut browser, &portal).await["subject"].is_null());
        assert_eq!(by(&own).await, StatusCode::UNAUTHORIZED);
        assert_eq!(by(token.trim()).await, StatusCode::OK);
        let mut again = Browser::new();
        let page = again.sign_in(&portal, "corp").await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.text.contains("The directory of Corp corp lets you in here no more"), "{}", page.text);
        assert_eq!(again.cookie(&portal.base, "causeway_session"), None);
        assert!(administrator(&portal, "/people").await.contains("sent away by the directory"));
        let audit: Value = serde_json::from_str(&administrator(&portal, "/api/v1/audit?kind=scim-user-deactivated").await).unwrap();
        assert_eq!((&audit["items"][0]["subject"], &audit["items"][0]["detail"]["sessionsEnded"], &audit["items"][0]["detail"]["tokensEnded"]), (&json!("user:default/ada-b"), &json!(1), &json!(1)));
        // Let in again; what was ended stays ended.
        directory.patch(&path, json!([{ "op": "replace", "value": { "active": true } }])).await;
        let mut back = Browser::new();
        back.sign_in(&portal, "corp").await;
        assert_eq!(me(&mut back, &portal).await["subject"], "user:default/ada-b");
        assert_eq!(by(&own).await, StatusCode::UNAUTHORIZED);
        // Deleted is sent away too, until an administrator forgets it, or the directory tells of them anew.
        assert_eq!(directory.ask(Method::DELETE, &path, None, None).await.status, StatusCode::NO_CONTENT);
        assert!(me(&mut back, &portal).await["subject"].is_null());
        let page = Browser::new().sign_in(&portal, "corp").await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        let form = [("id", id.as_str())];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let forgotten = portal.request(Method::POST, "/people/forget").bearer_auth(TOKEN).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body).send().await.unwrap();
        assert_eq!(forgotten.status(), StatusCode::SEE_OTHER);
        let mut last = Browser::new();
        last.sign_in(&portal, "corp").await;
        assert_eq!(me(&mut last, &portal).await["subject"], "user:default/ada-b");
    }

    async fn whose_address_changed_is_sent_away_all_the_same(backend, provider) {
        let portal = kept(backend, &provider, "scim = \"directory\"").await;
        let directory = Directory::new(&portal).await;
        let path = format!("/Users/{}", directory.ada().await);
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        let form = browser.follow(Method::POST, &format!("{}/account/tokens", portal.base), Some(&[("name", "laptop"), ("days", "30"), ("read", "true")])).await;
        let at = form.text.find("cw_pat_").expect("the token is shown");
        let own = form.text[at..at + 47].to_owned();
        // The rules find nobody by the new address, nor by nothing at all; they stay who they were.
        directory.patch(&path, json!([{ "op": "replace", "value": { "emails": [{ "value": "ada.new@saltmarsh.example", "type": "work", "primary": true }] } }])).await;
        directory.ask(Method::PUT, &path, Some(json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "a.berth", "active": true })), None).await;
        assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b");
        let off = directory.patch(&path, json!([{ "op": "replace", "path": "active", "value": false }])).await;
        assert_eq!(off.body["active"], false, "{}", off.body);
        assert!(me(&mut browser, &portal).await["subject"].is_null());
        assert_eq!(portal.request(Method::GET, "/api/v1/me").bearer_auth(&own).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
        assert_eq!(Browser::new().sign_in(&portal, "corp").await.status, StatusCode::FORBIDDEN);
        assert_eq!(directory.ask(Method::DELETE, &path, None, None).await.status, StatusCode::NO_CONTENT);
        assert_eq!(Browser::new().sign_in(&portal, "corp").await.status, StatusCode::FORBIDDEN);
    }

    async fn an_old_record_of_a_person_takes_nothing_from_the_one_who_came_back(backend, provider) {
        let portal = kept(backend, &provider, "scim = \"directory\"").await;
        let directory = Directory::new(&portal).await;
        directory.ada().await;
        let (mut browser, own) = with_token(&portal).await;
        let by = async |token: &str| portal.request(Method::GET, "/api/v1/me").bearer_auth(token).send().await.unwrap().status();
        let old = directory.post("Users", json!({
            "userName": "ada.2019", "externalId": "2019", "active": false, "emails": [{ "value": "ada@saltmarsh.example" }],
        })).await;
        let path = format!("/Users/{}", old.body["id"].as_str().unwrap());
        directory.patch(&path, json!([{ "op": "replace", "path": "displayName", "value": "Ada, 2019" }])).await;
        assert_eq!(directory.ask(Method::DELETE, &path, None, None).await.status, StatusCode::NO_CONTENT);
        assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b");
        assert_eq!(by(&own).await, StatusCode::OK);
    }

    async fn whoever_signs_in_as_another_than_the_directory_thinks_goes_with_its_record(backend, provider) {
        let portal = kept(backend, &provider, "scim = \"directory\"").await;
        let directory = Directory::new(&portal).await;
        // What the provider calls `sub`, by which the record is hers, though its address finds nobody or somebody else.
        let made = directory.post("Users", json!({
            "userName": "ada", "externalId": "ada", "active": true, "emails": [{ "value": "ada.new@saltmarsh.example", "primary": true }],
        })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
        let (mut browser, own) = with_token(&portal).await;
        let people = administrator(&portal, "/people?q=ada").await;
        assert!(people.contains("kept by SCIM, heard of"), "{people}");
        directory.patch(&path, json!([{ "op": "replace", "path": "active", "value": false }])).await;
        assert!(me(&mut browser, &portal).await["subject"].is_null());
        let told = portal.request(Method::GET, "/api/v1/me").bearer_auth(&own).send().await.unwrap();
        assert_eq!(told.status(), StatusCode::UNAUTHORIZED);
        assert!(administrator(&portal, "/people?q=ada").await.contains("sent away by the directory"));
        // Who is turned away at the door is named, as far as the provider named them.
        assert_eq!(Browser::new().sign_in(&portal, "corp").await.status, StatusCode::FORBIDDEN);
        let turned: Value = portal.until("it is told who was turned away", async |portal| {
            let told = administrator(portal, "/api/v1/audit?kind=sign-in-failed&actor=user:default/ada-b").await;
            let told: Value = serde_json::from_str(&told).unwrap();
            told["items"].as_array().is_some_and(|items| !items.is_empty()).then(|| told["items"][0].clone())
        }).await;
        assert_eq!((&turned["subject"], &turned["detail"]["sub"], &turned["detail"]["email"]), (&json!("corp"), &json!("ada"), &json!("ada@saltmarsh.example")));
        let on = directory.patch(&path, json!([{ "op": "replace", "path": "active", "value": true }])).await;
        assert_eq!(on.body["active"], true);
        assert!(me(&mut browser, &portal).await["subject"].is_null());
    }

    async fn whom_the_directory_sends_away_comes_in_by_no_other_door(backend, provider) {
        let other = Provider::start().await;
        let providers = [provider.settings("corp", &format!("{USUAL}, scim = \"directory\"")), other.settings("second", USUAL)];
        let portal = portal_with(backend, &providers, Options::default()).await;
        provider.know(&portal, &["corp"]).await;
        other.know(&portal, &["second"]).await;
        let directory = Directory::new(&portal).await;
        let path = format!("/Users/{}", directory.ada().await);
        let mut browser = Browser::new();
        browser.sign_in(&portal, "second").await;
        assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b");
        directory.patch(&path, json!([{ "op": "replace", "path": "active", "value": false }])).await;
        assert!(me(&mut browser, &portal).await["subject"].is_null());
        for id in ["corp", "second"] {
            let page = Browser::new().sign_in(&portal, id).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{id}");
            // Whose directory it is, whichever door they stand at.
            assert!(page.text.contains("The directory of Corp corp lets you in here no more"), "{}", page.text);
        }
    }

    async fn people_whom_a_directory_tells_of_all_at_once_stay_apart(backend, provider) {
        let portal = kept(backend, &provider, "scim = \"directory\", create_people = true").await;
        let directory = Directory::new(&portal).await;
        for round in 0..4 {
            let person = async |place: &str| {
                let body = json!({ "userName": format!("sq{round}@{place}.example"), "externalId": format!("{place}-{round}") });
                directory.post("Users", body).await.status
            };
            let made = tokio::join!(person("emea"), person("us"), person("apac"));
            assert_eq!(made, (StatusCode::CREATED, StatusCode::CREATED, StatusCode::CREATED));
        }
        let told: Value = serde_json::from_str(&administrator(&portal, "/api/v1/audit?kind=scim-user-created&limit=100").await).unwrap();
        let people: std::collections::BTreeSet<&str> = told["items"].as_array().unwrap().iter().map(|entry| entry["subject"].as_str().unwrap()).collect();
        assert_eq!(people.len(), 12, "{people:?}");
    }

    async fn a_directory_speaks_for_its_own_provider_alone(backend, provider) {
        let other = Provider::start().await;
        let portal = portal_with(
            backend,
            &[provider.settings("corp", &format!("{USUAL}, scim = \"directory\", create_people = true")), other.settings("second", &format!("{USUAL}, scim = \"second\""))],
            Options::default(),
        ).await;
        provider.know(&portal, &["corp"]).await;
        other.know(&portal, &["second"]).await;
        let directory = Directory::new(&portal).await;
        let second = Directory::with(&portal, "second", "provisioner", "provision").await;
        let stray = Directory::with(&portal, "stray", "provisioner", "provision").await;
        let refused = stray.get("/Users").await;
        fault(&refused, 400, "invalidValue");
        assert!(refused.body["detail"].as_str().unwrap().contains("scim = "));
        let id = directory.ada().await;
        fault(&second.get(&format!("/Users/{id}")).await, 404, "");
        assert!(second.ids("Users", "userName pr").await.is_empty());
        second.ada().await;
        // What the first sends away still comes in through the second.
        directory.patch(&format!("/Users/{id}"), json!([{ "op": "replace", "value": { "active": false } }])).await;
        assert_eq!(Browser::new().sign_in(&portal, "corp").await.status, StatusCode::FORBIDDEN);
        let mut browser = Browser::new();
        browser.sign_in(&portal, "second").await;
        assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b");
        // Whom the catalog does not know is made up where that is wanted, and is one person for both.
        let made = directory.post("Users", json!({ "userName": "grace@saltmarsh.example", "externalId": "grace", "active": true })).await;
        let group = directory.post("Groups", json!({ "displayName": "quays", "members": [{ "value": made.body["id"] }] })).await;
        assert_eq!(group.status, StatusCode::CREATED);
        provider.wish(json!({ "account": "grace" })).await;
        let mut grace = Browser::new();
        grace.sign_in(&portal, "corp").await;
        assert_eq!(me(&mut grace, &portal).await["subject"], "user:corp/grace");
        let page = administrator(&portal, "/people?q=grace").await;
        assert!(page.contains("user:corp/grace") && page.contains("kept by SCIM"), "{page}");
        directory.patch(&format!("/Users/{}", made.body["id"].as_str().unwrap()), json!([{ "op": "Replace", "path": "active", "value": "False" }])).await;
        assert!(me(&mut grace, &portal).await["subject"].is_null());
    }

    async fn who_came_in_vain_is_shown_to_administrators(backend, provider) {
        let portal = kept(backend, &provider, "match = [{ email = \"email\" }]").await;
        provider.wish(json!({ "account": "stranger" })).await;
        for _ in 0..2 {
            let page = Browser::new().sign_in(&portal, "corp").await;
            assert_eq!(page.status, StatusCode::FORBIDDEN);
        }
        let page = administrator(&portal, "/people").await;
        for word in ["nobody in the catalog was found", "stranger@saltmarsh.example", "through Corp corp, 2 times", "What you can do", "create_people = true"] {
            assert!(page.contains(word), "`{word}` is not in {page}");
        }
        // A directory whose people the catalog does not know says so there, too.
        let directory = Directory::new(&portal).await;
        directory.post("Users", json!({ "userName": "unheard@saltmarsh.example" })).await;
        let page = administrator(&portal, "/people?q=unheard").await;
        assert!(page.contains("nobody was found") && page.contains("there is none in the catalog"), "{page}");
    }
}
