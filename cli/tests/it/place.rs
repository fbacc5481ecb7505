//! A fresh directory in which `wpc` runs, and its whole answer as one text.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The policy of the example, as it is in the repository.
pub(crate) const ORDERS: &str = include_str!("../../../examples/orders/policies/orders.wpc");

/// An Ed25519 key with the seed 00 01 02 … 1f, for signatures that are the same in every run.
const AUTHOR: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
";
/// The same with the seed 1f … 01 00.
const STRANGER: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA
-----END PRIVATE KEY-----
";
/// The name of the author's public half.
pub(crate) const AUTHOR_DID: &str = "did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd";

/// A trust file that names the author.
pub(crate) fn trust() -> String {
    format!(
        r#"{{"v":1,"principals":[{{"name":"alice","keys":["{AUTHOR_DID}"],"roles":["policy_author"]}}]}}"#
    )
}

/// The example's artifact and map, compiled once.
fn compiled() -> &'static (Vec<u8>, Vec<u8>) {
    static COMPILED: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let place = Place::with_orders();
        place.does(&["compile", "orders.wpc"]);
        (place.read("orders.wpc.json"), place.read("orders.wpc.map.json"))
    })
}

/// A directory that is gone when the test ends.
pub(crate) struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// One with the example's policy.
    pub(crate) fn with_orders() -> Self {
        let place = Self::new();
        place.file("orders.wpc", ORDERS);
        place
    }

    /// One with the example's artifact, its author's key and a trust file that names the author.
    pub(crate) fn with_artifact() -> Self {
        let place = Self::with_orders();
        place.keys();
        place.file("trust.json", trust());
        let (artifact, map) = compiled();
        place.file("orders.wpc.json", artifact);
        place.file("orders.wpc.map.json", map);
        place
    }

    /// Writes the keys `author.key` and `stranger.key`.
    pub(crate) fn keys(&self) {
        for (name, pem) in [("author.key", AUTHOR), ("stranger.key", STRANGER)] {
            self.file(name, pem);
            self.mode(name, 0o600);
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Names of everything in it, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `wpc` in this directory, without what the environment could add.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wpc"));
        command.current_dir(self.root());
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "WPC_POSTGRES_URL", "PGHOST"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs `wpc` with `arguments`, and a variable of its own.
    pub(crate) fn run_where(&self, (name, value): (&str, &str), arguments: &[&str]) -> Output {
        self.command().env(name, value).args(arguments).output().unwrap()
    }

    /// Runs `wpc` with `arguments` and `input` on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read its input closes it early.
        let _closed = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    /// Runs `wpc` with `arguments`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, b"")
    }

    /// Runs `wpc`, which must answer yes; gives its standard output.
    #[track_caller]
    pub(crate) fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `wpc` with `--format json`; gives its one object and exit code.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> (serde_json::Value, i32) {
        let output = self.run(&[arguments, &["--format", "json"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), 1, "{arguments:?} gave {text:?}");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        (serde_json::from_str(&text).unwrap(), output.status.code().unwrap())
    }

    /// The whole answer to `arguments` as one text.
    pub(crate) fn told(&self, arguments: &[&str], input: &[u8]) -> String {
        let output = self.run_with(arguments, input);
        let mut told = format!("$ wpc {}\n", arguments.join(" "));
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let text = String::from_utf8_lossy(bytes);
            if !text.is_empty() {
                told.push_str(&format!("[{name}]\n{}\n", text.trim_end_matches('\n')));
            }
        }
        match output.status.code() {
            Some(code) => told.push_str(&format!("[exit {code}]")),
            None => told.push_str("[killed]"),
        }
        let root = self.root().canonicalize().unwrap();
        told.replace(&root.display().to_string(), "DIR").replace(&self.root().display().to_string(), "DIR")
    }
}

/// Snapshots the whole answer to `arguments` in `place`.
macro_rules! check {
    ($place:expr, $($argument:expr),+ $(,)?) => {
        insta::assert_snapshot!($place.told(&[$($argument),+], b""))
    };
}
pub(crate) use check;
