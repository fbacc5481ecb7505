//! Two policies, compared and looked over.

use wpc_analysis::{Case, Shown, Verdict, compare, findings};
use wpc_model::{Policy, Ruling, decode, rule};

/// Between two artifacts in one input: no JSON has this byte.
const BETWEEN: u8 = 0;

/// Whatever two policies are compared: it ends, a policy is equal to itself, the other way round the
/// answer is turned, and every call that is shown was complete and decided as it is said.
///
/// # Panics
///
/// Only if that does not hold.
pub fn analysis(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == BETWEEN);
    let (Some(one), Some(other)) = (parts.next(), parts.next()) else { return };
    let (Ok(one), Ok(other)) = (decode(one), decode(other)) else { return };
    let itself = compare(&one, &one);
    assert_eq!(itself.verdict, Verdict::Equal, "not equal to itself: {:?}", itself.differences);
    let (there, back) = (compare(&one, &other), compare(&other, &one));
    // What is asked first has more steps left: only what was decided both ways must agree.
    if ![there.verdict, back.verdict].contains(&Verdict::Undecided) {
        assert_eq!(turned(there.verdict), back.verdict, "two answers: {there:?} {back:?}");
    }
    for difference in &there.differences {
        let (Shown::Call(case) | Shown::Calls { case, .. }) = &difference.shown else { continue };
        assert!(allows(&one, case) || allows(&other, case), "nothing allows {case:?}");
    }
    for finding in findings(&one) {
        if let Some(case) = &finding.witness {
            assert!(allows(&one, case), "{finding:?} shows what is not allowed");
        }
    }
}

const fn turned(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Narrower => Verdict::Wider,
        Verdict::Wider => Verdict::Narrower,
        Verdict::Equal | Verdict::Incomparable | Verdict::Undecided => verdict,
    }
}

fn allows(policy: &Policy, Case { call, moment }: &Case) -> bool {
    let tool = policy.tools.get(&call.tool);
    call.is_complete(policy)
        && tool.is_some_and(|tool| matches!(rule(tool, call, *moment), Ruling::Allow { .. }))
}
