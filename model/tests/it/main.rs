//! The model's tests, by boundary.

#[cfg(test)]
mod approved;
#[cfg(test)]
mod artifact;
#[cfg(test)]
mod call;
#[cfg(test)]
mod canon;
#[cfg(test)]
mod check;
#[cfg(test)]
mod conditions;
#[cfg(test)]
mod decode;
#[cfg(test)]
mod example;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod interpreter;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod models;
#[cfg(test)]
mod names;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod reads;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod values;
