//! Server-sent events as they come: whole events are passed on, byte for byte.

use bytes::{Bytes, BytesMut};

/// Bytes that are not yet a whole event.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    rest: BytesMut,
    /// This many bytes of the rest were looked at.
    looked: usize,
}

impl Splitter {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
    }

    /// The next whole event, with the empty line that ends it.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        let bytes = self.rest.as_ref();
        let mut at = self.looked.saturating_sub(3);
        while let Some(here) = bytes.get(at..).filter(|here| !here.is_empty()) {
            let ends = [&b"\n\n"[..], b"\n\r\n", b"\r\r"].into_iter().find(|end| here.starts_with(end));
            if let Some(end) = ends {
                self.looked = 0;
                return Some(self.rest.split_to(at.saturating_add(end.len())).freeze());
            }
            at = at.saturating_add(1);
        }
        self.looked = bytes.len();
        None
    }

    /// What is left at the end of a stream.
    pub(crate) fn rest(&mut self) -> Bytes {
        self.looked = 0;
        self.rest.split().freeze()
    }

    /// How much waits for its end.
    pub(crate) fn waiting(&self) -> usize {
        self.rest.len()
    }
}

/// The data of an event (WHATWG HTML, "server-sent events"); none if it has no such line.
pub(crate) fn data(event: &[u8]) -> Option<Vec<u8>> {
    let mut data: Option<Vec<u8>> = None;
    for line in event.split(|&byte| byte == b'\n' || byte == b'\r') {
        let value = match line.strip_prefix(b"data") {
            Some(rest) => match rest.strip_prefix(b":") {
                Some(value) => value.strip_prefix(b" ").unwrap_or(value),
                None if rest.is_empty() => rest,
                None => continue,
            },
            None => continue,
        };
        match &mut data {
            None => data = Some(value.to_vec()),
            Some(data) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_wherever_the_bytes_are_cut() {
        let text = b"data: 1\n\nevent: x\r\ndata: 2\r\ndata:3\r\n\r\n: c\rdata\r\rdata: 4";
        for size in 1..text.len() {
            let (mut splitter, mut events) = (Splitter::default(), Vec::new());
            for part in text.chunks(size) {
                splitter.push(part);
                while let Some(event) = splitter.next() {
                    events.push(event);
                }
            }
            assert_eq!(splitter.waiting(), 7);
            events.push(splitter.rest());
            assert_eq!(events.concat(), text, "{size}");
            let read: Vec<_> = events.iter().map(|event| data(event).unwrap()).collect();
            assert_eq!(read, [&b"1"[..], b"2\n3", b"", b"4"], "{size}");
        }
    }

    #[test]
    fn comments_and_other_fields_are_no_data() {
        assert_eq!(data(b": ping\n\n"), None);
        assert_eq!(data(b"database: 1\n\n"), None);
    }
}
