//! A policy that changed under the code, and one that nobody trusted signed.

use wpc::{Gate, JobId, OpenError};
use wpc_compiler::Compiled;
use wpc_example_orders::orders::Orders;
use wpc_model::Hash;

use super::contract::Contract;
use super::script::Script;
use crate::failure::Failure;

/// The rule before which the edit puts another one.
const BEFORE: &str = "        deny manage on any\n";
/// What the edit allows.
const ADDED: &str = "        allow deadletter_read on queue(\"orders-staging\") when { messages <= 10 }\n";

/// Plays it; the edited policy, which its author signed.
pub(super) fn play(contract: &Contract, script: &mut Script<'_>) -> Result<(Compiled, Vec<u8>), Failure> {
    let job =
        || JobId::mint().map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error));
    script.say("  somebody edits orders.wpc, compiles and signs it again:");
    script.say(format!("  + {}", ADDED.trim()));
    let (compiled, envelope) = contract.edit(BEFORE, &format!("{ADDED}{BEFORE}"), script)?;
    let changed = Hash::of(&wpc_model::encode(&compiled.policy));
    let token = contract.token(changed, &job()?)?;
    let opened = Gate::<Orders>::open(contract.opening(&envelope, &token));
    opens(
        "the tool, compiled with the policy as it was, opens the new artifact",
        "policy_hash_mismatch",
        opened.err().as_ref(),
        script,
    );
    let stranger = contract.signed_by_a_stranger()?;
    let token = contract.token(contract.hash, &job()?)?;
    let opened = Gate::<Orders>::open(contract.opening(&stranger, &token));
    opens("an artifact that a stranger signed", "signer_untrusted", opened.err().as_ref(), script);
    let opened = Gate::<Orders>::open(contract.opening(&contract.envelope, &token));
    opens("the artifact that belongs to the code", "opened", opened.err().as_ref(), script);

    Ok((compiled, envelope))
}

pub(super) fn opens(step: &str, expected: &str, error: Option<&OpenError>, script: &mut Script<'_>) {
    script.expect(step, expected, error.map_or("opened", OpenError::code));
    if let Some(error) = error {
        script.say(format!("      {error}"));
    }
}
