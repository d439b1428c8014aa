//! What a provider says of somebody, beside what the rules look for.

use super::{FoundBy, matching::is_verified};
use crate::identity::{
    claims,
    doors::{MatchRule, ProviderSettings},
    ports::{Arrival, Claims},
};

/// The address that is theirs, in small letters.
pub(super) fn own_address(settings: &ProviderSettings, claims: &Claims) -> Option<String> {
    let is_theirs = settings.trust_email || is_verified(claims);
    claims::text(claims, &settings.email_claim).filter(|_| is_theirs).map(|address| address.trim().to_lowercase())
}

/// Whether somebody is said to be called otherwise than what they were found by; not where nothing is said of it.
pub(super) fn is_denied(settings: &ProviderSettings, found_by: &FoundBy, arrival: &Arrival) -> bool {
    let alike = |rule: &&MatchRule| match (rule, found_by) {
        (MatchRule::Email(_), FoundBy::Address(_)) | (MatchRule::Name(_), FoundBy::Name(_)) => true,
        (MatchRule::Annotation(key, _), FoundBy::Annotation(known, _)) => key == known,
        _ => false,
    };
    let said: Vec<String> = settings
        .matching
        .iter()
        .filter(alike)
        .filter_map(|rule| claims::text(&arrival.claims, rule.claim()))
        .chain(arrival.emails.iter().filter(|_| matches!(found_by, FoundBy::Address(_))).cloned())
        .collect();
    let (FoundBy::Address(was) | FoundBy::Name(was) | FoundBy::Annotation(_, was)) = found_by else { return false };
    !said.is_empty() && !said.iter().any(|now| now.to_lowercase() == was.to_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_is_said_to_be_somebody_else_is_not_who_they_were() {
        let address = MatchRule::Email("email".to_owned());
        let login = MatchRule::Annotation("github.com/user-login".to_owned(), "login".to_owned());
        let settings = ProviderSettings { matching: vec![login, address], ..ProviderSettings::bare("corp") };
        let arrival = |claims: serde_json::Value, emails: &[&str]| Arrival {
            subject: "1".to_owned(),
            claims: claims.as_object().unwrap().clone(),
            emails: emails.iter().map(|&email| email.to_owned()).collect(),
            id_token: None,
            refresh: None,
        };
        let found_by = |words: &str| -> FoundBy {
            let Ok(found) = words.parse();
            found
        };
        for (words, claims, emails, expected) in [
            ("the address ada@x.example", json!({ "email": "Ada@x.example" }), &[][..], false),
            ("the address ada@x.example", json!({ "email": "bob@x.example" }), &[], true),
            ("the address ada@x.example", json!({ "email": "bob@x.example" }), &["ada@x.example"], false),
            ("the address ada@x.example", json!({ "login": "bob" }), &[], false),
            ("the annotation github.com/user-login ada", json!({ "login": "bob" }), &[], true),
            (
                "the annotation github.com/user-login ada",
                json!({ "email": "bob@x.example" }),
                &["bob@x.example"],
                false,
            ),
            ("the name ada", json!({ "preferred_username": "bob" }), &[], false),
            ("what the provider says", json!({ "email": "bob@x.example" }), &[], false),
        ] {
            assert_eq!(
                is_denied(&settings, &found_by(words), &arrival(claims.clone(), emails)),
                expected,
                "{words} {claims}"
            );
        }
        assert_eq!(own_address(&settings, &arrival(json!({ "email": "Ada@x.example" }), &[]).claims), None);
        let verified = arrival(json!({ "email": "Ada@x.example", "email_verified": true }), &[]).claims;
        assert_eq!(own_address(&settings, &verified).as_deref(), Some("ada@x.example"));
    }
}
