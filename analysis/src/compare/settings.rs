//! What is demanded of tokens, of evidence and of what surrounds the tools: more demanded is narrower.

use wpc_model::{Cost, Models, Policy, Principal, Sandbox, Settings, Validity};

use super::{Part, Setting, Shown, Side};

/// Whether one demand is looser than another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Looser {
    Yes,
    No,
    /// It cannot be told.
    Perhaps,
}

impl Looser {
    const fn of(looser: bool) -> Self {
        if looser { Self::Yes } else { Self::No }
    }

    /// Looser in one of two things.
    const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Perhaps, _) | (_, Self::Perhaps) => Self::Perhaps,
            (Self::No, Self::No) => Self::No,
        }
    }
}

impl Side<'_, '_> {
    pub(super) fn settings(&mut self) {
        let (more, less) = (self.more.policy, self.less.policy);
        let around = around(&more.settings, &less.settings);
        for (setting, looser) in tokens(more, less).into_iter().chain(around) {
            match looser {
                Looser::Yes => self.report(Part::Setting(setting), Shown::Itself),
                Looser::No => {}
                Looser::Perhaps => self.report(Part::Setting(setting), Shown::Undecided(Vec::new())),
            }
        }
    }
}

/// What is of all that the policies extend, together.
fn tokens(more: &Policy, less: &Policy) -> [(Setting, Looser); 7] {
    let kept = |policy: &Policy| policy.proof().retain_ms.unwrap_or(i64::MAX);
    let (one, other) = (more.token(), less.token());
    [
        (Setting::Lifetime, one.max_ttl_seconds > other.max_ttl_seconds),
        (Setting::Pin, !one.pin_policy_hash && other.pin_policy_hash),
        (Setting::Job, !one.job_scoped_binding && other.job_scoped_binding),
        (Setting::Holder, !one.proof_of_possession && other.proof_of_possession),
        (Setting::Receipts, !more.proof().gateway_receipts && less.proof().gateway_receipts),
        (Setting::Retention, kept(more) < kept(less)),
        (Setting::OnChange, more.on_change() < less.on_change()),
    ]
    .map(|(setting, looser)| (setting, Looser::of(looser)))
}

/// What is signed for people demands nothing.
fn around(more: &Settings, less: &Settings) -> [(Setting, Looser); 7] {
    [
        (Setting::Models, models(more.models.as_ref(), less.models.as_ref())),
        (Setting::Sandbox, Looser::of(sandbox(more.sandbox, less.sandbox))),
        (Setting::Agents, Looser::of(people(&more.agents, &less.agents))),
        (Setting::Requesters, Looser::of(people(&more.requesters, &less.requesters))),
        (
            Setting::Environment,
            Looser::of(less.environment.is_some() && more.environment != less.environment),
        ),
        (
            Setting::Credential,
            Looser::of(less.credential.is_some_and(|less| more.credential.is_none_or(|more| more > less))),
        ),
        (Setting::Valid, Looser::of(valid(more.valid, less.valid))),
    ]
}

/// Nobody named is anybody.
fn people(more: &[Principal], less: &[Principal]) -> bool {
    !less.is_empty() && (more.is_empty() || more.iter().any(|one| !less.contains(one)))
}

fn valid(more: Validity, less: Validity) -> bool {
    more.from.unwrap_or(i64::MIN) < less.from.unwrap_or(i64::MIN)
        || more.until.unwrap_or(i64::MAX) > less.until.unwrap_or(i64::MAX)
}

/// No sandbox demanded is the loosest.
fn sandbox(more: Option<Sandbox>, less: Option<Sandbox>) -> bool {
    match (more, less) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(more), Some(less)) => {
            more.network > less.network
                || more.filesystem > less.filesystem
                || (more.elevated && !less.elevated)
        }
    }
}

