//! The edge of the process: arguments, environment, standard streams, exit code.
//!
//! Never: a decision that `run.rs` could make.

use std::io::{self, IsTerminal as _, Write as _};
use std::panic;
use std::process::ExitCode;
use std::sync::Once;

use gitops_guard::cli::Cli;
use gitops_guard::run::{self, Env};

/// Could not judge.
const FAILED: u8 = 2;
/// What a shell reports of a program whose reader went away: not known to be clean.
const NO_READER: u8 = 141;

fn main() -> ExitCode {
    tell_places_of_panics();
    ExitCode::from(panic::catch_unwind(answer).unwrap_or(FAILED))
}

fn answer() -> u8 {
    let cli = Cli::of_process();
    let env = Env::of_process(io::stdout().is_terminal());
    let mut out = io::BufWriter::new(io::stdout().lock());
    // Not locked: a thread that panics has to be heard while this one waits for it.
    let mut err = io::stderr();
    let code = run::run(&cli, &env, &mut out, &mut err);
    match code.and_then(|code| out.flush().map(|()| code)) {
        Ok(code) => code,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => NO_READER,
        Err(error) => {
            let _ = writeln!(err, "error: the report cannot be written: {error}");
            FAILED
        }
    }
}

/// The words of a panic may hold a value of the tree, so only its place is told, and only the first one's.
fn tell_places_of_panics() {
    static TOLD: Once = Once::new();
    panic::set_hook(Box::new(|info| {
        TOLD.call_once(|| {
            let _ = writeln!(io::stderr(), "{}", run::panicked(info));
        });
    }));
}
