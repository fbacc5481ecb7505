//! Roles for policies.

#[cfg(test)]
mod emitted;
#[cfg(test)]
mod least;
#[cfg(test)]
mod rights;

#[cfg(test)]
fn policy(text: &str) -> wpc_model::Policy {
    let source = wpc_compiler::Source::new("policy.wpc", text);
    wpc_compiler::compile(&source, &wpc_compiler::Parameters::new()).unwrap().policy
}
