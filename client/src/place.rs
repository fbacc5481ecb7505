//! How far a follower is in the stream of revocations, and what it may believe of what comes next.
//!
//! Gates that share a ledger follow for it at the same time: one of them takes a revocation, and the others find it in
//! the ledger, ahead of their own streams. What a stream says of those must then be what the ledger has, or there are
//! two streams under one key.

use std::collections::BTreeMap;

use wpc::Trust;
use wpc::ledger::RevocationRow;
use wpc_evidence::statement::{Heartbeat, Revocation, RevocationHead, Signed, Statement as _, StreamError};
use wpc_model::Hash;

/// A place in the stream: the last revocation that the ledger has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    head: RevocationHead,
    /// Revocations that the ledger had before the stream told them.
    ahead: BTreeMap<u64, Hash>,
}

/// What a revocation in the stream is.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// One that the ledger has.
    Known,
    /// The next one; the head once the ledger has it.
    New(RevocationHead),
    /// Another one than the ledger has in this place.
    Forked,
    /// Not the next one: the stream is to begin anew.
    Unfit,
}

impl Place {
    /// Behind which the stream goes on.
    pub(crate) const fn seq(&self) -> u64 {
        self.head.seq
    }

    /// A stream begins behind this place: it tells nothing again.
    pub(crate) fn begin(&mut self) {
        self.ahead.clear();
    }

    /// What a revocation in the stream is, seen from here.
    pub(crate) fn next(&mut self, signed: &Signed<Revocation>) -> Next {
        if let Some(had) = self.ahead.remove(&signed.statement.seq) {
            return if had == signed.hash { Next::Known } else { Next::Forked };
        }
        match self.head.follow(signed) {
            Ok(head) => Next::New(head),
            Err(StreamError::Forked) => Next::Forked,
            Err(_) => Next::Unfit,
        }
    }

    /// The ledger took it.
    pub(crate) const fn took(&mut self, head: RevocationHead) {
        self.head = head;
    }

    /// Takes what the ledger has behind this place: others follow for it too.
    ///
    /// # Errors
    ///
    /// Why it does not hold together; then nothing is taken.
    pub(crate) fn catch_up(&mut self, rows: &[RevocationRow], trust: &Trust) -> Result<(), String> {
        let (mut head, mut ahead) = (self.head, Vec::new());
        for row in rows {
            let signed = Revocation::verify(&row.envelope, trust).map_err(|error| error.to_string())?;
            head = head.follow(&signed).map_err(|error| error.to_string())?;
            ahead.push((head.seq, signed.hash));
        }
        self.head = head;
        self.ahead.extend(ahead);
        Ok(())
    }

    /// Whether a heartbeat vouches for what the ledger has, as of its own time.
    ///
    /// One that vouches for less does so only if it was made before the revocations that the ledger has ahead of the stream:
    /// a control plane that lost them would make it later.
    pub(crate) fn beat(&mut self, heartbeat: &Heartbeat) -> bool {
        if let Ok(head) = self.head.beat(heartbeat) {
            self.head = head;
            return true;
        }
        let next = heartbeat.seq.saturating_add(1);
        self.ahead.contains_key(&next) && heartbeat.at <= self.head.at
    }
}

#[cfg(test)]
mod tests {
    use wpc::Key;
    use wpc::ledger::RevocationKey;
    use wpc_evidence::JobId;
    use wpc_evidence::statement::Revoked;

    use super::*;

    /// Signed revocations of jobs, a second apart, behind each other.
    struct Stream(Key, Vec<Signed<Revocation>>, Vec<RevocationRow>);

    impl Stream {
        fn of(jobs: &[&str]) -> Self {
            let mut stream = Self(Key::from_seed(&[7; 32]), Vec::new(), Vec::new());
            for job in jobs {
                stream.push(job);
            }
            stream
        }

        fn push(&mut self, job: &str) {
            let seq = u64::try_from(self.1.len()).unwrap() + 1;
            let revoked = Revoked::Job(JobId::parse(job).unwrap());
            let prev = self.1.last().map(|last| last.hash);
            let at = i64::try_from(seq).unwrap() * 1_000;
            let key = RevocationKey::of(&revoked);
            let envelope = Revocation { seq, prev, at, revoked }.sign(std::slice::from_ref(&self.0)).unwrap();
            self.1.push(Revocation::verify(&envelope, &self.trust()).unwrap());
            self.2.push(RevocationRow { seq, at, revocation: key, envelope });
        }

        fn trust(&self) -> Trust {
            let did = self.0.did();
            let text =
                format!(r#"{{"v":1,"principals":[{{"name":"r","keys":["{did}"],"roles":["revoker"]}}]}}"#);
            Trust::parse(text.as_bytes()).unwrap()
        }

        fn take(&self, place: &mut Place, at: usize) {
            let Next::New(head) = place.next(&self.1[at]) else { panic!("not the next") };
            place.took(head);
        }
    }

    #[test]
    fn what_others_took_is_known_when_the_stream_tells_it() {
        let stream = Stream::of(&["job_a", "job_b", "job_c", "job_d"]);
        let mut place = Place::default();
        stream.take(&mut place, 0);
        place.catch_up(&stream.2[1..3], &stream.trust()).unwrap();
        assert_eq!(place.seq(), 3);
        assert_eq!(place.next(&stream.1[1]), Next::Known);
        assert_eq!(place.next(&stream.1[2]), Next::Known);
        stream.take(&mut place, 3);
        // Told twice, or not in order, it is none of these.
        assert_eq!(place.next(&stream.1[2]), Next::Unfit);
        // A new stream begins behind all of it.
        let mut place = Place::default();
        place.catch_up(&stream.2[..3], &stream.trust()).unwrap();
        place.begin();
        assert_eq!(place.next(&stream.1[2]), Next::Unfit);
        stream.take(&mut place, 3);
    }

    #[test]
    fn another_past_is_found_behind_what_others_took() {
        let (one, other) =
            (Stream::of(&["job_a", "job_b", "job_c"]), Stream::of(&["job_a", "job_x", "job_y"]));
        let mut place = Place::default();
        one.take(&mut place, 0);
        place.catch_up(&one.2[1..2], &one.trust()).unwrap();
        assert_eq!(place.next(&other.1[1]), Next::Forked);
        assert_eq!(place.next(&other.1[2]), Next::Forked);
        // What does not hold together is not taken at all.
        let mut place = Place::default();
        place.catch_up(&[one.2[0].clone(), other.2[2].clone()], &one.trust()).unwrap_err();
        assert_eq!(place.seq(), 0);
    }

    #[test]
    fn a_heartbeat_that_vouches_for_less_is_an_old_one() {
        let stream = Stream::of(&["job_a", "job_b", "job_c"]);
        let mut place = Place::default();
        stream.take(&mut place, 0);
        assert!(place.beat(&Heartbeat { seq: 1, at: 1_500 }));
        assert!(!place.beat(&Heartbeat { seq: 2, at: 2_500 }), "it vouches for what nobody has");
        place.catch_up(&stream.2[1..], &stream.trust()).unwrap();
        assert!(place.beat(&Heartbeat { seq: 1, at: 1_900 }), "made before the next revocation");
        assert!(!place.beat(&Heartbeat { seq: 1, at: 9_000 }), "whoever makes it has lost revocations");
        assert!(place.beat(&Heartbeat { seq: 3, at: 9_000 }));
        place.begin();
        assert!(!place.beat(&Heartbeat { seq: 1, at: 1_900 }), "a new stream begins behind them");
    }
}