/// No models are none at all.
fn models(more: Option<&Models>, less: Option<&Models>) -> Looser {
    let Some(more) = more else { return Looser::No };
    let Some(less) = less else { return Looser::of(!more.allow.is_empty() || !more.providers.is_empty()) };
    let new_model = more
        .allow
        .iter()
        .any(|model| !less.allow.contains(model) && !less.providers.contains(&model.provider));
    let new_provider = more.providers.iter().any(|provider| !less.providers.contains(provider));
    let tokens = more.tokens.unwrap_or(i64::MAX) > less.tokens.unwrap_or(i64::MAX);
    let missing = less.redact.iter().any(|one| !more.redact.contains(one));
    let redact = match (missing, more.redact.is_empty()) {
        (false, _) => Looser::No,
        (true, true) => Looser::Yes,
        // Another path may take out the same, or more.
        (true, false) => Looser::Perhaps,
    };
    Looser::of(new_model || new_provider || tokens)
        .or(cost(more.cost.as_ref(), less.cost.as_ref()))
        .or(redact)
}

fn cost(more: Option<&Cost>, less: Option<&Cost>) -> Looser {
    match (more, less) {
        (_, None) => Looser::No,
        (None, Some(_)) => Looser::Yes,
        (Some(more), Some(less)) if more.currency == less.currency => {
            Looser::of(more.minor_units > less.minor_units)
        }
        (Some(_), Some(_)) => Looser::Perhaps,
    }
}

#[cfg(test)]
mod tests {
    use wpc_model::{Filesystem, Model, Network};

    use super::*;

    /// Looser than, and the other way round.
    #[track_caller]
    fn check(setting: Setting, one: &Settings, other: &Settings, expect: [Looser; 2]) {
        let of = |more, less| {
            around(more, less).into_iter().find(|(found, _)| *found == setting).map(|(_, looser)| looser)
        };
        assert_eq!([of(one, other), of(other, one)], expect.map(Some), "{setting:?}");
    }

    #[test]
    fn what_is_not_demanded_is_looser_and_models_that_are_not_named_are_none() {
        let (none, [yes, no]) = (Settings::default(), [Looser::Yes, Looser::No]);
        let name = |name: &str| Principal::Name(name.to_owned());
        let agents = |names: &[&str]| Settings {
            agents: names.iter().map(|one| name(one)).collect(),
            ..Settings::default()
        };
        check(Setting::Agents, &none, &agents(&["a"]), [yes, no]);
        check(Setting::Agents, &agents(&["a", "b"]), &agents(&["a"]), [yes, no]);
        check(Setting::Agents, &agents(&["a"]), &agents(&["b"]), [yes, yes]);
        let valid = |from, until| Settings { valid: Validity { from, until }, ..Settings::default() };
        check(Setting::Valid, &none, &valid(Some(1), None), [yes, no]);
        check(Setting::Valid, &valid(Some(1), Some(9)), &valid(Some(2), Some(10)), [yes, yes]);
        let sandbox = |network, filesystem| {
            let sandbox = Sandbox { network, filesystem, elevated: false };
            Settings { sandbox: Some(sandbox), ..Settings::default() }
        };
        check(Setting::Sandbox, &none, &sandbox(Network::Outbound, Filesystem::ReadWrite), [yes, no]);
        check(
            Setting::Sandbox,
            &sandbox(Network::Outbound, Filesystem::None),
            &sandbox(Network::None, Filesystem::ReadOnly),
            [yes, yes],
        );
        let model = |name: &str| Model { provider: "acme".to_owned(), name: name.to_owned() };
        let models = |allow: Vec<Model>, providers: Vec<String>, cost| {
            let models = Models { allow, providers, cost, ..Models::default() };
            Settings { models: Some(models), ..Settings::default() }
        };
        check(Setting::Models, &models(vec![model("m")], vec![], None), &none, [yes, no]);
        let all = models(vec![], vec!["acme".to_owned()], None);
        check(Setting::Models, &all, &models(vec![model("m")], vec![], None), [yes, no]);
        let cost = |currency: &str| Some(Cost { currency: currency.to_owned(), minor_units: 5 });
        check(
            Setting::Models,
            &models(vec![], vec![], cost("USD")),
            &models(vec![], vec![], cost("EUR")),
            [Looser::Perhaps; 2],
        );
    }
}
