//! Whether both agree about a case.
//!
//! Never: a difference that is excused by its text; only what kustomize does by chance is left out.

use std::fs;
use std::path::{Path, PathBuf};

use crate::built::built;
use crate::generator::Case;
use crate::oracle::{Answer, Oracle};

/// How often kustomize is asked again where there is a difference. Where a hash map's order decides it says something
/// else soon.
const AGAIN: usize = 4;

/// What the comparison gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The same bytes.
    Same,
    /// Neither builds; why kustomize does not.
    BothFail(String),
    /// kustomize crashed, or is not of one mind about the case; or this library says that it does not render it.
    Excluded,
    /// They differ.
    Differ(Difference),
}

/// A disagreement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What this library says: the text, or why it does not build.
    pub ours: Result<String, String>,
    /// What kustomize says.
    pub theirs: Result<String, String>,
}

impl Difference {
    /// Which of the two fails and why, without names and numbers: what a smaller case must share.
    pub fn class(&self) -> String {
        match (&self.ours, &self.theirs) {
            (Err(text), _) => format!("ours fails: {}", words(text)),
            (_, Err(text)) => format!("kustomize fails: {}", words(text)),
            (Ok(ours), Ok(theirs)) => {
                let differs = theirs.lines().zip(ours.lines()).find(|(a, b)| a != b).map(|(line, _)| line);
                let key =
                    differs.unwrap_or_default().trim_start_matches([' ', '-']).split(':').next().unwrap_or_default();
                format!("other bytes: {key}")
            }
        }
    }
}

/// The first words of an error's last part, without names and numbers.
fn words(text: &str) -> String {
    let line = text.trim().lines().next_back().unwrap_or_default();
    let parts: Vec<&str> = line.rsplitn(3, ": ").take(2).collect();
    let words = parts.iter().rev().flat_map(|part| part.split_whitespace());
    let words = words
        .filter(|word| word.chars().all(|char| char.is_ascii_alphabetic() || ",'".contains(char)))
        .map(str::to_owned)
        .collect::<Vec<_>>();
    let words = words.into_iter();
    words.take(9).collect::<Vec<_>>().join(" ")
}

/// A folder for cases, and kustomize.
pub struct Judge {
    oracle: Oracle,
    folder: PathBuf,
}

impl Judge {
    /// Writes its cases to `folder`.
    pub fn new(oracle: Oracle, folder: PathBuf) -> Self {
        Self { oracle, folder }
    }

    /// Builds the case twice, once here and once there.
    ///
    /// # Errors
    /// kustomize cannot be asked, or the disk is full.
    pub fn judge(&mut self, case: &Case) -> Result<Verdict, String> {
        let ours = built(case, &[&case.build]).remove(0);
        if ours.as_ref().is_err_and(|why| why.starts_with("not rendered: ")) {
            return Ok(Verdict::Excluded);
        }
        write(case, &self.folder).map_err(|error| format!("{}: {error}", self.folder.display()))?;
        let build = self.folder.join(&case.build);
        let mut verdict = Verdict::Excluded;
        for _ in 0..AGAIN {
            let theirs = match self.oracle.ask(&build)? {
                Answer::Panicked => return Ok(Verdict::Excluded),
                Answer::Printed(text) => Ok(text),
                Answer::Failed(text) => Err(text.replace(&*self.folder.to_string_lossy(), "")),
            };
            let next = match (&ours, theirs.clone()) {
                (Ok(a), Ok(b)) if *a == b => Verdict::Same,
                (Err(_), Err(_)) => Verdict::BothFail(theirs.err().map(|text| words(&text)).unwrap_or_default()),
                _ => Verdict::Differ(Difference { ours: ours.clone(), theirs }),
            };
            if !matches!(next, Verdict::Differ(_)) {
                // If an answer before was another one, it was by chance.
                return Ok(if verdict == Verdict::Excluded { next } else { Verdict::Excluded });
            }
            let same = match (&verdict, &next) {
                (Verdict::Differ(a), Verdict::Differ(b)) => a.theirs.as_ref().ok() == b.theirs.as_ref().ok(),
                _ => true,
            };
            if !same {
                return Ok(Verdict::Excluded);
            }
            verdict = next;
        }
        Ok(verdict)
    }
}

/// Writes the files of a case below a folder that it empties first.
///
/// # Errors
/// The disk.
pub fn write(case: &Case, folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    for (name, bytes) in &case.files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}
