//! Which models a policy allows, and its budgets.

use std::collections::BTreeMap;

use wpc_model::{
    Cost, Hash, Model, ModelBudget, ModelRefusal, ModelUse, Models, Past, Policy, Settings, Who,
};

use crate::example::policy;

const WHO: Who<'static> = Who { job: "job", agent: "agent" };

fn cost(currency: &str, minor_units: i64) -> Cost {
    Cost { currency: currency.to_owned(), minor_units }
}

fn models(allow: &[(&str, &str)], providers: &[&str], tokens: Option<i64>, cost: Option<Cost>) -> Models {
    let model = |(provider, name): &(&str, &str)| Model {
        provider: (*provider).to_owned(),
        name: (*name).to_owned(),
    };
    Models {
        allow: allow.iter().map(model).collect(),
        providers: providers.iter().map(|&name| name.to_owned()).collect(),
        tokens,
        cost,
        redact: vec![],
    }
}

fn saying(models: Option<Models>, parents: Vec<Policy>) -> Policy {
    let settings = Settings { models, ..Settings::default() };
    Policy { settings, parents, ..policy(vec![], vec![], vec![]) }.normalise()
}

fn used(name: &str, tokens: i64, cost: Option<Cost>) -> ModelUse {
    ModelUse { receipt: Hash::of(name.as_bytes()), tokens, cost }
}

#[test]
fn a_model_is_allowed_by_its_name_or_its_provider_in_every_layer_that_says_which() {
    let named = saying(Some(models(&[("openai", "gpt-5")], &["meta"], None, None)), vec![]);
    assert!(named.admits_model("openai", "gpt-5"));
    assert!(named.admits_model("meta", "anything"));
    assert!(!named.admits_model("openai", "gpt-4"));
    assert!(!named.admits_model("azure", "gpt-5"));
    // The second layer takes the provider's others away, the third says nothing.
    let narrower = models(&[("openai", "gpt-5"), ("meta", "llama")], &[], None, None);
    let extending = saying(Some(narrower), vec![named, saying(None, vec![])]);
    assert!(extending.admits_model("openai", "gpt-5"));
    assert!(extending.admits_model("meta", "llama"));
    assert!(!extending.admits_model("meta", "anything"));
    assert!(saying(None, vec![]).admits_model("any", "model"));
}

#[test]
fn a_budget_is_the_least_of_all_layers() {
    let parent = saying(Some(models(&[], &["a"], Some(100), Some(cost("USD", 500)))), vec![]);
    let child = models(&[], &["a"], Some(200), Some(cost("USD", 300)));
    let both = saying(Some(child.clone()), vec![parent.clone()]).model_budget();
    assert_eq!(both, ModelBudget { tokens: Some(100), costs: BTreeMap::from([("USD".to_owned(), 300)]) });
    let euros = saying(Some(Models { cost: Some(cost("EUR", 1)), ..child }), vec![parent]).model_budget();
    assert_eq!(euros.costs.into_iter().collect::<Vec<_>>(), [("EUR".to_owned(), 1), ("USD".to_owned(), 500)]);
    assert_eq!(saying(None, vec![]).model_budget(), ModelBudget::default());
}

#[test]
fn a_call_is_charged_once_and_to_what_is_counted() {
    let counted = models(&[], &["a"], Some(100), Some(cost("USD", 50)));
    let budget = saying(Some(counted), vec![]).model_budget();
    let mut past = Past::new();
    let first = budget.charges(&used("r1", 60, Some(cost("USD", 50))), &past.at(WHO, 1)).unwrap();
    let amounts: Vec<_> = first.iter().map(|charge| (charge.before, charge.amount)).collect();
    assert_eq!(amounts, [(0, 1), (0, 60), (0, 50)]);
    assert!(!budget.is_exceeded_by(&first));
    past.charge(WHO, 1, &first);
    let left = budget.left(&past.at(WHO, 2)).unwrap();
    assert_eq!((left.tokens, left.costs["USD"]), (Some(40), 0));
    let again = budget.charges(&used("r1", 0, Some(cost("USD", 0))), &past.at(WHO, 2));
    assert_eq!(again, Err(ModelRefusal::Repeated));
    for unknown in [None, Some(cost("EUR", 1))] {
        let charges = budget.charges(&used("r2", 1, unknown), &past.at(WHO, 2));
        assert_eq!(charges, Err(ModelRefusal::CostUnknown));
    }
    // To the last token; then one beyond, and one cent.
    let full = budget.charges(&used("r2", 40, Some(cost("USD", 0))), &past.at(WHO, 2)).unwrap();
    assert!(!budget.is_exceeded_by(&full));
    for beyond in [used("r2", 41, Some(cost("USD", 0))), used("r2", 0, Some(cost("USD", 1)))] {
        let charges = budget.charges(&beyond, &past.at(WHO, 2)).unwrap();
        assert!(budget.is_exceeded_by(&charges));
    }
    // Without budgets, the receipt alone.
    let free = ModelBudget::default().charges(&used("r9", 9, None), &past.at(WHO, 2)).unwrap();
    assert_eq!(free.len(), 1);
}
