//! `causeway doctor`: is everything there that this installation needs?

use std::process::ExitCode;

use services::database;
use tokio::process::Command;

use crate::{
    assets,
    cli::{Installation, Problem},
    settings::{self, Settings},
    start,
};

/// Prints a line per check; fails if one does.
pub(crate) async fn run(installation: &Installation) -> Result<ExitCode, Problem> {
    let mut healthy = true;
    let mut tell = |what: &str, result: Result<String, String>| match result {
        Ok(fact) => println!("ok       {what}: {fact}"),
        Err(problem) => {
            healthy = false;
            println!("problem  {what}: {problem}");
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
    let audit = async {
        let db = start::open_database(&settings).await?;
        Ok::<_, Problem>(services::audit::verify(&db).await?)
    };
    let audit = audit.await.map_err(|p: Problem| p.to_string()).and_then(|verified| verified);
    tell("audit log", audit.map(|entries| format!("{entries} entries, as they were written")));
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
