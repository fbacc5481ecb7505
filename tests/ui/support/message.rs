//! A message that describes itself, as a client's author writes it once.

use ::wpc::interface::azure_service_bus as interface;

#[derive(::core::fmt::Debug, ::core::default::Default)]
pub struct Message {
    pub body: ::std::vec::Vec<u8>,
    pub properties: ::std::collections::BTreeMap<::std::string::String, ::std::string::String>,
}

impl ::wpc::Describe<interface::Message> for Message {
    fn describe(&self) -> interface::MessageRecord<'_> {
        interface::MessageRecord {
            message_bytes: self.body.len() as u64,
            properties: ::core::convert::From::from(&self.properties),
            content_type: ::core::option::Option::None,
            session_id: ::core::option::Option::None,
            body: ::core::option::Option::Some(::wpc::Sealed::of(&self.body)),
        }
    }
}
