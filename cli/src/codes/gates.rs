//! Gates and jobs.

use super::Page;

pages! {
    permit_expired "the permit was used too late"
        "An effect must begin within a second of its admission, so that a revocation holds at once. \
         Nothing was sent; the charge stays."
        "Ask again."
    job_closed "the job has ended"
        "Nothing follows a job's `closed` entry."
        "Begin a new job."
    job_exhausted "the job has too many entries"
        "A job takes at most 100,000 entries, so that nobody can flood the ledger."
        "Begin a new job."
    job_not_open "the job is not open"
        "The ledger does not know the job."
        "Open a gate for it first."
    job_policy_differs "the job runs under another policy"
        "A job keeps the policy under which it was opened."
        "Begin a new job for the new policy."
    job_input_differs "the job was opened with other input"
        "What a job was asked to do is fixed when it is opened: policies may demand that values come from it."
        "Join the job with the same input, some of it or none; begin a new job for anything else."
    job_input_too_large "the job's input has too many values"
        "A job remembers at most 10,000 values of which the policy asks where they came from."
        "Give the job less to do, or input with fewer texts and numbers."
    job_agent_differs "the job belongs to another agent"
        "A job was opened for one agent."
        "Begin a job of your own."
    agent_name "an agent's name that cannot be recorded"
        "It has 1 to 512 bytes and no control characters."
        "Correct it."
    agent_not_named "the policy is for other agents"
        "The policy's `agents` names who may work under it, and the gate was opened for somebody else. \
         Nothing was recorded."
        "Open the gate for an agent that `wpc show` lists, or have the policy name this one."
    schema_unusable "a schema cannot be run"
        "The policy names a JSON Schema that this version's engine refuses. Nothing was recorded."
        "Report it with the policy; compile the policy with another schema."
    follower_required "the ledger follows a control plane, and nobody follows for it"
        "The trust file says `\"follows\": true` of this ledger: what a gate knows of revocations and releases must come \
         from its control plane. Nothing was recorded."
        "Start the gate with `--control-plane URL`, or give the library a `wpc::ledger::Followed`."
    gate_faulted "the gate could not record an outcome"
        "What happened to a call could not be written down. The gate keeps it, refuses everything else, and tries again \
         with whatever is asked next."
        "Bring the ledger's store back; if the gate still refuses, `wpc ledger check` says why."
}
