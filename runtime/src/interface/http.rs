//! Requests to web servers.
//!
//! The server is the resource, so that an allowlist names hosts. What the tool measures is what it is
//! about to do: the address that the name led to, and the bytes that it would send.
//!
//! @generated from `compiler/interfaces/http.wpc`: do not edit.

/// Asks the server to delete something.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Delete {}
/// Every argument of `delete`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct DeleteArguments<'a> {
    /// where the name led to; the connection goes there and nowhere else
    pub address: &'a ::core::primitive::str,
    /// those that the caller sets
    pub headers: crate::TextMap<'a>,
    /// without the query
    pub path: &'a ::core::primitive::str,
    /// 80 or 443, unless the request says otherwise
    pub port: ::core::primitive::i64,
    /// what follows the `?`
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`.
    pub scheme: DeleteScheme,
}
/// Arguments of `delete` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct DeleteOverrides<'a> {
    /// `address`, if it is stated.
    pub address: ::core::option::Option<&'a ::core::primitive::str>,
    /// `headers`, if it is stated.
    pub headers: ::core::option::Option<crate::TextMap<'a>>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
    /// `port`, if it is stated.
    pub port: ::core::option::Option<::core::primitive::i64>,
    /// `query`, if it is stated.
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`, if it is stated.
    pub scheme: ::core::option::Option<DeleteScheme>,
}
#[automatically_derived]
impl crate::Interface for Delete {
    const TOOL: &'static ::core::primitive::str = "http";
    const ACTION: &'static ::core::primitive::str = "delete";
    type Facts<'a> = DeleteArguments<'a>;
    type Overrides<'a> = DeleteOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: DeleteOverrides<'o>,
    ) -> crate::__private::Measured<DeleteArguments<'a>> {
        ::core::result::Result::Ok(DeleteArguments {
            address: crate::__private::stated("address", overrides.address)?,
            headers: crate::__private::stated("headers", overrides.headers)?,
            path: crate::__private::stated("path", overrides.path)?,
            port: crate::__private::stated("port", overrides.port)?,
            query: overrides.query,
            scheme: crate::__private::stated("scheme", overrides.scheme)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for DeleteArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("address", &self.address)
            .required("headers", &self.headers)
            .required("path", &self.path)
            .required("port", &self.port)
            .optional("query", &self.query)
            .required("scheme", &self.scheme)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Delete {
    type Fields<'a> = DeleteArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Delete {
    fn of_arguments<'a, 'o: 'a>(
        described: DeleteArguments<'a>,
        overrides: DeleteOverrides<'o>,
    ) -> crate::__private::Measured<DeleteArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(DeleteArguments {
            address: described.address,
            headers: crate::__private::agreed(
                "headers",
                overrides.headers,
                described.headers,
            )?,
            path: crate::__private::agreed("path", overrides.path, described.path)?,
            port: crate::__private::agreed("port", overrides.port, described.port)?,
            query: crate::__private::agreed_if_any(
                "query",
                overrides.query,
                described.query,
            )?,
            scheme: crate::__private::agreed(
                "scheme",
                overrides.scheme,
                described.scheme,
            )?,
        })
    }
}
/// `scheme` of `delete`.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::Eq,
    ::core::cmp::PartialEq
)]
pub enum DeleteScheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}
#[automatically_derived]
impl crate::argument::Choice for DeleteScheme {
    fn word(self) -> &'static ::core::primitive::str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
#[automatically_derived]
impl crate::argument::Type for DeleteScheme {
    type Value<'a> = Self;
    type Members<'a> = &'a [Self];
    type Entries<'a> = crate::Pairs<'a, Self>;
}
#[automatically_derived]
impl crate::argument::Argument<Self> for DeleteScheme {
    fn to_value(&self) -> Self {
        *self
    }
}
#[automatically_derived]
impl crate::__private::Fact for DeleteScheme {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fact::value(&crate::argument::Choice::word(*self), seal)
    }
}
/// Asks for something.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Get {}
/// Every argument of `get`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct GetArguments<'a> {
    /// where the name led to; the connection goes there and nowhere else
    pub address: &'a ::core::primitive::str,
    /// those that the caller sets
    pub headers: crate::TextMap<'a>,
    /// without the query
    pub path: &'a ::core::primitive::str,
    /// 80 or 443, unless the request says otherwise
    pub port: ::core::primitive::i64,
    /// what follows the `?`
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`.
    pub scheme: GetScheme,
}
/// Arguments of `get` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct GetOverrides<'a> {
    /// `address`, if it is stated.
    pub address: ::core::option::Option<&'a ::core::primitive::str>,
    /// `headers`, if it is stated.
    pub headers: ::core::option::Option<crate::TextMap<'a>>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
    /// `port`, if it is stated.
    pub port: ::core::option::Option<::core::primitive::i64>,
    /// `query`, if it is stated.
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`, if it is stated.
    pub scheme: ::core::option::Option<GetScheme>,
}
#[automatically_derived]
impl crate::Interface for Get {
    const TOOL: &'static ::core::primitive::str = "http";
    const ACTION: &'static ::core::primitive::str = "get";
    type Facts<'a> = GetArguments<'a>;
    type Overrides<'a> = GetOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: GetOverrides<'o>,
    ) -> crate::__private::Measured<GetArguments<'a>> {
        ::core::result::Result::Ok(GetArguments {
            address: crate::__private::stated("address", overrides.address)?,
            headers: crate::__private::stated("headers", overrides.headers)?,
            path: crate::__private::stated("path", overrides.path)?,
            port: crate::__private::stated("port", overrides.port)?,
            query: overrides.query,
            scheme: crate::__private::stated("scheme", overrides.scheme)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for GetArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("address", &self.address)
            .required("headers", &self.headers)
            .required("path", &self.path)
            .required("port", &self.port)
            .optional("query", &self.query)
            .required("scheme", &self.scheme)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Get {
    type Fields<'a> = GetArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Get {
    fn of_arguments<'a, 'o: 'a>(
        described: GetArguments<'a>,
        overrides: GetOverrides<'o>,
    ) -> crate::__private::Measured<GetArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(GetArguments {
            address: described.address,
            headers: crate::__private::agreed(
                "headers",
                overrides.headers,
                described.headers,
            )?,
            path: crate::__private::agreed("path", overrides.path, described.path)?,
            port: crate::__private::agreed("port", overrides.port, described.port)?,
            query: crate::__private::agreed_if_any(
                "query",
                overrides.query,
                described.query,
            )?,
            scheme: crate::__private::agreed(
                "scheme",
                overrides.scheme,
                described.scheme,
            )?,
        })
    }
}
/// `scheme` of `get`.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::Eq,
    ::core::cmp::PartialEq
)]
pub enum GetScheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}
#[automatically_derived]
impl crate::argument::Choice for GetScheme {
    fn word(self) -> &'static ::core::primitive::str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
#[automatically_derived]
impl crate::argument::Type for GetScheme {
    type Value<'a> = Self;
    type Members<'a> = &'a [Self];
    type Entries<'a> = crate::Pairs<'a, Self>;
}
#[automatically_derived]
impl crate::argument::Argument<Self> for GetScheme {
    fn to_value(&self) -> Self {
        *self
    }
}
#[automatically_derived]
impl crate::__private::Fact for GetScheme {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fact::value(&crate::argument::Choice::word(*self), seal)
    }
}
/// Asks for something.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Head {}
/// Every argument of `head`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct HeadArguments<'a> {
    /// where the name led to; the connection goes there and nowhere else
    pub address: &'a ::core::primitive::str,
    /// those that the caller sets
    pub headers: crate::TextMap<'a>,
    /// without the query
    pub path: &'a ::core::primitive::str,
    /// 80 or 443, unless the request says otherwise
    pub port: ::core::primitive::i64,
    /// what follows the `?`
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`.
    pub scheme: HeadScheme,
}
/// Arguments of `head` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct HeadOverrides<'a> {
    /// `address`, if it is stated.
    pub address: ::core::option::Option<&'a ::core::primitive::str>,
    /// `headers`, if it is stated.
    pub headers: ::core::option::Option<crate::TextMap<'a>>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
    /// `port`, if it is stated.
    pub port: ::core::option::Option<::core::primitive::i64>,
    /// `query`, if it is stated.
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`, if it is stated.
    pub scheme: ::core::option::Option<HeadScheme>,
}
#[automatically_derived]
impl crate::Interface for Head {
    const TOOL: &'static ::core::primitive::str = "http";
    const ACTION: &'static ::core::primitive::str = "head";
    type Facts<'a> = HeadArguments<'a>;
    type Overrides<'a> = HeadOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: HeadOverrides<'o>,
    ) -> crate::__private::Measured<HeadArguments<'a>> {
        ::core::result::Result::Ok(HeadArguments {
            address: crate::__private::stated("address", overrides.address)?,
            headers: crate::__private::stated("headers", overrides.headers)?,
            path: crate::__private::stated("path", overrides.path)?,
            port: crate::__private::stated("port", overrides.port)?,
            query: overrides.query,
            scheme: crate::__private::stated("scheme", overrides.scheme)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for HeadArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("address", &self.address)
            .required("headers", &self.headers)
            .required("path", &self.path)
            .required("port", &self.port)
            .optional("query", &self.query)
            .required("scheme", &self.scheme)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Head {
    type Fields<'a> = HeadArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Head {
    fn of_arguments<'a, 'o: 'a>(
        described: HeadArguments<'a>,
        overrides: HeadOverrides<'o>,
    ) -> crate::__private::Measured<HeadArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(HeadArguments {
            address: described.address,
            headers: crate::__private::agreed(
                "headers",
                overrides.headers,
                described.headers,
            )?,
            path: crate::__private::agreed("path", overrides.path, described.path)?,
            port: crate::__private::agreed("port", overrides.port, described.port)?,
            query: crate::__private::agreed_if_any(
                "query",
                overrides.query,
                described.query,
            )?,
            scheme: crate::__private::agreed(
                "scheme",
                overrides.scheme,
                described.scheme,
            )?,
        })
    }
}
/// `scheme` of `head`.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::Eq,
    ::core::cmp::PartialEq
)]
pub enum HeadScheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}
#[automatically_derived]
impl crate::argument::Choice for HeadScheme {
    fn word(self) -> &'static ::core::primitive::str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
#[automatically_derived]
impl crate::argument::Type for HeadScheme {
    type Value<'a> = Self;
    type Members<'a> = &'a [Self];
    type Entries<'a> = crate::Pairs<'a, Self>;
}
#[automatically_derived]
impl crate::argument::Argument<Self> for HeadScheme {
    fn to_value(&self) -> Self {
        *self
    }
}
#[automatically_derived]
impl crate::__private::Fact for HeadScheme {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fact::value(&crate::argument::Choice::word(*self), seal)
    }
}
/// Asks for something.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Options {}
/// Every argument of `options`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct OptionsArguments<'a> {
    /// where the name led to; the connection goes there and nowhere else
    pub address: &'a ::core::primitive::str,
    /// those that the caller sets
    pub headers: crate::TextMap<'a>,
    /// without the query
    pub path: &'a ::core::primitive::str,
    /// 80 or 443, unless the request says otherwise
    pub port: ::core::primitive::i64,
    /// what follows the `?`
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`.
    pub scheme: OptionsScheme,
}
/// Arguments of `options` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct OptionsOverrides<'a> {
    /// `address`, if it is stated.
    pub address: ::core::option::Option<&'a ::core::primitive::str>,
    /// `headers`, if it is stated.
    pub headers: ::core::option::Option<crate::TextMap<'a>>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
    /// `port`, if it is stated.
    pub port: ::core::option::Option<::core::primitive::i64>,
    /// `query`, if it is stated.
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`, if it is stated.
    pub scheme: ::core::option::Option<OptionsScheme>,
}
#[automatically_derived]
impl crate::Interface for Options {
    const TOOL: &'static ::core::primitive::str = "http";
    const ACTION: &'static ::core::primitive::str = "options";
    type Facts<'a> = OptionsArguments<'a>;
    type Overrides<'a> = OptionsOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: OptionsOverrides<'o>,
    ) -> crate::__private::Measured<OptionsArguments<'a>> {
        ::core::result::Result::Ok(OptionsArguments {
            address: crate::__private::stated("address", overrides.address)?,
            headers: crate::__private::stated("headers", overrides.headers)?,
            path: crate::__private::stated("path", overrides.path)?,
            port: crate::__private::stated("port", overrides.port)?,
            query: overrides.query,
            scheme: crate::__private::stated("scheme", overrides.scheme)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for OptionsArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("address", &self.address)
            .required("headers", &self.headers)
            .required("path", &self.path)
            .required("port", &self.port)
            .optional("query", &self.query)
            .required("scheme", &self.scheme)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Options {
    type Fields<'a> = OptionsArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Options {
    fn of_arguments<'a, 'o: 'a>(
        described: OptionsArguments<'a>,
        overrides: OptionsOverrides<'o>,
    ) -> crate::__private::Measured<OptionsArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(OptionsArguments {
            address: described.address,
            headers: crate::__private::agreed(
                "headers",
                overrides.headers,
                described.headers,
            )?,
            path: crate::__private::agreed("path", overrides.path, described.path)?,
            port: crate::__private::agreed("port", overrides.port, described.port)?,
            query: crate::__private::agreed_if_any(
                "query",
                overrides.query,
                described.query,
            )?,
            scheme: crate::__private::agreed(
                "scheme",
                overrides.scheme,
                described.scheme,
            )?,
        })
    }
}
/// `scheme` of `options`.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::Eq,
    ::core::cmp::PartialEq
)]
pub enum OptionsScheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}
#[automatically_derived]
impl crate::argument::Choice for OptionsScheme {
    fn word(self) -> &'static ::core::primitive::str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
#[automatically_derived]
impl crate::argument::Type for OptionsScheme {
    type Value<'a> = Self;
    type Members<'a> = &'a [Self];
    type Entries<'a> = crate::Pairs<'a, Self>;
}
#[automatically_derived]
impl crate::argument::Argument<Self> for OptionsScheme {
    fn to_value(&self) -> Self {
        *self
    }
}
#[automatically_derived]
impl crate::__private::Fact for OptionsScheme {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fact::value(&crate::argument::Choice::word(*self), seal)
    }
}
/// Sends something.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Patch {}
/// Every argument of `patch`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct PatchArguments<'a> {
    /// where the name led to; the connection goes there and nowhere else
    pub address: &'a ::core::primitive::str,
    /// what it says
    pub body: ::core::option::Option<crate::Sealed<'a>>,
    /// size of the body
    ///
    /// In bytes.
    pub body_bytes: ::core::primitive::u64,
    /// what the body is, `application/json`
    pub content_type: ::core::option::Option<&'a ::core::primitive::str>,
    /// those that the caller sets
    pub headers: crate::TextMap<'a>,
    /// without the query
    pub path: &'a ::core::primitive::str,
    /// 80 or 443, unless the request says otherwise
    pub port: ::core::primitive::i64,
    /// what follows the `?`
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`.
    pub scheme: PatchScheme,
}
/// Arguments of `patch` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct PatchOverrides<'a> {
    /// `address`, if it is stated.
    pub address: ::core::option::Option<&'a ::core::primitive::str>,
    /// `body`, if it is stated.
    pub body: ::core::option::Option<crate::Sealed<'a>>,
    /// `body_bytes`, if it is stated.
    pub body_bytes: ::core::option::Option<::core::primitive::u64>,
    /// `content_type`, if it is stated.
    pub content_type: ::core::option::Option<&'a ::core::primitive::str>,
    /// `headers`, if it is stated.
    pub headers: ::core::option::Option<crate::TextMap<'a>>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
    /// `port`, if it is stated.
    pub port: ::core::option::Option<::core::primitive::i64>,
    /// `query`, if it is stated.
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`, if it is stated.
    pub scheme: ::core::option::Option<PatchScheme>,
}
#[automatically_derived]
impl crate::Interface for Patch {
    const TOOL: &'static ::core::primitive::str = "http";
    const ACTION: &'static ::core::primitive::str = "patch";
    type Facts<'a> = PatchArguments<'a>;
    type Overrides<'a> = PatchOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: PatchOverrides<'o>,
    ) -> crate::__private::Measured<PatchArguments<'a>> {
        ::core::result::Result::Ok(PatchArguments {
            address: crate::__private::stated("address", overrides.address)?,
            body: overrides.body,
            body_bytes: crate::__private::stated("body_bytes", overrides.body_bytes)?,
            content_type: overrides.content_type,
            headers: crate::__private::stated("headers", overrides.headers)?,
            path: crate::__private::stated("path", overrides.path)?,
            port: crate::__private::stated("port", overrides.port)?,
            query: overrides.query,
            scheme: crate::__private::stated("scheme", overrides.scheme)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for PatchArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("address", &self.address)
            .optional("body", &self.body)
            .required("body_bytes", &self.body_bytes)
            .optional("content_type", &self.content_type)
            .required("headers", &self.headers)
            .required("path", &self.path)
            .required("port", &self.port)
            .optional("query", &self.query)
            .required("scheme", &self.scheme)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Patch {
    type Fields<'a> = PatchArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Patch {
    fn of_arguments<'a, 'o: 'a>(
        described: PatchArguments<'a>,
        overrides: PatchOverrides<'o>,
    ) -> crate::__private::Measured<PatchArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(PatchArguments {
            address: described.address,
            body: crate::__private::agreed_if_any(
                "body",
                overrides.body,
                described.body,
            )?,
            body_bytes: described.body_bytes,
            content_type: crate::__private::agreed_if_any(
                "content_type",
                overrides.content_type,
                described.content_type,
            )?,
            headers: crate::__private::agreed(
                "headers",
                overrides.headers,
                described.headers,
            )?,
            path: crate::__private::agreed("path", overrides.path, described.path)?,
            port: crate::__private::agreed("port", overrides.port, described.port)?,
            query: crate::__private::agreed_if_any(
                "query",
                overrides.query,
                described.query,
            )?,
            scheme: crate::__private::agreed(
                "scheme",
                overrides.scheme,
                described.scheme,
            )?,
        })
    }
}
/// `scheme` of `patch`.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::Eq,
    ::core::cmp::PartialEq
)]
pub enum PatchScheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}
#[automatically_derived]
impl crate::argument::Choice for PatchScheme {
    fn word(self) -> &'static ::core::primitive::str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
#[automatically_derived]
impl crate::argument::Type for PatchScheme {
    type Value<'a> = Self;
    type Members<'a> = &'a [Self];
    type Entries<'a> = crate::Pairs<'a, Self>;
}
#[automatically_derived]
impl crate::argument::Argument<Self> for PatchScheme {
    fn to_value(&self) -> Self {
        *self
    }
}
#[automatically_derived]
impl crate::__private::Fact for PatchScheme {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fact::value(&crate::argument::Choice::word(*self), seal)
    }
}
/// Sends something.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Post {}
/// Every argument of `post`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct PostArguments<'a> {
    /// where the name led to; the connection goes there and nowhere else
    pub address: &'a ::core::primitive::str,
    /// what it says
    pub body: ::core::option::Option<crate::Sealed<'a>>,
    /// size of the body
    ///
    /// In bytes.
    pub body_bytes: ::core::primitive::u64,
    /// what the body is, `application/json`
    pub content_type: ::core::option::Option<&'a ::core::primitive::str>,
    /// those that the caller sets
    pub headers: crate::TextMap<'a>,
    /// without the query
    pub path: &'a ::core::primitive::str,
    /// 80 or 443, unless the request says otherwise
    pub port: ::core::primitive::i64,
    /// what follows the `?`
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`.
    pub scheme: PostScheme,
}
/// Arguments of `post` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct PostOverrides<'a> {
    /// `address`, if it is stated.
    pub address: ::core::option::Option<&'a ::core::primitive::str>,
    /// `body`, if it is stated.
    pub body: ::core::option::Option<crate::Sealed<'a>>,
    /// `body_bytes`, if it is stated.
    pub body_bytes: ::core::option::Option<::core::primitive::u64>,
    /// `content_type`, if it is stated.
    pub content_type: ::core::option::Option<&'a ::core::primitive::str>,
    /// `headers`, if it is stated.
    pub headers: ::core::option::Option<crate::TextMap<'a>>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
    /// `port`, if it is stated.
    pub port: ::core::option::Option<::core::primitive::i64>,
    /// `query`, if it is stated.
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`, if it is stated.
    pub scheme: ::core::option::Option<PostScheme>,
}
#[automatically_derived]
impl crate::Interface for Post {
    const TOOL: &'static ::core::primitive::str = "http";
    const ACTION: &'static ::core::primitive::str = "post";
    type Facts<'a> = PostArguments<'a>;
    type Overrides<'a> = PostOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: PostOverrides<'o>,
    ) -> crate::__private::Measured<PostArguments<'a>> {
        ::core::result::Result::Ok(PostArguments {
            address: crate::__private::stated("address", overrides.address)?,
            body: overrides.body,
            body_bytes: crate::__private::stated("body_bytes", overrides.body_bytes)?,
            content_type: overrides.content_type,
            headers: crate::__private::stated("headers", overrides.headers)?,
            path: crate::__private::stated("path", overrides.path)?,
            port: crate::__private::stated("port", overrides.port)?,
            query: overrides.query,
            scheme: crate::__private::stated("scheme", overrides.scheme)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for PostArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("address", &self.address)
            .optional("body", &self.body)
            .required("body_bytes", &self.body_bytes)
            .optional("content_type", &self.content_type)
            .required("headers", &self.headers)
            .required("path", &self.path)
            .required("port", &self.port)
            .optional("query", &self.query)
            .required("scheme", &self.scheme)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Post {
    type Fields<'a> = PostArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Post {
    fn of_arguments<'a, 'o: 'a>(
        described: PostArguments<'a>,
        overrides: PostOverrides<'o>,
    ) -> crate::__private::Measured<PostArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(PostArguments {
            address: described.address,
            body: crate::__private::agreed_if_any(
                "body",
                overrides.body,
                described.body,
            )?,
            body_bytes: described.body_bytes,
            content_type: crate::__private::agreed_if_any(
                "content_type",
                overrides.content_type,
                described.content_type,
            )?,
            headers: crate::__private::agreed(
                "headers",
                overrides.headers,
                described.headers,
            )?,
            path: crate::__private::agreed("path", overrides.path, described.path)?,
            port: crate::__private::agreed("port", overrides.port, described.port)?,
            query: crate::__private::agreed_if_any(
                "query",
                overrides.query,
                described.query,
            )?,
            scheme: crate::__private::agreed(
                "scheme",
                overrides.scheme,
                described.scheme,
            )?,
        })
    }
}
/// `scheme` of `post`.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::Eq,
    ::core::cmp::PartialEq
)]
pub enum PostScheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}
#[automatically_derived]
impl crate::argument::Choice for PostScheme {
    fn word(self) -> &'static ::core::primitive::str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
#[automatically_derived]
impl crate::argument::Type for PostScheme {
    type Value<'a> = Self;
    type Members<'a> = &'a [Self];
    type Entries<'a> = crate::Pairs<'a, Self>;
}
#[automatically_derived]
impl crate::argument::Argument<Self> for PostScheme {
    fn to_value(&self) -> Self {
        *self
    }
}
#[automatically_derived]
impl crate::__private::Fact for PostScheme {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fact::value(&crate::argument::Choice::word(*self), seal)
    }
}
/// Sends something.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Put {}
/// Every argument of `put`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct PutArguments<'a> {
    /// where the name led to; the connection goes there and nowhere else
    pub address: &'a ::core::primitive::str,
    /// what it says
    pub body: ::core::option::Option<crate::Sealed<'a>>,
    /// size of the body
    ///
    /// In bytes.
    pub body_bytes: ::core::primitive::u64,
    /// what the body is, `application/json`
    pub content_type: ::core::option::Option<&'a ::core::primitive::str>,
    /// those that the caller sets
    pub headers: crate::TextMap<'a>,
    /// without the query
    pub path: &'a ::core::primitive::str,
    /// 80 or 443, unless the request says otherwise
    pub port: ::core::primitive::i64,
    /// what follows the `?`
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`.
    pub scheme: PutScheme,
}
/// Arguments of `put` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct PutOverrides<'a> {
    /// `address`, if it is stated.
    pub address: ::core::option::Option<&'a ::core::primitive::str>,
    /// `body`, if it is stated.
    pub body: ::core::option::Option<crate::Sealed<'a>>,
    /// `body_bytes`, if it is stated.
    pub body_bytes: ::core::option::Option<::core::primitive::u64>,
    /// `content_type`, if it is stated.
    pub content_type: ::core::option::Option<&'a ::core::primitive::str>,
    /// `headers`, if it is stated.
    pub headers: ::core::option::Option<crate::TextMap<'a>>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
    /// `port`, if it is stated.
    pub port: ::core::option::Option<::core::primitive::i64>,
    /// `query`, if it is stated.
    pub query: ::core::option::Option<&'a ::core::primitive::str>,
    /// `scheme`, if it is stated.
    pub scheme: ::core::option::Option<PutScheme>,
}
#[automatically_derived]
impl crate::Interface for Put {
    const TOOL: &'static ::core::primitive::str = "http";
    const ACTION: &'static ::core::primitive::str = "put";
    type Facts<'a> = PutArguments<'a>;
    type Overrides<'a> = PutOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: PutOverrides<'o>,
    ) -> crate::__private::Measured<PutArguments<'a>> {
        ::core::result::Result::Ok(PutArguments {
            address: crate::__private::stated("address", overrides.address)?,
            body: overrides.body,
            body_bytes: crate::__private::stated("body_bytes", overrides.body_bytes)?,
            content_type: overrides.content_type,
            headers: crate::__private::stated("headers", overrides.headers)?,
            path: crate::__private::stated("path", overrides.path)?,
            port: crate::__private::stated("port", overrides.port)?,
            query: overrides.query,
            scheme: crate::__private::stated("scheme", overrides.scheme)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for PutArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("address", &self.address)
            .optional("body", &self.body)
            .required("body_bytes", &self.body_bytes)
            .optional("content_type", &self.content_type)
            .required("headers", &self.headers)
            .required("path", &self.path)
            .required("port", &self.port)
            .optional("query", &self.query)
            .required("scheme", &self.scheme)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Put {
    type Fields<'a> = PutArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Put {
    fn of_arguments<'a, 'o: 'a>(
        described: PutArguments<'a>,
        overrides: PutOverrides<'o>,
    ) -> crate::__private::Measured<PutArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(PutArguments {
            address: described.address,
            body: crate::__private::agreed_if_any(
                "body",
                overrides.body,
                described.body,
            )?,
            body_bytes: described.body_bytes,
            content_type: crate::__private::agreed_if_any(
                "content_type",
                overrides.content_type,
                described.content_type,
            )?,
            headers: crate::__private::agreed(
                "headers",
                overrides.headers,
                described.headers,
            )?,
            path: crate::__private::agreed("path", overrides.path, described.path)?,
            port: crate::__private::agreed("port", overrides.port, described.port)?,
            query: crate::__private::agreed_if_any(
                "query",
                overrides.query,
                described.query,
            )?,
            scheme: crate::__private::agreed(
                "scheme",
                overrides.scheme,
                described.scheme,
            )?,
        })
    }
}
/// `scheme` of `put`.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::Eq,
    ::core::cmp::PartialEq
)]
pub enum PutScheme {
    /// `http`.
    Http,
    /// `https`.
    Https,
}
#[automatically_derived]
impl crate::argument::Choice for PutScheme {
    fn word(self) -> &'static ::core::primitive::str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
#[automatically_derived]
impl crate::argument::Type for PutScheme {
    type Value<'a> = Self;
    type Members<'a> = &'a [Self];
    type Entries<'a> = crate::Pairs<'a, Self>;
}
#[automatically_derived]
impl crate::argument::Argument<Self> for PutScheme {
    fn to_value(&self) -> Self {
        *self
    }
}
#[automatically_derived]
impl crate::__private::Fact for PutScheme {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fact::value(&crate::argument::Choice::word(*self), seal)
    }
}
