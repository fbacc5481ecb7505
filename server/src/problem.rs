//! Why not: problem details (RFC 9457) with stable codes.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use wpc_client::signed::RequestError;
use wpc_client::wire::Problem;
use wpc_evidence::statement::StatementError;
use wpc_evidence::{RandomError, SignatureError};

use crate::store::StoreError;

/// What the types of problems begin with; the code follows.
pub const TYPE: &str = "urn:wpc:code:";

macro_rules! codes {
    ($($variant:ident $word:literal $status:ident $title:literal,)*) => {
        /// A stable code of the control plane's own.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What it means.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }
        }
    };
}

codes! {
    RequestReplayed "request_replayed" UNAUTHORIZED "the request was sent before",
    SignerUnknown "signer_unknown" UNAUTHORIZED "nobody in the trust file has the key that signed the request",
    Forbidden "forbidden" FORBIDDEN "the signer's roles do not allow this",
    NotFound "not_found" NOT_FOUND "there is no such resource",
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "the resource does not have this method",
    BodyMalformed "body_malformed" BAD_REQUEST "the body is not what this path takes",
    QueryMalformed "query_malformed" BAD_REQUEST "a part of the path or of the query is not what this path takes",
    BodyTooLarge "too_large" PAYLOAD_TOO_LARGE "the body is larger than this path takes",
    RateLimited "rate_limited" TOO_MANY_REQUESTS "too many requests",
    Overloaded "overloaded" SERVICE_UNAVAILABLE "too much is being asked; come again",
    TimedOut "timed_out" SERVICE_UNAVAILABLE "the answer took too long",
    Stopping "stopping" SERVICE_UNAVAILABLE "the control plane is stopping",
    StoreUnavailable "store_unavailable" SERVICE_UNAVAILABLE "the store is unavailable",
    ObjectsUnavailable "objects_unavailable" SERVICE_UNAVAILABLE "the object store is unavailable",
    ObjectDamaged "object_damaged" INTERNAL_SERVER_ERROR "the object store holds something else than was stored",
    ClockBehind "clock_behind" SERVICE_UNAVAILABLE "the clock is behind what was written",
    PolicyHashInvalid "policy_hash_invalid" BAD_REQUEST "a policy's hash has 43 characters of base64url",
    PolicyHashMismatch "policy_hash_mismatch" BAD_REQUEST "the policy has another hash",
    PolicyUnknown "policy_unknown" NOT_FOUND "no such policy was stored",
    AuthorSignatureRequired "author_signature_required" BAD_REQUEST "policies are signed by their authors, never by the registry",
    PolicyNotReleased "policy_not_released" CONFLICT "the policy is not the current release of its name",
    PolicyNameMismatch "policy_name_mismatch" BAD_REQUEST "the release is of a policy of another name",
    ReleaseRefused "release_refused" CONFLICT "the release does not follow the last one",
    ToolStopped "tool_stopped" FORBIDDEN "a tool of the policy is stopped",
    StopUnknown "stop_unknown" NOT_FOUND "the tool is not stopped",
    ScopeInvalid "scope_invalid" BAD_REQUEST "a scope is an array of texts of 1 to 128 characters",
    ScopeWildcard "scope_wildcard" BAD_REQUEST "a scope has no wildcards",
    ScopeNotAllowed "scope_not_allowed" BAD_REQUEST "this control plane does not grant such a scope",
    ScopeSensitive "scope_sensitive" FORBIDDEN "control of the control plane is not granted by tokens",
    TtlTooLong "ttl_too_long" BAD_REQUEST "the policy does not let tokens live so long",
    TtlExpired "ttl_expired" BAD_REQUEST "the token would have expired",
    ChainRequired "canonical_chain_required" BAD_REQUEST "the canonical lane needs owner_did, controller_did and agent_did",
    ChainMismatch "canonical_agent_sub_mismatch" BAD_REQUEST "agent_did is not sub",
    IssueRefused "token_refused" BAD_REQUEST "no gate would take such a token",
    JobTaken "job_taken" CONFLICT "the job is another agent's, ledger's or policy's",
    Revoked "revoked" FORBIDDEN "this was revoked",
    TokenMalformed "token_malformed" UNAUTHORIZED "not a token",
    TokenUnknown "token_unknown" UNAUTHORIZED "this control plane did not issue the token",
    TokenExpired "token_expired" UNAUTHORIZED "the token has expired",
    TokenHashInvalid "token_hash_invalid" BAD_REQUEST "token_hash is SHA-256 in 64 hexadecimal digits",
    NothingToRevoke "revocation_invalid" BAD_REQUEST "nothing that can be revoked is named",
    LiftUnfounded "lift_unfounded" CONFLICT "what is to be lifted is not revoked",
    JobOpenElsewhere "job_open_elsewhere" CONFLICT "another ledger opened the job, or this one did with another entry",
    JobUnknown "job_unknown" NOT_FOUND "no such job is open",
    LedgerMismatch "ledger_mismatch" FORBIDDEN "the request is not signed with the ledger's key",
    LedgerUnknown "ledger_unknown" NOT_FOUND "no checkpoint of such a ledger is known",
    CheckpointRefused "checkpoint_refused" BAD_REQUEST "not a checkpoint that the ledger signed",
    CheckpointBehind "ledger_behind_checkpoint" CONFLICT "the ledger is behind a checkpoint that it pushed: this is an older copy",
    CheckpointForked "checkpoint_inconsistent" CONFLICT "the ledger's log is not a continuation of what it pushed",
    LeavesMissing "leaves_missing" BAD_REQUEST "the leaves do not lead from the known size to the checkpoint's",
    RequestUnknown "request_unknown" NOT_FOUND "no such approval request is known",
    ApprovalRepeated "approval_replayed" CONFLICT "the approver used this nonce before",
    BundleRefused "bundle_refused" BAD_REQUEST "the bundle does not verify",
    BundleUnknown "bundle_unknown" NOT_FOUND "no such bundle is stored",
    LinkRefused "link_refused" FORBIDDEN "the link is not this control plane's, or its time is over",
}

