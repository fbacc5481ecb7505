//! Which tools a policy lets a server offer, and with which schemas.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use wpc_model::{Action, Call, Interface, Malformed, MalformedCode, Measured, Policy, RawCall};

use crate::arguments::{self, Asked, Layout};
use crate::narrow::{self, Allowed, Place};
use crate::schema::{self, Property, Writer};

/// One tool as it is offered.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Its name in the protocol.
    pub name: String,
    /// The tool's name in the policy.
    pub tool: String,
    /// The action.
    pub action: String,
    /// JSON Schema of its arguments, as narrow as the policy lets it be said.
    pub input_schema: Map<String, Json>,
    layout: Layout,
    /// Of what the tool measures; of fields of the batch under `BATCH.FIELD`.
    measured: BTreeMap<String, Map<String, Json>>,
}

/// The tools that a policy lets a server offer.
///
/// An action that no rule can allow is not in it. Schemas may admit more than the policy does, never less: the
/// gate decides every call anew.
///
/// ```
/// # fn example(artifact: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let policy = wpc_model::decode(artifact)?;
/// for offer in wpc_mcp::Catalogue::of(&policy).offers() {
///     println!("{}: {}", offer.name, serde_json::Value::Object(offer.input_schema.clone()));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    offers: BTreeMap<String, Offer>,
}

impl Catalogue {
    /// Everything that `policy` may allow of all of its tools. An action goes by its name on the wire; where
    /// the policy has several tools, after the tool's: `contacts.search`.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let several = policy.tools.len() > 1;
        let named = |tool: &str, wire: &str| if several { format!("{tool}.{wire}") } else { wire.to_owned() };
        Self::named(policy, |_| true, named)
    }

    /// Everything that `policy` may allow of one of its tools, under the names of the wire.
    #[must_use]
    pub fn of_tool(policy: &Policy, tool: &str) -> Self {
        Self::named(policy, |name| name == tool, |_, wire| wire.to_owned())
    }

    fn named(policy: &Policy, is_asked: impl Fn(&str) -> bool, name: impl Fn(&str, &str) -> String) -> Self {
        let mut offers = BTreeMap::new();
        for (tool, of) in policy.tools.iter().filter(|(tool, _)| is_asked(tool)) {
            for (action, found) in &of.interface.actions {
                let mut name = name(tool, found.wire.as_deref().unwrap_or(action));
                // No interface that compiles has two actions with one name on the wire.
                while offers.contains_key(&name) {
                    name.push('_');
                }
                if let Some(offer) = Offer::of(policy, (tool, action), found, &of.interface, name.clone()) {
                    offers.insert(name, offer);
                }
            }
        }
        Self { offers }
    }

    /// The tools, by name.
    pub fn offers(&self) -> impl Iterator<Item = &Offer> {
        self.offers.values()
    }

    /// The tool of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Offer> {
        self.offers.get(name)
    }

    /// The tool of this name, or how to refuse a call of it.
    ///
    /// # Errors
    ///
    /// [`Malformed`] with the code `unknown_tool` only if none is offered under this name.
    pub fn named_by(&self, name: &str) -> Result<&Offer, Malformed> {
        self.find(name).ok_or_else(|| Malformed {
            code: MalformedCode::UnknownTool,
            path: "$.name".to_owned(),
            message: "is no tool that this policy allows".to_owned(),
        })
    }
}

impl Offer {
    fn of(
        policy: &Policy,
        (tool, action): (&str, &str),
        found: &Action,
        interface: &Interface,
        name: String,
    ) -> Option<Self> {
        let allowed = narrow::allowed(policy, tool, action)?;
        let layout = Layout::of(interface, found);
        let input_schema = schema_of(interface, found, &allowed, &layout);
        let measured = Writer { interface }.measured(found, &allowed.arguments);
        Some(Self { name, tool: tool.to_owned(), action: action.to_owned(), input_schema, layout, measured })
    }

    /// JSON Schema of an argument that the tool measures, `state_bytes`, or of a measured field of the batch's
    /// elements, `messages.properties`: for tools that are given what they measure. As narrow as the policy
    /// lets it be said.
    #[must_use]
    pub fn measured(&self, path: &str) -> Option<&Map<String, Json>> {
        self.measured.get(path)
    }

