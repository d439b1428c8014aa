//! Which person of the catalog someone is.

use domain::{
    catalog::{Condition, DEFAULT_NAMESPACE, EntityRef, Filter},
    identity::Tenant,
};

use super::{is_in_catalog, references, store};
use crate::{
    Result, Services,
    identity::{
        claims,
        doors::{MatchRule, ProviderSettings},
        ports::{Arrival, Claims},
        scim,
    },
};

/// The person that someone is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Match {
    /// `user:default/ada`
    pub(crate) who: String,
    /// Why, in words.
    pub(crate) by: String,
    /// Whether the catalog does not know them.
    pub(crate) is_made_up: bool,
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
pub(crate) async fn matched(
    services: &Services,
    tenant: &Tenant,
    settings: &ProviderSettings,
    arrival: &Arrival,
) -> Result<Result<Match, Box<Unmatched>>> {
    let mut looked = Vec::new();
    for rule in &settings.matching {
        match look(services, tenant, settings, rule, &arrival.claims).await? {
            Ok(found) => return Ok(Ok(found)),
            Err(why) => looked.push(why),
        }
    }
    if settings.create_people {
        return made_up(services, tenant, settings, arrival).await.map(Ok);
    }
    Ok(Err(Box::new(Unmatched {
        came: came(settings, arrival),
        advice: advice(settings, arrival),
        looked: if looked.is_empty() { vec!["no rule says how to find people".to_owned()] } else { looked },
    })))
}

/// Whether the provider says that the address is theirs.
fn is_verified(claims: &Claims) -> bool {
    claims.get("email_verified").is_some_and(|verified| *verified == true || *verified == "true")
}

/// What one rule finds, or why it finds nobody.
async fn look(
    services: &Services,
    tenant: &Tenant,
    settings: &ProviderSettings,
    rule: &MatchRule,
    claims: &Claims,
) -> Result<Result<Match, String>> {
    let (claim, path, what) = match rule {
        MatchRule::Email(claim) => (claim, "spec.profile.email".to_owned(), "the address".to_owned()),
        MatchRule::Name(claim) => (claim, "metadata.name".to_owned(), "the name".to_owned()),
        MatchRule::Annotation(key, claim) => {
            (claim, format!("metadata.annotations.{key}"), format!("the annotation `{key}`"))
        }
    };
    let Some(value) = claims::text(claims, claim) else {
        return Ok(Err(format!("a User with {what} that `{claim}` says: `{claim}` did not come")));
    };
    if matches!(rule, MatchRule::Email(_)) && !is_verified(claims) && !settings.trust_email {
        return Ok(Err(format!(
            "a User with the address `{value}`: not looked for, since the provider does not say that the address is verified"
        )));
    }
    if value.chars().any(is_lookalike) {
        return Ok(Err(format!(
            "a User with {what} `{value}`: not looked for, since a letter in it only looks like another one"
        )));
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
        [who] => Ok(Match { who: who.clone(), by: format!("{what} {value}").replace('`', ""), is_made_up: false }),
        [] => match others.first() {
            Some(other) => Err(format!(
                "a User with {what} `{value}`: there is `{other}`, which does not count, since its source is not trusted with people"
            )),
            None => Err(format!("a User with {what} `{value}`: there is none in the catalog")),
        },
        [first, second, ..] => Err(format!(
            "a User with {what} `{value}`: there are several, `{first}` and `{second}`; only one of them may have it"
        )),
    })
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
    let made = |who: String| Match { who, by: "what the provider says".to_owned(), is_made_up: true };
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
    let is_free = is_free && scim::is_free(services, tenant, &who, &arrival.subject).await?;
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
    names.extend(settings.matching.iter().map(|rule| match rule {
        MatchRule::Email(claim) | MatchRule::Name(claim) | MatchRule::Annotation(_, claim) => claim.clone(),
    }));
    let mut came = vec![("sub".to_owned(), arrival.subject.clone())];
    for name in names {
        if !came.iter().any(|(known, _)| *known == name)
            && let Some(value) = claims::text(&arrival.claims, &name)
        {
            came.push((name, value));
        }
    }
    came
}

fn advice(settings: &ProviderSettings, arrival: &Arrival) -> Vec<String> {
    let mut advice = Vec::new();
    for rule in &settings.matching {
        match rule {
            MatchRule::Email(claim) => {
                let email = claims::text(&arrival.claims, claim).unwrap_or_else(|| "their address".to_owned());
                advice.push(format!("give their User in the catalog `spec.profile.email: {email}`"));
                if !settings.trust_email && !is_verified(&arrival.claims) {
                    advice.push(format!(
                        "if `{}` never says that addresses are verified, and only the organisation gives them out, set \
                         `trust_email = true` for it",
                        settings.id
                    ));
                }
            }
            MatchRule::Name(claim) => {
                let name = claims::text(&arrival.claims, claim).unwrap_or_else(|| "what the provider says".to_owned());
                advice.push(format!("name their User in the catalog `{name}`"));
            }
            MatchRule::Annotation(key, claim) => {
                let value = claims::text(&arrival.claims, claim).unwrap_or_else(|| format!("what `{claim}` says"));
                advice.push(format!("give their User in the catalog the annotation `{key}: {value}`"));
            }
        }
    }
    advice.push(format!("or set `create_people = true` for `{}`, to let in everyone it knows", settings.id));
    advice
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
