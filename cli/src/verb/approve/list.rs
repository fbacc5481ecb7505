//! `approve list`.

use std::path::PathBuf;

use serde_json::json;
use wpc::{JobId, approval};
use wpc_client::Client;
use wpc_evidence::statement::ApprovalRequest;

use super::{members, refused, show};
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::store::Named;
use crate::{evidence, output, plane};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The files hold values in clear, with the salts under which the ledger commits to them: give them to
whoever is to approve, and to nobody else.

Example: wpc approve list --ledger ledger/orders.db --trust trust.json --job JOB --out requests

JSON: `requests` [{`request_hash`, `request`, `file`}]")]
pub(super) struct List {
    /// The ledger
    #[arg(long, value_name = "FILE", required_unless_present_any = ["postgres", "server"],
          conflicts_with_all = ["postgres", "server"])]
    ledger: Option<PathBuf>,
    /// The ledger in the database that WPC_POSTGRES_URL names
    #[arg(long, conflicts_with = "server")]
    postgres: bool,
    /// The control plane in place of a ledger
    #[arg(long, value_name = "URL", requires = "key")]
    server: Option<String>,
    /// The key that signs the requests to the control plane
    #[arg(long, value_name = "FILE", requires = "server")]
    key: Option<PathBuf>,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE", required_unless_present = "server")]
    trust: Option<PathBuf>,
    /// The job; of a control plane, all jobs if none is given
    #[arg(long, value_name = "JOB", value_parser = crate::verb::token::job, required_unless_present = "server")]
    job: Option<JobId>,
    /// Write each request to CALL.request.json in this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &List, console: &mut Console) -> Result<Done, Failure> {
    let requests = match (&args.server, &args.key) {
        (Some(url), Some(key)) => at_plane(&plane::client(url, key)?, args.job.as_ref())?,
        _ => at_ledger(args)?,
    };
    let (mut found, mut batch) = (Vec::new(), output::Batch::default());
    for request in &requests {
        let mut one = members(request)?;
        if let Some(directory) = &args.out {
            let path = directory.join(format!("{}.request.json", request.call));
            let bytes = request.encode().map_err(|error| {
                Failure::no(error.code(), format!("the request cannot be written: {error}")).cause(&error)
            })?;
            batch.stage(&path, &bytes)?;
            console.say(format!("{}", path.display()));
            if let Some(one) = one.as_object_mut() {
                one.insert("file".to_owned(), json!(path.display().to_string()));
            }
        }
        show(request, console);
        found.push(one);
    }
    batch.commit()?;
    console.say(match requests.len() {
        0 => "nothing waits for people".to_owned(),
        1 => "1 call waits for people".to_owned(),
        count => format!("{count} calls wait for people"),
    });
    Ok(Done::yes(json!({ "requests": found })))
}

fn at_ledger(args: &List) -> Result<Vec<ApprovalRequest>, Failure> {
    let (Some(trust), Some(job)) = (&args.trust, &args.job) else {
        return Err(Failure::environment("usage", "a ledger needs `--trust` and `--job`"));
    };
    let trust = evidence::trust(trust)?;
    let ledger = Named::new(args.ledger.clone(), args.postgres).store()?.open()?;
    approval::requests(&*ledger, &trust, job).map_err(|error| refused(&error))
}

/// What waits at a control plane and nobody has approved.
fn at_plane(client: &Client, job: Option<&JobId>) -> Result<Vec<ApprovalRequest>, Failure> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = client.requests(job, cursor.as_deref()).map_err(|error| plane::failed(&error))?;
        for waiting in page.requests.iter().filter(|waiting| waiting.approvals.is_empty()) {
            let bytes = serde_json::to_vec(&waiting.request).unwrap_or_default();
            // What is signed is what is shown: nothing of the control plane's is believed.
            let request = ApprovalRequest::decode(&bytes).map_err(|error| {
                Failure::no(error.code(), format!("the control plane's request does not read: {error}"))
                    .cause(&error)
            })?;
            found.push(request);
        }
        match page.cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(found),
        }
    }
}
