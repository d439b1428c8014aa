//! Pipelines that come in with what their own system signs, so that no secret is stored there.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::identity::{Entry, Subject, Tenant};
use serde_json::Value;

use super::{
    Bearer, Spent, claims,
    doors::Found,
    hash,
    ports::{Claims, ProviderProblem},
    refused,
};
use crate::{Error, Result, Services};

/// The longest token that is looked at.
const LONGEST: usize = 16 * 1024;

/// What GitHub and GitLab say of a job besides.
const JOB: [&str; 4] = ["actor", "run_id", "user_login", "pipeline_id"];
/// What stands between the parts of what is said of a job.
pub(crate) const BETWEEN: &str = " · ";
/// How much is kept of it, in letters.
const LONGEST_JOB: usize = 400;

/// Whether a text could be a token that another system signed.
pub fn is_signed(text: &str) -> bool {
    text.len() <= LONGEST && text.starts_with("ey") && text.matches('.').count() == 2
}

/// A moment as tokens write it: seconds, perhaps with a fraction.
#[expect(clippy::cast_possible_truncation, reason = "what is out of reach becomes the end of time, which is no moment")]
fn moment(seconds: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds as i64, 0)
}

/// What a token says, before anyone believes it: only to find out whom to ask.
fn unproven(token: &str) -> Option<Claims> {
    let middle = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    match serde_json::from_slice(&middle).ok()? {
        Value::Object(claims) => Some(claims),
        _ => None,
    }
}

/// Which job it is, as far as its issuer says: a trust lets many in under one name.
fn job(claims: &Claims, require: &[(String, Vec<String>)]) -> String {
    let named = require.iter().map(|(path, _)| path.as_str()).chain(JOB);
    let mut said: Vec<String> = claims::text(claims, "sub").into_iter().collect();
    for path in named {
        let word = claims::text(claims, path).map(|value| format!("{path} {value}"));
        said.extend(word.filter(|word| !said.contains(word)));
    }
    said.join(BETWEEN).chars().take(LONGEST_JOB).collect()
}

/// Who comes with a token that a trusted issuer signed; the first pipeline of the configuration whose conditions hold.
pub(super) async fn by_signature(services: &Services, tenant: &Tenant, token: &str) -> Result<Bearer> {
    let key = hash(token);
    if let Some(Some(known)) = services.doors.seen.secret(tenant, &key) {
        return Ok(Bearer::Known(known));
    }
    let generation = services.doors.seen.generation();
    let Some(said) = unproven(token) else { return Ok(refused()) };
    let Some(issuer) = said.get("iss").and_then(Value::as_str) else { return Ok(refused()) };
    let mut why = format!("no pipeline trusts `{}`", issuer.chars().take(200).collect::<String>());
    let mut told = why.clone();
    // Whether the issuer signed it, so that nobody guessed it.
    let mut is_signed = false;
    let mut about = None;
    let trusting = services.doors.settings.pipelines.iter().filter(|pipeline| pipeline.issuer == issuer);
    for pipeline in trusting {
        let claims = match services.doors.signatures.claims(issuer, &pipeline.audience, token).await {
            Ok(claims) => claims,
            Err(ProviderProblem::Down(why)) => {
                return Err(Error::Unavailable { system: format!("the issuer of {}", pipeline.name), why });
            }
            Err(problem) => {
                is_signed |= matches!(problem, ProviderProblem::Clock(_) | ProviderProblem::Elsewhere(_));
                why = problem.to_string();
                told.clone_from(&why);
                continue;
            }
        };
        if let Some(unmet) = claims::unmet(&pipeline.require, &claims) {
            why = format!("`{}`: {}", pipeline.name, unmet.whole());
            told = format!("`{}`: {}", pipeline.name, unmet.own());
            is_signed = true;
            about = Some(job(&claims, &pipeline.require));
            continue;
        }
        let found = Arc::new(Found {
            identity: None,
            subject: Subject::Machine(pipeline.name.clone()),
            entry: Entry::Pipeline(pipeline.name.clone()),
            roles: Arc::new(pipeline.roles.clone()),
            teams: Arc::default(),
            scopes: Some(pipeline.scopes.clone()),
            until: claims.get("exp").and_then(Value::as_f64).and_then(moment),
            through: Some(job(&claims, &pipeline.require)),
        });
        services.doors.seen.keep_secret(generation, tenant, key, Some(found.clone()));
        return Ok(Bearer::Known(found));
    }
    tracing::warn!(why, "a pipeline was not let in");
    if is_signed {
        return Ok(Bearer::Spent(Spent { told, why, whose: Subject::Stranger, about }));
    }
    Ok(Bearer::Refused { told, why })
}
