//! `causeway doctor`: is everything there that this installation needs?

use std::{io::Write as _, process::ExitCode};

use services::{
    audit::StreamState,
    database,
    identity::{Doors, Tenant, ports::Ask},
};
use tokio::process::Command;

use crate::{
    assets,
    cli::{Installation, Problem},
    settings::{self, Settings},
    sign_in::{Access, has_guest},
    start,
};

/// How far the audit log was sent, or what is in the way.
fn streamed(target: &str, states: &[StreamState]) -> Result<String, String> {
    for state in states {
        if let (true, Some((at, why))) = (state.failures > 0, &state.failed) {
            let when = at.format("%Y-%m-%d %H:%M:%S UTC");
            return Err(format!("{} entries wait; failed {} times, last {when}: {why}", state.behind, state.failures));
        }
    }
    let behind: i64 = states.iter().map(|state| state.behind).sum();
    let last = states.iter().filter_map(|state| state.sent).max();
    let last = last.map_or_else(
        || "nothing sent yet".to_owned(),
        |at| format!("last sent {}", at.format("%Y-%m-%d %H:%M:%S UTC")),
    );
    Ok(format!("to {target}, {last}, {behind} entries wait"))
}

/// The ways in, read as the start of the server reads them.
fn doors(settings: &Settings) -> Result<Doors, Problem> {
    let address = settings.server.listen.ip();
    Access::new(address, &settings.sign_in)?;
    settings::doors(&settings.sign_in, has_guest(address, &settings.sign_in), &settings.outbound.allow)
}

/// Whether it was decided of every source whether its people and teams count.
async fn people(settings: &Settings) -> Result<String, String> {
    let unasked = async {
        let db = start::open_database(settings).await?;
        Ok::<_, Problem>(services::catalog::unasked_in(&db, &Tenant::default()).await?)
    };
    let unasked = unasked.await.map_err(|problem| problem.to_string())?;
    if unasked.is_empty() {
        return Ok("those of sources count that are trusted with it".to_owned());
    }
    let told = unasked.iter().map(|source| {
        let by = source.by.as_ref().map(|by| format!(", which {by} registered")).unwrap_or_default();
        format!("`{}` (/sources/{}{by})", source.target, source.source)
    });
    let told: Vec<String> = told.collect();
    Err(format!(
        "those of {} count for sign-in and permission since before that was asked; decide it on the page of each",
        told.join(", ")
    ))
}

/// Of each provider, whether it answers, its secret is there, and so is the token of its directory.
async fn providers(settings: &Settings, doors: &Doors) -> Vec<(String, Result<String, String>)> {
    let secrets = settings::client_secrets(&settings.sign_in);
    let tokens = async {
        let db = start::open_database(settings).await?;
        Ok::<_, Problem>(services::identity::living_services(&db, &Tenant::default()).await?)
    };
    let tokens = tokens.await.map_err(|problem| problem.to_string());
    let mut told = Vec::new();
    for rules in &doors.settings.providers {
        let mut wrong = Vec::new();
        let secret = secrets.iter().find(|(id, _)| *id == rules.id);
        let missing = secret.and_then(|(_, secret)| secret.read().err());
        wrong.extend(missing.as_ref().map(|why| format!("`client_secret`: {why}")));
        if let (Some(name), Ok(tokens)) = (&rules.scim, &tokens)
            && !tokens.contains(name)
        {
            wrong.push(format!("`scim`: no living service token is called `{name}`; make it with `causeway token create {name} --roles provisioner --scopes provision`"));
        }
        if let Some(provider) = doors.providers.get(&rules.id) {
            let ask = Ask {
                state: String::new(),
                nonce: String::new(),
                verifier: "-".repeat(43),
                redirect: settings.base_url(settings.server.listen),
            };
            let problem = provider.begin(&ask).await.err().map(|problem| problem.to_string());
            // What is wrong with its secret is told already.
            wrong.extend(problem.filter(|problem| missing.as_ref().is_none_or(|why| !problem.contains(why))));
        }
        let fact = if rules.scim.is_some() { "answers, with its directory's token" } else { "answers" };
        told.push((rules.id.clone(), if wrong.is_empty() { Ok(fact.to_owned()) } else { Err(wrong.join("; ")) }));
    }
    told
}

