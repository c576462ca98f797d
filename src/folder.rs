//! One folder, rendered: what `render` and `blame` do.
//!
//! Never: a repository around it, a judgement.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use crate::base::{Problem, RepoPath, Sources};
use crate::cli;
use crate::model::Trees;
use crate::origins;
use crate::read::{self, ReadError};
use crate::render::{self, Build, BuildKind, Renderer};
use crate::report::{self, Color};
use crate::run::{CLEAN, Env, FINDINGS, Stop, write_file};

/// One build of a folder, wherever it lies, with what it was read from.
struct Folder {
    trees: Trees,
    path: RepoPath,
    built: render::Rendered,
}

impl Folder {
    /// `None`, and the problems told, where it does not build.
    fn build(dir: &Path, options: render::Options, env: &Env, err: &mut dyn Write) -> Result<Option<Self>, Stop> {
        let sources = Arc::new(Sources::default());
        let snapshot = read::on_demand(&sources);
        let trees = Trees::new(sources);
        let folder = env.directory.join(dir);
        let folder =
            folder.canonicalize().map_err(|_| Stop::Told(ReadError::NoSuchPath(folder).to_string(), FINDINGS))?;
        let path = folder.to_str().and_then(|text| RepoPath::new(text.trim_start_matches('/')));
        let path = path.ok_or_else(|| Stop::Told(format!("`{}` is not UTF-8", folder.display()), FINDINGS))?;
        let asked = Build::plain(path.clone(), BuildKind::Kustomize);
        let built = Renderer::new(&snapshot, &trees, options).build(&asked);
        if built.files.is_empty() {
            let names = "'kustomization.yaml', 'kustomization.yml' or 'Kustomization'";
            let message = format!("unable to find one of {names} in directory '{}'", folder.display());
            return Err(Stop::Told(message, FINDINGS));
        }
        for problem in &built.problems {
            tell(&trees, problem, err)?;
        }
        Ok(built.problems.is_empty().then_some(Self { trees, path, built }))
    }

    fn told(&self) -> origins::Told<'_> {
        origins::Told { trees: &self.trees, folder: &self.path, built: &self.built }
    }

    /// Writes a file for each object, as kustomize names them.
    fn write(&self, into: &Path, err: &mut dyn Write) -> Result<u8, Stop> {
        let objects = &self.built.objects;
        for (object, name) in objects.iter().zip(render::file_names(objects)) {
            match render::print(&self.trees, std::slice::from_ref(object)) {
                // A name may hold anything; a file must not land elsewhere.
                Ok(_) if name.contains(['/', '\\']) => {
                    return Err(Stop::Told(format!("`{name}` cannot be the name of a file"), FINDINGS));
                }
                Ok(printed) => write_file(&into.join(name), printed.as_bytes())?,
                Err(problem) => {
                    tell(&self.trees, &problem, err)?;
                    return Ok(FINDINGS);
                }
            }
        }
        Ok(CLEAN)
    }
}

/// Why a folder does not build or cannot be printed.
fn tell(trees: &Trees, problem: &Problem, err: &mut dyn Write) -> Result<(), Stop> {
    let at = trees.sources().positions(problem.at).0;
    let file = trees.sources().path(problem.at.file);
    let told = format!("error: {}\n  at /{file}:{}:{}", problem.message, at.line, at.column);
    writeln!(err, "{}", report::log(&told))?;
    Ok(())
}

fn restriction(asked: cli::Restrictor) -> render::LoadRestriction {
    match asked {
        cli::Restrictor::RootOnly => render::LoadRestriction::RootOnly,
        cli::Restrictor::None => render::LoadRestriction::None,
    }
}

pub(crate) fn render(ask: &cli::Render, env: &Env, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8, Stop> {
    let options = render::Options {
        load: restriction(ask.load_restrictor),
        order: ask.reorder.map(|order| match order {
            cli::Reorder::Legacy => render::Order::Legacy,
            cli::Reorder::None => render::Order::Fifo,
        }),
        managed_by: if ask.enable_managedby_label { render::ManagedBy::Always } else { render::ManagedBy::AsWritten },
    };
    let Some(folder) = Folder::build(&ask.dir, options, env, err)? else { return Ok(FINDINGS) };
    let into = ask.output.as_ref().map(|path| env.directory.join(path)).filter(|path| path.is_dir());
    if let Some(into) = into.filter(|_| !ask.origins) {
        return folder.write(&into, err);
    }
    let printed = if ask.origins {
        let color = if env.color && ask.output.is_none() { Color::On } else { Color::Off };
        origins::beside(folder.told(), color)
    } else {
        render::print(&folder.trees, &folder.built.objects)
    };
    let printed = match printed {
        Ok(printed) => printed,
        Err(problem) => {
            tell(&folder.trees, &problem, err)?;
            return Ok(FINDINGS);
        }
    };
    match &ask.output {
        None => out.write_all(printed.as_bytes())?,
        Some(path) => write_file(&env.directory.join(path), printed.as_bytes())?,
    }
    Ok(CLEAN)
}

pub(crate) fn blame(ask: &cli::Blame, env: &Env, out: &mut dyn Write, err: &mut dyn Write) -> Result<u8, Stop> {
    let options = render::Options { load: restriction(ask.load_restrictor), ..render::Options::default() };
    let Some(folder) = Folder::build(&ask.dir, options, env, err)? else { return Ok(FINDINGS) };
    let color = if env.color { Color::On } else { Color::Off };
    let told = origins::blame(folder.told(), &ask.object, ask.field.as_deref(), color);
    out.write_all(told.map_err(|message| Stop::Told(message, FINDINGS))?.as_bytes())?;
    Ok(CLEAN)
}
