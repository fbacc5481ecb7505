//! `wpc approve`: what waits for people, and what they sign.

mod list;
mod sign;
mod submit;

use clap::Subcommand;
use serde_json::{Value, json};
use wpc::approval::SubmitError;
use wpc_evidence::statement::ApprovalRequest;
use wpc_model::instant_text;

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::table::Table;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A call that people must approve is refused and recorded. `list` writes what was asked as files,
with every argument in clear; `sign` shows them to whoever is to approve, on their own machine, and
signs; `submit` hands the signature to the ledger. The same call, asked again, may then begin.

Example: wpc approve list --ledger ledger/orders.db --trust trust.json --job JOB --out requests")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show and write out the calls of a job that wait for people
    List(list::List),
    /// Show a request and sign it
    Sign(sign::Sign),
    /// Hand a signed approval to the ledger
    Submit(Box<submit::Submit>),
}

impl Args {
    /// The verb in full.
    pub(crate) fn name(&self) -> &'static str {
        match self.verb {
            Verb::List(_) => "approve list",
            Verb::Sign(_) => "approve sign",
            Verb::Submit(_) => "approve submit",
        }
    }
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    match args.verb {
        Verb::List(args) => list::run(&args, console),
        Verb::Sign(args) => sign::run(&args, console),
        Verb::Submit(args) => submit::run(*args, console),
    }
}

/// A request in lines: what whoever approves must see.
fn show(request: &ApprovalRequest, console: &mut Console) {
    let mut table = Table::indented(2);
    let resource = request.resource.as_ref().map_or_else(
        || "none".to_owned(),
        |resource| format!("{}({})", plain(&resource.kind), plain(&resource.names.join(", "))),
    );
    table.row(["action".to_owned(), format!("{}.{}", plain(&request.tool), plain(&request.action))]);
    table.row(["resource".to_owned(), resource]);
    for argument in &request.arguments {
        let value = String::from_utf8_lossy(&argument.value.encode()).into_owned();
        table.row([plain(&argument.name).into_owned(), format!("{} {}", plain(&argument.ty), plain(&value))]);
    }
    table.row(["agent".to_owned(), plain(&request.agent).into_owned()]);
    table.row(["job".to_owned(), request.job.to_string()]);
    table.row(["call".to_owned(), request.call.to_string()]);
    table.row(["policy".to_owned(), request.policy_hash.to_string()]);
    table.row(["asked at".to_owned(), instant_text(request.requested_at)]);
    console.say(table);
}

/// The same for programs.
fn members(request: &ApprovalRequest) -> Result<Value, Failure> {
    let bytes = request.encode().map_err(|error| {
        Failure::no(error.code(), format!("the request cannot be written: {error}")).cause(&error)
    })?;
    let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let hash = wpc_model::Hash::of(&bytes).to_string();
    Ok(json!({ "request_hash": hash, "request": value }))
}

fn refused(error: &SubmitError) -> Failure {
    let help = match error {
        SubmitError::RequestMissing => "approve a call that `wpc approve list` shows",
        SubmitError::WrongCall => "submit it to the ledger and job that it names",
        SubmitError::OpeningsMissing => "ask the call again; its values are not kept any more",
        SubmitError::JobClosed => "open the job again as a new one",
        SubmitError::Ledger(_) => "run `wpc ledger check`",
        SubmitError::Statement(_)
        | SubmitError::Approval(_)
        | SubmitError::Stream(_)
        | SubmitError::Policy(_)
        | SubmitError::Artifact(_)
        | _ => "have it signed by whom the trust file names in that role",
    };
    let message = error.to_string();
    if let SubmitError::Ledger(_) = error {
        Failure::environment(error.code(), message)
    } else {
        Failure::no(error.code(), message)
    }
    .help(help)
    .cause(error)
}