/// Prints a line per check; fails if one does.
pub(crate) async fn run(installation: &Installation) -> Result<ExitCode, Problem> {
    let mut healthy = true;
    let mut tell = |what: &str, result: Result<String, String>| match result {
        // Whoever reads only the first lines has gone; the exit code still says the rest.
        Ok(fact) => {
            let _ = writeln!(std::io::stdout(), "ok       {what}: {fact}");
        }
        Err(problem) => {
            healthy = false;
            let _ = writeln!(std::io::stdout(), "problem  {what}: {problem}");
        }
    };
    let settings = match Settings::load(installation) {
        Ok(settings) => settings,
        Err(problem) => {
            tell("configuration", Err(problem.to_string()));
            return Ok(ExitCode::FAILURE);
        }
    };
    tell("configuration", Ok(format!("listens on {}", settings.server.listen)));
    let policies = match &settings.permission.policies {
        Some(folder) => settings::read_policies(folder).map_err(|problem| problem.to_string()).map(|found| {
            let count = found.documents.len();
            format!("{count} documents of `{}`, and all {} example cases hold", folder.display(), found.cases)
        }),
        None => Ok("those that come with Causeway, and what was edited in the portal".to_owned()),
    };
    tell("policies", policies);
    tell(
        "portal files",
        assets::find().map(|_| "inside this binary or its build folder".into()).map_err(|p| p.to_string()),
    );
    let database = async {
        let db = start::open_database(&settings).await?;
        database::ping(&db).await?;
        Ok::<_, Problem>(if settings.is_embedded() {
            "SQLite, schema up to date"
        } else {
            "PostgreSQL, schema up to date"
        })
    };
    tell("database", database.await.map(str::to_owned).map_err(|p| p.to_string()));
    tell("people", people(&settings).await);
    let audit = async {
        let db = start::open_database(&settings).await?;
        Ok::<_, Problem>(services::audit::verify(&db).await?)
    };
    let audit = audit.await.map_err(|p: Problem| p.to_string()).and_then(|verified| verified);
    tell("audit log", audit.map(|entries| format!("{entries} entries, as they were written")));
    match settings::outlet(&settings.audit, &settings.outbound.allow) {
        Ok(None) => {}
        Ok(Some(outlet)) => {
            let secret = outlet.secret.read().map(|_| ());
            let states = async {
                let db = start::open_database(&settings).await?;
                Ok::<_, Problem>(services::audit::stream_states(&db).await?)
            };
            let states = states.await.map_err(|p: Problem| p.to_string());
            tell("audit stream", secret.and(states).and_then(|states| streamed(&outlet.target, &states)));
        }
        Err(problem) => tell("audit stream", Err(problem.to_string())),
    }
    match doors(&settings) {
        Ok(doors) => {
            let known = doors.settings.providers.len();
            tell("sign-in", Ok(format!("{known} providers, {} pipelines", doors.settings.pipelines.len())));
            for (id, result) in providers(&settings, &doors).await {
                tell(&format!("provider {id}"), result);
            }
        }
        Err(problem) => tell("sign-in", Err(problem.to_string())),
    }
    let git = Command::new("git").arg("--version").output().await;
    tell(
        "git",
        match git {
            Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            _ => Err("not found; install git, which sources and repositories need".into()),
        },
    );
    match settings::configured(&settings.credentials) {
        Ok(credentials) => {
            for credential in credentials {
                let secrets = [Some(&credential.secret), credential.known_hosts.as_ref()];
                let wrong = secrets.into_iter().flatten().find_map(|reference| reference.read().err());
                let fact = format!("from {}", credential.secret);
                tell(&format!("credential {}", credential.name), wrong.map_or(Ok(fact), Err));
            }
        }
        Err(problem) => tell("credentials", Err(problem.to_string())),
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
