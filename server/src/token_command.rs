//! `causeway token`: tokens and links, made on the server itself.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::identity::NewToken;
use services::identity::{self, Caller, LINK_MINUTES, Tenant};

use crate::{
    cli::{Installation, Problem},
    logging,
    settings::Settings,
    start,
};

/// `causeway token`
#[derive(Debug, Args)]
pub(crate) struct TokenCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print a link that lets the administrator in once, within a quarter of an hour
    AdminLink {
        #[command(flatten)]
        installation: Installation,
    },
    /// Make a token for a program; it acts as `machine:NAME`
    Create {
        #[command(flatten)]
        installation: Installation,
        /// What the program is called: a-z, 0-9 and -
        name: String,
        /// In how many days the token ends
        #[arg(long, default_value_t = 90)]
        days: u32,
        /// What it may do, of what its roles may: read, write, run, approve, administer, provision
        #[arg(long, value_delimiter = ',', default_value = "read")]
        scopes: Vec<String>,
        /// Roles that it has
        #[arg(long, value_delimiter = ',', default_value = "viewer")]
        roles: Vec<String>,
    },
}

impl TokenCommand {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        let (What::AdminLink { installation } | What::Create { installation, .. }) = &self.what;
        let settings = Settings::load(installation)?;
        logging::start(&settings.log);
        let services = start::open(&settings, settings.server.listen, false).await?;
        let caller = Caller::system(Tenant::default(), "command line");
        match self.what {
            What::AdminLink { .. } => {
                let link = identity::make_link(&services, &caller).await?;
                eprintln!("Open this within {LINK_MINUTES} minutes; it works once:");
                println!("{link}");
            }
            What::Create { name, days, scopes, roles, .. } => {
                let new = NewToken { name, days, scopes, roles, wish: None };
                let minted = identity::make_service_token(&services, &caller, new).await?;
                for role in &minted.unspoken {
                    eprintln!(
                        "No policy speaks of the role `{role}`, so it permits nothing: is it misspelt? It may be given ahead of its policies."
                    );
                }
                eprintln!("The token of `{}`, shown this once; it ends on {}:", minted.name, minted.ends.date_naive());
                println!("{}", minted.secret);
            }
        }
        services::audit::flush(&services).await;
        Ok(ExitCode::SUCCESS)
    }
}
