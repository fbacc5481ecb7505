//! One policy in every form that decides, and the comparison of what they say.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use wpc::{
    DynamicGate, Identity, JobId, Key, MemoryLedger, Opening, POLICY_TYPE, Place, SelfIssued, Trust, sign,
};
use wpc_model::{
    Call, Condition, Conformance, Field, Hash, Interface, Moment, Policy, Question, Resource, Rule, Ruling,
    Sealed, Seals, Situation, Source, Sources, Tool, Truth, Type, Value, decode, encode, rulings,
};

use super::drawn::{Fields, names};
use super::table::{Kind, Listed};
use crate::random::dice::Random;

/// How often each ruling was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) allow: u64,
    pub(super) explicit_deny: u64,
    pub(super) failed_condition: u64,
    pub(super) unclear_resource: u64,
    pub(super) nothing_near: u64,
}

impl Seen {
    fn count(&mut self, ruling: Ruling) {
        *match ruling {
            Ruling::Allow { .. } => &mut self.allow,
            Ruling::ExplicitDeny { .. } => &mut self.explicit_deny,
            Ruling::DefaultDeny { near: Some(near) } if near.condition.is_some() => {
                &mut self.failed_condition
            }
            Ruling::DefaultDeny { near: Some(_) } => &mut self.unclear_resource,
            Ruling::DefaultDeny { near: None } => &mut self.nothing_near,
        } += 1;
    }
}

/// The artifact read back, and the engine over it.
pub(super) struct Engines {
    pub(super) policy: Policy,
    gate: DynamicGate,
}

impl Engines {
    /// Reads `artifact` in both ways.
    pub(super) fn open(artifact: &[u8]) -> Self {
        static TRUST: LazyLock<Trust> = LazyLock::new(|| {
            let did = author().did();
            let trust = format!(
                r#"{{"v":1,"principals":[{{"name":"author","keys":["{did}"],"roles":["policy_author","token_issuer"]}}],"threshold":{{}}}}"#
            );
            Trust::parse(trust.as_bytes()).unwrap()
        });
        let policy =
            decode(artifact).unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(artifact)));
        assert_eq!(encode(&policy), artifact, "an artifact that was read has the same bytes");
        let ledger = Arc::new(MemoryLedger::new(Key::from_seed(&[8; 32])).unwrap());
        let (job, auth) = (JobId::parse("job-1").unwrap(), &policy.token());
        let (agent, hash) = (Key::from_seed(&[9; 32]), Hash::of(artifact));
        let token = SelfIssued::new(&author(), &agent, &*ledger, &job, hash, auth.max_ttl_seconds).unwrap();
        let identity = if auth.pin_policy_hash || auth.job_scoped_binding {
            token.identity()
        } else {
            Identity::local(job, "agent")
        };
        let envelope = sign(POLICY_TYPE, artifact, &[author()]);
        let gate = DynamicGate::open(Opening { artifact: &envelope, trust: &TRUST, ledger, identity });
        Self { policy, gate: gate.unwrap() }
    }

    /// What the reference interpreter and the engine say, which must be the same.
    pub(super) fn ruling(&self, call: &Call, moment: Moment, tell: &impl Fn() -> String) -> Ruling {
        call.conform(&self.policy).unwrap_or_else(|malformed| panic!("{malformed}\n{call:#?}\n{}", tell()));
        for drawn in [Drawn(0), Drawn(1), Drawn(2)] {
            let situation = Situation { moment, sources: Some(&drawn), conformance: Some(&drawn) };
            let call = drawn.answered(call, &self.policy);
            assert_eq!(
                self.gate.rulings(&call, situation),
                rulings(&self.policy, &call, situation),
                "the engine, then the reference interpreter, {drawn:?}, of {call:#?}\n{}",
                tell()
            );
        }
        let reference = rulings(&self.policy, call, moment);
        assert_eq!(
            self.gate.rulings(call, moment),
            reference,
            "the engine, then the reference interpreter, of {call:#?}\n{}",
            tell()
        );
        reference.own
    }
}

/// Some values came from somewhere, others did not, of some nobody knows. What sealed values say likewise.
#[derive(Debug)]
struct Drawn(u8);

impl Drawn {
    fn draw(&self, of: &str) -> Truth {
        let text = format!("{} {of}", self.0);
        [Truth::True, Truth::False, Truth::Unknown][usize::from(Hash::of(text.as_bytes()).0[0] % 3)]
    }

    /// `call` as a gate has it that was shown its sealed values.
    fn answered(&self, call: &Call, policy: &Policy) -> Call {
        let interface = &policy.tools[&call.tool].interface;
        let seals = Seals::of(policy, &call.tool, &call.action);
        let arguments = &interface.actions[&call.action].arguments;
        let arguments = self.fields(interface, &seals, None, arguments, &call.arguments);
        Call { arguments, ..call.clone() }
    }

    fn fields(
        &self,
        interface: &Interface,
        seals: &Seals,
        record: Option<&str>,
        fields: &BTreeMap<String, Field>,
        values: &BTreeMap<String, Value>,
    ) -> BTreeMap<String, Value> {
        let one = |(name, value): (&String, &Value)| {
            (name.clone(), self.value(interface, seals, (record, name), &fields[name].ty, value))
        };
        values.iter().map(one).collect()
    }

