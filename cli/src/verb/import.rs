//! `wpc import`: interfaces of tools that somebody else wrote.

mod difference;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::json;
use wpc_compiler::{Parameters, Severity, Source};
use wpc_mcp::{Choices, Imported, Launch, Lock, Served};

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::output::Batch;
use crate::verb::mcp::opened;
use crate::{input, problems};
use wpc_viewer::plain;

/// Largest `tools/list` that is read from a file, in bytes.
const MAX_TOOLS_BYTES: usize = 16 << 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Asks an MCP server for its tools and writes NAME.wpc, a `tool` that policies can use, and
NAME.wpc.lock, which `wpc mcp` holds the server against. The same server gives the same files.

What a type cannot say stands in comments. Policies can read more of an argument if you know more
of it than its schema says, and they can take values from a result that you trust:

  --type read_file.path=path      a path, for `under path`
  --type add.amount=decimal<2>    a number, for comparisons
  --trusted search.emails         not chosen by outsiders, for `from [...]`

Both are kept in the lock. If the server has changed since it was imported, the difference is shown
and nothing is written; with `--accept` it is, and every policy that `wpc lock` has locked does not
compile until it is locked again.

Example: wpc import mcp --name files -- npx -y @modelcontextprotocol/server-filesystem /srv

JSON: `interface`, `lock`, `changed`, `tools`, `left_out`, `problems` as of `wpc check`")]
pub(crate) struct Args {
    /// From what
    #[arg(value_enum)]
    kind: Kind,
    /// The interface's name; the server's own if none is given
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where to write; NAME.wpc here if it is not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// A type for an argument
    #[arg(long = "type", value_name = "TOOL.ARGUMENT=TYPE")]
    types: Vec<String>,
    /// A field of a tool's structured result that no outsider chooses
    #[arg(long, value_name = "TOOL.FIELD")]
    trusted: Vec<String>,
    /// Write although the server has changed
    #[arg(long)]
    accept: bool,
    /// A file with the answer to `tools/list`; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "command"])]
    from: Option<PathBuf>,
    /// A server that is reached over HTTP
    #[arg(long, value_name = "URL", conflicts_with = "command")]
    url: Option<String>,
    /// What that server demands as `Authorization`, in a file
    #[arg(long, value_name = "FILE", requires = "url")]
    credential: Option<PathBuf>,
    /// Give the launched server a variable; NAME alone passes ours on
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// The server and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum Kind {
    Mcp,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let Kind::Mcp = args.kind;
    let served = served(&args)?;
    let name = match (&args.name, &served.name) {
        (Some(name), _) => name.clone(),
        (None, Some(name)) => wpc_mcp::interface_name(name),
        (None, None) => {
            return Err(
                Failure::environment("usage", "the interface has no name").help("give one: `--name files`")
            );
        }
    };
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.wpc")));
    let lock_path = lock_of(&out);
    let before = before(&out, &lock_path)?;
    let choices = choices(&args, before.as_ref().map(|(_, lock)| lock))?;
    let imported = wpc_mcp::import(&name, served.tools, &choices).map_err(|error| {
        Failure::no(error.code(), error.to_string()).help("look at what the server offers").cause(&error)
    })?;
    check(&imported, &out)?;
    if let Some(place) = imported.unused.first() {
        return Err(Failure::environment(
            "usage",
            format!("`{}` is no argument or result of this server", plain(place)),
        )
        .help("`--type` names TOOL.ARGUMENT, `--trusted` TOOL.FIELD of a structured result"));
    }
    for (tool, why) in &imported.left_out {
        console.warn(format!("warning: `{}` is left out, since {}", plain(tool), plain(why)));
    }
    let tools: Vec<_> = imported.lock.tools.keys().cloned().collect();
    let left_out: Vec<_> = imported.left_out.iter().map(|(tool, _)| tool.clone()).collect();
    let answer = |changed: bool| {
        json!({
            "interface": out.display().to_string(),
            "lock": lock_path.display().to_string(),
            "changed": changed,
            "tools": tools,
            "left_out": left_out,
        })
    };
    let mut lock = imported.lock.clone();
    if let Some((text, old)) = before {
        lock.policies.clone_from(&old.policies);
        if text == imported.text && old == lock {
            console.say(format!("{} is as it was: {} tools", out.display(), tools.len()));
            return Ok(Done::yes(answer(false)));
        }
        difference::say(console, (&text, &old), (&imported.text, &lock));
        if !args.accept {
            console.warn("nothing was written; review the difference, then import again with `--accept`");
            return Ok(Done::no(answer(true)));
        }
    }
    let mut batch = Batch::default();
    batch.stage(&lock_path, lock.to_text().as_bytes())?;
    batch.stage(&out, imported.text.as_bytes())?;
    batch.commit()?;
    console.say(format!("wrote {}", out.display()));
    console.say(format!("wrote {}", lock_path.display()));
    console.say(format!("{name}: {} tools", tools.len()));
    Ok(Done::yes(answer(true)))
}

