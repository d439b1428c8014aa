//! A person is not a name: names change hands in the catalog, entries are mended, and sources are registered anew.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{by, me, people::told};
use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, USUAL, portal_with},
};

/// A User whom the provider's `sub` finds.
pub(super) fn user(name: &str, sub: &str) -> String {
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}, annotations: {{corp.example/id: {sub}}}}}\nspec: {{memberOf: []}}\n"
    )
}

/// A portal with one file of people.
pub(super) struct Staff<'a> {
    pub(super) portal: Portal,
    pub(super) provider: &'a Provider,
    source: String,
    target: String,
}

impl<'a> Staff<'a> {
    pub(super) async fn new(backend: Backend, provider: &'a Provider, text: &str) -> Self {
        let rule = "match = [{ annotation = \"corp.example/id\", claim = \"sub\" }]";
        Self::with(backend, provider, &[("corp", rule)], text).await
    }

    /// The same with these ways in, all of one provider.
    pub(super) async fn with(backend: Backend, provider: &'a Provider, ways: &[(&str, &str)], text: &str) -> Self {
        Self::set(backend, provider, (ways, Options::default()), text).await
    }

    /// The same, where who was away from the catalog for any time may be somebody else.
    pub(super) async fn strict(backend: Backend, provider: &'a Provider, ways: &[(&str, &str)], text: &str) -> Self {
        Self::set(backend, provider, (ways, Options::default().set("SIGN_IN__AWAY_HOURS", "0")), text).await
    }

    async fn set(
        backend: Backend,
        provider: &'a Provider,
        (ways, options): (&[(&str, &str)], Options),
        text: &str,
    ) -> Self {
        let settings: Vec<String> = ways
            .iter()
            .map(|(id, more)| provider.settings(id, [USUAL, more].join(", ").trim_end_matches(", ")))
            .collect();
        let portal = portal_with(backend, &settings, options).await;
        provider.know(&portal, &ways.iter().map(|(id, _)| *id).collect::<Vec<_>>()).await;
        let target = portal.write("staff.yaml", text);
        let mut staff = Self { portal, provider, source: String::new(), target };
        staff.register().await;
        staff
    }

