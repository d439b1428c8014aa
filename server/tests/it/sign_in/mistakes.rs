//! Somebody is taken for somebody else for a while, and what was theirs is theirs again.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    by, is_refused, me,
    people::{administrator, does, row},
    persons::{BY_ADDRESS, at, user},
    same::{self, Staff, is_over, makes_token},
};
use crate::{
    portal::Backend,
    provider::{Browser, Provider},
};

impl Staff<'_> {
    /// Has somebody come by an account that was never here, who is not let in.
    async fn is_out(&self, email: &str) {
        self.provider.wish(json!({ "account": "petra", "email": email })).await;
        let mut browser = Browser::new();
        let page = browser.sign_in(&self.portal, "second").await;
        is_refused(&page, &browser, &self.portal, &["has blocked whoever this account belongs to"]);
    }

    /// Waits until nothing declares a User any more, or something does again.
    async fn is_orphan(&self, name: &str, is_orphan: bool) {
        let path = format!("/api/catalog/entities/by-name/user/default/{name}");
        let _: () = self
            .portal
            .until("the catalog says so", async |_| {
                let (_, found) = self.admin(Method::GET, &path, Value::Null).await;
                (found["metadata"]["annotations"]["backstage.io/orphan"].is_string() == is_orphan).then_some(())
            })
            .await;
    }
}

