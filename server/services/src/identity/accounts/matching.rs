//! Which person of the catalog someone is.

use domain::{
    catalog::{Condition, DEFAULT_NAMESPACE, EntityRef, Filter},
    identity::Tenant,
};

use super::{found_by::FoundBy, is_in_catalog, references, store};
use crate::{
    Result, Services, catalog,
    identity::{
        claims,
        doors::{MatchRule, ProviderSettings},
        ports::{Arrival, Claims, MOST_EMAILS},
        scim,
    },
};

/// The person that someone is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::identity) struct Match {
    /// `user:default/ada`
    pub(in crate::identity) who: String,
    /// Why.
    pub(in crate::identity) by: FoundBy,
    /// Whether the catalog does not know them.
    pub(in crate::identity) is_made_up: bool,
}

/// Why nobody of the catalog was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    /// What came, by name.
    pub came: Vec<(String, String)>,
    /// What was looked for, and what came of it, in the order of the rules.
    pub looked: Vec<String>,
    /// What an administrator can do.
    pub advice: Vec<String>,
}

/// The person that `arrival` means, by the rules of its provider.
pub(in crate::identity) async fn matched(
    services: &Services,
    tenant: &Tenant,
    settings: &ProviderSettings,
    arrival: &Arrival,
) -> Result<Result<Match, Box<Unmatched>>> {
    let (mut looked, mut advice) = (Vec::new(), Vec::new());
    for rule in &settings.matching {
        let mut remedies = Vec::new();
        for wanted in wanted(settings, rule, arrival) {
            match look(services, tenant, rule, wanted).await? {
                Ok(found) => return Ok(Ok(found)),
                Err(Vain { why, remedy }) => {
                    looked.push(why);
                    remedies.extend(remedy);
                }
            }
        }
        advice.extend(if remedies.is_empty() { advised(settings, rule, arrival) } else { remedies });
    }
    advice.push(format!("or set `create_people = true` for `{}`, to let in everyone it knows", settings.id));
    if settings.create_people {
        return made_up(services, tenant, settings, arrival).await.map(Ok);
    }
    Ok(Err(Box::new(Unmatched {
        came: came(settings, arrival),
        advice,
        looked: if looked.is_empty() { vec!["no rule says how to find people".to_owned()] } else { looked },
    })))
}

/// Whether the provider says that the address is theirs.
pub(super) fn is_verified(claims: &Claims) -> bool {
    claims.get("email_verified").is_some_and(|verified| *verified == true || *verified == "true")
}

/// What a rule goes by, the claim that says it first; of each, why it is not looked for if it is not. Of addresses that is every
/// one which the provider says is theirs.
fn wanted(settings: &ProviderSettings, rule: &MatchRule, arrival: &Arrival) -> Vec<Result<String, String>> {
    let (claim, what) = (rule.claim(), what(rule));
    let said = claims::text(&arrival.claims, claim);
    let MatchRule::Email(_) = rule else {
        return vec![said.ok_or_else(|| format!("a User with {what} that `{claim}` says: `{claim}` did not come"))];
    };
    let others = if *claim == settings.email_claim { arrival.emails.as_slice() } else { &[] };
    let is_other = |email: &&String| said.as_ref().is_none_or(|said| !said.eq_ignore_ascii_case(email));
    let others = others.iter().filter(is_other).take(MOST_EMAILS).cloned().map(Ok);
    let is_theirs = settings.trust_email || is_verified(&arrival.claims);
    let first = match &said {
        Some(value) if !is_theirs => Some(Err(format!(
            "a User with the address `{value}`: not looked for, since the provider does not say that the address is verified"
        ))),
        Some(value) => Some(Ok(value.clone())),
        None if arrival.emails.is_empty() => {
            Some(Err(format!("a User with {what} that `{claim}` says: `{claim}` did not come")))
        }
        None => None,
    };
    first.into_iter().chain(others).collect()
}

