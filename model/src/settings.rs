//! What a policy demands of what surrounds its tools: the settings blocks beside `token` and `proof`.
//!
//! The gate enforces `agents` when a job is opened and `valid` at every call. The others are signed
//! demands on components that read the same artifact; each says below whose they are. Nothing here
//! grants anything.

use crate::JsonPath;

/// The settings of a policy. The default demands nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// Which models may be called. For the model gateway: without this it forwards nothing.
    pub models: Option<Models>,
    /// What the agent's runtime must run it in. For the runtime, and for what writes its
    /// configuration.
    pub sandbox: Option<Sandbox>,
    /// Who may work on a job under this policy, sorted; nobody in particular if empty. The gate
    /// opens no job for another agent.
    pub agents: Vec<Principal>,
    /// Who may ask for such a job, sorted; nobody in particular if empty. For whoever issues the
    /// job's token: the gate sees no requester.
    pub requesters: Vec<Principal>,
    /// The environment for which the policy is written. For releases, which name the same one.
    pub environment: Option<String>,
    /// What the tool's client must log in with. For the client that holds the credential.
    pub credential: Option<Credential>,
    /// When the policy may be used. The gate refuses every call outside it (`policy_not_valid`).
    pub valid: Validity,
    /// What becomes of running jobs when a release replaces the policy. For the release, which may
    /// only be stricter.
    pub on_change: OnChange,
    /// For people; signed.
    pub meta: Meta,
}

/// Which models may be called, how much, and what must not reach them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Models {
    /// Single models, sorted.
    pub allow: Vec<Model>,
    /// Providers of which every model may be called, sorted.
    pub providers: Vec<String>,
    /// Most tokens of a job, read and written, at least 1.
    pub tokens: Option<i64>,
    /// The most that a job may cost.
    pub cost: Option<Cost>,
    /// What is taken out of requests before they are forwarded, sorted by path, none twice. A path
    /// that matches nothing is reported by the gateway.
    pub redact: Vec<Redaction>,
}

/// One model of a provider.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Model {
    /// Who offers it ([`check_provider`](crate::check_provider)).
    pub provider: String,
    /// What the provider calls it ([`check_model`](crate::check_model)).
    pub name: String,
}

/// An amount of money.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cost {
    /// ISO 4217.
    pub currency: String,
    /// In the currency's minor unit, at least 1.
    pub minor_units: i64,
}

/// What is done to one part of a request.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Redaction {
    /// The part.
    pub path: JsonPath,
    /// What is done to it.
    pub how: Redact,
}

/// How a value is redacted.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Redact {
    /// A fixed text stands in its place.
    Mask,
    /// It is not there.
    Remove,
    /// A keyed hash stands in its place: equal values stay equal.
    Hash,
}

/// A sandbox. The default is the strictest: what is not said is not given.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sandbox {
    /// What the agent's own processes reach over the network, beside the gate.
    pub network: Network,
    /// What they see of the host's files.
    pub filesystem: Filesystem,
    /// Whether they may step out of the sandbox where a person agrees.
    pub elevated: bool,
}

/// What a sandbox reaches.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Network {
    /// Nothing but itself.
    #[default]
    None,
    /// Others, by connections that it opens.
    Outbound,
}

/// What a sandbox sees of the agent's workspace on the host. Nothing else of the host is seen.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Filesystem {
    /// Nothing.
    #[default]
    None,
    /// It may be read.
    ReadOnly,
    /// It may be read and written.
    ReadWrite,
}

/// Somebody: a key's holder, or a name that whoever opens the job vouches for.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Principal {
    /// A decentralised identifier.
    Did(String),
    /// A name, which does not begin with `did:`.
    Name(String),
}

impl Principal {
    /// The identifier or the name.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Did(text) | Self::Name(text) => text,
        }
    }
}

/// What a tool's client logs in with.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Credential {
    /// Microsoft Entra ID: a role of its own, short-lived tokens.
    Entra,
    /// A shared access signature for one entity.
    SasEntity,
    /// A shared access signature for the whole namespace.
    SasNamespace,
}

/// A span of time; unbounded where nothing is said.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Validity {
    /// From this instant on, Unix milliseconds.
    pub from: Option<i64>,
    /// Until just before this instant, Unix milliseconds; after `from`.
    pub until: Option<i64>,
}

impl Validity {
    /// Whether `now`, Unix milliseconds, lies within.
    ///
    /// ```
    /// use wpc_model::Validity;
    /// let valid = Validity { from: Some(10), until: Some(20) };
    /// assert_eq!([9, 10, 19, 20].map(|now| valid.holds_at(now)), [false, true, true, false]);
    /// ```
    #[must_use]
    pub fn holds_at(self, now: i64) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// What becomes of running jobs when the policy is replaced. In order of strictness.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum OnChange {
    /// They end under this policy.
    #[default]
    Finish,
    /// They begin no more calls; those in flight end.
    Drain,
    /// They stop at once.
    Kill,
}

/// What is signed for people to read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Meta {
    /// Who answers for the policy.
    pub owner: Option<String>,
    /// Anything else, sorted.
    pub notes: Vec<String>,
}

impl Settings {
    /// Whether `agent` may work on a job: exactly one of [`Settings::agents`], or anybody if nobody
    /// is named.
    ///
    /// ```
    /// use wpc_model::{Principal, Settings};
    /// let settings = Settings { agents: vec![Principal::Name("mailer".into())], ..Settings::default() };
    /// assert!(settings.admits_agent("mailer"));
    /// assert!(!settings.admits_agent("Mailer"));
    /// assert!(Settings::default().admits_agent("anybody"));
    /// ```
    #[must_use]
    pub fn admits_agent(&self, agent: &str) -> bool {
        self.agents.is_empty() || self.agents.iter().any(|principal| principal.text() == agent)
    }

    /// Every list sorted, repetition dropped.
    pub(crate) fn normalise(&mut self) {
        if let Some(models) = &mut self.models {
            sort(&mut models.allow);
            sort(&mut models.providers);
            sort(&mut models.redact);
        }
        sort(&mut self.agents);
        sort(&mut self.requesters);
        sort(&mut self.meta.notes);
    }
}

fn sort<T: Ord>(items: &mut Vec<T>) {
    items.sort_unstable();
    items.dedup();
}
