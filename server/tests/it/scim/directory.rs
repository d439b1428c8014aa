//! A directory as the tests play it.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{PATCH, USER};
use crate::portal::Portal;

/// A directory, by its token.
pub(super) struct Directory<'a> {
    pub(super) portal: &'a Portal,
    pub(super) token: String,
}

pub(super) struct Said {
    pub(super) status: StatusCode,
    pub(super) tag: Option<String>,
    pub(super) body: Value,
}

impl<'a> Directory<'a> {
    pub(super) async fn new(portal: &'a Portal) -> Self {
        Self::with(portal, "directory", "provisioner", "provision").await
    }

    pub(super) async fn with(portal: &'a Portal, name: &str, role: &str, scopes: &str) -> Self {
        let token = portal.command(&["token", "create", name, "--roles", role, "--scopes", scopes]).await;
        Self { portal, token: token.trim().to_owned() }
    }

    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<Value>, if_match: Option<&str>) -> Said {
        let mut request = self.portal.request(method, &format!("/scim/v2{path}")).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/scim+json").body(body.to_string());
        }
        if let Some(tag) = if_match {
            request = request.header(header::IF_MATCH, tag);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let tag = response.headers().get(header::ETAG).map(|tag| tag.to_str().unwrap().to_owned());
        let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
        let text = response.text().await.unwrap();
        if !text.is_empty() {
            assert_eq!(kind.as_deref(), Some("application/scim+json"), "{text}");
        }
        Said { status, tag, body: serde_json::from_str(&text).unwrap_or_default() }
    }

    pub(super) async fn get(&self, path: &str) -> Said {
        self.ask(Method::GET, path, None, None).await
    }

    pub(super) async fn find(&self, kind: &str, filter: &str) -> Said {
        let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", filter).finish();
        self.get(&format!("/{kind}?{query}")).await
    }

    /// The ids that a filter finds.
    pub(super) async fn ids(&self, kind: &str, filter: &str) -> Vec<String> {
        let said = self.find(kind, filter).await;
        assert_eq!(said.status, StatusCode::OK, "{filter}: {}", said.body);
        let found = said.body["Resources"].as_array().unwrap();
        assert_eq!(said.body["totalResults"], found.len(), "{filter}");
        found.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }

    pub(super) async fn post(&self, kind: &str, body: Value) -> Said {
        self.ask(Method::POST, &format!("/{kind}"), Some(body), None).await
    }

    pub(super) async fn patch(&self, path: &str, operations: Value) -> Said {
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        self.ask(Method::PATCH, path, Some(body), None).await
    }

    /// Someone as Okta creates them.
    pub(super) async fn ada(&self) -> String {
        let said = self
            .post("Users", json!({
                "schemas": [USER], "userName": "ada@saltmarsh.example", "name": { "givenName": "Ada", "familyName": "Byron" },
                "emails": [{ "primary": true, "value": "ada@saltmarsh.example", "type": "work" }], "displayName": "Ada Byron",
                "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7", "groups": [], "password": "1mz050nq", "active": true,
            }))
            .await;
        assert_eq!(said.status, StatusCode::CREATED, "{}", said.body);
        assert!(!said.body.to_string().contains("1mz050nq"));
        said.body["id"].as_str().unwrap().to_owned()
    }
}

pub(super) fn fault(said: &Said, status: u16, kind: &str) {
    assert_eq!(
        (said.status.as_u16(), said.body["scimType"].as_str().unwrap_or_default()),
        (status, kind),
        "{}",
        said.body
    );
    assert_eq!(said.body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
    assert_eq!(said.body["status"], status.to_string());
    assert!(said.body["detail"].as_str().unwrap().len() > 10);
}