/// What is looked for, in words.
fn what(rule: &MatchRule) -> String {
    match rule {
        MatchRule::Email(_) => "the address".to_owned(),
        MatchRule::Name(_) => "the name".to_owned(),
        MatchRule::Annotation(key, _) => format!("the annotation `{key}`"),
    }
}

/// Why nobody was found, and what helps where it is known better than by the rule.
struct Vain {
    why: String,
    remedy: Option<String>,
}

impl From<String> for Vain {
    fn from(why: String) -> Self {
        Self { why, remedy: None }
    }
}

/// What one rule finds, or why it finds nobody.
async fn look(
    services: &Services,
    tenant: &Tenant,
    rule: &MatchRule,
    wanted: Result<String, String>,
) -> Result<Result<Match, Vain>> {
    let value = match wanted {
        Ok(value) => value,
        Err(why) => return Ok(Err(why.into())),
    };
    let what = what(rule);
    let path = match rule {
        MatchRule::Email(_) => "spec.profile.email".to_owned(),
        MatchRule::Name(_) => "metadata.name".to_owned(),
        MatchRule::Annotation(key, _) => format!("metadata.annotations.{key}"),
    };
    if value.chars().any(is_lookalike) {
        let why =
            format!("a User with {what} `{value}`: not looked for, since a letter in it only looks like another one");
        return Ok(Err(why.into()));
    }
    let filter = Filter::all(vec![Condition::equals("kind", "user"), Condition::equals(&path, &value)]);
    let (mut found, mut others) = references(services, tenant, &filter, 2_000).await?;
    if matches!(rule, MatchRule::Name(_)) {
        // A name means one person in the usual namespace, not whoever bears it elsewhere.
        let usual = format!("user:{DEFAULT_NAMESPACE}/");
        found.retain(|who| who.starts_with(&usual));
        others.retain(|who| who.starts_with(&usual));
    }
    Ok(match found.as_slice() {
        [who] => Ok(Match { who: who.clone(), by: found_by(rule, value), is_made_up: false }),
        [] => match others.first() {
            Some(other) => {
                let page = catalog::declared_in(services, tenant, other).await?.map(|id| format!(" (`/sources/{id}`)"));
                let page = page.unwrap_or_default();
                Err(Vain {
                    why: format!(
                        "a User with {what} `{value}`: there is `{other}`, which does not count, since its source is not trusted with \
                         people"
                    ),
                    remedy: Some(format!(
                        "trust the source of `{other}` with people, on its page{page}, or declare that User in a source that is trusted"
                    )),
                })
            }
            None => Err(format!("a User with {what} `{value}`: there is none in the catalog").into()),
        },
        [first, second, ..] => Err(format!(
            "a User with {what} `{value}`: there are several, `{first}` and `{second}`; only one of them may have it"
        )
        .into()),
    })
}

fn found_by(rule: &MatchRule, value: String) -> FoundBy {
    match rule {
        MatchRule::Email(_) => FoundBy::Address(value),
        MatchRule::Name(_) => FoundBy::Name(value),
        MatchRule::Annotation(key, _) => FoundBy::Annotation(key.clone(), value),
    }
}

/// Whether a letter is taken for another where case does not count, such as the sign of the kelvin for `k`: it is no spelling of
/// what someone else is called.
fn is_lookalike(letter: char) -> bool {
    let lower: String = letter.to_lowercase().collect();
    lower != letter.to_string() && lower.to_uppercase() != letter.to_string()
}

/// A person of the provider's own namespace, so that nobody gets the name of someone in the catalog.
async fn made_up(
    services: &Services,
    tenant: &Tenant,
    settings: &ProviderSettings,
    arrival: &Arrival,
) -> Result<Match> {
    let made = |who: String| Match { who, by: FoundBy::Other("what the provider says".to_owned()), is_made_up: true };
    let known = store::by_subject(&services.db, tenant, &settings.id, &arrival.subject).await?;
    if let Some(known) = known.filter(|known| known.just_in_time) {
        return Ok(made(known.who));
    }
    let said = claims::text(&arrival.claims, &settings.name_claim)
        .or_else(|| claims::text(&arrival.claims, &settings.email_claim))
        .unwrap_or_else(|| arrival.subject.clone());
    let name = as_name(&said);
    let plain = EntityRef::new("user", &settings.id, &name);
    let who = plain.to_string();
    let is_free = store::of(&services.db, tenant, &who).await?.is_empty();
    let is_free = is_free && scim::is_free(&services.db, tenant, &who, &arrival.subject).await?;
    if is_free && !name.is_empty() && !is_in_catalog(services, tenant, &plain).await? {
        return Ok(made(who));
    }
    Ok(made(marked(&settings.id, &who, &arrival.subject)))
}

