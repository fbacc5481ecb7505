//! Refusals, as each provider's own clients read errors, with our stable code inside.

use http::StatusCode;
use serde_json::json;
use wpc::Refused;

use crate::shape::{Endpoint, Shape};

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// The stable code.
    pub(crate) code: &'static str,
    /// What is wrong and what to do, for whoever asked. Nothing of requests, answers or keys.
    pub(crate) message: String,
    /// Whether the same request may succeed soon.
    pub(crate) soon: bool,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), soon: false }
    }

    /// The request is wrong.
    pub(crate) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Nothing is there.
    pub(crate) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// The policy does not allow it.
    pub(crate) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// There is not enough left, or too much at a time.
    pub(crate) fn too_many(code: &'static str, message: impl Into<String>, soon: bool) -> Self {
        Self { soon, ..Self::new(StatusCode::TOO_MANY_REQUESTS, code, message) }
    }

    /// What the provider did.
    pub(crate) fn upstream(code: &'static str, message: impl Into<String>) -> Self {
        let timeout = code == "upstream_timeout";
        let status = if timeout { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
        Self::new(status, code, message)
    }

    pub(crate) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_refused", "models are called with POST")
    }

    pub(crate) fn too_large() -> Self {
        let message = "the request is longer or nested deeper than a request may be";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// The ledger did not take what must be in it.
    pub(crate) fn unrecorded(code: &'static str) -> Self {
        if is_of_the_store(code) {
            let message = "the call cannot be recorded, so there is no answer; repair the ledger";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
        }
        Self::forbidden(code, "the job takes no receipt any more, so there is no answer; begin another job")
    }

    /// What a gate says.
    pub(crate) fn of_gate(refused: &Refused) -> Self {
        let code = refused.code();
        if is_of_the_store(code) {
            return Self::unrecorded(code);
        }
        let status =
            if code.starts_with("token_") { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
        Self::new(status, code, "the job may call no model now")
    }

    /// The body of an answer.
    pub(crate) fn body(&self, shape: Shape) -> Vec<u8> {
        let message = format!("{} ({})", self.message, self.code);
        let body = match shape {
            Shape::OpenAi => json!({ "error": {
                "message": message, "type": self.openai_type(), "param": null, "code": self.code,
            } }),
            Shape::Anthropic => self.anthropic(&message),
            Shape::Google => self.google(&message),
        };
        body.to_string().into_bytes()
    }

    /// The event that ends a stream.
    pub(crate) fn event(&self, endpoint: Endpoint) -> Vec<u8> {
        let message = format!("{} ({})", self.message, self.code);
        let event = match endpoint {
            Endpoint::Chat => format!("data: {}\n\n", String::from_utf8_lossy(&self.body(Shape::OpenAi))),
            Endpoint::Responses => {
                let error = json!({
                    "type": "error", "code": self.code, "message": message, "param": null,
                    "error": { "message": message, "type": self.openai_type(), "param": null, "code": self.code },
                });
                format!("event: error\ndata: {error}\n\n")
            }
            Endpoint::Messages => format!("event: error\ndata: {}\n\n", self.anthropic(&message)),
            Endpoint::Generate | Endpoint::GenerateStream => format!("data: {}\n\n", self.google(&message)),
        };
        event.into_bytes()
    }

    fn openai_type(&self) -> &'static str {
        match self.status.as_u16() {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "insufficient_quota",
            500.. => "server_error",
            _ => "invalid_request_error",
        }
    }

    fn anthropic(&self, message: &str) -> serde_json::Value {
        let kind = match self.status.as_u16() {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            500.. => "api_error",
            _ => "invalid_request_error",
        };
        json!({ "type": "error", "error": { "type": kind, "message": message, "code": self.code } })
    }

    fn google(&self, message: &str) -> serde_json::Value {
        let status = match self.status.as_u16() {
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            429 => "RESOURCE_EXHAUSTED",
            503 => "UNAVAILABLE",
            504 => "DEADLINE_EXCEEDED",
            500.. => "INTERNAL",
            _ => "INVALID_ARGUMENT",
        };
        let detail = json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": self.code, "domain": "wpc",
        });
        json!({ "error": {
            "code": self.status.as_u16(), "message": message, "status": status, "details": [detail],
        } })
    }
}

/// Whether a gate's code says that the ledger could not be read or written, rather than that it refuses.
pub(crate) fn is_of_the_store(code: &str) -> bool {
    ["ledger_", "store_", "clock_"].iter().any(|of| code.starts_with(of))
        || matches!(code, "gate_faulted" | "log_forked" | "randomness_unavailable")
}
