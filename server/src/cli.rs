//! The command line.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{
    check,
    decide_command::{ApproveCommand, RefuseCommand},
    doctor, logging,
    preview_command::PreviewCommand,
    run_command::RunCommand,
    serve,
    settings::Settings,
    start,
    token_command::TokenCommand,
};

/// A problem that ends the program, in words for the person at the terminal.
pub(crate) type Problem = Box<dyn std::error::Error + Send + Sync>;

/// A self-hosted internal developer platform in one binary.
#[derive(Debug, Parser)]
#[command(name = "causeway", version, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Options of every command that opens an installation.
#[derive(Debug, Clone, Args)]
pub(crate) struct Installation {
    /// Configuration file [default: causeway.toml, if there is one]
    #[arg(long, global = true, env = "CAUSEWAY_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Folder for the database, repositories and workspaces [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the portal and the API, and do background work
    Serve {
        #[command(flatten)]
        installation: Installation,
        /// Address to listen on [default: 127.0.0.1:3000]
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
        /// Load the example organisation, if the catalog does not have it yet
        #[arg(long)]
        example: bool,
    },
    /// Do background work only, beside any number of `serve` on the same PostgreSQL
    Worker {
        #[command(flatten)]
        installation: Installation,
    },
    /// Bring the database's schema up to date and stop
    Migrate {
        #[command(flatten)]
        installation: Installation,
    },
    /// Check catalog files, templates, scorecards and policies: what is wrong, where, and how to mend it (exit status 1
    /// if something is, 2 if it could not be looked at)
    Check(check::Check),
    /// Start a run from a template on a server, and show its log
    Run(RunCommand),
    /// Agree to a run that waits for approval; it then goes on
    Approve(ApproveCommand),
    /// Refuse a run that waits for approval; it is then cancelled
    Refuse(RefuseCommand),
    /// Try a folder of policies against a server: who would gain and who would lose what
    Preview(PreviewCommand),
    /// Check the installation: configuration, database, folders, tools
    Doctor {
        #[command(flatten)]
        installation: Installation,
    },
    /// Make tokens for programs, and links for emergencies
    Token(TokenCommand),
    /// Print the version
    Version,
}

impl Cli {
    pub(crate) async fn run(self) -> Result<ExitCode, Problem> {
        match self.command {
            Command::Serve { installation, listen, example } => {
                let mut settings = Settings::load(&installation)?;
                if let Some(listen) = listen {
                    settings.server.listen = listen;
                }
                logging::start(&settings.log);
                serve::serve(settings, example).await?;
            }
            Command::Worker { installation } => {
                let settings = Settings::load(&installation)?;
                logging::start(&settings.log);
                serve::worker(settings).await?;
            }
            Command::Migrate { installation } => {
                let settings = Settings::load(&installation)?;
                logging::start(&settings.log);
                // Closed, so that an embedded database is one file again, which can be copied.
                start::open_database(&settings).await?.close().await?;
                println!("the schema is up to date");
            }
            Command::Check(check) => return check::run(&check).await,
            Command::Run(command) => return command.run().await,
            Command::Approve(command) => return command.run().await,
            Command::Refuse(command) => return command.run().await,
            Command::Preview(command) => return command.run().await,
            Command::Doctor { installation } => return doctor::run(&installation).await,
            Command::Token(command) => return command.run().await,
            Command::Version => println!("causeway {}", env!("CARGO_PKG_VERSION")),
        }
        Ok(ExitCode::SUCCESS)
    }
}
