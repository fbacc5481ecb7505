//! Completions of language models, through a gateway.
//!
//! @generated from `compiler/interfaces/models.wpc`: do not edit.

/// One completion.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Complete {}
/// Every argument of `complete`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct CompleteArguments<'a> {
    /// the most that the request can cost
    ///
    /// In the minor unit of USD.
    pub cost: ::core::primitive::i64,
    /// counted before the request goes out
    ///
    /// How many.
    pub input_tokens: ::core::primitive::u64,
    /// the most that may come back
    ///
    /// How many.
    pub max_output_tokens: ::core::primitive::u64,
    /// `stream`.
    pub stream: ::core::primitive::bool,
    /// names of the tools that the model is offered
    pub tools: crate::TextList<'a>,
}
/// Arguments of `complete` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct CompleteOverrides<'a> {
    /// `cost`, if it is stated.
    pub cost: ::core::option::Option<::core::primitive::i64>,
    /// `input_tokens`, if it is stated.
    pub input_tokens: ::core::option::Option<::core::primitive::u64>,
    /// `max_output_tokens`, if it is stated.
    pub max_output_tokens: ::core::option::Option<::core::primitive::u64>,
    /// `stream`, if it is stated.
    pub stream: ::core::option::Option<::core::primitive::bool>,
    /// `tools`, if it is stated.
    pub tools: ::core::option::Option<crate::TextList<'a>>,
}
#[automatically_derived]
impl crate::Interface for Complete {
    const TOOL: &'static ::core::primitive::str = "models";
    const ACTION: &'static ::core::primitive::str = "complete";
    type Facts<'a> = CompleteArguments<'a>;
    type Overrides<'a> = CompleteOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: CompleteOverrides<'o>,
    ) -> crate::__private::Measured<CompleteArguments<'a>> {
        ::core::result::Result::Ok(CompleteArguments {
            cost: crate::__private::stated("cost", overrides.cost)?,
            input_tokens: crate::__private::stated(
                "input_tokens",
                overrides.input_tokens,
            )?,
            max_output_tokens: crate::__private::stated(
                "max_output_tokens",
                overrides.max_output_tokens,
            )?,
            stream: crate::__private::stated("stream", overrides.stream)?,
            tools: crate::__private::stated("tools", overrides.tools)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for CompleteArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("cost", &self.cost)
            .required("input_tokens", &self.input_tokens)
            .required("max_output_tokens", &self.max_output_tokens)
            .required("stream", &self.stream)
            .required("tools", &self.tools)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Complete {
    type Fields<'a> = CompleteArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Complete {
    fn of_arguments<'a, 'o: 'a>(
        described: CompleteArguments<'a>,
        overrides: CompleteOverrides<'o>,
    ) -> crate::__private::Measured<CompleteArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(CompleteArguments {
            cost: described.cost,
            input_tokens: described.input_tokens,
            max_output_tokens: crate::__private::agreed(
                "max_output_tokens",
                overrides.max_output_tokens,
                described.max_output_tokens,
            )?,
            stream: crate::__private::agreed(
                "stream",
                overrides.stream,
                described.stream,
            )?,
            tools: crate::__private::agreed("tools", overrides.tools, described.tools)?,
        })
    }
}