/// Another name for someone whose name is taken: two people of one name at the provider are told apart by what it calls them.
pub(super) fn marked(provider: &str, who: &str, subject: &str) -> String {
    let name = who.rsplit_once('/').map_or("", |(_, name)| name);
    let mark = &blake3::hash(subject.as_bytes()).to_hex()[..12];
    let name = format!("{}-{mark}", name.chars().take(40).collect::<String>());
    EntityRef::new("user", provider, name.trim_start_matches('-')).to_string()
}

/// What a User can be called: letters, digits, and `-`, `_`, `.` inside.
fn as_name(said: &str) -> String {
    let local = said.split('@').next().unwrap_or_default();
    let plain: String =
        local
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter.to_ascii_lowercase() } else { '-' }
            })
            .take(60)
            .collect();
    plain.trim_matches(['-', '_', '.']).to_owned()
}

/// What a person and their administrator may see of what came.
fn came(settings: &ProviderSettings, arrival: &Arrival) -> Vec<(String, String)> {
    let mut names =
        vec!["name".to_owned(), settings.name_claim.clone(), settings.email_claim.clone(), "email_verified".to_owned()];
    names.extend(settings.matching.iter().map(|rule| rule.claim().clone()));
    let mut came = vec![("sub".to_owned(), arrival.subject.clone())];
    for name in names {
        if !came.iter().any(|(known, _)| *known == name)
            && let Some(value) = claims::text(&arrival.claims, &name)
        {
            came.push((name, value));
        }
    }
    if !arrival.emails.is_empty() {
        came.push(("emails".to_owned(), arrival.emails.join(", ")));
    }
    came
}

