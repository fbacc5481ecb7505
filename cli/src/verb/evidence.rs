//! `wpc evidence`: bundles at a control plane.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use wpc_client::wire::{Bundle, CensusJob};
use wpc_model::Hash;

use super::registry::hash;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::plane::{Plane, failed};
use crate::problems::number;
use crate::table::Table;
use crate::{input, output};
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc evidence query --resource orders-staging --from 2026-01-02T03:00:00Z \\
           --until 2026-01-02T05:00:00Z --server https://plane.example --key auditor.key")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Store a bundle, if it verifies
    #[command(after_help = "\
Example: wpc evidence put job.bundle.json --server http://127.0.0.1:7420 --key gate.key

JSON: `bundle`")]
    Put {
        /// A bundle
        #[arg(value_name = "BUNDLE")]
        file: PathBuf,
        #[command(flatten)]
        plane: Plane,
    },
    /// Fetch a bundle by its hash; verify it with `wpc bundle verify`
    #[command(after_help = "\
Example: wpc evidence get HASH --out job.bundle.json --server http://127.0.0.1:7420 --key auditor.key

JSON: `bundle_hash`, `file`")]
    Get {
        /// SHA-256 of the bundle's bytes
        #[arg(value_name = "HASH", value_parser = hash)]
        hash: Hash,
        /// Where to write it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        plane: Plane,
    },
    /// Give a link under which a browser shows a bundle for two minutes
    #[command(after_help = "\
Whoever has the link sees the bundle. What the page says is the control plane's word, and what the
browser checked again; `wpc bundle verify` decides.

Example: wpc evidence view HASH --server https://plane.example --key auditor.key

JSON: `url`, `expires_at`")]
    View {
        /// SHA-256 of the bundle's bytes
        #[arg(value_name = "HASH", value_parser = hash)]
        hash: Hash,
        #[command(flatten)]
        plane: Plane,
    },
    /// Find bundles, and the jobs of the same window of which there is none
    #[command(after_help = "\
To find every job in a credential's window of exposure, ask for the window, and for the resource or
the policy. Jobs without a bundle are told besides: whether they are among them nobody can say yet.

Example: wpc evidence query --policy HASH --from 2026-01-02T03:00:00Z --server https://plane.example \\
           --key auditor.key

JSON: `bundles`, `without_bundle`")]
    Query(Box<Query>),
    /// Name every job whose evidence is wanting
    #[command(after_help = "\
The jobs that tokens were issued for, that ledgers' own logs name, and that were opened here, are
compared with the bundles. Exit code 1 if one is wanting.

Example: wpc evidence census --server https://plane.example --key auditor.key

JSON: `jobs`, `complete`, `wanting` [{`job`, `why`, `ledger`, `agent`, `entries`, `in_bundle`}]")]
    Census {
        /// That could run at or after this instant, RFC 3339
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// That could run before this instant, RFC 3339
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        #[command(flatten)]
        plane: Plane,
    },
}

