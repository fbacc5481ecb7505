//! Trees against the definition of RFC 6962, its known vectors, and everything but the right proof.

use proptest::collection::vec;
use proptest::prelude::*;
use wpc_model::Hash;

use super::{
    Frontier, FrontierError, MAX_TREE_SIZE, consistency_proof, empty_root, inclusion_proof, leaf_hash,
    node_hash, verify_consistency, verify_inclusion,
};

/// Leaves of the test vectors of github.com/google/certificate-transparency.
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

/// Their roots, by size from 1.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn hex(hash: Hash) -> String {
    hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn leaves() -> Vec<Hash> {
    LEAVES.map(leaf_hash).to_vec()
}

fn tree(leaves: &[Hash]) -> Frontier {
    let mut tree = Frontier::new();
    for (index, &leaf) in (0..).zip(leaves) {
        assert_eq!(tree.push(leaf), Ok(index));
    }
    tree
}

/// RFC 6962 section 2.1, word by word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let left = leaves.len().next_power_of_two() / 2;
            node_hash(naive_root(&leaves[..left]), naive_root(&leaves[left..]))
        }
    }
}

/// RFC 6962 section 2.1.1.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, other) = if index < left.len() {
        (naive_path(index, left), right)
    } else {
        (naive_path(index - left.len(), right), left)
    };
    path.push(naive_root(other));
    path
}

/// RFC 6962 section 2.1.2: `SUBPROOF(old, leaves, whole)`.
fn naive_consistency(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, other) = if old <= left.len() {
        (naive_consistency(old, left, whole), right)
    } else {
        (naive_consistency(old - left.len(), right, false), left)
    };
    path.push(naive_root(other));
    path
}

#[test]
fn roots_are_those_of_the_known_vectors() {
    assert_eq!(
        hex(Frontier::new().root()),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    for (size, root) in (1..).zip(ROOTS) {
        assert_eq!(hex(tree(&leaves()[..size]).root()), root, "{size}");
    }
}

#[test]
fn paths_are_those_of_the_known_vectors() {
    let inclusion =
        |index| inclusion_proof(&leaves(), index).unwrap().into_iter().map(hex).collect::<Vec<_>>();
    assert_eq!(
        inclusion(0),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
    );
    assert_eq!(
        inclusion(5),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            ROOTS[3],
        ]
    );
    let consistency =
        |old, new| consistency_proof(&leaves(), old, new).unwrap().into_iter().map(hex).collect::<Vec<_>>();
    assert_eq!(
        consistency(6, 8),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            ROOTS[3],
        ]
    );
    assert_eq!(
        consistency(2, 5),
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ]
    );
}

/// Every size of tree whose shape can differ, and every pair of places in it.
#[test]
fn small_trees_are_those_of_the_definition_and_every_other_claim_is_refused() {
    let leaves: Vec<_> = (0_u8..33).map(|byte| leaf_hash(&[byte])).collect();
    for size in 1..=leaves.len() {
        let of = &leaves[..size];
        let (count, root) = (size as u64, naive_root(of));
        assert_eq!(tree(of).root(), root);
        for (index, &leaf) in of.iter().enumerate() {
            let path = inclusion_proof(of, index as u64).unwrap();
            assert_eq!(path, naive_path(index, of), "{index} of {size}");
            for claimed in 0..=count + 1 {
                let holds = verify_inclusion(leaf, claimed, count, &path, root);
                assert_eq!(holds, claimed == index as u64, "{claimed} for {index} of {size}");
            }
        }
        assert_eq!(inclusion_proof(of, count), None);
        for old in 0..=size {
            let (old_count, old_root) = (old as u64, naive_root(&leaves[..old]));
            let path = consistency_proof(&leaves, old_count, count).unwrap();
            let expected = if old == 0 { Vec::new() } else { naive_consistency(old, of, true) };
            assert_eq!(path, expected, "{old} in {size}");
            assert!(verify_consistency(old_count, count, old_root, root, &path), "{old} in {size}");
            for claimed in (0..=count + 1).filter(|&claimed| claimed != old_count) {
                assert!(
                    !verify_consistency(claimed, count, old_root, root, &path),
                    "{claimed} for {old} in {size}"
                );
            }
        }
        assert_eq!(consistency_proof(of, count + 1, count), None);
        assert_eq!(consistency_proof(of, 1, count + 1), None);
    }
}

#[test]
fn trees_without_leaves_begin_every_tree_and_contain_nothing() {
    let (empty, one) = (empty_root(), leaf_hash(b"a"));
    assert!(verify_consistency(0, 0, empty, empty, &[]));
    assert!(verify_consistency(0, 1, empty, one, &[]));
    assert!(!verify_consistency(0, 0, empty, one, &[]));
    assert!(!verify_consistency(0, 1, one, one, &[]));
    assert!(!verify_consistency(0, 1, empty, one, &[one]));
    assert!(!verify_consistency(1, 0, one, empty, &[]));
    assert!(!verify_inclusion(one, 0, 0, &[], empty));
    assert_eq!(inclusion_proof(&[], 0), None);
    assert_eq!(consistency_proof(&[], 0, 0), Some(vec![]));
}

