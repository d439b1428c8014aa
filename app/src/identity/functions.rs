//! What the pages of people ask the server for.

use domain::identity::{Account, Minted, Session, Token};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::AppError;

/// Who is here, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Oneself {
    /// `user:default/ada`, or what stands for it.
    pub(super) who: String,
    /// Whether there is a session to sign out of.
    pub(super) has_session: bool,
    /// Whether it is a person of the catalog.
    pub(super) is_in_catalog: bool,
    pub(super) accounts: Vec<Account>,
    pub(super) teams: Vec<String>,
    /// The roles that count for them, with those that these contain.
    pub(super) roles: Vec<String>,
    pub(super) sessions: Vec<Session>,
    pub(super) manages_people: bool,
}

/// Tokens, and what came of the wish for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) tokens: Vec<Token>,
    pub(super) made: Option<Result<Minted, String>>,
    /// How many days one lasts at most.
    pub(super) most_days: u32,
    /// Why the one who looks may not make one, as HTML; empty for whoever may.
    pub(super) may_not: String,
    /// Whether they may end one.
    pub(super) may_end: bool,
    /// Names the wish that the form sends.
    pub(super) wish: String,
}

/// A page of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct People {
    pub(super) accounts: Vec<Account>,
    pub(super) has_more: bool,
    /// Whether the one who looks may ask what others could do.
    pub(super) asks: bool,
    /// Who came in vain, and what directories keep, as the server writes it.
    pub(super) beside: String,
}

/// Who is here.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_oneself() -> Result<Oneself, AppError> {
    use services::identity::{self, Entry, Permission, Subject, Target};

    use crate::ssr::{caller, reply, services};

    let (services, caller) = (services(), caller());
    let sessions = reply(identity::sessions(&services, &caller).await)?;
    let accounts = reply(identity::own_accounts(&services, &caller).await)?;
    let is_in_catalog = match (&caller.subject, caller.label().parse()) {
        (Subject::Person(_), Ok(reference)) => services::catalog::entity(&services, &caller, &reference).await.is_ok(),
        _ => false,
    };
    Ok(Oneself {
        who: caller.label().to_owned(),
        has_session: matches!(caller.standing.source, Entry::Session(_)),
        is_in_catalog,
        accounts,
        teams: caller.standing.teams.iter().cloned().collect(),
        roles: reply(services::permission::roles_of(&services, &caller).await)?.into_iter().collect(),
        sessions,
        manages_people: reply(
            identity::is_allowed(&services, &caller, Permission::ManagePeople, Target::Platform).await,
        )?,
    })
}

/// One's own tokens.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_tokens() -> Result<Kept, AppError> {
    use services::identity::{self, Entry, Permission, Target};

    use crate::ssr::{MintedToken, caller, may_not, reply, services};

    let services = services();
    let tokens = reply(identity::tokens(&services, &caller()).await)?;
    let made = use_context::<MintedToken>().map(|MintedToken(made)| made);
    // Whoever is signed in ends their own, whatever the policies say.
    let is_signed_in = matches!(caller().standing.source, Entry::Session(_));
    let deed = if is_signed_in { "make tokens" } else { "make or end tokens" };
    let may_not = reply(may_not(deed, Permission::KeepOwnTokens, Target::Own).await)?;
    let may_end = is_signed_in || may_not.is_empty();
    let most_days = services.doors.settings.token_days;
    Ok(Kept { tokens, made, most_days, may_not, may_end, wish: crate::ssr::wish() })
}

/// The tokens of programs.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_service_tokens() -> Result<Kept, AppError> {
    use services::identity;

    use crate::ssr::{MintedToken, caller, reply, services};

    let services = services();
    let tokens = reply(identity::service_tokens(&services, &caller()).await)?;
    let made = use_context::<MintedToken>().map(|MintedToken(made)| made);
    // Whoever sees them may make and end them.
    let most_days = services.doors.settings.token_days;
    Ok(Kept { tokens, made, most_days, may_not: String::new(), may_end: true, wish: crate::ssr::wish() })
}

/// People who came in.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_people(text: String, page: u32) -> Result<People, AppError> {
    use services::identity::{Permission, Target};

    use crate::ssr::{caller, reply, services};

    let (services, caller) = (services(), caller());
    let found = services::identity::people(&services, &caller, &text, u64::from(page)).await;
    let (accounts, has_more) = reply(found)?;
    let beside = reply(crate::ssr::access::people(&services, &caller, &text, u64::from(page)).await)?;
    let asks = services::identity::is_allowed(&services, &caller, Permission::ManagePolicies, Target::Platform).await;
    Ok(People { accounts, has_more, asks: reply(asks)?, beside })
}
