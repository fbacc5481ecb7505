//! Receipts: an entry and the proof that the ledger has it.

use wpc::ledger::{MAX_RECEIPT_BYTES, Receipt, ReceiptError, receipt};
use wpc::{JobId, Key};

use crate::rig::{Rig, ask, call, did, job, on_each, open, outcome, per_job};

/// A job of 13 entries.
fn lived(rig: &Rig, name: &str) -> JobId {
    let id = job(name);
    open(&*rig.ledger, &id);
    for n in 0..6 {
        let seq = ask(&*rig.ledger, &id, call(n + 1), &[per_job(100)], 1).unwrap().unwrap();
        rig.ledger.append(&id, &mut |_| vec![outcome(call(n + 1), seq)]).unwrap();
    }
    id
}

#[test]
fn every_entry_has_a_receipt_that_stays_true() {
    on_each(|rig| {
        let id = lived(rig, "j");
        let log = rig.log(&id);
        let receipts: Vec<_> = (0..13).map(|seq| receipt(&*rig.ledger, &id, seq).unwrap().unwrap()).collect();
        for (entry, receipt) in log.iter().zip(&receipts) {
            assert_eq!(receipt.verify(&did()).as_ref(), Ok(entry));
            assert_eq!(Receipt::decode(&receipt.encode()).as_ref(), Ok(receipt));
        }
        assert_eq!(receipt(&*rig.ledger, &id, 13), Ok(None));
        assert_eq!(receipt(&*rig.ledger, &job("nobody"), 0).unwrap_err().code(), "job_not_open");
    });
}

#[test]
fn a_receipt_proves_its_own_entry_alone() {
    on_each(|rig| {
        let (id, other) = (lived(rig, "j"), lived(rig, "k"));
        let one = |id, seq| receipt(&*rig.ledger, id, seq).unwrap().unwrap();
        let good = one(&id, 3);
        let stranger = Key::from_seed(&[42; 32]).did();
        assert_eq!(good.verify(&stranger).unwrap_err().code(), "origin_mismatch");
        let swapped = Receipt { entry: one(&id, 4).entry, ..good.clone() };
        assert_eq!(swapped.verify(&did()), Err(ReceiptError::NotIncluded));
        let of_other = Receipt { entry: one(&other, 3).entry, ..good.clone() };
        assert_eq!(of_other.verify(&did()), Err(ReceiptError::Origin));
        let of_log = Receipt { checkpoint: rig.ledger.checkpoint().unwrap(), ..good.clone() };
        assert_eq!(of_log.verify(&did()), Err(ReceiptError::Origin));
        let cut = Receipt { path: good.path[1..].to_vec(), ..good.clone() };
        assert_eq!(cut.verify(&did()), Err(ReceiptError::NotIncluded));
        // Every byte counts.
        let bytes = good.encode();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let verified = Receipt::decode(&changed).and_then(|receipt| receipt.verify(&did()));
            assert!(verified.is_err(), "byte {at}");
        }
        let long = vec![b' '; MAX_RECEIPT_BYTES + 1];
        assert_eq!(Receipt::decode(&long), Err(ReceiptError::TooLarge));
    });
}
