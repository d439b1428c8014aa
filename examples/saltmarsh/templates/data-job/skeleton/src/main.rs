//! ${{ values.description }}.

mod ${{ values.moduleName }}_summary;

use ${{ values.moduleName }}_summary::summarise;

use std::{env, error::Error, fs::File, io, process::ExitCode};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", env!("CARGO_PKG_NAME"));
            ExitCode::FAILURE
        }
    }
}

/// Reads the file that is named first, or the standard input, and writes
/// to the file that is named second, or to the standard output.
fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let input: Box<dyn io::Read> = match arguments.next() {
        Some(path) if path != "-" => Box::new(File::open(path)?),
        _ => Box::new(io::stdin()),
    };
    let summary = summarise(input)?;
    match arguments.next() {
        Some(path) => serde_json::to_writer_pretty(File::create(path)?, &summary)?,
        None => {
            serde_json::to_writer_pretty(io::stdout().lock(), &summary)?;
            println!();
        }
    }
    Ok(())
}
