//! The build-script door: policies become Rust before the crate is compiled.
//!
//! ```no_run
//! // in the `main` of build.rs
//! wpc_build::compile("policies/orders.wpc").param("host", "contoso.servicebus.windows.net").emit();
//! ```
//!
//! ```text
//! // src/main.rs
//! mod orders { wpc::include_policy!("orders"); }
//! ```
//!
//! The same tokens as `wpc::policy!`, and the better door where a policy is generated, or where its
//! parameters come from the build's environment.

use std::path::{Path, PathBuf};
use std::{env, fmt, fs, process};

use wpc_compiler::{Colour, Parameters, Source, emit, gather, render_all};

/// A policy on its way into `OUT_DIR`.
#[derive(Clone, Debug)]
#[must_use = "nothing is written before `emit`"]
pub struct Build {
    path: PathBuf,
    parameters: Parameters,
    options: emit::Options,
}

/// Why a policy was not compiled, as text for people: all problems, each drawn.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BuildError(String);

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BuildError {}

/// The policy at `path`, relative to the package's folder.
pub fn compile(path: impl AsRef<Path>) -> Build {
    Build { path: path.as_ref().to_owned(), parameters: Parameters::new(), options: emit::Options::default() }
}

impl Build {
    /// Gives the policy's parameter `name` the value `text`; the last one counts.
    pub fn param(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        // An earlier value is replaced.
        let _ = self.parameters.insert(name, text);
        self
    }

    /// The path under which the crate knows the runtime, where it is not `wpc`: `my::wpc` or
    /// `crate::wpc`.
    pub fn runtime(mut self, path: &str) -> Self {
        // A path that is none fails where the code is compiled.
        let absolute = if path.starts_with("crate") { path.to_owned() } else { format!("::{path}") };
        if let Ok(runtime) = absolute.parse() {
            self.options.runtime = runtime;
        }
        self
    }

    /// Writes `OUT_DIR/<name of the policy's file>.rs` for `wpc::include_policy!`, and has cargo run
    /// the build script again when the policy, or a file that it uses, changes. Warnings become cargo's.
    ///
    /// Problems go to standard error, drawn into the policy, and end the build script with status 1.
    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "that is how build scripts speak")]
    pub fn emit(self) {
        println!("cargo::rerun-if-changed={}", self.path.display());
        if let Ok(source) = self.source() {
            for (used, _) in source.files() {
                println!("cargo::rerun-if-changed={}", self.folder().join(used).display());
            }
        }
        match self.try_emit() {
            Ok(warnings) => {
                for line in warnings.lines() {
                    println!("cargo::warning={line}");
                }
            }
            Err(error) => {
                eprintln!("{error}");
                process::exit(1);
            }
        }
    }

    /// As [`Build::emit`], without speaking to cargo: returns the policy's warnings, drawn.
    ///
    /// # Errors
    ///
    /// [`BuildError`] with every problem of the policy, or why a file could not be read or written.
    pub fn try_emit(&self) -> Result<String, BuildError> {
        let folder = env::var_os("OUT_DIR")
            .ok_or_else(|| BuildError("there is no `OUT_DIR`: this runs in build scripts".to_owned()))?;
        let (code, warnings) = self.to_rust()?;
        let name = self.path.file_stem().unwrap_or(self.path.as_os_str());
        let file = PathBuf::from(folder).join(name).with_extension("rs");
        fs::write(&file, code)
            .map_err(|error| BuildError(format!("cannot write `{}`: {error}", file.display())))?;
        Ok(warnings)
    }

    /// Where the files lie that the policy uses.
    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The policy's text and those of the files that it uses.
    fn source(&self) -> Result<Source, BuildError> {
        let shown = self.path.display().to_string();
        let text = fs::read_to_string(&self.path)
            .map_err(|error| BuildError(format!("cannot read the policy `{shown}`: {error}")))?;
        let mut source = Source::new(shown, text);
        gather(&mut source, |used| {
            fs::read_to_string(self.folder().join(used)).map_err(|error| error.to_string())
        });
        Ok(source)
    }

    /// The code and the policy's warnings, drawn.
    ///
    /// # Errors
    ///
    /// [`BuildError`] with every problem of the policy, or why its file could not be read.
    pub fn to_rust(&self) -> Result<(String, String), BuildError> {
        let source = self.source()?;
        let compiled = wpc_compiler::compile(&source, &self.parameters)
            .map_err(|problems| BuildError(render_all(&problems, &source, Colour::Plain)))?;
        let warnings = render_all(&compiled.warnings, &source, Colour::Plain);
        let tokens = emit::rust(&compiled, &self.options);
        let file = syn::parse2(tokens)
            .map_err(|error| BuildError(format!("the code for `{}` is not Rust: {error}", source.name())))?;
        Ok((prettyplease::unparse(&file), warnings))
    }
}