#[test]
fn a_full_tree_takes_no_leaf_and_stays_as_it_is() {
    let mut bytes = MAX_TREE_SIZE.to_be_bytes().to_vec();
    bytes.resize(8 + 53 * 32, 7);
    let mut full = Frontier::from_bytes(&bytes).unwrap();
    assert_eq!(full.push(leaf_hash(b"")), Err(FrontierError::Full));
    assert_eq!(full.to_bytes(), bytes);
    let more = (MAX_TREE_SIZE + 1).to_be_bytes();
    assert_eq!(Frontier::from_bytes(&[&more[..], &[7; 32]].concat()), Err(FrontierError::Malformed));
}

#[test]
fn only_the_bytes_of_a_frontier_are_one() {
    let bytes = tree(&leaves()[..5]).to_bytes();
    assert_eq!(bytes.len(), 8 + 2 * 32);
    for length in 0..bytes.len() {
        assert_eq!(Frontier::from_bytes(&bytes[..length]), Err(FrontierError::Malformed), "{length}");
    }
    assert_eq!(Frontier::from_bytes(&[&bytes[..], &[0; 32]].concat()), Err(FrontierError::Malformed));
    assert_eq!(Frontier::from_bytes(&[0; 8]), Ok(Frontier::new()));
}

fn hashes(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Hash>> {
    vec(any::<[u8; 32]>().prop_map(Hash), count)
}

/// A change of a path that leaves another path.
#[derive(Clone, Copy, Debug)]
enum Change {
    Flip { place: prop::sample::Index, bit: u8 },
    Drop(prop::sample::Index),
    Repeat(prop::sample::Index),
    Add([u8; 32]),
    Swap(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    use prop::sample::Index;
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(place, bit)| Change::Flip { place, bit }),
        any::<Index>().prop_map(Change::Drop),
        any::<Index>().prop_map(Change::Repeat),
        any::<[u8; 32]>().prop_map(Change::Add),
        any::<Index>().prop_map(Change::Swap),
    ]
}

fn changed(path: &[Hash], change: Change) -> Vec<Hash> {
    let mut path = path.to_vec();
    if path.is_empty() {
        return vec![Hash::of(b"")];
    }
    let length = path.len();
    match change {
        Change::Flip { place, bit } => path[place.index(length)].0[usize::from(bit / 8)] ^= 1 << (bit % 8),
        Change::Drop(place) => {
            path.remove(place.index(length));
        }
        Change::Repeat(place) => path.insert(place.index(length), path[place.index(length)]),
        Change::Add(hash) => path.push(Hash(hash)),
        Change::Swap(place) => path.swap(0, place.index(length)),
    }
    path
}

proptest! {
    #[test]
    fn any_tree_is_that_of_the_definition(leaves in hashes(1..200), at in any::<prop::sample::Index>()) {
        let tree = tree(&leaves);
        prop_assert_eq!(tree.root(), naive_root(&leaves));
        prop_assert_eq!(Frontier::from_bytes(&tree.to_bytes()), Ok(tree));
        let at = at.index(leaves.len());
        let root = naive_root(&leaves);
        let path = inclusion_proof(&leaves, at as u64).unwrap();
        prop_assert_eq!(&path, &naive_path(at, &leaves));
        prop_assert!(verify_inclusion(leaves[at], at as u64, leaves.len() as u64, &path, root));
        let old = at + 1;
        let path = consistency_proof(&leaves, old as u64, leaves.len() as u64).unwrap();
        prop_assert_eq!(&path, &naive_consistency(old, &leaves, true));
        prop_assert!(verify_consistency(old as u64, leaves.len() as u64, naive_root(&leaves[..old]), root, &path));
    }

    #[test]
    fn another_path_proves_nothing(
        leaves in hashes(1..80),
        at in any::<prop::sample::Index>(),
        change in change(),
    ) {
        let at = at.index(leaves.len());
        let (size, root) = (leaves.len() as u64, naive_root(&leaves));
        let path = inclusion_proof(&leaves, at as u64).unwrap();
        let other = changed(&path, change);
        prop_assume!(other != path);
        prop_assert!(!verify_inclusion(leaves[at], at as u64, size, &other, root));
        let old = at as u64 + 1;
        let path = consistency_proof(&leaves, old, size).unwrap();
        let other = changed(&path, change);
        prop_assume!(other != path);
        prop_assert!(!verify_consistency(old, size, naive_root(&leaves[..=at]), root, &other));
    }

    #[test]
    fn whatever_is_claimed_nothing_panics(
        (old, new) in (any::<u64>(), any::<u64>()),
        path in hashes(0..70),
        bytes in vec(any::<u8>(), 0..200),
    ) {
        let root = Hash::of(b"");
        prop_assert!(!verify_inclusion(root, old, new, &path, root));
        prop_assert!(!verify_consistency(old, new, Hash::of(b"a"), root, &path));
        if let Ok(mut tree) = Frontier::from_bytes(&bytes) {
            prop_assert_eq!(tree.to_bytes(), bytes);
            let _ = tree.push(root);
            let _ = tree.root();
        }
    }
}
