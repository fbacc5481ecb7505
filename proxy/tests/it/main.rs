//! A gateway of model calls, a scripted provider behind it, and clients that mean well or not.

#[cfg(test)]
mod bad;
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod plain;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod ruled;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod upstream;
