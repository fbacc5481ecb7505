//! Settings that some policy may have.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::{
    Cost, Credential, Filesystem, JsonPath, Meta, Model, Models, Network, OnChange, Principal, Redact,
    Redaction, Sandbox, Settings, Validity,
};

/// Settings in normal form. Most parts are absent, as they mostly are.
pub fn settings() -> BoxedStrategy<Settings> {
    let who = (principals(), principals());
    let what = (optional(models()), optional(sandbox()), optional(select(Credential::ALL)));
    let when = (validity(), prop_oneof![3 => Just(OnChange::Finish), 1 => select(OnChange::ALL)]);
    let said = (optional(Just("staging".to_owned())), meta());
    let all = (who, what, when, said).prop_map(
        |((agents, requesters), (models, sandbox, credential), (valid, on_change), (environment, meta))| {
            let mut settings = Settings {
                models,
                sandbox,
                agents,
                requesters,
                environment,
                credential,
                valid,
                on_change,
                meta,
            };
            settings.normalise();
            settings
        },
    );
    prop_oneof![1 => Just(Settings::default()), 2 => all].boxed()
}

fn optional<T: Clone + std::fmt::Debug + 'static>(
    of: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    proptest::option::weighted(0.3, of).boxed()
}

fn principals() -> BoxedStrategy<Vec<Principal>> {
    let all = vec![
        Principal::Did("did:key:a".to_owned()),
        Principal::Did("did:web:b".to_owned()),
        Principal::Name("mailer".to_owned()),
    ];
    prop_oneof![2 => Just(Vec::new()), 1 => subsequence(all, 1..=3)].boxed()
}

fn models() -> impl Strategy<Value = Models> {
    let model =
        |(provider, name): (&str, &str)| Model { provider: provider.to_owned(), name: name.to_owned() };
    let all = [("anthropic", "claude"), ("openai", "gpt-5"), ("a", "b/C:d")].map(model).to_vec();
    let providers = ["mistral", "x.y"].map(str::to_owned).to_vec();
    let named = prop_oneof![
        (subsequence(all.clone(), 1..=3), subsequence(providers.clone(), 0..=2)),
        (subsequence(all, 0..=3), subsequence(providers, 1..=2)),
    ];
    let cost = select(vec!["USD", "JPY"])
        .prop_map(|currency| Cost { currency: currency.to_owned(), minor_units: 500 });
    let paths = ["$.a", "$..b", "$.c[*]", "$[\"d e\"]"].map(JsonPath::parse);
    let paths: Vec<_> = paths.into_iter().flatten().collect();
    let redact = subsequence(paths, 0..=4).prop_flat_map(|paths| {
        let one =
            |path: JsonPath| select(Redact::ALL).prop_map(move |how| Redaction { path: path.clone(), how });
        paths.into_iter().map(one).collect::<Vec<_>>()
    });
    (named, optional(select(vec![1_i64, 1_000_000])), optional(cost), redact).prop_map(
        |((allow, providers), tokens, cost, redact)| Models { allow, providers, tokens, cost, redact },
    )
}

fn sandbox() -> impl Strategy<Value = Sandbox> {
    (select(Network::ALL), select(Filesystem::ALL), any::<bool>())
        .prop_map(|(network, filesystem, elevated)| Sandbox { network, filesystem, elevated })
}

/// Small instants, so that calls lie on both sides.
fn validity() -> impl Strategy<Value = Validity> {
    (optional(select(vec![0_i64, 3])), optional(select(vec![4_i64, 1_000])))
        .prop_map(|(from, until)| Validity { from, until })
}

fn meta() -> impl Strategy<Value = Meta> {
    let notes = ["a note", "é \"quoted\" \\"].map(str::to_owned).to_vec();
    (optional(Just("orders team".to_owned())), prop_oneof![3 => Just(vec![]), 1 => subsequence(notes, 0..=2)])
        .prop_map(|(owner, notes)| Meta { owner, notes })
}
