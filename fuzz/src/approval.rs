//! Requests for approval, and what they show.

use wpc_evidence::commitment::{Opening, Salt, args_root, commitments};
use wpc_evidence::statement::{Approval, ApprovalRequest, Granted, Nonce, StatementError, approve};
use wpc_evidence::{Key, Trust};
use wpc_model::canon::Json;
use wpc_model::{Bind, Hash, Resource, RuleId, Uses};

/// Bytes that read as a request, or as an opening, are the only bytes of it; a request can be approved
/// exactly if it shows what it commits to, and then the approval is of it.
///
/// # Panics
///
/// Only if that does not hold.
pub fn approval(data: &[u8]) {
    if let Ok(opening) = Opening::decode(data) {
        assert_eq!(opening.encode(), data, "two spellings of one opening");
        assert!(opening.check(&opening.commitment()), "an opening that does not open");
    }
    let Ok(request) = ApprovalRequest::decode(data) else { return };
    assert_eq!(request.encode().as_deref(), Ok(data), "two spellings of one request");
    let (Some(nonce), Some(trust)) = (Nonce::parse(&"a".repeat(26)), trust()) else { return };
    let names = request.arguments.iter().map(|opening| opening.name.clone()).collect();
    for bind in [Bind::Arguments, Bind::Some(names), Bind::Some(Vec::new())] {
        let granted = Granted {
            bind,
            uses: Uses::Times(1),
            issued_at: request.requested_at,
            not_after: request.requested_at.saturating_add(1),
            nonce: nonce.clone(),
        };
        match approve(&person(), &request, granted) {
            Ok(envelope) => {
                let read = Approval::verify_one(&envelope, &trust);
                let holds = read.is_ok_and(|(approval, _, _)| approval.check(&request) == Ok(()));
                assert!(holds, "an approval that is not of its request");
            }
            Err(StatementError::Commitment) => assert!(request.check().is_err(), "refused what holds"),
            // The last millisecond of the last year has none after it.
            Err(_) => assert!(request.requested_at >= wpc_evidence::time::MAX_TIME_MS, "refused what holds"),
        }
    }
}

/// Requests to begin from, and an opening: with and without a resource and arguments.
///
/// # Errors
///
/// [`StatementError`] never.
pub fn requests() -> Result<Vec<Vec<u8>>, StatementError> {
    let opening = |name: &str, ty: &str, value| {
        let (name, ty) = (name.to_owned(), ty.to_owned());
        Opening { name, salt: Salt([7; 16]), ty, value }
    };
    let all = vec![
        opening("messages", "count", Json::Integer(3)),
        opening("note", "absent", Json::Null),
        opening("to", r#"{"list":"email"}"#, Json::array(["a@example.com"])),
    ];
    let resource = Resource { kind: "queue".to_owned(), names: vec!["orders".to_owned()] };
    let first = all.first().map(Opening::encode).unwrap_or_default();
    let full = request(all, Some(resource)).map(|request| request.encode()).transpose()?;
    let bare = request(Vec::new(), None).map(|request| request.encode()).transpose()?;
    Ok(full.into_iter().chain(bare).chain([first]).collect())
}

fn request(arguments: Vec<Opening>, resource: Option<Resource>) -> Option<ApprovalRequest> {
    Some(ApprovalRequest {
        ledger: Key::from_seed(&[7; 32]).did(),
        job: wpc_evidence::JobId::parse("job-1").ok()?,
        call: wpc_evidence::CallId::parse("call_aaaaaaaaaaaaaaaaaaaaaaaaaa")?,
        policy_hash: Hash::of(b"policy"),
        agent: "agent:planner@3".to_owned(),
        tool: "azure_service_bus".to_owned(),
        action: "deadletter_purge".to_owned(),
        resource,
        args_root: args_root(&commitments(&arguments)?),
        arguments,
        rules: vec![RuleId::of(b"rule")],
        requested_at: 1_767_323_045_678,
    })
}

fn person() -> Key {
    Key::from_seed(&[8; 32])
}

fn trust() -> Option<Trust> {
    let principal = format!(r#"{{"name":"oncall","keys":["{}"],"roles":["approver"]}}"#, person().did());
    Trust::parse(format!(r#"{{"v":1,"principals":[{principal}]}}"#).as_bytes()).ok()
}
