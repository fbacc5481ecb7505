// Reads what a ledger signs with Go's own packages: golang.org/x/mod/sumdb/note and /tlog.
//
// usage: main HEAD_NOTE LEDGER_DID WITNESS_DID RECEIPT OLD_NOTE REQUEST
//
//   - HEAD_NOTE is a note that the ledger signed under its own name, and the witness cosigned
//     (c2sp.org/tlog-cosignature, which those packages do not know: verified here with crypto/ed25519);
//   - RECEIPT is an entry whose leaf stands in the job's tree that its note signs;
//   - REQUEST proves that the tree of OLD_NOTE begins the one of its own note.
//
// Each of them changed in one place must be refused.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, of ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", of...)
	os.Exit(1)
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		fail("%v", err)
	}
	return data
}

// The public key of a did:key.
func publicKey(did string) ed25519.PublicKey {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	number := new(big.Int)
	for _, digit := range strings.TrimPrefix(did, "did:key:z") {
		at := strings.IndexRune(alphabet, digit)
		if at < 0 {
			fail("not base58: %s", did)
		}
		number.Add(number.Mul(number, big.NewInt(58)), big.NewInt(int64(at)))
	}
	raw := number.Bytes()
	if len(raw) != 34 || raw[0] != 0xed || raw[1] != 0x01 {
		fail("not an Ed25519 key: %s", did)
	}
	return ed25519.PublicKey(raw[2:])
}

// What verifies the notes that the ledger signs under a name.
func ledgerVerifier(name, did string) note.Verifier {
	key, err := note.NewEd25519VerifierKey(name, publicKey(did))
	if err != nil {
		fail("%v", err)
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		fail("%v", err)
	}
	return verifier
}

// Cosignatures of version 1: Ed25519 over a time and the text.
type witness struct {
	name string
	key  ed25519.PublicKey
}

func (w witness) Name() string { return w.name }

func (w witness) KeyHash() uint32 {
	hash := sha256.Sum256(append([]byte(w.name+"\n\x04"), w.key...))
	return binary.BigEndian.Uint32(hash[:4])
}

func (w witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature[:8])
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)
	return ed25519.Verify(w.key, []byte(message), signature[8:])
}

type head struct {
	origin string
	size   int64
	root   tlog.Hash
}

// The head that a note signs: its text is the three lines of a checkpoint.
func open(signed []byte, verifiers ...note.Verifier) (head, error) {
	read, err := note.Open(signed, note.VerifierList(verifiers...))
	if err != nil {
		return head{}, err
	}
	if len(read.Sigs) != len(verifiers) {
		return head{}, fmt.Errorf("%d of %d signatures hold", len(read.Sigs), len(verifiers))
	}
	lines := strings.Split(read.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return head{}, fmt.Errorf("not three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return head{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return head{lines[0], size, root}, err
}

func mustOpen(signed []byte, verifiers ...note.Verifier) head {
	found, err := open(signed, verifiers...)
	if err != nil {
		fail("a note: %v", err)
	}
	return found
}

func main() {
	if len(os.Args) != 7 {
		fail("usage: main HEAD_NOTE LEDGER_DID WITNESS_DID RECEIPT OLD_NOTE REQUEST")
	}
	ledgerDid, witnessDid := os.Args[2], os.Args[3]
	ledger := ledgerVerifier(ledgerDid, ledgerDid)
	cosigner := witness{witnessDid, publicKey(witnessDid)}

	signed := read(os.Args[1])
	log := mustOpen(signed, ledger, cosigner)
	if log.origin != ledgerDid {
		fail("the origin is %s", log.origin)
	}
	changed := bytes.Replace(signed, []byte(fmt.Sprintf("\n%d\n", log.size)), []byte(fmt.Sprintf("\n%d\n", log.size+1)), 1)
	if _, err := open(changed, ledger); err == nil {
		fail("a changed head verifies")
	}

	var receipt struct {
		Checkpoint string
		Entry      json.RawMessage
		Path       []string
	}
	if err := json.Unmarshal(read(os.Args[4]), &receipt); err != nil {
		fail("the receipt: %v", err)
	}
	var entry struct {
		Job string
		Seq int64
	}
	if err := json.Unmarshal(receipt.Entry, &entry); err != nil {
		fail("the entry: %v", err)
	}
	name := ledgerDid + "/job/" + entry.Job
	job := mustOpen([]byte(receipt.Checkpoint), ledgerVerifier(name, ledgerDid))
	var path tlog.RecordProof
	for _, text := range receipt.Path {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(raw) != tlog.HashSize {
			fail("the path: %s", text)
		}
		path = append(path, *(*tlog.Hash)(raw))
	}
	leaf := tlog.RecordHash(receipt.Entry)
	if err := tlog.CheckRecord(path, job.size, job.root, entry.Seq, leaf); err != nil {
		fail("the receipt's entry is not in the tree: %v", err)
	}
	if tlog.CheckRecord(path, job.size, job.root, entry.Seq, tlog.RecordHash([]byte("{}"))) == nil {
		fail("another entry passes for it")
	}

	// old SIZE, the proof's hashes, an empty line, the note.
	old := mustOpen(read(os.Args[5]), ledger)
	before, after, found := strings.Cut(string(read(os.Args[6])), "\n\n")
	lines := strings.Split(before, "\n")
	if !found || lines[0] != fmt.Sprintf("old %d", old.size) {
		fail("the request begins with %q", lines[0])
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			fail("the proof: %v", err)
		}
		proof = append(proof, hash)
	}
	next := mustOpen([]byte(after), ledger)
	if next.size <= old.size {
		fail("the log did not grow")
	}
	if err := tlog.CheckTree(proof, next.size, next.root, old.size, old.root); err != nil {
		fail("the proof does not hold: %v", err)
	}
	if tlog.CheckTree(proof, next.size, next.root, old.size, leaf) == nil {
		fail("another old tree passes for it")
	}
	fmt.Printf("a head of %d leaves, cosigned; entry %d of %d; a proof from %d to %d\n",
		log.size, entry.Seq, job.size, old.size, next.size)
}
