//! What someone is told who did not come in: what happened, and what to do.

use axum::{http::StatusCode, response::Response};
use services::{
    Error,
    identity::{LINK_MINUTES, NotIn, SIGN_IN_MINUTES, Unmatched, ports::ProviderProblem},
};

use super::{
    page::{self, Trouble},
    sheet,
};
use crate::http::{AppState, Refusal, RequestId};

struct Told<'a> {
    title: &'a str,
    status: StatusCode,
    what: String,
    details: Option<String>,
    advice: Vec<String>,
    again: (String, String),
    unmatched: Option<&'a Unmatched>,
}

fn show(state: &AppState, told: &Told<'_>, RequestId(request): &RequestId) -> Response {
    let trouble = Trouble {
        status: told.status,
        what: &told.what,
        details: told.details.as_deref(),
        advice: &told.advice,
        again: (&told.again.0, &told.again.1),
        ask: None,
        unmatched: told.unmatched,
        request,
    };
    page::trouble(&sheet(state, told.title), &trouble)
}

/// Why a form of the portal was not carried out, where its own page cannot say so.
pub(crate) fn not_done(state: &AppState, refusal: &Refusal, back: &str, RequestId(request): &RequestId) -> Response {
    let mut letters = refusal.why.chars();
    let what: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let trouble = Trouble {
        status: refusal.status,
        what: &format!("{what}."),
        details: None,
        advice: &[],
        again: (back, "Back"),
        ask: refusal.ask.as_deref(),
        unmatched: None,
        request,
    };
    page::trouble(&sheet(state, "This was not done"), &trouble)
}

/// Why a form was not carried out whose sender is signed out by now; `from` is the page that it was on.
pub(crate) fn too_late(state: &AppState, from: &str, RequestId(request): &RequestId) -> Response {
    let advice = texts(&[
        "To keep what you typed, sign in in another tab and then reload this page: your browser sends the form again.",
    ]);
    let trouble = Trouble {
        status: StatusCode::UNAUTHORIZED,
        what: "You are signed out, so nothing was done.",
        details: None,
        advice: &advice,
        again: (&super::sign_in_page(from), "Sign in"),
        ask: None,
        unmatched: None,
        request,
    };
    page::trouble(&sheet(state, "You are signed out"), &trouble)
}

fn texts(advice: &[&str]) -> Vec<String> {
    advice.iter().map(|text| (*text).to_owned()).collect()
}

/// Why someone did not come in through a provider.
pub(super) fn not_in(state: &AppState, id: &str, why: &NotIn, request: &RequestId) -> Response {
    let known = state.services.doors.settings.providers.iter().find(|provider| provider.id == id);
    let name = known.map_or("The provider", |provider| provider.name.as_str());
    let again = match known {
        Some(provider) => (format!("/auth/start/{}", provider.id), "Try again".to_owned()),
        None => ("/auth/sign-in".to_owned(), "Sign in another way".to_owned()),
    };
    let other = ("/auth/sign-in".to_owned(), "Sign in another way".to_owned());
    if !matches!(why, NotIn::NotBegun | NotIn::TooLate | NotIn::Cancelled(_) | NotIn::NoProvider(_)) {
        tracing::warn!(provider = id, %why, "someone did not come in");
    }
    let mut told = Told {
        title: "You are not signed in",
        status: StatusCode::FORBIDDEN,
        what: String::new(),
        details: None,
        advice: Vec::new(),
        again,
        unmatched: None,
    };
    match why {
        NotIn::NoProvider(id) => {
            told.status = StatusCode::NOT_FOUND;
            told.what = format!("No provider is called `{id}` here.");
        }
        NotIn::Cancelled(said) => {
            told.what = format!("{name} did not sign you in.");
            told.details = Some(format!("It says: {said}"));
            told.advice = texts(&[
                "If you changed your mind, nothing has happened.",
                "If it refused you, ask whoever runs it for access to Causeway.",
            ]);
        }
        NotIn::Scopes(said) => {
            told.status = StatusCode::BAD_GATEWAY;
            told.again = other;
            told.what = format!("{name} does not give what this portal asks it for.");
            told.details = Some(format!("It says: {said}"));
            told.advice = texts(&[
                "An administrator leaves `scopes` of `[[sign_in.providers]]` out, or names only those that the provider knows, and starts \
                 Causeway again.",
                "Until then, sign in another way; whoever is signed in stays so.",
            ]);
        }
        NotIn::NotBegun => {
            told.status = StatusCode::BAD_REQUEST;
            told.what = "This browser did not begin this sign-in, or has finished it already.".into();
            told.advice = texts(&[
                "Begin again here; do not use an address of an earlier sign-in.",
                "If it happens again, allow cookies for this portal.",
            ]);
        }
        NotIn::TooLate => {
            told.status = StatusCode::BAD_REQUEST;
            told.what = format!("The sign-in took longer than {SIGN_IN_MINUTES} minutes.");
        }
        NotIn::Provider(problem) => provider(&mut told, name, problem),
        NotIn::NotWanted(unmet) => {
            told.again = other;
            told.what = format!("{name} knows you, but not as someone who may come in here.");
            told.details = Some(format!("The configuration asks that {unmet}."));
            told.advice = texts(&["Sign in with another account, or ask an administrator of this installation."]);
        }
        NotIn::Unmatched(unmatched) => {
            told.again = other;
            told.what = format!("{name} knows you, but nobody in the catalog was found for what it says.");
            told.unmatched = Some(unmatched);
        }
        NotIn::Blocked => {
            told.again = other;
            told.what = "An administrator has blocked whoever this account belongs to.".into();
            told.advice = texts(&["Ask an administrator of this installation to let you in again."]);
        }
        NotIn::SentAway { since, by } => {
            told.again = other;
            let known = state.services.doors.settings.providers.iter().find(|provider| provider.id == *by);
            let whose = known.map_or(by.as_str(), |provider| &provider.name);
            told.what = format!("The directory of {whose} lets you in here no more.");
            told.details = Some(format!("It says so since {}.", since.format("%-d %b %Y, %H:%M UTC")));
            told.advice = texts(&[
                "Ask whoever runs the directory to assign Causeway to you again; you can come in as soon as it says so.",
                "An administrator of this installation sees what the directory said under People.",
            ]);
        }
        NotIn::Fault(error) => return fault(state, error, request),
    }
    show(state, &told, request)
}