#[derive(Debug, clap::Args)]
struct Query {
    /// Of this job
    #[arg(long, value_name = "JOB")]
    job: Option<String>,
    /// Of this agent
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// Of this policy
    #[arg(long, value_name = "HASH", value_parser = hash)]
    policy: Option<Hash>,
    /// With a call on a resource of which one name is this
    #[arg(long, value_name = "NAME")]
    resource: Option<String>,
    /// With an entry not before this instant, RFC 3339
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// With an entry before this instant, RFC 3339
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    #[command(flatten)]
    plane: Plane,
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.verb {
            Verb::Put { .. } => "evidence put",
            Verb::Get { .. } => "evidence get",
            Verb::View { .. } => "evidence view",
            Verb::Query(_) => "evidence query",
            Verb::Census { .. } => "evidence census",
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    match args.verb {
        Verb::Put { file, plane } => {
            let bytes = input::bytes(&file, "bundle", wpc::bundle::MAX_BUNDLE_BYTES)?;
            let bundle = plane.client()?.put_bundle(&bytes).map_err(|error| failed(&error).file(&file))?;
            console.say(format!("{} {} of {}", bundle.verdict, bundle.bundle_hash, plain(&bundle.job)));
            Ok(Done::yes(json!({ "bundle": bundle })))
        }
        Verb::Get { hash, out, plane } => {
            let bytes = plane.client()?.bundle(hash).map_err(|error| failed(&error))?;
            let mut batch = output::Batch::default();
            batch.stage(&out, &bytes)?;
            batch.commit()?;
            console.say(format!("wrote {}", plain(&out.display().to_string())));
            Ok(Done::yes(json!({ "bundle_hash": hash.to_string(), "file": out.display().to_string() })))
        }
        Verb::View { hash, plane } => {
            let link = plane.client()?.link(hash).map_err(|error| failed(&error))?;
            console.say(plain(&link.url));
            console.say(format!("opens until {}", plain(&link.expires_at)));
            Ok(Done::yes(json!({ "url": link.url, "expires_at": link.expires_at })))
        }
        Verb::Query(query) => search(*query, console),
        Verb::Census { from, until, plane } => census(from, until, &plane, console),
    }
}

/// Pairs of a query, of what was given.
fn given(pairs: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Vec<(&'static str, String)> {
    pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn search(query: Query, console: &mut Console) -> Result<Done, Failure> {
    let client = query.plane.client()?;
    let mut asked = given([
        ("job", query.job),
        ("agent", query.agent),
        ("policy_hash_b64u", query.policy.map(|hash| hash.to_string())),
        ("resource", query.resource),
        ("from", query.from),
        ("until", query.until),
    ]);
    let first = client.evidence(&asked).map_err(|error| failed(&error))?;
    let (mut bundles, without, mut cursor) = (first.bundles, first.without_bundle, first.cursor);
    while let Some(next) = cursor {
        asked.retain(|(name, _)| *name != "cursor");
        asked.push(("cursor", next));
        let page = client.evidence(&asked).map_err(|error| failed(&error))?;
        bundles.extend(page.bundles);
        cursor = page.cursor;
    }
    let mut table = Table::indented(2);
    for Bundle { job, agent, policy_hash_b64u, verdict, first_at, last_at, bundle_hash, .. } in &bundles {
        let when = format!("{first_at} to {last_at}");
        table.row(
            [
                job.clone(),
                when,
                verdict.clone(),
                agent.clone(),
                policy_hash_b64u.clone(),
                bundle_hash.clone(),
            ]
            .map(|text| plain(&text).into_owned()),
        );
    }
    console.say(number(bundles.len(), "bundle"));
    if !table.is_empty() {
        console.say(table);
    }
    wanting(&without, "without a bundle", console);
    Ok(Done::yes(json!({ "bundles": bundles, "without_bundle": without })))
}

fn census(
    from: Option<String>,
    until: Option<String>,
    plane: &Plane,
    console: &mut Console,
) -> Result<Done, Failure> {
    let client = plane.client()?;
    let mut asked = given([("from", from), ("until", until)]);
    let mut census = client.census(&asked).map_err(|error| failed(&error))?;
    while let Some(next) = census.cursor.take() {
        asked.retain(|(name, _)| *name != "cursor");
        asked.push(("cursor", next));
        let page = client.census(&asked).map_err(|error| failed(&error))?;
        census.jobs = census.jobs.saturating_add(page.jobs);
        census.complete = census.complete.saturating_add(page.complete);
        census.wanting.extend(page.wanting);
        census.cursor = page.cursor;
    }
    console.say(format!("{} of {} jobs have complete evidence", census.complete, census.jobs));
    wanting(&census.wanting, "whose evidence is wanting", console);
    let answer = json!({ "jobs": census.jobs, "complete": census.complete, "wanting": census.wanting });
    Ok(if census.wanting.is_empty() { Done::yes(answer) } else { Done::no(answer) })
}

fn wanting(jobs: &[CensusJob], what: &str, console: &mut Console) {
    if jobs.is_empty() {
        return;
    }
    console.say(format!("{} {what}", number(jobs.len(), "job")));
    let mut table = Table::indented(2);
    for CensusJob { job, why, ledger, .. } in jobs {
        let ledger = ledger.clone().unwrap_or_default();
        table.row([job, why, &ledger].map(|text| plain(text).into_owned()));
    }
    console.say(table);
}
