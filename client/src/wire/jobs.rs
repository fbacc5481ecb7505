//! Jobs, their ledgers' logs, and what people approve of their calls.

use serde::{Deserialize, Serialize};
use serde_json::Value;

asked! {
    /// A ledger opens a job: the first one that does keeps it.
    #[derive(Eq)]
    OpenJob {
        /// The ledger; whoever asks signs with its key.
        ledger: String,
        /// The hash of the leaf of the job's first entry.
        opened_leaf: String,
    }
}

body! {
    /// A job and where it is open.
    #[derive(Eq)]
    Job {
        /// The job.
        job: String,
        /// Its ledger.
        ledger: String,
        /// The hash of the leaf of its first entry.
        opened_leaf: String,
        /// Whether this ledger had opened it before.
        existed: bool,
    }
}

asked! {
    /// A ledger's own log has grown.
    #[derive(Eq)]
    Checkpoint {
        /// The signed head, a C2SP note.
        checkpoint: String,
        /// The index of the first leaf here.
        first: u64,
        /// The leaves up to the head's size, as they are in the log.
        leaves: Vec<String>,
    }
}

body! {
    /// The head that the control plane knows.
    #[derive(Eq)]
    Cosigned {
        /// How many leaves it has; after a push that ends before its head, how many are known.
        size: u64,
        /// The note with the witness's signature, if this control plane is one; empty if no head had all of its
        /// leaves yet.
        checkpoint: String,
    }
}

asked! {
    /// Hands in a signed approval.
    SubmitApproval {
        /// The signed approval.
        approval: Value,
        /// Signed statements that give its signer a role.
        #[serde(default)]
        memberships: Vec<Value>,
    }
}

body! {
    /// What waits for people, and what they signed.
    Waiting {
        /// The hash of the request.
        request_hash: String,
        /// The refused call, with its arguments in clear.
        request: Value,
        /// Signed approvals.
        approvals: Vec<SubmitApproval>,
    }
}

body! {
    /// Requests, oldest first.
    Requests {
        /// Them.
        requests: Vec<Waiting>,
        /// Where to go on, if there is more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    }
}

body! {
    /// A request or an approval that was taken.
    #[derive(Eq)]
    Taken {
        /// Its hash.
        hash: String,
        /// Whether it was there before.
        existed: bool,
    }
}
