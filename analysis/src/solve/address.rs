//! IP addresses, e-mail addresses and urls: in blocks, and by their parts.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use wpc_model::{Cidr, Comparison, Condition, MAX_INTEGER, Moment, Step, Subject, Test, Type, Value};

use super::{Ask, Goal, Solver};
use crate::answer::Answer;
use crate::bound::Bound;
use crate::formula::Values;
use crate::number::Numbers;
use crate::text::Spelling;

/// A url whose host, or path, no condition can read.
const UNREAD_HOST: &str = "[::1]";
const UNREAD_PATH: &str = "/%2F";
/// Schemes with a port of their own.
const WITH_PORT: [(&str, i64); 4] = [("http", 80), ("ws", 80), ("https", 443), ("wss", 443)];

impl Solver<'_> {
    pub(super) fn address(&mut self, ty: &Type, asks: &[Ask<'_>]) -> Answer<Value> {
        let listed = asks.iter().find_map(|ask| listed(ask));
        if let Some(set) = listed {
            if !self.budget.spend(set.len()) {
                return Answer::Undecided;
            }
            let found = set.iter().find(|value| meets(value, asks) && self.is_of(ty, value));
            return found.map_or(Answer::No, |value| Answer::Yes(value.clone()));
        }
        if *ty == Type::Ip {
            self.ip(asks)
        } else if *ty == Type::Email {
            self.email(asks)
        } else {
            self.url(asks)
        }
    }

    fn is_of(&self, ty: &Type, value: &Value) -> bool {
        self.interface.conforms(ty, value).is_ok()
    }

    /// Blocks cut all addresses into pieces in which only constants differ: of each piece so many are
    /// tried as there are constants, and one more.
    fn ip(&mut self, asks: &[Ask<'_>]) -> Answer<Value> {
        let (mut starts, mut constants) = (vec![ip(10 << 24), IpAddr::V6(Ipv6Addr::UNSPECIFIED), ip(0)], 1);
        for ask in asks {
            let Goal::Test(None, test, _) = ask.goal else { return Answer::Undecided };
            let set = test.set().unwrap_or_default();
            constants += set.len().max(1);
            if let Test::WithinCidr(_) = test {
                for block in set.iter().filter_map(Value::as_text).filter_map(Cidr::parse) {
                    starts.extend(block.first().parse::<IpAddr>());
                    starts.extend(block.last().parse::<IpAddr>().ok().and_then(next));
                }
            }
        }
        if !self.budget.spend(starts.len().saturating_mul(constants)) {
            return Answer::Undecided;
        }
        for start in starts {
            let mut at = Some(start);
            for _ in 0..constants {
                let Some(address) = at else { break };
                for value in spellings(address).map(Value::Text) {
                    if self.is_of(&Type::Ip, &value) && meets(&value, asks) {
                        return Answer::Yes(value);
                    }
                }
                at = next(address);
            }
        }
        Answer::No
    }

    fn email(&mut self, asks: &[Ask<'_>]) -> Answer<Value> {
        let (local, domain) = (of_part(asks, "local"), of_part(asks, "domain"));
        let (mut not_local, mut not_domain) = (BTreeSet::new(), BTreeSet::new());
        let constants: usize = asks.iter().map(constants).sum();
        // Each turn excludes one address that is a constant.
        for _ in 0..constants.saturating_add(2).saturating_mul(2) {
            let found = match self.but(&Type::Host, None, &domain, &not_domain) {
                Answer::Yes(found) => found,
                Answer::No => return Answer::No,
                Answer::Undecided => return Answer::Undecided,
            };
            let before = match self.but(&Type::Text, Some(Spelling::Local), &local, &not_local) {
                Answer::Yes(before) => before,
                Answer::No if not_local.is_empty() => return Answer::No,
                Answer::No => {
                    not_domain.insert(found);
                    not_local.clear();
                    continue;
                }
                Answer::Undecided => return Answer::Undecided,
            };
            let value = Value::Text(format!("{before}@{found}"));
            if !self.is_of(&Type::Email, &value) {
                return Answer::Undecided;
            }
            if meets(&value, asks) {
                return Answer::Yes(value);
            }
            not_local.insert(before);
        }
        Answer::Undecided
    }

    fn url(&mut self, asks: &[Ask<'_>]) -> Answer<Value> {
        let [host, port, path] = ["host", "port", "path"].map(|part| of_part(asks, part));
        let host = match self.part(&Type::Host, &host, UNREAD_HOST) {
            Answer::Yes(host) => host,
            Answer::No => return Answer::No,
            Answer::Undecided => return Answer::Undecided,
        };
        let path = match self.part(&Type::Path, &path, UNREAD_PATH) {
            Answer::Yes(path) => path,
            Answer::No => return Answer::No,
            Answer::Undecided => return Answer::Undecided,
        };
        let mut not_scheme = BTreeSet::new();
        let number = match ports(&port) {
            Some(number) => Some(number),
            None if port.iter().all(Ask::is_met_by_unclear) => {
                not_scheme.extend(WITH_PORT.map(|(scheme, _)| scheme.to_owned()));
                None
            }
            None => return Answer::No,
        };
        let scheme = of_part(asks, "scheme");
        let scheme = match self.but(&Type::Text, Some(Spelling::Scheme), &scheme, &not_scheme) {
            Answer::Yes(scheme) => scheme,
            Answer::No => return Answer::No,
            Answer::Undecided => return Answer::Undecided,
        };
        let own = WITH_PORT.iter().any(|(of, port)| *of == scheme && Some(*port) == number);
        let number = number.filter(|_| !own && !port.is_empty());
        let number = number.map_or(String::new(), |number| format!(":{number}"));
        let plain = format!("{scheme}://{host}{number}{path}");
        // What stands behind a `?` no part reads.
        let constants: usize = asks.iter().map(constants).sum();
        let others = (0..=constants).map(|number| format!("{plain}?{number}"));
        let mut all = std::iter::once(plain.clone()).chain(others).map(Value::Text);
        all.find(|value| meets(value, asks) && self.is_of(&Type::Url, value))
            .map_or(Answer::Undecided, Answer::Yes)
    }

    /// A part that is as asked, or `unread`, of which all is unknown.
    fn part(&mut self, ty: &Type, asks: &[Ask<'_>], unread: &str) -> Answer<String> {
        match self.but(ty, None, asks, &BTreeSet::new()) {
            Answer::No if asks.iter().all(Ask::is_met_by_unclear) => Answer::Yes(unread.to_owned()),
            answer @ (Answer::Yes(_) | Answer::No | Answer::Undecided) => answer,
        }
    }

    /// A text that is as asked and none of `but`.
    fn but(
        &mut self,
        ty: &Type,
        spelling: Option<Spelling>,
        asks: &[Ask<'_>],
        but: &BTreeSet<String>,
    ) -> Answer<String> {
        // The part is there, which may be all that is asked.
        let is_there = |ask: &&Ask<'_>| ask.steps.is_empty() && ask.is_presence();
        if !asks.iter().filter(is_there).all(Ask::is_met_by_unread) {
            return Answer::No;
        }
        let not = Test::NotIn(but.iter().map(Value::text).collect());
        let not = Ask { steps: &[], goal: Goal::Test(None, &not, Bound::True) };
        let all: Vec<Ask<'_>> = asks.iter().filter(|ask| !is_there(ask)).copied().chain([not]).collect();
        match self.spelt(ty, spelling, &all) {
            Answer::Yes(Value::Text(text)) => Answer::Yes(text),
            Answer::No => Answer::No,
            Answer::Yes(_) | Answer::Undecided => Answer::Undecided,
        }
    }
}

/// What is asked of one part.
fn of_part<'a>(asks: &[Ask<'a>], part: &str) -> Vec<Ask<'a>> {
    let one = |ask: &Ask<'a>| match ask.steps {
        [Step::Field(name), steps @ ..] if name == part => Some(Ask { steps, goal: ask.goal }),
        _ => None,
    };
    asks.iter().filter_map(one).collect()
}

/// A port that is as asked.
fn ports(asks: &[Ask<'_>]) -> Option<i64> {
    let mut numbers = Numbers::between(0, 65_535.min(MAX_INTEGER));
    for ask in asks {
        let Goal::Test(None, test, bound) = ask.goal else { return None };
        numbers = numbers.and(&Numbers::of(test, bound)?);
    }
    numbers.nearest_to_zero()
}

/// The constants of which the whole address must be one.
fn listed<'a>(ask: &Ask<'a>) -> Option<&'a [Value]> {
    let Goal::Test(None, test, bound) = ask.goal else { return None };
    let (set, equal) = match test {
        Test::Compare(Comparison::Equal, value) => (std::slice::from_ref(value), true),
        Test::Compare(Comparison::NotEqual, value) => (std::slice::from_ref(value), false),
        Test::In(set) => (set.as_slice(), true),
        Test::NotIn(set) => (set.as_slice(), false),
        Test::Compare(..)
        | Test::Conforms(_)
        | Test::From(_)
        | Test::Absent
        | Test::Present
        | Test::Has(_)
        | Test::Lacks(_)
        | Test::Like(_)
        | Test::Matches(_)
        | Test::UnderDomain(_)
        | Test::UnderPath(_)
        | Test::WithinCidr(_) => return None,
    };
    (ask.steps.is_empty() && bound.is_least() == equal).then_some(set)
}

