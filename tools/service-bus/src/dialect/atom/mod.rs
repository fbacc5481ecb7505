//! Descriptions of entities and rules, as the administration API writes them: ATOM entries.
//!
//! Sources: "Service Bus resource provider REST API" (entries, feeds, paths), and the order of elements in
//! Azure's Python SDK 7.15.0, because a setting that comes too late is silently not set.

mod read;
mod rule;
mod settings;

use std::collections::BTreeMap;

use quick_xml::escape::escape;

use crate::BusError;
pub(crate) use read::entries;
pub(crate) use settings::Described;

/// The version of the API.
pub(crate) const API_VERSION: &str = "2021-05";

/// The media type of what is sent.
pub(crate) const MEDIA_TYPE: &str = "application/atom+xml;type=entry;charset=utf-8";

const ATOM: &str = "http://www.w3.org/2005/Atom";
const SERVICE_BUS: &str = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// One entity or rule, as it was described.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: String,
    /// Its settings, in the order in which they came.
    pub(crate) settings: Vec<(String, String)>,
}

/// The entry that describes an entity by `settings`.
///
/// # Errors
///
/// [`BusError::UnknownSetting`] if a setting is none of such an entity.
pub(crate) fn describe(of: Described, settings: &BTreeMap<String, String>) -> Result<String, BusError> {
    if let Some(setting) = settings.keys().find(|setting| !of.settings().contains(&setting.as_str())) {
        return Err(BusError::UnknownSetting { setting: setting.clone(), of: of.word() });
    }
    let mut content = String::new();
    for name in of.settings() {
        if let Some(value) = settings.get(*name) {
            element(&mut content, name, value);
        }
    }
    Ok(entry(of.element(), &content))
}

/// The entry that describes a rule by `settings`.
///
/// # Errors
///
/// [`BusError::UnknownSetting`] if a setting is none of a rule, or there is not one filter.
pub(crate) fn describe_rule(name: &str, settings: &BTreeMap<String, String>) -> Result<String, BusError> {
    Ok(entry("RuleDescription", &rule::write(name, settings)?))
}

fn entry(element: &str, content: &str) -> String {
    format!(
        r#"<entry xmlns="{ATOM}"><content type="application/xml"><{element} xmlns="{SERVICE_BUS}" xmlns:i="{INSTANCE}">{content}</{element}></content></entry>"#
    )
}

fn element(out: &mut String, name: &str, value: &str) {
    out.push_str(&format!("<{name}>{}</{name}>", escape(value)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn settings_are_written_in_the_order_of_the_api_whatever_that_of_the_map() {
        let given = settings(&[("ForwardTo", "a&b"), ("LockDuration", "PT1M"), ("MaxDeliveryCount", "3")]);
        let written = describe(Described::Queue, &given).unwrap();
        assert!(
            written.contains(
                "<LockDuration>PT1M</LockDuration><MaxDeliveryCount>3</MaxDeliveryCount><ForwardTo>a&amp;b</ForwardTo>"
            ),
            "{written}"
        );
    }

    #[test]
    fn what_is_no_setting_is_not_sent() {
        for (of, setting) in [
            (Described::Queue, "lockDuration"),
            (Described::Queue, "AuthorizationRules"),
            (Described::Topic, "LockDuration"),
            (Described::Subscription, "MaxSizeInMegabytes"),
        ] {
            let error = describe(of, &settings(&[(setting, "x")])).unwrap_err();
            assert_eq!(error.code(), "unknown_setting", "{setting}");
        }
        for rule in [
            &[][..],
            &[("SqlAction", "SET a = 1")],
            &[("SqlFilter", "1=1"), ("CorrelationFilter.Label", "x")],
            &[("CorrelationFilter.Nothing", "x")],
            &[("CorrelationFilter.Properties.", "x")],
            &[("SqlFilter", "1=1"), ("Other", "x")],
        ] {
            assert_eq!(
                describe_rule("r", &settings(rule)).unwrap_err().code(),
                "unknown_setting",
                "{rule:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_was_described_reads_the_same(
            count in "[0-9]{1,3}",
            note in "[ -~äé&<>\"']{0,40}",
            label in proptest::option::of("[a-z<&]{1,9}"),
            value in "\\PC{0,20}",
        ) {
            let given = settings(&[("MaxDeliveryCount", &count), ("UserMetadata", &note)]);
            let read = entries(&describe(Described::Queue, &given).unwrap()).unwrap();
            let found: BTreeMap<_, _> = read[0].settings.iter().cloned().collect();
            prop_assert_eq!(found, given);

            let mut rule = settings(&[("CorrelationFilter.Properties.country", &value), ("SqlAction", "SET a = 1")]);
            if let Some(label) = label {
                rule.insert("CorrelationFilter.Label".to_owned(), label);
            }
            let read = entries(&describe_rule("r", &rule).unwrap()).unwrap();
            prop_assert_eq!(&read[0].name, "r");
            let found: BTreeMap<_, _> = read[0].settings.iter().cloned().collect();
            prop_assert_eq!(found, rule);
        }

        #[test]
        fn no_text_is_read_without_an_end(text in "[<>/a-z\"= &;]{0,200}") {
            let _ = entries(&text);
        }
    }
}
