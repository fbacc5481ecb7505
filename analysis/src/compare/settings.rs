//! What is demanded of tokens and evidence: more demanded is narrower.

use super::{Part, Setting, Shown, Side};

impl Side<'_, '_> {
    pub(super) fn settings(&mut self) {
        let (more, less) = (self.more.policy, self.less.policy);
        let kept = |policy: &wpc_model::Policy| policy.evidence.retain_ms.unwrap_or(i64::MAX);
        let demanded = |more: bool, less: bool| !more && less;
        let looser = [
            (Setting::Lifetime, more.auth.max_ttl_seconds > less.auth.max_ttl_seconds),
            (Setting::Pin, demanded(more.auth.pin_policy_hash, less.auth.pin_policy_hash)),
            (Setting::Job, demanded(more.auth.job_scoped_binding, less.auth.job_scoped_binding)),
            (Setting::Holder, demanded(more.auth.proof_of_possession, less.auth.proof_of_possession)),
            (Setting::Receipts, demanded(more.evidence.gateway_receipts, less.evidence.gateway_receipts)),
            (Setting::Retention, kept(more) < kept(less)),
        ];
        for (setting, _) in looser.into_iter().filter(|(_, looser)| *looser) {
            self.report(Part::Setting(setting), Shown::Itself);
        }
    }
}
