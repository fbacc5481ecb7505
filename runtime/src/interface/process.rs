//! Programs, started without a shell: arguments are given one by one, and nothing is expanded.
//!
//! @generated from `compiler/interfaces/process.wpc`: do not edit.

/// Starts a program and waits for it.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Run {}
/// Every argument of `run`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct RunArguments<'a> {
    /// without the program's own name
    pub arguments: crate::TextList<'a>,
    /// where it runs
    pub folder: &'a ::core::primitive::str,
    /// size of what it is given to read
    ///
    /// In bytes.
    pub input_bytes: ::core::primitive::u64,
    /// after so long it is ended
    ///
    /// In milliseconds.
    pub timeout: ::core::primitive::u64,
    /// its whole environment
    pub variables: crate::TextMap<'a>,
}
/// Arguments of `run` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct RunOverrides<'a> {
    /// `arguments`, if it is stated.
    pub arguments: ::core::option::Option<crate::TextList<'a>>,
    /// `folder`, if it is stated.
    pub folder: ::core::option::Option<&'a ::core::primitive::str>,
    /// `input_bytes`, if it is stated.
    pub input_bytes: ::core::option::Option<::core::primitive::u64>,
    /// `timeout`, if it is stated.
    pub timeout: ::core::option::Option<::core::primitive::u64>,
    /// `variables`, if it is stated.
    pub variables: ::core::option::Option<crate::TextMap<'a>>,
}
#[automatically_derived]
impl crate::Interface for Run {
    const TOOL: &'static ::core::primitive::str = "process";
    const ACTION: &'static ::core::primitive::str = "run";
    type Facts<'a> = RunArguments<'a>;
    type Overrides<'a> = RunOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: RunOverrides<'o>,
    ) -> crate::__private::Measured<RunArguments<'a>> {
        ::core::result::Result::Ok(RunArguments {
            arguments: crate::__private::stated("arguments", overrides.arguments)?,
            folder: crate::__private::stated("folder", overrides.folder)?,
            input_bytes: crate::__private::stated("input_bytes", overrides.input_bytes)?,
            timeout: crate::__private::stated("timeout", overrides.timeout)?,
            variables: crate::__private::stated("variables", overrides.variables)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for RunArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("arguments", &self.arguments)
            .required("folder", &self.folder)
            .required("input_bytes", &self.input_bytes)
            .required("timeout", &self.timeout)
            .required("variables", &self.variables)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Run {
    type Fields<'a> = RunArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Run {
    fn of_arguments<'a, 'o: 'a>(
        described: RunArguments<'a>,
        overrides: RunOverrides<'o>,
    ) -> crate::__private::Measured<RunArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(RunArguments {
            arguments: crate::__private::agreed(
                "arguments",
                overrides.arguments,
                described.arguments,
            )?,
            folder: described.folder,
            input_bytes: described.input_bytes,
            timeout: crate::__private::agreed(
                "timeout",
                overrides.timeout,
                described.timeout,
            )?,
            variables: crate::__private::agreed(
                "variables",
                overrides.variables,
                described.variables,
            )?,
        })
    }
}
