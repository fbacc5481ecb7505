//! Frames (OASIS AMQP 1.0 part 2, section 2.3).

use super::value::Malformed;

/// Protocol header of the SASL layer.
pub(crate) const SASL_HEADER: [u8; 8] = *b"AMQP\x03\x01\x00\x00";

/// Protocol header of AMQP itself.
pub(crate) const AMQP_HEADER: [u8; 8] = *b"AMQP\x00\x01\x00\x00";

/// The kind of AMQP frames.
pub(crate) const AMQP: u8 = 0;

/// The kind of SASL frames.
pub(crate) const SASL: u8 = 1;

/// The largest frame that is read, in bytes.
pub(crate) const MAX_FRAME: u32 = 256 << 10;

/// Bytes of a frame's own header.
const HEADER: usize = 8;

/// One frame.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: u8,
    pub(crate) channel: u16,
    /// The performative and what follows it; nothing for a heartbeat.
    pub(crate) body: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The first frame of `bytes` and its length; `None` if it has not come whole.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        let Some([a, b, c, d, offset, kind, e, f]) = bytes.first_chunk::<HEADER>().copied() else {
            return Ok(None);
        };
        let size = u32::from_be_bytes([a, b, c, d]);
        let start = usize::from(offset).saturating_mul(4);
        let length = usize::try_from(size).map_err(|_| Malformed)?;
        if size > MAX_FRAME || start < HEADER || length < start {
            return Err(Malformed);
        }
        let Some(frame) = bytes.get(..length) else { return Ok(None) };
        let body = frame.get(start..).ok_or(Malformed)?;
        Ok(Some((Self { kind, channel: u16::from_be_bytes([e, f]), body }, length)))
    }
}

/// Writes a frame to the end of `out`.
pub(crate) fn write(out: &mut Vec<u8>, kind: u8, channel: u16, body: &[&[u8]]) {
    let length = body.iter().fold(HEADER, |sum, part| sum.saturating_add(part.len()));
    out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    out.extend([2, kind]);
    out.extend(channel.to_be_bytes());
    body.iter().for_each(|part| out.extend_from_slice(part));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_when_it_is_whole() {
        let mut bytes = Vec::new();
        write(&mut bytes, AMQP, 7, &[b"ab", b"c"]);
        bytes.push(0);
        for end in 0..11 {
            assert_eq!(Frame::read(&bytes[..end]), Ok(None), "{end}");
        }
        let expected = Frame { kind: AMQP, channel: 7, body: b"abc" };
        assert_eq!(Frame::read(&bytes), Ok(Some((expected, 11))));
    }

    #[test]
    fn a_frame_that_cannot_be_is_refused_before_it_has_come() {
        assert_eq!(Frame::read(&[0xff, 0, 0, 0, 2, 0, 0, 0]), Err(Malformed));
        assert_eq!(Frame::read(&[0, 0, 0, 7, 2, 0, 0, 0]), Err(Malformed));
        assert_eq!(Frame::read(&[0, 0, 0, 8, 1, 0, 0, 0]), Err(Malformed));
        assert_eq!(Frame::read(b"HTTP/1.1"), Err(Malformed));
    }
}