fn provider(told: &mut Told<'_>, name: &str, problem: &ProviderProblem) {
    match problem {
        ProviderProblem::Down(why) => {
            told.status = StatusCode::BAD_GATEWAY;
            told.what = format!("{name} does not answer as it should.");
            told.details = Some(why.clone());
            told.advice = texts(&[
                "Try again in a minute.",
                "If it lasts, an administrator looks at the provider and at `[[sign_in.providers]]`.",
            ]);
        }
        ProviderProblem::Client(why) => {
            told.status = StatusCode::BAD_GATEWAY;
            told.what = format!("{name} does not accept how this portal is set up there.");
            told.details = Some(format!("It says: {why}"));
            told.advice = texts(&[
                "An administrator compares `client_id` and `client_secret` of `[[sign_in.providers]]` with what the provider has.",
                "Until then, sign in another way; whoever is signed in stays so.",
            ]);
            told.again = ("/auth/sign-in".to_owned(), "Sign in another way".to_owned());
        }
        ProviderProblem::Withheld(why) => {
            told.what = format!("{name} knows you, and does not show what this portal asks it about you.");
            told.details = Some(format!("In particular, {why}."));
            told.advice = texts(&[
                "Take back what you granted to this portal, in your settings there (at GitHub: Applications, Authorized OAuth Apps), \
                 then sign in again and grant all that it asks for.",
                "If it happens again, an administrator compares `scopes` of `[[sign_in.providers]]` with what the provider allows.",
            ]);
        }
        ProviderProblem::Clock(why) => {
            told.what = format!("The clocks of {name} and of this server differ.");
            told.details = Some(why.clone());
            told.advice = texts(&["An administrator sets both by a time server (NTP); two minutes are allowed for."]);
        }
        ProviderProblem::Refused(why) | ProviderProblem::Elsewhere(why) => {
            told.what = format!("What {name} says about you is not believed.");
            told.details = Some(why.clone());
            told.advice = texts(&[
                "Begin again here.",
                "If it happens again, an administrator looks at the provider's settings.",
            ]);
        }
        ProviderProblem::Over(why) => {
            told.what = format!("{name} does not redeem this sign-in: it was redeemed already, or took too long.");
            told.details = Some(why.clone());
        }
    }
}

/// A link that lets nobody in.
pub(super) fn spent(state: &AppState, request: &RequestId) -> Response {
    let told = Told {
        title: "This link lets nobody in",
        status: StatusCode::UNPROCESSABLE_ENTITY,
        what: format!("A link can be used once, within {LINK_MINUTES} minutes."),
        details: None,
        advice: texts(&["Make another on the server: `causeway token admin-link`"]),
        again: ("/auth/sign-in".to_owned(), "Sign in another way".to_owned()),
        unmatched: None,
    };
    show(state, &told, request)
}

/// The server cannot answer now.
pub(crate) fn unavailable(state: &AppState, why: &str, RequestId(request): &RequestId) -> Response {
    let trouble = Trouble {
        status: StatusCode::SERVICE_UNAVAILABLE,
        what: "The portal cannot answer now.",
        details: Some(&format!("In particular, {why}.")),
        advice: &texts(&["Try again in a minute.", "If it lasts, tell an administrator the request below."]),
        again: ("/", "Try again"),
        ask: None,
        unmatched: None,
        request,
    };
    page::trouble(&sheet(state, "Not now"), &trouble)
}

/// The address names nothing.
pub(crate) fn unreadable(state: &AppState, why: &str, RequestId(request): &RequestId) -> Response {
    let trouble = Trouble {
        status: StatusCode::BAD_REQUEST,
        what: "There is nothing here.",
        details: Some(&format!("In particular, {why}.")),
        advice: &texts(&["Check the address, or look for what you want by its name."]),
        again: ("/", "Home"),
        ask: None,
        unmatched: None,
        request,
    };
    page::trouble(&sheet(state, "No such page"), &trouble)
}

/// A fault of ours.
pub(super) fn fault(state: &AppState, error: &Error, request: &RequestId) -> Response {
    tracing::error!(%error, "someone could not be signed in");
    let told = Told {
        title: "You are not signed in",
        status: StatusCode::INTERNAL_SERVER_ERROR,
        what: "Something went wrong on the server; its log has the details.".to_owned(),
        details: None,
        advice: texts(&["Try again in a minute, and tell an administrator the request below."]),
        again: ("/auth/sign-in".to_owned(), "Try again".to_owned()),
        unmatched: None,
    };
    show(state, &told, request)
}
