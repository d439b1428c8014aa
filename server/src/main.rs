//! The binary `causeway`: configuration, command line, HTTP surface, workers. It wires the other crates together and decides nothing.

mod account;
mod api_v1;
mod ask;
mod assets;
mod auth;
mod catalog_api;
mod check;
mod cli;
mod decide_command;
mod docs_files;
mod doctor;
mod examples;
mod git_http;
mod http;
mod lists;
mod logging;
mod memory;
mod policy_files;
mod preview_command;
mod run_approval;
mod run_command;
mod saved_views;
mod scaffolder_api;
mod scim;
mod scorecards_api;
mod serve;
mod settings;
mod sign_in;
mod start;
mod token_command;
mod webhooks;

use std::process::ExitCode;

use clap::Parser;

/// How large the stack of a thread may become: files that stand in each other as deep as they may are read by going down in them.
const STACK: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    allocator::set_pace(allocator::Pace::Work);
    // One TLS provider for every client in the process; with none installed, the first connection would panic.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let runtime = match threads {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("causeway: the asynchronous runtime did not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli::Cli::parse().run()) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("causeway: {problem}");
            ExitCode::FAILURE
        }
    }
}
