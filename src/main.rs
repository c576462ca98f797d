//! The edge of the process: arguments, environment, standard streams, exit code.
//!
//! Never: a decision that `run.rs` could make.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use gitops_guard::cli::Cli;
use gitops_guard::run::{self, Env};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let env = Env::of_process(io::stdout().is_terminal());
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut err = io::stderr().lock();
    let code = run::run(&cli, &env, &mut out, &mut err);
    match code.and_then(|code| out.flush().map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(err, "error: the report cannot be written: {error}");
            ExitCode::from(2)
        }
    }
}