    pub(super) async fn admin(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let answer = self.portal.request(method, path).bearer_auth(TOKEN).json(&body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    pub(super) async fn register(&mut self) {
        let body = json!({ "kind": "file", "target": self.target });
        let (status, source) = self.admin(Method::POST, "/api/v1/catalog/sources", body).await;
        assert_eq!(status, StatusCode::CREATED, "{source}");
        source["id"].as_str().unwrap().clone_into(&mut self.source);
    }

    /// Waits until somebody is found by what the provider calls them.
    pub(super) async fn is(&self, name: &str, sub: &str) {
        let path = format!("/api/catalog/entities/by-name/user/default/{name}");
        let _: () = self
            .portal
            .until("they are in the catalog", async |_| {
                let (_, found) = self.admin(Method::GET, &path, Value::Null).await;
                (found["metadata"]["annotations"]["corp.example/id"] == sub).then_some(())
            })
            .await;
    }

    pub(super) async fn write(&self, text: &str) {
        self.portal.write("staff.yaml", text);
        let (status, _) =
            self.admin(Method::POST, &format!("/api/v1/catalog/sources/{}/sync", self.source), json!({})).await;
        assert_eq!(status, StatusCode::ACCEPTED);
    }

    pub(super) async fn comes(&self, account: &str) -> Browser {
        self.comes_by("corp", json!({ "account": account })).await
    }

    /// The same by one of several ways, as the provider says.
    pub(super) async fn comes_by(&self, way: &str, wish: Value) -> Browser {
        self.provider.wish(wish.clone()).await;
        let mut browser = Browser::new();
        let page = browser.sign_in(&self.portal, way).await;
        assert_eq!(page.status, StatusCode::OK, "{wish}: {}", page.text);
        browser
    }

    pub(super) async fn gives(&self, role: &str, to: &str) {
        let (status, told) =
            self.admin(Method::POST, "/api/v1/permission/roles", json!({ "role": role, "to": to })).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{told}");
    }

    /// Takes the source away with all that it says.
    pub(super) async fn is_removed(&self) {
        let gone = format!("/api/v1/catalog/sources/{}?entities=remove", self.source);
        assert_eq!(self.admin(Method::DELETE, &gone, Value::Null).await.0, StatusCode::NO_CONTENT);
    }

    /// Has somebody keep a view of the catalog for themselves.
    pub(super) async fn saves_view(&self, browser: &mut Browser, name: &str) {
        let page = browser.open(&format!("{}/catalog", self.portal.base)).await.text;
        let at = page.find("/api/portal/save_view").unwrap_or_else(|| panic!("a view can be saved: {page}"));
        let action = format!("{}{}", self.portal.base, page[at..].split('"').next().unwrap());
        let form = [("name", name), ("team", ""), ("query", "kind=user")];
        let saved = browser.follow(Method::POST, &action, Some(&form)).await;
        assert!(saved.text.contains(name), "{}", saved.text);
    }

    /// Whether somebody finds that view among theirs.
    pub(super) async fn has_view(&self, browser: &mut Browser, name: &str) -> bool {
        browser.open(&format!("{}/catalog", self.portal.base)).await.text.contains(name)
    }

    pub(super) async fn roles(&self, browser: &mut Browser) -> Value {
        me(browser, &self.portal).await["allRoles"].clone()
    }
}

/// A token of whoever is signed in there.
pub(super) async fn makes_token(portal: &Portal, browser: &mut Browser) -> String {
    let form = [("name", "laptop"), ("days", "9"), ("read", "true")];
    let made = browser.follow(Method::POST, &format!("{}/account/tokens", portal.base), Some(&form)).await;
    let at = made.text.find("cw_pat_").unwrap_or_else(|| panic!("the token is shown: {}", made.text));
    made.text[at..at + 47].to_owned()
}

/// Waits until nobody is signed in there any more.
pub(super) async fn is_over(portal: &Portal, browser: &Browser) {
    let secret = browser.cookie(&portal.base, "causeway_session").unwrap();
    let _: () = portal
        .until("the session is over", async |portal| {
            let mut browser = Browser::new();
            browser.plant(&portal.base, "causeway_session", &secret);
            me(&mut browser, portal).await["subject"].is_null().then_some(())
        })
        .await;
}

both_with_a_provider! {
    async fn who_was_taken_for_somebody_else_is_nobody_there_once_that_is_mended(backend, provider) {
        let staff = Staff::new(backend, &provider, &user("boss", "stranger")).await;
        staff.is("boss", "stranger").await;
        let mut wrong = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut wrong).await;
        assert_eq!(by(&staff.portal, &token).await.1["subject"], "user:default/boss");
        // Nobody signs in again: what was opened and made opens nothing any more all the same.
        staff.write(&user("boss", "mallory")).await;
        staff.is("boss", "mallory").await;
        is_over(&staff.portal, &wrong).await;
        let page = wrong.open(&format!("{}/account", staff.portal.base)).await.text;
        assert!(page.contains("the catalog no longer takes you for whom you came in as"), "{page}");
        let (status, why) = by(&staff.portal, &token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{why}");
        let mut boss = staff.comes("mallory").await;
        let page = boss.open(&format!("{}/account/tokens", staff.portal.base)).await.text;
        assert!(page.contains("There is none"), "{page}");
        let page = boss.open(&format!("{}/account", staff.portal.base)).await.text;
        assert!(!page.contains("stranger@"), "{page}");
        // As whoever they are, they have what they made.
        staff.write(&(user("boss", "mallory") + &user("siri", "stranger"))).await;
        staff.is("siri", "stranger").await;
        staff.comes("stranger").await;
        assert_eq!(by(&staff.portal, &token).await.1["subject"], "user:default/siri");
        let moved = told(&staff.portal, "account-moved").await;
        let detail = &moved[0]["detail"];
        assert_eq!((&moved[0]["subject"], &detail["now"]), (&json!("user:default/boss"), &json!("user:default/siri")), "{moved}");
        assert_eq!((&detail["sessionsEnded"], &detail["tokensMoved"]), (&json!(0), &json!(1)), "{moved}");
    }

    async fn everyone_stays_who_they_are_when_their_source_is_registered_anew(backend, provider) {
        let mut staff = Staff::new(backend, &provider, &user("sam", "stranger")).await;
        staff.is("sam", "stranger").await;
        let mut browser = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut browser).await;
        let role = json!({ "role": "developer", "to": "user:default/sam" });
        assert_eq!(staff.admin(Method::POST, "/api/v1/permission/roles", role).await.0, StatusCode::NO_CONTENT);
        let gone = format!("/api/v1/catalog/sources/{}?entities=remove", staff.source);
        assert_eq!(staff.admin(Method::DELETE, &gone, Value::Null).await.0, StatusCode::NO_CONTENT);
        staff.register().await;
        staff.is("sam", "stranger").await;
        assert_eq!(by(&staff.portal, &token).await.1["subject"], "user:default/sam");
        assert_eq!(staff.roles(&mut browser).await, json!(["developer", "viewer"]));
        let mut again = staff.comes("stranger").await;
        assert_eq!(staff.roles(&mut again).await, json!(["developer", "viewer"]));
        // Another one of the name has nothing of theirs.
        let gone = format!("/api/v1/catalog/sources/{}?entities=remove", staff.source);
        assert_eq!(staff.admin(Method::DELETE, &gone, Value::Null).await.0, StatusCode::NO_CONTENT);
        staff.portal.write("staff.yaml", user("sam", "mallory"));
        staff.register().await;
        staff.is("sam", "mallory").await;
        let mut other = staff.comes("mallory").await;
        assert_eq!(me(&mut other, &staff.portal).await["subject"], "user:default/sam");
        assert_eq!(staff.roles(&mut other).await, json!(["viewer"]));
        is_over(&staff.portal, &browser).await;
        let (_, given) = staff.admin(Method::GET, "/api/v1/permission/roles", Value::Null).await;
        assert!(given.to_string().contains("it rests: it was given to somebody else who was called so"), "{given}");
        staff.gives("developer", "user:default/sam").await;
        assert_eq!(staff.roles(&mut other).await, json!(["developer", "viewer"]));
    }

    async fn what_is_kept_under_a_name_goes_with_whoever_is_called_otherwise(backend, provider) {
        let staff = Staff::new(backend, &provider, &user("sam", "stranger")).await;
        staff.is("sam", "stranger").await;
        for to in ["user:default/sam", "user:default/kim"] {
            let role = json!({ "role": "administrator", "to": to });
            assert_eq!(staff.admin(Method::POST, "/api/v1/permission/roles", role).await.0, StatusCode::NO_CONTENT);
        }
        let mut sam = staff.comes("stranger").await;
        staff.saves_view(&mut sam, "Just mine").await;
        staff.write(&user("sam2", "stranger")).await;
        staff.is("sam2", "stranger").await;
        let mut same = staff.comes("stranger").await;
        assert_eq!(me(&mut same, &staff.portal).await["subject"], "user:default/sam2");
        let moved = told(&staff.portal, "account-moved").await;
        assert_eq!((&moved[0]["subject"], &moved[0]["detail"]["sessionsEnded"]), (&json!("user:default/sam"), &json!(1)), "{moved}");
        assert!(staff.roles(&mut same).await.to_string().contains("administrator"));
        let views = async |browser: &mut Browser| staff.has_view(browser, "Just mine").await;
        assert!(views(&mut same).await);
        staff.write(&(user("sam2", "stranger") + &user("sam", "mallory"))).await;
        staff.is("sam", "mallory").await;
        let mut other = staff.comes("mallory").await;
        assert_eq!(me(&mut other, &staff.portal).await["subject"], "user:default/sam");
        assert_eq!(staff.roles(&mut other).await, json!(["viewer"]));
        assert!(!views(&mut other).await);
        // In one go, so that the catalog does not say who was called what: whoever comes in does.
        staff.write(&(user("sam3", "stranger") + &user("sam2", "mallory"))).await;
        staff.is("sam3", "stranger").await;
        staff.is("sam2", "mallory").await;
        let mut other = staff.comes("mallory").await;
        assert_eq!(me(&mut other, &staff.portal).await["subject"], "user:default/sam2");
        let mut same = staff.comes("stranger").await;
        assert_eq!(me(&mut same, &staff.portal).await["subject"], "user:default/sam3");
        let roles = (staff.roles(&mut same).await, staff.roles(&mut other).await);
        assert!(roles.0.to_string().contains("administrator"), "{}", roles.0);
        assert_eq!(roles.1, json!(["viewer"]));
        assert_eq!((views(&mut same).await, views(&mut other).await), (true, false));
    }
}