fn constants(ask: &Ask<'_>) -> usize {
    match ask.goal {
        Goal::Test(_, test, _) => test.set().map_or(1, <[Value]>::len),
        Goal::Slot(..) | Goal::Every(_) | Goal::Exists(_) => 1,
    }
}

/// Whether an address is as asked, by the interpreter.
fn meets(value: &Value, asks: &[Ask<'_>]) -> bool {
    let values = Values::from([(String::new(), value.clone())]);
    asks.iter().all(|ask| {
        let Goal::Test(quantifier, test, bound) = ask.goal else { return false };
        let subject = Subject { quantifier, name: String::new(), steps: ask.steps.to_vec() };
        bound.admits(Condition { subject, test: test.clone() }.holds(&values, Moment::at(0)))
    })
}

const fn ip(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(number))
}

/// The next address of the same family.
fn next(address: IpAddr) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(address) => ip(address.to_bits().checked_add(1)?),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits().checked_add(1)?)),
    })
}

/// An address as it may be written: one of IPv4 also as one of IPv6.
fn spellings(address: IpAddr) -> impl Iterator<Item = String> {
    let mapped = match address {
        IpAddr::V4(address) => Some(address.to_ipv6_mapped().to_string()),
        IpAddr::V6(_) => None,
    };
    [Some(address.to_string()), mapped].into_iter().flatten()
}
