//! When a call is decided, and what conditions read of it: `clock.time`, `clock.weekday`.

use std::sync::LazyLock;

use crate::{Step, Subject, Type, Value};

/// What conditions call the clock; no argument or field may have this name.
pub(crate) const CLOCK: &str = "clock";

const MS_PER_DAY: i64 = 86_400_000;
const MS_PER_HOUR: i64 = 3_600_000;
const MS_PER_MINUTE: i64 = 60_000;

/// From the day of 1970-01-01 on.
const WEEKDAYS: [&str; 7] = ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"];

/// What a decision depends on beside the policy and the call: the time at which it is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Moment {
    /// Unix milliseconds.
    pub now_ms: i64,
}

impl Moment {
    /// The moment at `now_ms`, Unix milliseconds.
    #[must_use]
    pub const fn at(now_ms: i64) -> Self {
        Self { now_ms }
    }

    /// `clock.time`: milliseconds since midnight, UTC.
    ///
    /// ```
    /// use wpc_model::Moment;
    /// assert_eq!(Moment::at(86_400_000 + 61_000).time_of_day(), 61_000);
    /// ```
    #[must_use]
    pub const fn time_of_day(self) -> i64 {
        self.now_ms.rem_euclid(MS_PER_DAY)
    }

    /// `clock.weekday`: `monday` to `sunday`, UTC.
    ///
    /// ```
    /// use wpc_model::Moment;
    /// assert_eq!((Moment::at(0).weekday(), Moment::at(-1).weekday()), ("thursday", "wednesday"));
    /// ```
    #[must_use]
    pub fn weekday(self) -> &'static str {
        let day = usize::try_from(self.now_ms.div_euclid(MS_PER_DAY).rem_euclid(7)).unwrap_or_default();
        WEEKDAYS.get(day).copied().unwrap_or_default()
    }

    /// What stands at the end of a path into the clock.
    pub(crate) fn read(self, steps: &[Step]) -> Option<Value> {
        match steps {
            [Step::Field(part)] if part == "time" => Some(Value::Int(self.time_of_day())),
            [Step::Field(part)] if part == "weekday" => Some(Value::text(self.weekday())),
            _ => None,
        }
    }
}

impl Subject {
    /// Whether it is read of the clock and not of the call.
    ///
    /// ```
    /// use wpc_model::Subject;
    /// assert!(Subject::from_text("clock.time").is_some_and(|subject| subject.is_of_clock()));
    /// ```
    #[must_use]
    pub fn is_of_clock(&self) -> bool {
        self.name == CLOCK
    }

    /// The type of a subject that is read of the clock: `clock.time` is held as a duration since
    /// midnight, `clock.weekday` is a choice. `None` if the clock has no such part.
    #[must_use]
    pub fn clock_type(&self) -> Option<&'static Type> {
        static TIME: Type = Type::Duration;
        static WEEKDAY: LazyLock<Type> = LazyLock::new(|| {
            let mut words = WEEKDAYS.map(str::to_owned).to_vec();
            words.sort_unstable();
            Type::Choice(words)
        });
        match (self.quantifier, self.steps.as_slice()) {
            (None, [Step::Field(part)]) if part == "time" => Some(&TIME),
            (None, [Step::Field(part)]) if part == "weekday" => Some(&WEEKDAY),
            _ => None,
        }
    }
}

/// Reads a time of day, `09:30`, as milliseconds since midnight.
///
/// ```
/// assert_eq!(wpc_model::parse_time_of_day("09:30"), Some(34_200_000));
/// assert_eq!(wpc_model::parse_time_of_day("9:30"), None);
/// ```
#[must_use]
pub fn parse_time_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str, below: i64| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i64>().ok().filter(|number| digits && *number < below)
    };
    let minutes = number(minute, 60)?.checked_mul(MS_PER_MINUTE)?;
    number(hour, 24)?.checked_mul(MS_PER_HOUR)?.checked_add(minutes)
}

/// Writes milliseconds since midnight as people do: `09:30`, with seconds where there are any.
#[must_use]
pub fn time_of_day_text(ms: i64) -> String {
    let (hour, minute) = (ms / MS_PER_HOUR, ms / MS_PER_MINUTE % 60);
    let (second, rest) = (ms / 1_000 % 60, ms % 1_000);
    match (second, rest) {
        (0, 0) => format!("{hour:02}:{minute:02}"),
        (_, 0) => format!("{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}.{rest:03}"),
    }
}
