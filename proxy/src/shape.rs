//! The protocols of model providers: who speaks which, and what is called in them.

/// A protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// OpenAI's, and that of everybody who speaks it.
    OpenAi,
    /// Anthropic's.
    Anthropic,
    /// Google's, of the Gemini API.
    Google,
}

impl Shape {
    /// The protocol of a provider by its name in policies: all but two speak OpenAI's.
    #[must_use]
    pub fn of_provider(name: &str) -> Self {
        match name {
            "anthropic" => Self::Anthropic,
            "google" => Self::Google,
            _ => Self::OpenAi,
        }
    }
}

/// What is called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Endpoint {
    /// `/v1/chat/completions`.
    Chat,
    /// `/v1/responses`.
    Responses,
    /// `/v1/messages`.
    Messages,
    /// `/v1beta/models/MODEL:generateContent`, or `/v1`.
    Generate,
    /// `/v1beta/models/MODEL:streamGenerateContent`.
    GenerateStream,
}

impl Endpoint {
    pub(crate) const fn shape(self) -> Shape {
        match self {
            Self::Chat | Self::Responses => Shape::OpenAi,
            Self::Messages => Shape::Anthropic,
            Self::Generate | Self::GenerateStream => Shape::Google,
        }
    }
}
