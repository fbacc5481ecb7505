//! Values given to a policy's parameters at compile time.

use std::collections::BTreeMap;

/// Values by parameter name, as text: what `--param host=…` and `params(host = "…")` give. They
/// are checked against the parameters' types when the policy is compiled.
///
/// ```
/// use wpc_compiler::Parameters;
/// let parameters: Parameters = [("host", "contoso.example")].into_iter().collect();
/// assert_eq!(parameters.value("host"), Some("contoso.example"));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// No values: every parameter takes its default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives `name` the value `text`; an earlier value is replaced and returned.
    pub fn insert(&mut self, name: impl Into<String>, text: impl Into<String>) -> Option<String> {
        self.0.insert(name.into(), text.into())
    }

    /// The value given to `name`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names that were given values, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl<N: Into<String>, T: Into<String>> FromIterator<(N, T)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, text)| (name.into(), text.into())).collect())
    }
}
