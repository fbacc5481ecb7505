//! Answers against brute force, and the answers that people will read.

#[cfg(test)]
mod brute;
#[cfg(test)]
mod compare;
#[cfg(test)]
mod extends;
#[cfg(test)]
mod pairs;
#[cfg(test)]
mod scale;
