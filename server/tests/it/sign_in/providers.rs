//! Coming in through providers, and what becomes of a session when a provider says something else.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{by, is_refused, me};
use crate::{
    portal::{Backend, Options, Portal},
    provider::{Browser, Provider, TOKEN, USUAL, portal, portal_with},
};

both_with_a_provider! {
    async fn a_person_comes_in_as_their_user_with_their_teams_and_goes(backend, provider) {
        let portal = portal(backend, &provider, "teams_by_name = true, teams = { \"/berths\" = \"group:default/quays\" }").await;
        provider.know(&portal, &["corp"]).await;
        let mut browser = Browser::new();
        let page = browser.open(&format!("{}/catalog", portal.base)).await;
        assert!(page.text.contains("Continue with Corp corp") && page.text.contains("Sign in as administrator"), "{}", page.text);
        browser.sign_in(&portal, "corp").await;
        // What was kept meanwhile is gone, and nothing but the session is left.
        assert_eq!(browser.names(&portal.base), ["causeway_session"]);
        let who = me(&mut browser, &portal).await;
        assert_eq!((&who["subject"], &who["way"]), (&json!("user:default/ada-b"), &json!("session")));
        // Of the catalog with those above, and of the claims.
        assert_eq!(who["teams"], json!(["group:default/berths", "group:default/harbour", "group:default/quays"]));
        let left = browser.send(Method::POST, &format!("{}/auth/sign-out", portal.base), Some(&[])).await;
        let text = left.text().await.unwrap();
        assert!(text.contains("/session/end?id_token_hint=") && text.contains("post_logout_redirect_uri"), "{text}");
        assert_eq!(browser.cookie(&portal.base, "causeway_session"), None);
        assert_eq!(browser.send(Method::GET, &format!("{}/api/v1/me", portal.base), None).await.status(), 303);
        let at = text.find("url=http").expect("the page goes on") + 4;
        let address = text[at..].split('"').next().unwrap().replace("&amp;", "&");
        let there = browser.open(&address).await;
        assert_eq!(there.status, StatusCode::OK, "{}", there.text);
    }

    async fn what_is_not_to_be_believed_lets_nobody_in_and_says_why(backend, provider) {
        let portal = portal(backend, &provider, "trust_email = true").await;
        provider.know(&portal, &["corp"]).await;
        for (spoil, words) in [
            ("nonce", &["belongs to another sign-in", "Try again"][..]),
            ("expired", &["clocks", "time server"]),
            ("future", &["clocks", "in the future"]),
            ("audience", &["not believed"]),
            ("issuer", &["not believed"]),
            ("signature", &["not believed"]),
        ] {
            provider.wish(json!({ "spoil": spoil })).await;
            let mut browser = Browser::new();
            let page = browser.sign_in(&portal, "corp").await;
            is_refused(&page, &browser, &portal, words);
        }
        // Clocks differ a little everywhere, which keeps nobody out.
        for clock in ["slow", "fast"] {
            provider.wish(json!({ "spoil": clock })).await;
            let mut browser = Browser::new();
            browser.sign_in(&portal, "corp").await;
            assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b", "a clock that is {clock}");
        }
        provider.wish(json!({ "spoil": null, "cancel": true })).await;
        let mut browser = Browser::new();
        let page = browser.sign_in(&portal, "corp").await;
        is_refused(&page, &browser, &portal, &["did not sign you in", "the person went back"]);
        // A sign-in belongs to the browser that began it, and is finished once.
        provider.wish(json!({ "cancel": false })).await;
        let mut victim = Browser::new();
        let start = victim.send(Method::GET, &format!("{}/auth/start/corp", portal.base), None).await;
        let mut thief = Browser::new();
        let at_provider = start.headers()[header::LOCATION].to_str().unwrap().to_owned();
        let page = thief.open(&at_provider).await;
        is_refused(&page, &thief, &portal, &["This browser did not begin this sign-in"]);
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b");
        let open = portal.get("/auth/start/corp?next=https%3A%2F%2Fevil.example").await;
        assert_eq!(open.status(), StatusCode::SEE_OTHER);
        assert_eq!(portal.get("/auth/start/nobody").await.status(), StatusCode::NOT_FOUND);
        // Down, on the way back and on the way out.
        let mut browser = Browser::new();
        let out = browser.send(Method::GET, &format!("{}/auth/start/corp", portal.base), None).await;
        let mut url = out.headers()[header::LOCATION].to_str().unwrap().to_owned();
        while !url.starts_with(&portal.base) {
            let next = browser.send(Method::GET, &url, None).await;
            url = reqwest::Url::parse(&url).unwrap().join(next.headers()[header::LOCATION].to_str().unwrap()).unwrap().to_string();
        }
        provider.wish(json!({ "down": true })).await;
        let page = browser.open(&url).await;
        is_refused(&page, &browser, &portal, &["does not answer as it should"]);
    }

    async fn a_provider_may_sign_with_other_keys_from_one_moment_to_the_next(backend, provider) {
        let portal = portal(backend, &provider, "trust_email = true").await;
        provider.know(&portal, &["corp"]).await;
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b");
        provider.wish(json!({ "rotate": true })).await;
        // Keys are not fetched again at once, so that nobody can make us ask all the time.
        let _: () = portal.until("the new key is known", async |portal| {
            let mut browser = Browser::new();
            browser.sign_in(portal, "corp").await;
            browser.cookie(&portal.base, "causeway_session").map(|_| ())
        }).await;
    }

    async fn one_whom_nobody_knows_is_told_what_came_and_what_was_looked_for(backend, provider) {
        let portal = portal(backend, &provider, "match = [{ annotation = \"corp.example/id\", claim = \"sub\" }, { email = \"email\" }]").await;
        provider.know(&portal, &["corp"]).await;
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b");
        provider.wish(json!({ "account": "stranger" })).await;
        let mut browser = Browser::new();
        let page = browser.sign_in(&portal, "corp").await;
        is_refused(&page, &browser, &portal, &[
            "nobody in the catalog was found", "stranger@saltmarsh.example", "What was looked for", "corp.example/id",
            "spec.profile.email: stranger@saltmarsh.example", "create_people = true",
        ]);
        // One whom a source knows that does not count is told what helps: neither what stands there already nor another way in.
        let newbie = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: newbie}\nspec: {profile: {email: stranger@saltmarsh.example}, memberOf: []}\n";
        let wish = json!({ "kind": "file", "target": portal.write("newbie.yaml", newbie), "trust": "none" });
        let ask = async |path: &str, body: &Value| portal.request(Method::POST, path).bearer_auth(TOKEN).json(body).send().await.unwrap();
        let source: Value = ask("/api/v1/catalog/sources", &wish).await.json().await.unwrap();
        let page = format!("/sources/{}", source["id"].as_str().unwrap());
        let told = portal.until("the source is read", async |portal| {
            let mut browser = Browser::new();
            let told = browser.sign_in(portal, "corp").await.text;
            told.contains("user:default/newbie").then_some(told)
        }).await;
        assert!(told.contains("trust the source of") && told.contains(&page), "{told}");
        // Whoever can do that is led there.
        let people = portal.request(Method::GET, "/people").bearer_auth(TOKEN).header("accept", "text/html").send().await.unwrap();
        let people = people.text().await.unwrap();
        assert!(people.contains(&format!("href=\"{page}\"")), "{people}");
        assert!(!told.contains("spec.profile.email: stranger@saltmarsh.example"), "{told}");
        assert_eq!(ask(&format!("/api/v1/catalog{page}/trust"), &json!({ "trust": "own" })).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ask(&format!("/api/v1/catalog{page}/trust"), &json!({ "trust": "all" })).await.status(), StatusCode::NO_CONTENT);
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/newbie");
        // An address that nobody verified is nobody's.
        provider.wish(json!({ "account": "mallory" })).await;
        let mut browser = Browser::new();
        let page = browser.sign_in(&portal, "corp").await;
        is_refused(&page, &browser, &portal, &["does not say that the address is verified", "say that it is verified"]);
        assert!(!page.text.contains("spec.profile.email: ada@"), "{}", page.text);
    }

    async fn people_who_are_not_in_the_catalog_come_in_where_that_is_wanted(backend, provider) {
        let other = Provider::start().await;
        let wanted = format!("{USUAL}, create_people = true, teams_by_name = true");
        let portal = portal_with(
            backend,
            &[provider.settings("corp", &wanted), other.settings("second", &format!("{USUAL}, require = {{ groups = \"pilots\" }}"))],
            Options::default(),
        ).await;
        provider.know(&portal, &["corp"]).await;
        other.know(&portal, &["second"]).await;
        provider.wish(json!({ "account": "grace" })).await;
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        let who = me(&mut browser, &portal).await;
        assert_eq!((&who["subject"], &who["teams"]), (&json!("user:corp/grace"), &json!(["group:default/quays"])));
        // Again, and it is the same person.
        let mut again = Browser::new();
        again.sign_in(&portal, "corp").await;
        assert_eq!(me(&mut again, &portal).await["subject"], "user:corp/grace");
        // The second provider knows ada, but not as a pilot.
        let mut pilot = Browser::new();
        let page = pilot.sign_in(&portal, "second").await;
        is_refused(&page, &pilot, &portal, &["`groups`".trim_matches('`'), "pilots"]);
        other.wish(json!({ "account": "ada", "groups": ["pilots"] })).await;
        let mut pilot = Browser::new();
        pilot.sign_in(&portal, "second").await;
        assert_eq!(me(&mut pilot, &portal).await["subject"], "user:default/ada-b");
        // What one provider begins, another cannot finish.
        let mut mixed = Browser::new();
        let start = mixed.send(Method::GET, &format!("{}/auth/start/corp", portal.base), None).await;
        let state = start.headers()[header::LOCATION].to_str().unwrap().split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        let page = mixed.open(&format!("{}/auth/callback/second?code=x&state={state}", portal.base)).await;
        is_refused(&page, &mixed, &portal, &["did not begin this sign-in"]);
        // An administrator sees them, and sends one away.
        let people = portal.request(Method::GET, "/people?q=grace").bearer_auth(TOKEN).send().await.unwrap().text().await.unwrap();
        assert!(people.contains("user:corp/grace") && people.contains("signed in, in 2 browsers"), "{people}");
        let at = people.find("name=\"id\" value=\"").unwrap() + 17;
        let blocked = portal
            .request(Method::POST, "/people/block").bearer_auth(TOKEN)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("id={}&blocked=true", &people[at..at + 36]))
            .send().await.unwrap();
        assert_eq!(blocked.status(), StatusCode::SEE_OTHER);
        assert_eq!(again.send(Method::GET, &format!("{}/api/v1/me", portal.base), None).await.status(), 303);
        // The log says who it was, and from where they had come.
        let told = portal.request(Method::GET, "/api/v1/audit?subject=user:corp/grace&kind=account-blocked").bearer_auth(TOKEN).send().await.unwrap();
        let told: Value = told.json().await.unwrap();
        let entry = &told["items"][0];
        assert_eq!((&entry["actor"], &entry["detail"]["provider"], &entry["detail"]["sessionsEnded"]), (&json!("administrator"), &json!("Corp corp"), &json!(2)), "{told}");
        let mut third = Browser::new();
        let page = third.sign_in(&portal, "corp").await;
        is_refused(&page, &third, &portal, &["has blocked whoever this account belongs to"]);
    }

    async fn a_session_ends_when_the_provider_no_longer_stands_by_the_person(backend, provider) {
        let portal = portal_with(
            backend,
            &[provider.settings("corp", &format!("{USUAL}, teams_by_name = true"))],
            Options::default().set("SIGN_IN__RECHECK_MINUTES", "0"),
        ).await;
        provider.know(&portal, &["corp"]).await;
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        provider.wish(json!({ "groups": ["quays"] })).await;
        let secret = browser.cookie(&portal.base, "causeway_session").unwrap();
        let ask = async |portal: &Portal| {
            let mut browser = Browser::new();
            browser.plant(&portal.base, "causeway_session", &secret);
            me(&mut browser, portal).await
        };
        // Those that mean nothing here are shown, so that somebody finds out why they count for nothing.
        provider.wish(json!({ "groups": ["quays", "/playground/platform"] })).await;
        let _: () = portal.until("the group that means nothing is shown", async |portal| {
            let page = portal.request(Method::GET, "/people?q=ada").bearer_auth(TOKEN).send().await.unwrap().text().await.unwrap();
            ask(portal).await;
            page.contains("/playground/platform").then_some(())
        }).await;
        // Groups follow while the session lasts; an outage changes nothing.
        let _: () = portal.until("the new group is known", async |portal| {
            ask(portal).await["teams"].as_array().is_some_and(|teams| teams.contains(&json!("group:default/quays"))).then_some(())
        }).await;
        provider.wish(json!({ "down": true })).await;
        assert_eq!(ask(&portal).await["subject"], "user:default/ada-b");
        provider.wish(json!({ "down": false, "gone": ["ada"] })).await;
        let _: () = portal.until("the session is over", async |portal| {
            ask(portal).await["subject"].is_null().then_some(())
        }).await;
        // Whoever is led to the sign-in page is told that there was a session, and why sessions end.
        let page = browser.open(&format!("{}/account", portal.base)).await;
        assert!(page.text.contains("Your session here is over") && page.text.contains("no longer stands by you"), "{}", page.text);
        let page = Browser::new().open(&format!("{}/account", portal.base)).await;
        assert!(!page.text.contains("Your session here is over"), "{}", page.text);
    }

    async fn a_secret_that_the_provider_no_longer_accepts_lets_nobody_in_and_ends_no_session(backend, provider) {
        let recheck = Options::default().set("SIGN_IN__RECHECK_MINUTES", "0");
        let portal = portal_with(backend, &[provider.settings("corp", USUAL)], recheck).await;
        provider.know(&portal, &["corp"]).await;
        let mut browser = Browser::new();
        browser.sign_in(&portal, "corp").await;
        provider.wish(json!({ "secret": "another-one-that-is-only-used-by-tests" })).await;
        // It says nothing about people who are in, though it is asked about them each time.
        for _ in 0..2 {
            assert_eq!(me(&mut browser, &portal).await["subject"], "user:default/ada-b");
        }
        let mut late = Browser::new();
        let page = late.sign_in(&portal, "corp").await;
        is_refused(&page, &late, &portal, &["does not accept how this portal is set up there", "client_secret"]);
    }

    async fn a_pipeline_comes_in_with_what_its_own_system_signs(backend, provider) {
        let pipelines = format!(
            "[{{ name = \"deploys\", issuer = \"{}\", audience = \"causeway\", scopes = [\"read\", \"run\"], roles = [\"developer\"], \
             require = {{ repository = \"saltmarsh/*\", ref = \"refs/heads/main\" }} }}]",
            provider.issuer
        );
        let portal = portal_with(backend, &[], Options::default().set("SIGN_IN__PIPELINES", &pipelines)).await;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({
            "sub": "repo:saltmarsh/tides:ref:refs/heads/main", "aud": "causeway", "iat": now, "exp": now + 300,
            "repository": "saltmarsh/tides", "ref": "refs/heads/main",
        });
        let with = |name: &str, value: Value| {
            let mut claims = claims.clone();
            claims[name] = value;
            claims
        };
        let (status, me) = by(&portal, &provider.sign(claims.clone()).await).await;
        assert_eq!((status, &me["subject"], &me["roles"], &me["scopes"]), (
            StatusCode::OK, &json!("machine:deploys"), &json!(["developer"]), &json!(["read", "run"]),
        ));
        // Which job it was is told, of each anew, and stands with what it does.
        let auditor = portal.command(&["token", "create", "auditor", "--roles", "administrator", "--scopes", "read,administer"]).await;
        let used = portal.until("the use of the token is told", async |portal| {
            let path = "/api/v1/audit?kind=token-used&through=repo:saltmarsh/tides";
            let told = portal.request(Method::GET, path).bearer_auth(auditor.trim()).send().await.unwrap();
            let told: Value = told.json().await.unwrap();
            told["items"].as_array().is_some_and(|items| !items.is_empty()).then(|| told["items"][0].clone())
        }).await;
        assert_eq!((&used["actor"], &used["subject"]), (&json!("machine:deploys"), &json!("deploys repo:saltmarsh/tides:ref:refs/heads/main")));
        assert_eq!(used["detail"]["through"], "repo:saltmarsh/tides:ref:refs/heads/main · ref refs/heads/main · repository saltmarsh/tides");
        for (wrong, why) in [
            (with("repository", json!("saltmarsh-evil/tides")), "its claim `repository` is not what the conditions ask for: it is `saltmarsh-evil/tides`"),
            (with("ref", json!("refs/heads/other")), "its claim `ref`"),
            (with("aud", json!("somebody-else")), "is for somebody else"),
            (with("exp", json!(now - 3600)), "is over already"),
            (with("nbf", json!(now + 3600)), "begins to hold in"),
        ] {
            let (status, told) = by(&portal, &provider.sign(wrong.clone()).await).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{wrong}");
            let told = told["detail"].as_str().unwrap();
            // What would be let in is nobody's business who is not.
            assert!(told.contains(why) && !told.contains("refs/heads/main"), "{told}");
        }
        // Which job it was stands in the log, and one that forgot to name its audience guesses no more than the others.
        for _ in 0..8 {
            let (status, told) = by(&portal, &provider.sign(with("aud", json!("https://github.example/saltmarsh"))).await).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            assert!(told["detail"].as_str().unwrap().contains("is for somebody else"), "{told}");
        }
        // A job that does not fit guesses nothing: it is told why however often it tries, and holds nobody up.
        for _ in 0..8 {
            let (status, told) = by(&portal, &provider.sign(with("ref", json!("refs/heads/other"))).await).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            assert!(told["detail"].as_str().unwrap().contains("its claim `ref`"), "{told}");
        }
        assert_eq!(by(&portal, TOKEN).await.1["subject"], "administrator");
        let (_, told) = by(&portal, &provider.sign(with("nbf", json!("1764270000"))).await).await;
        assert!(told["detail"].as_str().unwrap().contains("`nbf`"), "{told}");
        // Whoever guessed from there holds up nobody whose token is good, and all of it is in the audit log.
        for number in 0..60 {
            by(&portal, &format!("guess-{number}")).await;
        }
        assert_eq!(by(&portal, &provider.sign(claims.clone()).await).await.0, StatusCode::OK);
        let refused = portal.until("what was refused is told", async |portal| {
            let told = portal.request(Method::GET, "/api/v1/audit?kind=token-refused").bearer_auth(auditor.trim()).send().await.unwrap();
            let told: Value = told.json().await.unwrap();
            told["items"].as_array().is_some_and(|items| !items.is_empty()).then_some(told)
        }).await;
        assert!(refused.to_string().contains("must be") && refused.to_string().contains("\"subject\":\"repo:saltmarsh"), "{refused}");
        // What it listens to ends when its token does.
        let short = provider.sign(with("exp", json!(now + 8))).await;
        let stream = portal.request(Method::GET, "/api/v1/changes/stream").bearer_auth(short).send().await.unwrap();
        assert_eq!(stream.status(), StatusCode::OK);
        stream.bytes().await.expect("the stream ends");
        let then = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert!(then >= now + 7, "it ended {} s early", now + 8 - then);
    }
}
