//! Releases: which policy of a name is the current one.

use super::Page;

pages! {
    policy_name_mismatch "a release of another policy"
        "A chain of releases is of one policy name."
        "Give the releases of this policy."
    policy_release_required "no release of the policy is known"
        "The trust file names a releaser, so a policy may be used only once it was released, and the ledger was \
         handed no release of it."
        "Release it with `wpc release`, and hand the releases to the ledger with `wpc release submit`."
    policy_not_released "a policy that was never released"
        "The ledger knows releases of this policy's name, and none is of this artifact."
        "Release it with `wpc release`, or use the policy that is current: `wpc release list`."
    policy_changed "another policy is current"
        "A newer release of the policy's name came while the job ran, and the policy or the release says that \
         running jobs begin no more calls (`drain`) or are over (`kill`)."
        "Begin a new job under the current policy."
    policy_release_early "a release that is not valid yet"
        "Its `not_before` has not come."
        "Wait, or release it again."
    policy_release_expired "a release that has expired"
        "Its `not_after` has come. What was current before it does not come back by that."
        "Release the policy again."
    policy_release_gap "a release is missing"
        "Releases are numbered without gaps."
        "Give the whole chain."
    policy_release_forked "two releases of one number"
        "Each names the hash of the one before. There is another one of this number, or it names another past."
        "Read the chain again and release after its newest; if that is another one, find out who signs with the \
         releaser's key."
    policy_rolled_back "an older release"
        "A newer release of this policy was seen. An older one is never taken again."
        "Release the older policy anew, if it is wanted back: `wpc release ARTIFACT --back`."
    release_name "a policy's name that no file may have"
        "Releases lie in files that are named after their policy: letters, digits, `-`, `_` and `.`, and no `.` \
         first."
        "Rename the policy."
    release_differs "an entry names a release that is not there"
        "The log of a job says under which release it ran, and the ledger has no such release, or one of another \
         policy."
        "Restore the ledger from a copy, and find out who wrote to it."
}
