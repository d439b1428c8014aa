//! A directory that says something wrong lets in nobody but those whom it means, and once it is put right, nobody else.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::Directory;
use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, USUAL, portal_with},
    sign_in::both_with_a_provider,
};

async fn kept(backend: Backend, provider: &Provider) -> Portal {
    let settings = provider.settings("corp", &format!("{USUAL}, scim = \"directory\""));
    let portal = portal_with(backend, &[settings], Options::default()).await;
    provider.know(&portal, &["corp"]).await;
    portal
}

async fn who(browser: &mut Browser, portal: &Portal) -> Value {
    let page = browser.open(&format!("{}/api/v1/me", portal.base)).await;
    serde_json::from_str::<Value>(&page.text).unwrap_or_default()["subject"].clone()
}

fn person(external: &str, addresses: &[&str]) -> Value {
    let emails: Vec<Value> =
        addresses.iter().enumerate().map(|(at, address)| json!({ "value": address, "primary": at == 0 })).collect();
    let schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"];
    json!({ "schemas": schemas, "userName": addresses[0], "externalId": external, "emails": emails, "active": true })
}

both_with_a_provider! {
    async fn a_second_address_of_somebody_lets_nobody_in_as_them(backend, provider) {
        let portal = kept(backend, &provider).await;
        let directory = Directory::new(&portal).await;
        let made = directory.post("Users", person("ada", &["ada@saltmarsh.example", "stranger@saltmarsh.example"])).await;
        assert_eq!(made.status, StatusCode::CREATED);
        provider.wish(json!({ "account": "stranger" })).await;
        assert_eq!(Browser::new().sign_in(&portal, "corp").await.status, StatusCode::FORBIDDEN);
        // Nor does anybody's address where the directory knows the one who comes by what the provider calls them.
        directory.post("Users", person("stranger", &["desk@saltmarsh.example"])).await;
        assert_eq!(Browser::new().sign_in(&portal, "corp").await.status, StatusCode::FORBIDDEN);
        provider.wish(json!({ "account": "ada" })).await;
        let mut ada = Browser::new();
        ada.sign_in(&portal, "corp").await;
        assert_eq!(who(&mut ada, &portal).await, "user:default/ada-b");
    }

    async fn whom_a_directory_lets_in_is_who_its_record_means_and_not_who_has_the_entry_next(backend, provider) {
        let portal = kept(backend, &provider).await;
        let directory = Directory::new(&portal).await;
        let made = directory.post("Users", person("stranger", &["ada@saltmarsh.example"])).await;
        assert_eq!(made.status, StatusCode::CREATED);
        provider.wish(json!({ "account": "stranger" })).await;
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        assert_eq!(who(&mut browser, &portal).await, "user:default/ada-b");
        // The entry is somebody else's by now.
        let text = std::fs::read_to_string(portal.data.path().join("files/people.yaml")).unwrap();
        portal.write("people.yaml", text.replace("Ada@saltmarsh.example", "bob@saltmarsh.example"));
        let refresh = portal.request(Method::POST, "/api/catalog/refresh").bearer_auth(TOKEN);
        let refresh = refresh.json(&json!({ "entityRef": "user:default/ada-b" })).send().await.unwrap();
        assert!(refresh.status().is_success(), "{}", refresh.status());
        let _: () = portal.until("they are nobody there any more", async |portal| who(&mut browser, portal).await.is_null().then_some(())).await;
    }

    async fn a_wrong_address_that_is_put_right_lets_nobody_in_any_more(backend, provider) {
        let portal = kept(backend, &provider).await;
        let directory = Directory::new(&portal).await;
        let made = directory.post("Users", person("stranger", &["ada@saltmarsh.example"])).await;
        assert_eq!(made.status, StatusCode::CREATED);
        let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
        let mut ada = Browser::new();
        ada.sign_in(&portal, "corp").await;
        provider.wish(json!({ "account": "stranger" })).await;
        let mut wrong = Browser::new();
        wrong.sign_in(&portal, "corp").await;
        assert_eq!(who(&mut wrong, &portal).await, "user:default/ada-b", "as the directory says");
        let right = directory.ask(Method::PUT, &path, Some(person("stranger", &["stranger@saltmarsh.example"])), None).await;
        assert_eq!(right.status, StatusCode::OK, "{}", right.body);
        assert!(who(&mut wrong, &portal).await.is_null());
        assert_eq!(Browser::new().sign_in(&portal, "corp").await.status, StatusCode::FORBIDDEN);
        // Whoever came in by themselves stays, and comes again, also when the directory lets go of the other one.
        assert_eq!(who(&mut ada, &portal).await, "user:default/ada-b");
        assert_eq!(directory.ask(Method::DELETE, &path, None, None).await.status, StatusCode::NO_CONTENT);
        provider.wish(json!({ "account": "ada" })).await;
        let mut again = Browser::new();
        again.sign_in(&portal, "corp").await;
        assert_eq!(who(&mut again, &portal).await, "user:default/ada-b");
        assert_eq!(who(&mut ada, &portal).await, "user:default/ada-b");
    }
}