/// `NAME.wpc.lock` of `NAME.wpc`.
pub(crate) fn lock_of(interface: &Path) -> PathBuf {
    let mut name = interface.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// The files that stand there already: both, or none.
fn before(out: &Path, lock: &Path) -> Result<Option<(String, Lock)>, Failure> {
    match (out.exists(), lock.exists()) {
        (false, false) => Ok(None),
        (true, true) => {
            Ok(Some((input::text(out, "interface", wpc_grammar::MAX_SOURCE_BYTES)?, opened::lock(lock)?)))
        }
        (true, false) => {
            Err(Failure::environment("file_exists", "there is a file of that name that was not imported")
                .file(out)
                .help("choose another name: `--out`"))
        }
        (false, true) => Err(Failure::environment("file_exists", "there is a lock and no interface")
            .file(lock)
            .help("remove it, or bring the interface back")),
    }
}

/// What was chosen now and before.
fn choices(args: &Args, before: Option<&Lock>) -> Result<Choices, Failure> {
    let mut types: BTreeMap<_, _> = before.map(|lock| lock.types.clone()).unwrap_or_default();
    for choice in &args.types {
        let (place, ty) =
            choice.rsplit_once('=').filter(|(place, _)| place.contains('.')).ok_or_else(|| {
                Failure::environment("usage", format!("`{}` names no type", plain(choice)))
                    .help("write TOOL.ARGUMENT=TYPE, as in `read_file.path=path`")
            })?;
        types.insert(place.to_owned(), ty.to_owned());
    }
    let old = before.into_iter().flat_map(|lock| lock.trusted.iter());
    Ok(Choices { types, trusted: old.chain(&args.trusted).cloned().collect() })
}

fn served(args: &Args) -> Result<Served, Failure> {
    if let Some(path) = &args.from {
        let bytes = input::bytes(path, "list of tools", MAX_TOOLS_BYTES)?;
        return wpc_mcp::tools_of_json(&bytes).map_err(|why| {
            Failure::no("malformed", format!("not an answer to `tools/list`: {why}"))
                .file(path)
                .help("give `{\"tools\": [...]}`")
        });
    }
    let launch = match &args.url {
        Some(url) => {
            let read = |path: &PathBuf| input::text(path, "credential", 64 << 10);
            let authorization = args.credential.as_ref().map(read).transpose()?;
            Launch::Http {
                url: url.clone(),
                authorization: authorization.map(|text| text.trim_end().to_owned()),
            }
        }
        None => opened::command(&args.command, &args.env)?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::environment("no_threads", format!("no threads can be started: {error}")).help("try again")
    })?;
    runtime.block_on(wpc_mcp::tools_of(&launch)).map_err(|error| {
        Failure::environment(error.code(), error.to_string())
            .help("run the server by itself and see what it says")
            .cause(&error)
    })
}

/// Whether the compiler takes what was written.
fn check(imported: &Imported, out: &Path) -> Result<(), Failure> {
    let source = Source::new(input::name(out), imported.text.clone());
    let found = wpc_compiler::check(&source, &Parameters::new());
    let wrong: Vec<_> = found.into_iter().filter(|problem| problem.severity == Severity::Error).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::no(
        "import_unreadable",
        format!("the imported interface does not compile: {}", problems::drawn(&wrong, &source, false)),
    )
    .help("report this with the server's `tools/list`"))
}