/// What helps where a rule found nobody.
fn advised(settings: &ProviderSettings, rule: &MatchRule, arrival: &Arrival) -> Vec<String> {
    let said = |otherwise: String| claims::text(&arrival.claims, rule.claim()).unwrap_or(otherwise);
    match rule {
        MatchRule::Email(_) => {
            let is_theirs = settings.trust_email || is_verified(&arrival.claims);
            let unverified = claims::text(&arrival.claims, rule.claim()).filter(|_| !is_theirs);
            let mut advice = Vec::new();
            if let Some(email) = &unverified {
                advice.push(format!(
                    "if `{email}` is theirs, have `{}` say that it is verified (in Keycloak, turn on \"Email verified\" of that user): then \
                     it is looked for in the catalog",
                    settings.id
                ));
            }
            match (&unverified, arrival.emails.first()) {
                // What was not looked for may stand in the catalog already.
                (Some(_), None) => advice.push(format!(
                    "if `{}` never says that addresses are verified, and only the organisation gives them out, set \
                     `trust_email = true` for it",
                    settings.id
                )),
                (unverified, other) => {
                    let email = unverified.as_ref().and(other).cloned();
                    let email = email.unwrap_or_else(|| said("their address".to_owned()));
                    let others = if arrival.emails.len() > 1 { ", or another of the addresses that came" } else { "" };
                    advice.push(format!("give their User in the catalog `spec.profile.email: {email}`{others}"));
                }
            }
            advice
        }
        MatchRule::Name(_) => {
            vec![format!("name their User in the catalog `{}`", said("what the provider says".to_owned()))]
        }
        MatchRule::Annotation(key, claim) => {
            let value = said(format!("what `{claim}` says"));
            vec![format!("give their User in the catalog the annotation `{key}: {value}`")]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_only_looks_like_another_is_not_that_one() {
        for letter in ['\u{212a}', '\u{212b}', '\u{2126}', '\u{130}'] {
            assert!(is_lookalike(letter), "{letter}");
        }
        for letter in "aZ9@.-_ÆæØßéÉıñЖж李".chars() {
            assert!(!is_lookalike(letter), "{letter}");
        }
    }

    fn arrival(is_verified: bool, emails: &[&str]) -> Arrival {
        let claims = serde_json::json!({ "email": "ada@home.example", "email_verified": is_verified, "mail": "x" });
        let serde_json::Value::Object(claims) = claims else { unreachable!("it is an object") };
        let emails = emails.iter().map(ToString::to_string).collect();
        Arrival { subject: "7".to_owned(), claims, emails, id_token: None, refresh: None }
    }

    #[test]
    fn every_address_that_is_verified_is_looked_for_the_first_first() {
        let asked = |rule: &MatchRule, arrival: &Arrival| {
            let all = wanted(&ProviderSettings::bare("github"), rule, arrival).into_iter();
            all.map(|wanted| wanted.unwrap_or_else(|why| why)).collect::<Vec<_>>()
        };
        let email = MatchRule::Email("email".to_owned());
        let both = arrival(true, &["Ada@home.example", "ada@saltmarsh.example"]);
        assert_eq!(asked(&email, &both), ["ada@home.example", "ada@saltmarsh.example"]);
        // The first is not verified: the others are theirs all the same.
        let other = asked(&email, &arrival(false, &["ada@saltmarsh.example"]));
        assert!(other[0].contains("does not say that the address is verified"), "{other:?}");
        assert_eq!(other[1..], ["ada@saltmarsh.example"]);
        assert_eq!(asked(&MatchRule::Email("mail".to_owned()), &both), ["x"], "another claim is another matter");
        assert_eq!(asked(&MatchRule::Name("mail".to_owned()), &both), ["x"]);
        let came = came(&ProviderSettings::bare("github"), &both);
        assert!(
            came.contains(&("emails".to_owned(), "Ada@home.example, ada@saltmarsh.example".to_owned())),
            "{came:?}"
        );
    }

    #[test]
    fn whose_address_is_not_verified_is_not_told_to_write_it_down_again() {
        let advised = |is_verified: bool, emails: &[&str]| {
            let rule = MatchRule::Email("email".to_owned());
            advised(&ProviderSettings::bare("github"), &rule, &arrival(is_verified, emails)).join("; ")
        };
        let advice = advised(false, &[]);
        assert!(
            advice.contains("have `github` say that it is verified") && advice.contains("`trust_email"),
            "{advice}"
        );
        assert!(!advice.contains("spec.profile.email"), "{advice}");
        // Of several, those that are verified help.
        let advice = advised(false, &["ada@saltmarsh.example"]);
        assert!(advice.contains("`ada@home.example` is theirs") && !advice.contains("trust_email"), "{advice}");
        assert!(advice.contains("`spec.profile.email: ada@saltmarsh.example`"), "{advice}");
        let advice = advised(true, &[]);
        assert_eq!(advice, "give their User in the catalog `spec.profile.email: ada@home.example`");
    }

    #[test]
    fn whose_name_is_taken_gets_one_of_their_own() {
        let (one, other) = (marked("two", "user:two/bob", "1"), marked("two", "user:two/bob", "2"));
        assert!(
            one.starts_with("user:two/bob-") && other.starts_with("user:two/bob-") && one != other,
            "{one} {other}"
        );
    }

    #[test]
    fn what_a_provider_says_becomes_a_name() {
        for (said, name) in [
            ("ada@example.com", "ada"),
            ("Ada Byron", "ada-byron"),
            ("-x-", "x"),
            ("Ærø", "r"),
            ("@example.com", ""),
            ("a/b:c", "a-b-c"),
        ] {
            assert_eq!(as_name(said), name, "{said}");
        }
    }
}
