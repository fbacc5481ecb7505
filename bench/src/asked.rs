//! What one case's process is asked to do, as its command line says it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::engine::Engine;
use crate::figures::Figures;

/// One engine among so many rules.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which row.
    pub engine: Engine,
    /// How many rules.
    pub rules: usize,
    /// Where the driver left the files of this many rules.
    pub prepared: PathBuf,
    /// How long one figure may take.
    pub budget: Duration,
}

impl Asked {
    /// Reads `ENGINE RULES PREPARED MILLISECONDS`.
    ///
    /// # Errors
    ///
    /// Only if there are fewer words, or one is not what it should be.
    pub fn from_arguments(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut next = || words.next().ok_or("usage: ENGINE RULES PREPARED MILLISECONDS");
        Ok(Self {
            engine: Engine::from_word(&next()?).ok_or("no such engine")?,
            rules: next()?.parse()?,
            prepared: next()?.into(),
            budget: Duration::from_millis(next()?.parse()?),
        })
    }

    /// Has `program` do it in a process of its own, and reads the figures it prints.
    ///
    /// # Errors
    ///
    /// Only if the process fails or prints something else.
    pub fn spawn(&self, program: &Path) -> Result<Figures> {
        let output = Command::new(program)
            .args([self.engine.word(), &self.rules.to_string()])
            .arg(&self.prepared)
            .arg(self.budget.as_millis().to_string())
            .output()?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{} with {} rules: {}", self.engine.word(), self.rules, reason.trim()).into());
        }
        Figures::parse(std::str::from_utf8(&output.stdout)?)
    }
}