    fn value(
        &self,
        interface: &Interface,
        seals: &Seals,
        of: (Option<&str>, &str),
        ty: &Type,
        value: &Value,
    ) -> Value {
        match (value, ty) {
            (Value::Sealed(_), _) => {
                let answer =
                    |question: &Question| (question.clone(), self.draw(&format!("{of:?} {question:?}")));
                Value::Sealed(Sealed::new(seals.of_field(of.0, of.1).map(answer)))
            }
            (Value::List(members), Type::List(member) | Type::Set(member)) => {
                Value::List(members.iter().map(|one| self.value(interface, seals, of, member, one)).collect())
            }
            (Value::List(elements), Type::Batch(record)) => {
                let ty = Type::Record(record.clone());
                Value::List(elements.iter().map(|one| self.value(interface, seals, of, &ty, one)).collect())
            }
            (Value::Map(values), Type::Record(record)) => {
                let fields = &interface.records[record].fields;
                Value::Map(self.fields(interface, seals, Some(record), fields, values))
            }
            _ => value.clone(),
        }
    }
}

impl Sources for Drawn {
    fn came_from(&self, source: &Source, value: &Value) -> Truth {
        self.draw(&format!("{} {value:?}", source.to_text()))
    }
}

impl Conformance for Drawn {
    fn conforms(&self, condition: &Condition, value: &Value) -> Truth {
        self.draw(&format!("{condition:?} {value:?}"))
    }
}

fn author() -> Key {
    Key::from_seed(&[7; 32])
}

/// A resource for an action that takes `kinds`.
pub(super) fn resource(
    random: &mut Random,
    tool: &Tool,
    kinds: &[String],
) -> Option<(Resource, &'static [&'static str])> {
    let kind = random.pick(kinds)?;
    let names = names(random, &tool.interface.kinds[kind].template.parameters);
    let owned = names.iter().map(|&name| name.to_owned()).collect();
    Some((Resource { kind: kind.clone(), names: owned }, names))
}

impl Listed {
    /// Draws one call, and has everything that decides decide it.
    pub(super) fn compare(&self, engines: &Engines, random: &mut Random, seen: &mut Seen) {
        let tool = &engines.policy.tools[self.tool];
        let Some(code) = random.pick(self.actions) else { return };
        let action = &tool.interface.actions[code.name];
        let fields = Fields::draw(random, &tool.interface, action);
        let resource = resource(random, tool, &action.kinds);
        let call = Call {
            tool: self.tool.to_owned(),
            action: code.name.to_owned(),
            resource: resource.as_ref().map(|(resource, _)| resource.clone()),
            arguments: fields.values(&tool.interface, &action.arguments),
        };
        let tell = || format!("policy {}:\n{}", self.name, self.text);
        let reference = engines.ruling(&call, moment(random), &tell);
        seen.count(reference);
        let malformed = fields.repeats(&tool.interface, &action.arguments);
        let check = |place: Option<&Place>| {
            let answer = (code.ask)(place, &fields);
            if malformed {
                assert_eq!(answer.arguments, None, "a set with a member twice passes, of {fields:#?}");
                return;
            }
            assert_eq!(
                answer.arguments,
                Some(Value::Map(call.arguments.clone())),
                "what generated code records, then what was drawn, of {fields:#?}\n{}",
                tell()
            );
            // Rules that read the clock or ask for sources are asked inside the ledger's lock, of the engine.
            if is_timed(tool, code.name) {
                return;
            }
            assert_eq!(
                answer.ruling,
                reference,
                "generated code, then the reference interpreter, of {call:#?}\n{}",
                tell()
            );
        };
        let Some((resource, names)) = resource else { return check(None) };
        let kind = self.kinds.iter().find(|kind| kind.name == resource.kind).unwrap();
        let place = (kind.named)(names);
        assert_eq!(place.to_resource(), resource);
        check(Some(&place));
        match parsed(kind, names) {
            Some(place) => {
                assert_eq!(place.to_resource(), resource);
                check(Some(&place));
            }
            None => assert!(
                !matches!(reference, Ruling::Allow { .. }),
                "the name is refused, but the reference interpreter allows {call:#?}\n{}",
                tell()
            ),
        }
    }
}

fn parsed(kind: &Kind, names: &[&str]) -> Option<Place> {
    (kind.parse)(names).unwrap().ok()
}

/// Some hour of some day of a week.
fn moment(random: &mut Random) -> Moment {
    Moment::at(random.between(-84, 84) * 3_600_000)
}

/// Whether rules about `action` read the clock, or ask what the gate alone answers.
fn is_timed(tool: &Tool, action: &str) -> bool {
    let speaks = |rule: &&Rule| rule.action.as_deref().is_none_or(|of| of == action);
    let mut rules = tool.allow.iter().chain(&tool.deny).filter(speaks);
    let about = &tool.interface.actions[action];
    let waits = |condition: &Condition| {
        condition.subject.is_of_clock() || tool.interface.is_attested(about, condition)
    };
    rules.any(|rule| rule.conditions.iter().any(waits))
}
