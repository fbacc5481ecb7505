//! The compiler at its boundaries: pages, corpus, laws, hostile input.

#![expect(clippy::disallowed_methods, reason = "tests read their corpus")]

#[cfg(test)]
mod accept;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod linked;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod reject;
#[cfg(test)]
mod sketch;
#[cfg(test)]
mod testing;