both_with_a_provider! {
    async fn a_slip_after_an_entry_was_called_otherwise_makes_no_two_people_one(backend, provider) {
        let ways = [("corp", ""), ("second", "")];
        let people = user("vik", &at("stranger")) + &user("bob", &at("vera"));
        let staff = Staff::with(backend, &provider, &ways, &people).await;
        staff.has("bob", Some(&at("vera"))).await;
        staff.comes("stranger").await;
        staff.comes_by("second", json!({ "account": "stranger" })).await;
        staff.gives("developer", "user:default/vik").await;
        let mut bob = staff.comes("vera").await;
        staff.gives("administrator", "user:default/bob").await;
        staff.says(&[("lund", &at("stranger")), ("bob", &at("vera"))]).await;
        staff.has("vik", None).await;
        // One provider says a wrong address of them for a day.
        let mut wrong = staff.comes_by("corp", json!({ "account": "stranger", "email": at("vera") })).await;
        assert_eq!(me(&mut wrong, &staff.portal).await["subject"], "user:default/bob");
        assert_eq!(staff.roles(&mut wrong).await, json!(["viewer"]));
        let mut vik = staff.comes_by("second", json!({ "account": "stranger", "email": at("stranger") })).await;
        assert_eq!(me(&mut vik, &staff.portal).await["subject"], "user:default/lund");
        assert_eq!(staff.roles(&mut vik).await, json!(["developer", "viewer"]));
        assert!(staff.roles(&mut bob).await.to_string().contains("administrator"));
        let mut vik = staff.comes_by("corp", json!({ "account": "stranger", "email": at("stranger") })).await;
        assert_eq!(staff.roles(&mut vik).await, json!(["developer", "viewer"]));
        let mut bob = staff.comes_by("corp", json!({ "account": "vera", "email": at("vera") })).await;
        assert!(staff.roles(&mut bob).await.to_string().contains("administrator"));
    }

    async fn what_one_keeps_who_bore_a_name_for_a_while_is_not_that_of_whoever_has_it_again(backend, provider) {
        let staff = Staff::with(backend, &provider, BY_ADDRESS, &user("desk", &at("stranger"))).await;
        staff.has("desk", Some(&at("stranger"))).await;
        let mut first = staff.comes("stranger").await;
        staff.saves_view(&mut first, "Of the first").await;
        staff.says(&[("desk", &at("vera"))]).await;
        let mut other = staff.comes("vera").await;
        assert!(!staff.has_view(&mut other, "Of the first").await);
        staff.saves_view(&mut other, "Of the other").await;
        staff.says(&[("desk", &at("stranger")), ("temp", &at("vera"))]).await;
        let mut first = staff.comes("stranger").await;
        assert!(staff.has_view(&mut first, "Of the first").await);
        assert!(!staff.has_view(&mut first, "Of the other").await);
        let mut other = staff.comes("vera").await;
        assert_eq!(me(&mut other, &staff.portal).await["subject"], "user:default/temp");
        assert!(staff.has_view(&mut other, "Of the other").await);
        assert!(!staff.has_view(&mut other, "Of the first").await);
    }

    async fn what_one_keeps_follows_by_whichever_provider_they_come_first(backend, provider) {
        let ways = [("corp", ""), ("second", "")];
        let staff = Staff::with(backend, &provider, &ways, &user("vik", &at("stranger"))).await;
        staff.has("vik", Some(&at("stranger"))).await;
        staff.comes_by("second", json!({ "account": "stranger" })).await;
        let mut vik = staff.comes("stranger").await;
        staff.saves_view(&mut vik, "Just mine").await;
        staff.says(&[("lund", "lund@saltmarsh.example")]).await;
        staff.has("vik", None).await;
        let mut lund = staff.comes_by("second", json!({ "account": "stranger", "email": "lund@saltmarsh.example" })).await;
        assert_eq!(me(&mut lund, &staff.portal).await["subject"], "user:default/lund");
        assert!(staff.has_view(&mut lund, "Just mine").await);
    }

    async fn whoever_gets_name_and_address_of_one_who_left_is_somebody_else_though_the_entry_is_the_same(backend, provider) {
        let other = user("other", &at("other"));
        let staff = Staff::strict(backend, &provider, BY_ADDRESS, &(user("ann", &at("stranger")) + &other)).await;
        staff.has("ann", Some(&at("stranger"))).await;
        let mut leaver = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut leaver).await;
        staff.saves_view(&mut leaver, "Just mine").await;
        staff.gives("administrator", "user:default/ann").await;
        staff.write(&other).await;
        staff.is_orphan("ann", true).await;
        staff.write(&(user("ann", &at("stranger")) + &other)).await;
        staff.is_orphan("ann", false).await;
        let mut newcomer = staff.comes_by("corp", json!({ "account": "vera", "email": at("stranger") })).await;
        assert_eq!(me(&mut newcomer, &staff.portal).await["subject"], "user:default/ann");
        assert_eq!(staff.roles(&mut newcomer).await, json!(["viewer"]));
        assert!(!staff.has_view(&mut newcomer, "Just mine").await);
        let page = newcomer.open(&format!("{}/account/tokens", staff.portal.base)).await.text;
        assert!(page.contains("There is none"), "{page}");
        assert_eq!(by(&staff.portal, &token).await.0, StatusCode::UNAUTHORIZED);
        is_over(&staff.portal, &leaver).await;
    }

    async fn who_was_away_from_the_catalog_by_mistake_is_the_same_by_whichever_account(backend, provider) {
        let ways = [("corp", ""), ("second", "")];
        let mut staff = Staff::with(backend, &provider, &ways, &user("ann", &at("stranger"))).await;
        staff.has("ann", Some(&at("stranger"))).await;
        let mut corp = staff.comes("stranger").await;
        let token = makes_token(&staff.portal, &mut corp).await;
        staff.saves_view(&mut corp, "Just mine").await;
        staff.gives("administrator", "user:default/ann").await;
        staff.is_removed().await;
        staff.register().await;
        staff.has("ann", Some(&at("stranger"))).await;
        // By another provider, and by the same one, which gave them another number.
        for (way, account) in [("second", "stranger"), ("corp", "vera")] {
            let mut again = staff.comes_by(way, json!({ "account": account, "email": at("stranger") })).await;
            assert_eq!(me(&mut again, &staff.portal).await["subject"], "user:default/ann");
            assert!(staff.roles(&mut again).await.to_string().contains("administrator"), "{way}");
            assert!(staff.has_view(&mut again, "Just mine").await);
        }
        assert_eq!(by(&staff.portal, &token).await.0, StatusCode::OK);
        assert_eq!(me(&mut corp, &staff.portal).await["subject"], "user:default/ann");
    }

    async fn who_is_blocked_comes_in_under_no_other_name_or_address(backend, provider) {
        let ways = [("corp", ""), ("second", "")];
        let people = user("gil", &at("stranger")) + &user("ivy", &at("vera"));
        let mut staff = Staff::with(backend, &provider, &ways, &people).await;
        staff.has("ivy", Some(&at("vera"))).await;
        for account in ["stranger", "vera"] {
            staff.comes(account).await;
        }
        for who in ["gil", "ivy"] {
            let page = administrator(&staff.portal, "/people").await;
            does(&staff.portal, "/people/block", row(&page, &[&format!("user:default/{who}")]), "/people/block", "&blocked=true").await;
        }
        staff.says(&[("gil", "gil@fjord.example"), ("ivy-smith", &at("vera"))]).await;
        staff.has("ivy", None).await;
        staff.is_out("gil@fjord.example").await;
        staff.is_out(&at("vera")).await;
        staff.is_removed().await;
        staff.register().await;
        staff.has("ivy-smith", Some(&at("vera"))).await;
        staff.is_out(&at("vera")).await;
    }

    async fn a_role_that_was_given_ahead_stands_though_the_source_is_registered_anew(backend, provider) {
        let mut staff = Staff::with(backend, &provider, BY_ADDRESS, &user("jon", &at("stranger"))).await;
        staff.has("jon", Some(&at("stranger"))).await;
        staff.gives("administrator", "user:default/jon").await;
        staff.is_removed().await;
        staff.register().await;
        staff.has("jon", Some(&at("stranger"))).await;
        let mut jon = staff.comes("stranger").await;
        assert!(staff.roles(&mut jon).await.to_string().contains("administrator"));
    }

    async fn a_role_that_was_given_ahead_to_an_entry_without_address_is_not_that_of_whoever_is_given_it(backend, provider) {
        let staff = Staff::new(backend, &provider, &(same::user("hire", "stranger") + &same::user("other", "mallory"))).await;
        staff.is("other", "mallory").await;
        for name in ["hire", "other"] {
            staff.gives("administrator", &format!("user:default/{name}")).await;
        }
        staff.write(&(same::user("hire", "vera") + &same::user("other", "mallory"))).await;
        staff.is("hire", "vera").await;
        let mut hire = staff.comes("vera").await;
        assert_eq!(me(&mut hire, &staff.portal).await["subject"], "user:default/hire");
        assert_eq!(staff.roles(&mut hire).await, json!(["viewer"]));
        let mut other = staff.comes("mallory").await;
        assert!(staff.roles(&mut other).await.to_string().contains("administrator"));
    }
}
