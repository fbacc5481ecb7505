//! What may stand on the command line.

use clap::{Parser, Subcommand, ValueEnum};

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::verb;

/// Compiles, signs, explains and runs Work Policy Contracts.
#[derive(Debug, Parser)]
#[command(name = "wpc", version, disable_help_subcommand = true, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 yes or clean, 1 the answer is no (a problem, a denial, a failed verification),
2 usage or environment. Nothing is written on failure.

With `--format json` the answer is one JSON object on standard output: `v` (1), `verb`, `answer`
(`yes`, `no`, `none`), then the verb's own members, which its `--help` lists. Where there is no
answer, or a no has a code, there is `error` {`code`, `message`, `file`, `help`, `causes`} instead.

Example: wpc demo")]
pub(crate) struct Cli {
    /// Lines for people, or one JSON object for programs
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, hide_default_value = true)]
    pub(crate) format: Format,
    /// Also say what caused an error
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl Cli {
    /// Some formats are of one verb; asking another for them is answered in words.
    pub(crate) fn refused_format(&self) -> Option<Failure> {
        let (format, of, verb) = match self.format {
            Format::Human | Format::Json => return None,
            Format::Sarif => ("sarif", "check", self.verb.word()),
            Format::Junit => ("junit", "test", self.verb.word()),
        };
        let refused = format!("`--format {format}` is for `wpc {of}` only");
        (of != verb).then(|| Failure::environment("usage", refused).help("use `--format json`"))
    }
}

/// How to answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for people
    Human,
    /// One JSON object
    Json,
    /// Static analysis results (SARIF 2.1.0), of `wpc check`
    Sarif,
    /// Test results (JUnit XML), of `wpc test`
    Junit,
}

impl Verb {
    /// The words that were typed: `compile`, `key new`.
    pub(crate) fn name(&self) -> &'static str {
        if let Self::Key(args) = self {
            args.name()
        } else if let Self::Ledger(args) = self {
            args.name()
        } else if let Self::Token(args) = self {
            args.name()
        } else if let Self::Approve(args) = self {
            args.name()
        } else if let Self::Bundle(args) = self {
            args.name()
        } else if let Self::Witness(args) = self {
            args.name()
        } else if let Self::Audit(args) = self {
            args.name()
        } else if let Self::Emit(args) = self {
            args.name()
        } else if let Self::Release(args) = self {
            args.name()
        } else if let Self::Registry(args) = self {
            args.name()
        } else if let Self::Evidence(args) = self {
            args.name()
        } else {
            self.word()
        }
    }
}

macro_rules! verbs {
    ($($(#[$about:meta])* $variant:ident $name:literal $module:ident,)+) => {
        /// A verb and its arguments.
        #[derive(Debug, Subcommand)]
        pub(crate) enum Verb {
            $($(#[$about])* #[command(name = $name)] $variant(verb::$module::Args),)+
        }

        impl Verb {
            /// The first word.
            fn word(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)+ }
            }

            /// Does it.
            pub(crate) fn run(self, console: &mut Console) -> Result<Done, Failure> {
                match self { $(Self::$variant(args) => verb::$module::run(args, console),)+ }
            }
        }
    };
}

verbs! {
    /// Start a project: a policy with its tests, a build script, an annotated tool
    New "new" new,
    /// Parse, type-check and lint policy files
    Check "check" check,
    /// Run the `test` blocks of policy files
    Test "test" test,
    /// Rewrite policy files in the one canonical layout
    Fmt "fmt" fmt,
    /// Compile a policy to its artifact and print the hash
    Compile "compile" compile,
    /// Make an Ed25519 key, or name the public half of one
    Key "key" key,
    /// Sign an artifact
    Sign "sign" sign,
    /// Check an envelope against a trust file
    Verify "verify" verify,
    /// Make a signed policy the current one of its name; list, verify and hand in releases
    Release "release" release,
    /// Write a typed interface of tools that an MCP server has
    Import "import" import,
    /// Accept the imported interfaces that a policy uses, as they are now
    Lock "lock" lock,
    /// Show who may do what to what, within which bounds
    Show "show" show,
    /// Say whether a new policy is wider or narrower than an old one, and show it
    Diff "diff" diff,
    /// Write what a policy means in another format
    Emit "emit" emit,
    /// Say what a policy decides about one call, and why
    Why "why" why,
    /// Show the page of a diagnostic or a refusal
    Explain "explain" explain,
    /// Issue, renew, show or verify the token of a job
    Token "token" token,
    /// Stand as a gate in front of an MCP server
    Mcp "mcp" mcp,
    /// Carry a host's session to a gate that is reached over HTTP, with a proof of each request
    Bridge "bridge" bridge,
    /// Stand as a gateway in front of model providers
    Proxy "proxy" proxy,
    /// Show what waits for people, sign it, hand it in
    Approve "approve" approve,
    /// Revoke a token, a job, a policy, an agent, an issuer's key or an approval
    Revoke "revoke" revoke,
    /// Create, check and read a ledger, and have its head cosigned
    Ledger "ledger" ledger,
    /// Cosign the heads of ledgers, as another administrative domain
    Witness "witness" witness,
    /// Make, verify, show or search proof bundles: one file that proves one job
    Bundle "bundle" bundle,
    /// Ask another policy of the calls of a bundle
    Replay "replay" replay,
    /// Hold a ledger against its bundles, and receipts against a ledger's key
    Audit "audit" audit,
    /// Run a control plane: registry, tokens, revocations, approvals, evidence
    Serve "serve" serve,
    /// Store, fetch and show signed policies at a control plane
    Registry "registry" registry,
    /// Store, fetch, find and count bundles at a control plane
    Evidence "evidence" evidence,
    /// Stop a tool at a control plane: no new tokens, and none of the old
    Stop "stop" stop,
    /// Run the main job end to end on this machine
    Demo "demo" demo,
    /// Print the completions of a shell
    Completions "completions" completions,
    /// Write the man pages
    Man "man" man,
}
