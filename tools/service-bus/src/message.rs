//! A message to send.

use std::collections::BTreeMap;

use wpc::interface::azure_service_bus as interface;
use wpc::{Describe, Sealed, TextMap};

use crate::dialect::encoded::measure;

/// Longest session id, in characters (Service Bus quotas).
const MAX_SESSION_ID: usize = 128;

/// Longest body, in bytes: the largest message of the Premium tier (Service Bus quotas).
pub const MAX_BODY_BYTES: usize = 100 << 20;

/// A message to send: a body, application properties, and what Service Bus reads of its standard
/// properties.
///
/// It has no message id: the client gives it `job:attempt:index` when the gate has admitted it, so
/// that a broker with duplicate detection recognises a message that was sent twice.
///
/// ```
/// use wpc_service_bus::Message;
/// let message = Message::builder(br#"{"id":7}"#)
///     .content_type("application/json")
///     .property("schema_version", "1")
///     .property("correlation_id", "c-7")
///     .build()?;
/// assert_eq!(message.properties()["schema_version"], "1");
/// # Ok::<(), wpc_service_bus::MessageError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    pub(crate) body: Vec<u8>,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) content_type: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) subject: Option<String>,
}

impl Message {
    /// A message with this body and nothing else yet.
    pub fn builder(body: impl Into<Vec<u8>>) -> MessageBuilder {
        let body = body.into();
        let message = Self {
            body,
            properties: BTreeMap::new(),
            content_type: None,
            session_id: None,
            correlation_id: None,
            subject: None,
        };
        MessageBuilder { message }
    }

    /// The body: one AMQP data section.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Application properties by name.
    #[must_use]
    pub fn properties(&self) -> &BTreeMap<String, String> {
        &self.properties
    }

    /// `content-type`, if it was given.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The session id, AMQP's `group-id`, if it was given.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// What a policy knows as `message_bytes`: the length in bytes of the encoded bare message
    /// (properties, application properties and body; OASIS AMQP 1.0 part 3, section 3.2), with a
    /// message id of 128 characters, the longest.
    ///
    /// So it does not depend on the id, which is only known when the call is admitted, and what is
    /// sent is never longer.
    #[must_use]
    pub fn message_bytes(&self) -> u64 {
        measure(self)
    }
}

/// What policies see of a message. Its subject and its standard correlation id are in no fact but
/// `message_bytes`; `body` says only that it is not empty.
impl Describe<interface::Message> for Message {
    fn describe(&self) -> interface::MessageRecord<'_> {
        interface::MessageRecord {
            message_bytes: self.message_bytes(),
            properties: TextMap::from(&self.properties),
            content_type: self.content_type(),
            session_id: self.session_id(),
            body: Some(Sealed::bytes(&self.body)).filter(|_| !self.body.is_empty()),
        }
    }
}

/// Builds a [`Message`].
#[derive(Clone, Debug)]
#[must_use = "a builder builds nothing by itself"]
pub struct MessageBuilder {
    message: Message,
}

impl MessageBuilder {
    /// Sets an application property; a second value for the same name replaces the first.
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.message.properties.insert(name.into(), value.into());
        self
    }

    /// Sets `content-type`, `application/json`.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.message.content_type = Some(content_type.into());
        self
    }

    /// Sets the session id.
    pub fn session_id(mut self, session_id: impl Into<String>) -> Self {
        self.message.session_id = Some(session_id.into());
        self
    }

    /// Sets `correlation-id`, the standard property; an application property may have that name too.
    pub fn correlation_id(mut self, correlation_id: impl Into<String>) -> Self {
        self.message.correlation_id = Some(correlation_id.into());
        self
    }

    /// Sets `subject`, which the Azure SDKs also call the label.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.message.subject = Some(subject.into());
        self
    }

    /// The message.
    ///
    /// # Errors
    ///
    /// [`MessageError`] only if the message could not be encoded or no broker could take it.
    pub fn build(self) -> Result<Message, MessageError> {
        let message = self.message;
        if message.body.len() > MAX_BODY_BYTES {
            return Err(MessageError::BodyTooLong { bytes: message.body.len() });
        }
        if message.properties.keys().any(String::is_empty) {
            return Err(MessageError::NamelessProperty);
        }
        // AMQP symbols are ASCII (part 1, section 1.6.21).
        if message
            .content_type
            .as_ref()
            .is_some_and(|text| !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '))
        {
            return Err(MessageError::ContentType);
        }
        if message.session_id.as_ref().is_some_and(|text| text.chars().count() > MAX_SESSION_ID) {
            return Err(MessageError::SessionIdTooLong);
        }
        let texts = [&message.correlation_id, &message.subject];
        let longest = message.properties.iter().flat_map(|(name, value)| [name.len(), value.len()]);
        let longest = longest.chain(texts.into_iter().flatten().map(String::len)).max().unwrap_or(0);
        if longest > MAX_BODY_BYTES {
            return Err(MessageError::TextTooLong { bytes: longest });
        }
        Ok(message)
    }
}

/// Why a message cannot be built.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The body is longer than [`MAX_BODY_BYTES`].
    #[error("the body has {bytes} bytes, more than {MAX_BODY_BYTES}")]
    BodyTooLong {
        /// Its length.
        bytes: usize,
    },
    /// Some text is longer than [`MAX_BODY_BYTES`].
    #[error("a property has {bytes} bytes, more than {MAX_BODY_BYTES}")]
    TextTooLong {
        /// Its length.
        bytes: usize,
    },
    /// An application property has an empty name.
    #[error("an application property has no name")]
    NamelessProperty,
    /// The content type is not printable ASCII.
    #[error("the content type is not printable ASCII")]
    ContentType,
    /// The id that the client would give it is longer than 128 characters.
    #[error("its message id is longer than 128 characters")]
    IdTooLong,
    /// The session id is longer than 128 characters.
    #[error("the session id is longer than {MAX_SESSION_ID} characters")]
    SessionIdTooLong,
}