    /// Types the arguments of a call of this tool. Nothing of sealed values is read.
    ///
    /// # Errors
    ///
    /// [`Malformed`] with the first thing that is wrong, and where.
    pub fn read(&self, policy: &Policy, arguments: Map<String, Json>) -> Result<Asked, Malformed> {
        self.read_with(policy, arguments, |raw| Call::check(raw, policy, Measured::Refuse))
    }

    /// As [`Offer::read`], where `check` types the call: a gate's also reads its sealed values
    /// ([`wpc::DynamicGate::check`]).
    ///
    /// # Errors
    ///
    /// As [`Offer::read`].
    pub fn read_with(
        &self,
        policy: &Policy,
        arguments: Map<String, Json>,
        check: impl FnOnce(RawCall) -> Result<Call, Malformed>,
    ) -> Result<Asked, Malformed> {
        arguments::read(policy, (&self.tool, &self.action), &self.layout, arguments, check)
    }

    /// The arguments of a call of this tool, written anew from what was decided; `None` if it is a call of
    /// another policy.
    #[must_use]
    pub fn write(&self, policy: &Policy, asked: &Asked) -> Option<Map<String, Json>> {
        arguments::write(policy, &self.layout, asked)
    }

    /// As [`Offer::write`], of a call alone. What it says nothing of is `null`.
    #[must_use]
    pub fn write_call(&self, policy: &Policy, call: &Call) -> Option<Map<String, Json>> {
        self.write(policy, &Asked::of(call.clone()))
    }
}

fn schema_of(
    interface: &Interface,
    action: &Action,
    allowed: &Allowed,
    layout: &Layout,
) -> Map<String, Json> {
    let mut properties = Writer { interface }.properties(&action.arguments, &allowed.arguments, 0);
    match layout {
        Layout::None => {}
        Layout::Beside(kind) => properties.extend(beside(interface, kind, &allowed.places)),
        Layout::Within(member) => {
            let places = listed(&allowed.places);
            let kinds = places.iter().map(|place| Json::Object(within(interface, place)));
            let kinds: Vec<_> = kinds.collect();
            let schema = match <[Json; 1]>::try_from(kinds) {
                Ok([Json::Object(only)]) => only,
                Ok(other) => any_of(other.into()),
                Err(several) => any_of(several),
            };
            properties.push((member.clone(), schema, true));
        }
    }
    schema::object(properties)
}

/// Places of one kind that are each one listed name, as one place of which all names are listed: nothing is lost.
fn listed(places: &[Place]) -> Vec<Place> {
    let mut all: Vec<Place> = Vec::new();
    for place in places {
        let is_listed = |place: &Place| matches!(place.names.as_slice(), [name] if name.one_of.is_some());
        let same = all.iter_mut().find(|one| one.kind == place.kind && is_listed(one) && is_listed(place));
        match (same, place.names.first()) {
            (Some(same), Some(name)) => {
                same.names = same.names.drain(..).map(|before| before.or(name.clone())).collect();
            }
            _ => all.push(place.clone()),
        }
    }
    all
}

fn any_of(alternatives: Vec<Json>) -> Map<String, Json> {
    [("anyOf".to_owned(), Json::Array(alternatives))].into_iter().collect()
}

/// The parameters of the one kind, each bounded alone.
fn beside(interface: &Interface, kind: &str, places: &[Place]) -> Vec<Property> {
    let Some(found) = interface.kinds.get(kind) else { return Vec::new() };
    let of = |(at, (name, ty)): (usize, &(String, wpc_model::Type))| {
        let domains = places.iter().filter_map(|place| place.names.get(at)).cloned();
        let domain = domains.reduce(crate::domain::Domain::or).unwrap_or_default();
        (name.clone(), schema::name(interface, ty, &domain), true)
    };
    found.template.parameters.iter().enumerate().map(of).collect()
}

fn within(interface: &Interface, place: &Place) -> Map<String, Json> {
    let parameters = interface.kinds.get(&place.kind).map(|kind| kind.template.parameters.as_slice());
    let names = parameters.unwrap_or_default().iter().zip(&place.names);
    let names = names.map(|((name, ty), domain)| (name.clone(), schema::name(interface, ty, domain), true));
    let kind = ("kind".to_owned(), schema::constant(&place.kind), true);
    schema::object(std::iter::once(kind).chain(names).collect())
}
