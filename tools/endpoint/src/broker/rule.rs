//! Rules of subscriptions: which of a topic's messages they take.

use crate::message::{APPLICATION_PROPERTIES, Message, PROPERTIES};
use crate::wire::value::Value;

/// A rule by its name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) filter: Filter,
    /// A SQL action, which is kept and not run.
    pub(crate) action: Option<String>,
}

/// Which messages a rule takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Filter {
    True,
    False,
    /// `1=1`, `1=0`, and `name = 'value'` joined by `AND`: the rest of the language is not run.
    Sql(String),
    /// Every field that is there must be equal.
    Correlation {
        /// Standard properties by the names of the administration API.
        standard: Vec<(String, String)>,
        properties: Vec<(String, String)>,
    },
}

/// Standard properties by the administration API's names, and where they are in the properties section.
const STANDARD: [(&str, usize); 7] = [
    ("MessageId", 0),
    ("To", 2),
    ("Label", 3),
    ("ReplyTo", 4),
    ("CorrelationId", 5),
    ("ContentType", 6),
    ("SessionId", 10),
];

impl Rule {
    /// The rule of a subscription that was made without one.
    pub(crate) fn default_one() -> Self {
        Self { name: "$Default".to_owned(), filter: Filter::True, action: None }
    }
}

impl Filter {
    /// Whether it can be run here.
    pub(crate) fn is_known(&self) -> bool {
        match self {
            Self::Sql(text) => clauses(text).is_some(),
            Self::True | Self::False | Self::Correlation { .. } => true,
        }
    }

    pub(crate) fn takes(&self, message: &Message) -> bool {
        match self {
            Self::True => true,
            Self::False => false,
            Self::Sql(text) => {
                clauses(text).is_some_and(|all| all.iter().all(|clause| clause.holds(message)))
            }
            Self::Correlation { standard, properties } => {
                standard.iter().all(|(name, value)| standard_property(message, name) == Some(value))
                    && properties.iter().all(|(name, value)| property(message, name) == Some(value))
            }
        }
    }
}

fn standard_property<'m>(message: &'m Message, name: &str) -> Option<&'m str> {
    let (_, index) = STANDARD.iter().find(|(known, _)| *known == name)?;
    message.section(PROPERTIES).field(*index).as_text()
}

fn property<'m>(message: &'m Message, name: &str) -> Option<&'m str> {
    message.entry(APPLICATION_PROPERTIES, name).and_then(Value::as_text)
}

enum Clause {
    Always(bool),
    Equal(String, String),
}

impl Clause {
    fn holds(&self, message: &Message) -> bool {
        match self {
            Self::Always(holds) => *holds,
            Self::Equal(name, value) => match name.strip_prefix("sys.") {
                Some(name) => standard_property(message, name) == Some(value),
                None => property(message, name) == Some(value),
            },
        }
    }
}

fn clauses(text: &str) -> Option<Vec<Clause>> {
    text.split(" AND ").map(clause).collect()
}

fn clause(text: &str) -> Option<Clause> {
    let (left, right) = text.split_once('=')?;
    let (left, right) = (left.trim(), right.trim());
    if left == "1" && matches!(right, "0" | "1") {
        return Some(Clause::Always(right == "1"));
    }
    let value = right.strip_prefix('\'')?.strip_suffix('\'')?;
    (!value.contains('\'')).then(|| Clause::Equal(left.trim_matches(['[', ']']).to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        let mut message = Message::of(vec![(
            PROPERTIES,
            Value::List(vec![Value::text("id"), Value::Null, Value::Null, Value::text("order")]),
        )]);
        message.set(APPLICATION_PROPERTIES, vec![(Value::text("country"), Value::text("de"))]);
        message
    }

    #[track_caller]
    fn check(sql: &str, expected: Option<bool>) {
        let filter = Filter::Sql(sql.to_owned());
        let found = filter.is_known().then(|| filter.takes(&message()));
        assert_eq!(found, expected, "{sql}");
    }

    #[test]
    fn the_part_of_sql_that_is_run() {
        check("1=1", Some(true));
        check("1 = 0", Some(false));
        check("country = 'de'", Some(true));
        check("[country]='fr'", Some(false));
        check("country = 'de' AND sys.Label = 'order'", Some(true));
        check("country = 'de' AND missing = 'x'", Some(false));
        check("country LIKE 'd%'", None);
        check("country = 'de' OR 1=1", None);
    }

    #[test]
    fn a_correlation_filter_takes_what_is_equal_in_everything_it_names() {
        let filter = |label: &str, country: &str| Filter::Correlation {
            standard: vec![("Label".to_owned(), label.to_owned())],
            properties: vec![("country".to_owned(), country.to_owned())],
        };
        assert!(filter("order", "de").takes(&message()));
        assert!(!filter("order", "fr").takes(&message()));
        assert!(!filter("other", "de").takes(&message()));
    }
}
