//! kustomize, asked about a folder: the command itself, or the program in `fuzz/oracle` that answers many questions.
//!
//! Never: an answer of our own.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What kustomize made of a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It printed this.
    Printed(String),
    /// It failed with these words.
    Failed(String),
    /// It crashed, which says nothing about what should happen.
    Panicked,
}

/// How kustomize is asked.
pub enum Oracle {
    /// A process a folder, with these arguments before the folder.
    Command(Vec<String>),
    /// A process that is told folders.
    Batch(Box<Batch>),
}

/// The running program of `fuzz/oracle`.
pub struct Batch {
    program: String,
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Oracle {
    /// `kubectl`, the path of a `kustomize`, or of the batch program, which is called `oracle`.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn start(program: &str) -> Result<Self, String> {
        let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name != "oracle" {
            let verb = if name == "kubectl" { "kustomize" } else { "build" };
            return Ok(Self::Command(vec![program.to_owned(), verb.to_owned()]));
        }
        Ok(Self::Batch(Box::new(Batch::start(program)?)))
    }

    /// What kustomize makes of the folder.
    ///
    /// # Errors
    /// It cannot be asked.
    pub fn ask(&mut self, folder: &Path) -> Result<Answer, String> {
        match self {
            Self::Command(words) => command(words, folder),
            Self::Batch(batch) => match batch.ask(folder) {
                Ok(answer) => Ok(answer),
                // Some crashes take the whole process along.
                Err(_) => {
                    **batch = Batch::start(&batch.program)?;
                    Ok(Answer::Panicked)
                }
            },
        }
    }
}

fn command(words: &[String], folder: &Path) -> Result<Answer, String> {
    let output = Command::new(&words[0])
        .args(&words[1..])
        .arg(folder)
        .output()
        .map_err(|error| format!("{}: {error}", words[0]))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return Ok(Answer::Printed(String::from_utf8_lossy(&output.stdout).into_owned()));
    }
    let panicked = said.lines().any(|line| line.starts_with("panic:") || line.starts_with("goroutine "));
    Ok(if panicked { Answer::Panicked } else { Answer::Failed(said) })
}

impl Batch {
    fn start(program: &str) -> Result<Self, String> {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{program}: no pipes"));
        };
        Ok(Self { program: program.to_owned(), child, to, from: BufReader::new(from) })
    }

    fn ask(&mut self, folder: &Path) -> std::io::Result<Answer> {
        writeln!(self.to, "{}", folder.display())?;
        self.to.flush()?;
        let mut head = String::new();
        self.from.read_line(&mut head)?;
        let (what, length) = head.trim_end().split_once(' ').unwrap_or(("", "0"));
        let mut bytes = vec![0; length.parse().unwrap_or(0)];
        self.from.read_exact(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match what {
            "ok" => Ok(Answer::Printed(text)),
            "error" => Ok(Answer::Failed(text)),
            "panic" => Ok(Answer::Panicked),
            _ => Err(std::io::Error::other("it went away")),
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It ends with its input; what it says then is nobody's business.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