/// A request is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) detail: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: Code) -> Self {
        Self { code: code.word(), title: code.title(), status: code.status(), detail: None }
    }

    /// With what of this request.
    pub(crate) fn because(self, detail: impl std::fmt::Display) -> Self {
        Self { detail: Some(detail.to_string()), ..self }
    }

    /// What a library refused, in the library's code.
    pub(crate) fn of(code: Code, word: &'static str, detail: impl std::fmt::Display) -> Self {
        Self { code: word, ..Self::new(code).because(detail) }
    }

    /// The answer's body, in the words of `path`'s users.
    pub(crate) fn problem(&self, path: &str) -> Problem {
        let mut problem = Problem {
            kind: format!("{TYPE}{}", self.code),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.clone(),
            ok: None,
            error: None,
            message: None,
        };
        if path == "/v1/wpc" || path.starts_with("/v1/wpc/") {
            problem.ok = Some(false);
            problem.error = Some(json!({ "code": self.of_clawcontrols(), "message": self.title }));
        } else if ["/v1/tokens", "/v1/revocations", "/v1/keys", "/v1/did", "/v1/jwks"]
            .iter()
            .any(|of| path.starts_with(of))
        {
            problem.error = Some(json!(self.of_clawscope()));
            problem.message = Some(self.title.to_owned());
        }
        problem
    }

    fn of_clawcontrols(&self) -> String {
        match self.code {
            "policy_hash_invalid" => "INVALID_POLICY_HASH",
            "policy_unknown" => "WPC_NOT_FOUND",
            "too_large" => "PAYLOAD_TOO_LARGE",
            "body_malformed" => "INVALID_REQUEST",
            "object_damaged" => "WPC_CORRUPTED",
            "author_signature_required" => "INVALID_WPC",
            _ if self.status == StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
            other => return other.to_uppercase(),
        }
        .to_owned()
    }

    fn of_clawscope(&self) -> String {
        match self.code {
            "token_unknown" => "TOKEN_SIGNATURE_INVALID",
            "token_hash_invalid" => "INVALID_TOKEN_HASH",
            "scope_invalid" | "body_malformed" => "INVALID_REQUEST",
            "scope_wildcard" => "SCOPE_WILDCARD_NOT_ALLOWED",
            "scope_sensitive" => "LEGACY_SENSITIVE_SCOPE_FORBIDDEN",
            "request_unsigned" | "signer_unknown" => "UNAUTHORIZED",
            other => return other.to_uppercase(),
        }
        .to_owned()
    }
}

/// The body is written where the path is known.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(code = error.code(), %error, "store");
        match error {
            StoreError::ClockBehind(_) => Self::new(Code::ClockBehind),
            StoreError::Unavailable(_)
            | StoreError::Damaged(_)
            | StoreError::Foreign(_)
            | StoreError::Tampered => Self { code: error.code(), ..Self::new(Code::StoreUnavailable) },
        }
    }
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        let digest = matches!(error, RequestError::Digest);
        Self {
            code: error.code(),
            title: "the request's signature is refused",
            status: if digest { StatusCode::BAD_REQUEST } else { StatusCode::UNAUTHORIZED },
            detail: Some(error.to_string()),
        }
    }
}

impl From<StatementError> for Refusal {
    fn from(error: StatementError) -> Self {
        Self {
            code: error.code(),
            title: "the signed statement is refused",
            status: StatusCode::BAD_REQUEST,
            detail: Some(error.to_string()),
        }
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        StatementError::Signature(error).into()
    }
}

impl From<RandomError> for Refusal {
    fn from(error: RandomError) -> Self {
        Self { code: error.code(), ..Self::new(Code::StoreUnavailable) }
    }
}
