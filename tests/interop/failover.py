"""failover.py WPC GATE: four gates, two control planes, one PostgreSQL with a standby, and what may happen to them.

Three gates share a ledger and a job in that PostgreSQL, two following the first control plane and one the second;
the fourth has a ledger of its own in a file, and follows the second. Gates reach that one over a wire that can be held.
All call without a pause; operators ask both control planes for tokens and revocations. Then, one after another:

    the primary is killed, and its synchronous standby promoted
    a control plane is killed, and started again
    the second's wire is held, so that nothing comes and nothing ends, and the fourth gate's job is revoked
    the token of the other three is revoked

Nothing that was acknowledged may be lost, the limit of the job is exact, and nothing that was revoked begins after
the bound that docs/operations.md states. Prints what each took. Ends only what it started.

Needs PostgreSQL's own programs and `cryptography`.
"""

import glob
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import signing  # noqa: E402

WPC, GATE = (os.path.realpath(path) for path in sys.argv[1:3])
LIMIT = 4_000
# The follower's bound, and how long an admitted call may take to begin (docs/operations.md).
STALE_S, BEGIN_S = 10.0, 1.0
# What a decision takes to be printed and read here, on a machine that is busy.
READ_S = 1.0

root = pathlib.Path(tempfile.mkdtemp(prefix="wpc-failover-"))
work = root / "work"
processes = []
started = time.monotonic()


def say(text):
    print(f"{time.monotonic() - started:6.1f} s  {text}", flush=True)


def wait(what, holds, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.05)
    for gate in Gate.all:
        print(f"{gate.name}: {gate.said[-1:]}")
    raise SystemExit(f"{what} never came")


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{command[:3]}: {done.stdout}{done.stderr}")
    return done.stdout


def wpc(*arguments, env=None):
    return json.loads(run(WPC, *arguments, "--format", "json", cwd=work, env=env))


# --- PostgreSQL: a primary, and a standby that has everything that was acknowledged.


class Postgres:
    """Its own programs will not run as root."""

    def __init__(self):
        self.user = "postgres" if os.getuid() == 0 else None
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin")) + [os.path.dirname(shutil.which("initdb") or "")]
        self.programs = next((path for path in found if os.path.exists(f"{path}/initdb")), None)
        if not self.programs:
            raise SystemExit("PostgreSQL's programs (initdb, pg_basebackup) are not installed")
        self.ports = {"first": port(), "second": port()}
        self.folder = root / "postgres"
        self.folder.mkdir()
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        self.servers = {}

    def do(self, program, *arguments):
        options = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        return run(f"{self.programs}/{program}", *arguments, cwd="/", **options)

    def configure(self, name, **settings):
        with open(self.folder / name / "postgresql.auto.conf", "a") as file:
            for setting, value in settings.items():
                file.write(f"{setting} = '{value}'\n")

    def start(self, name):
        options = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        log = open(root / f"{name}.log", "w")
        server = subprocess.Popen([f"{self.programs}/postgres", "-D", str(self.folder / name)], cwd="/",
                                  stdout=log, stderr=log, **options)
        processes.append(server)
        self.servers[name] = server
        wait(f"PostgreSQL {name}", lambda: self.ask(name, "SELECT 1") == "1")

    def ask(self, name, sql):
        done = subprocess.run(["psql", f"postgresql://wpc@127.0.0.1:{self.ports[name]}/postgres", "-XAtq", "-c", sql],
                              capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else None

    def make(self):
        self.do("initdb", "-D", str(self.folder / "first"), "-A", "trust", "-U", "wpc")
        self.configure("first", listen_addresses="127.0.0.1", unix_socket_directories="", port=self.ports["first"],
                       wal_level="replica", synchronous_standby_names="*")
        self.start("first")
        self.do("pg_basebackup", "-d", f"postgresql://wpc@127.0.0.1:{self.ports['first']}/", "-D",
                str(self.folder / "second"), "-R", "-X", "stream", "-c", "fast")
        self.configure("second", port=self.ports["second"])
        self.start("second")
        sync = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        wait("the standby", lambda: self.ask("first", sync) == "1")
        for schema in ("plane", "ledger"):
            assert self.ask("first", f"CREATE SCHEMA {schema}") is not None

    def fail_over(self):
        """The primary is gone from one moment to the next; whoever watches over it promotes the standby."""
        self.servers["first"].kill()
        self.servers["first"].wait()
        time.sleep(1)
        self.configure("second", synchronous_standby_names="")
        self.do("pg_ctl", "promote", "-D", str(self.folder / "second"), "-w")
        self.do("pg_ctl", "reload", "-D", str(self.folder / "second"))

    def url(self, schema):
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports.values())
        return {**os.environ, "WPC_POSTGRES_URL":
                f"postgresql://wpc@{hosts}/postgres?options=-csearch_path%3D{schema}"}


# --- Control planes, a wire that can be held, and gates.


class Plane:
    def __init__(self, postgres, name, wired=False):
        self.env, self.name, self.port = postgres.url("plane"), name, port()
        self.direct = f"http://127.0.0.1:{self.port}"
        # Requests are signed for the name that gates call it by.
        self.wire = Wire(self.port) if wired else None
        self.url = self.wire.url if wired else self.direct
        self.start()

    def start(self):
        out, log = work / f"{self.name}.out", open(work / f"{self.name}.log", "a")
        with open(out, "w") as file:
            self.process = subprocess.Popen(
                [WPC, "serve", "--trust", "trust.json", "--key", "plane.key", "--postgres", "--objects", "objects",
                 "--listen", f"127.0.0.1:{self.port}", "--public-url", self.url,
                 "--per-principal", "10000", "--per-address", "10000"],
                cwd=work, env=self.env, stdout=file, stderr=log)
        processes.append(self.process)
        wait(self.name, lambda: "serving" in out.read_text())

    def ask(self, who, method, path, body=None, seconds=20):
        """The status and the answer; status 0 if there was none."""
        key, did = who
        content = b"" if body is None else json.dumps(body).encode()
        signed = signing.fields(key, did, method, self.url + path, content)
        request = urllib.request.Request(self.direct + path, method=method, data=content or None, headers=signed)
        if content:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, None


class Wire:
    """Forwards connections; while it is held nothing passes, and nobody is told."""

    def __init__(self, to):
        self.to, self.held = to, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            threading.Thread(target=self.forward, args=[near], daemon=True).start()

    def forward(self, near):
        try:
            with near, socket.create_connection(("127.0.0.1", self.to)) as far:
                other = {near: far, far: near}
                while True:
                    if self.held.is_set():
                        time.sleep(0.02)
                        continue
                    for ready in select.select(list(other), [], [], 0.02)[0]:
                        data = ready.recv(65_536)
                        if not data or self.held.is_set() and not self.released():
                            return
                        other[ready].sendall(data)
        except OSError:
            pass

    def released(self):
        """Waits until the wire is let go; what was read meanwhile passes then."""
        while self.held.is_set():
            time.sleep(0.02)
        return True


class Gate:
    """Calls without a pause, and keeps when each decision was read."""

    all = []

    def __init__(self, name, url, ledger, env, policy, token):
        # Each machine has its own copy of the ledger's key, and its own pinned head beside it.
        shutil.copy(work / f"{ledger[1]}.key", work / f"{name}.key")
        os.chmod(work / f"{name}.key", 0o600)
        self.name, self.said, self.stop = name, [], threading.Event()
        log = open(work / f"{name}.log", "w")
        self.process = subprocess.Popen(
            [GATE, url, policy, "trust.json", ledger[0], f"{name}.key", token, "agent.key"],
            cwd=work, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        processes.append(self.process)
        opened = self.process.stdout.readline().split()
        if opened[:1] != ["open"]:
            raise SystemExit(f"{name} did not open: {(work / f'{name}.log').read_text()}")
        self.job = opened[1]
        Gate.all.append(self)
        self.thread = threading.Thread(target=self.call, daemon=True)

    def call(self):
        call = json.dumps({"tool": "bus", "action": "send", "resource": {"kind": "queue", "name": "orders"},
                           "arguments": {}}) + "\n"
        while not self.stop.is_set():
            self.process.stdin.write(call)
            self.process.stdin.flush()
            line = self.process.stdout.readline().split()
            if not line:
                return
            self.said.append((time.monotonic(), line[0], line[1]))
            time.sleep(0.01)

    def allowed(self, since=0.0, until=float("inf")):
        return [at for at, word, _ in list(self.said) if word == "allow" and since <= at <= until]

    def denied(self, since=0.0):
        return [code for at, word, code in list(self.said) if word == "deny" and at >= since]

    def end(self):
        """What it says once its input ends: the bundle that the control plane has."""
        self.stop.set()
        self.thread.join()
        self.process.stdin.close()
        last = self.process.stdout.read().split()
        self.process.wait()
        return last


class Operators:
    """Ask both control planes in turn for tokens and revocations, and keep what was acknowledged."""

    def __init__(self, planes, who, issue):
        self.planes, self.who, self.issue = planes, who, issue
        self.tokens, self.revoked, self.acknowledged, self.refused = [], [], [], {}
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def work(self):
        n = 0
        while not self.stop.is_set():
            plane = self.planes[n % 2]
            status, body = plane.ask(self.who, "POST", "/v1/tokens/issue", self.issue, 5)
            self.took(status)
            if status == 200:
                self.tokens.append(body["token"])
            job = f"job_nobody_{n}"
            status, body = plane.ask(self.who, "POST", "/v1/revocations", {"kind": "job", "value": job}, 5)
            self.took(status)
            if status == 200:
                self.revoked.append((body["revocation_seq"], job))
            n += 1
            time.sleep(0.02)

    def took(self, status):
        if status == 200:
            self.acknowledged.append(time.monotonic())
        else:
            self.refused[status] = self.refused.get(status, 0) + 1


def gap(times, around):
    """The longest time without one of `times`, of those that end after `around`."""
    pairs = zip(times, times[1:])
    return max(((after - before) for before, after in pairs if after >= around), default=float("nan"))


def main():
    postgres = Postgres()
    postgres.make()
    say("PostgreSQL: a primary and a synchronous standby")

    dids = {who: wpc("key", "new", f"{who}.key")["did"] for who in
            ("author", "releaser", "plane", "shared", "alone", "agent", "operator", "auditor")}
    roles = {"author": ["policy_author"], "releaser": ["releaser"], "plane": ["token_issuer", "revoker"],
             "shared": ["ledger"], "alone": ["ledger"], "operator": ["operator"], "auditor": ["auditor"]}
    trust = {"v": 1, "principals": [{"name": who, "keys": [dids[who]], "roles": roles[who],
                                     **({"mode": "gateway"} if "ledger" in roles[who] else {})} for who in roles],
             "threshold": {"witness": 0}}
    (work / "trust.json").write_text(json.dumps(trust))
    (work / "orders.wpc").write_text(f"""
tool bus {{
    resource queue(name: text) = "{{name}}"
    action send on queue
}}
policy orders {{
    tool bus {{
        allow send on queue("orders")
        limit calls of send to {LIMIT} per job
    }}
    token {{ lifetime 15 min; pin policy; bind job }}
}}
""")
    wpc("compile", "orders.wpc", "--out", ".")
    wpc("sign", "orders.wpc.json", "--key", "author.key")

    planes = [Plane(postgres, "plane-a"), Plane(postgres, "plane-b", wired=True)]
    at = lambda who, plane=planes[0]: ("--server", plane.url, "--key", f"{who}.key")
    policy = wpc("registry", "put", "orders.wpc.dsse.json", *at("author"))["policy_hash_b64u"]
    wpc("release", "orders.wpc.dsse.json", "--trust", "trust.json", *at("releaser", planes[1]))
    wpc("ledger", "init", "--postgres", "--key", "shared.key", env=postgres.url("ledger"))
    wpc("ledger", "init", "alone/ledger.db", "--key", "alone.key")
    issued = {}
    for ledger in ("shared", "alone"):
        issued[ledger] = wpc("token", "issue", "--artifact", "orders.wpc.json", "--mint", "--ledger", dids[ledger],
                             "--agent", dids["agent"], "--out", f"{ledger}.token", *at("operator"))
    shared = lambda name, plane: Gate(name, plane.url, ("--postgres", "shared"), postgres.url("ledger"), policy,
                                      "shared.token")
    gates = [shared("gate-1", planes[0]), shared("gate-2", planes[1]), shared("gate-3", planes[0])]
    gates.append(Gate("gate-4", planes[1].url, ("alone/ledger.db", "alone"), dict(os.environ), policy, "alone.token"))
    assert len({gate.job for gate in gates[:3]}) == 1 and gates[3].job != gates[0].job

    operator = (signing.read_key(work / "operator.key"), dids["operator"])
    auditor = (signing.read_key(work / "auditor.key"), dids["auditor"])
    operators = Operators(planes, operator, {"sub": dids["agent"], "aud": [dids["shared"]],
                                             "policy_hash_b64u": policy})
    for one in [*gates, operators]:
        one.thread.start()
    say("four gates call, and operators ask two control planes")
    time.sleep(5)
    before = [len(gate.allowed()) for gate in gates]
    assert all(before), before

    say("the primary is killed")
    cut = time.monotonic()
    postgres.fail_over()
    promoted = time.monotonic()
    say(f"its standby is promoted, {promoted - cut:.1f} s later")
    wait("calls after the failover", lambda: all(gate.allowed(since=promoted) for gate in gates))
    wait("tokens after the failover", lambda: any(time >= promoted for time in operators.acknowledged))
    time.sleep(4)
    for gate in gates:
        say(f"  {gate.name}: no call was allowed for {gap(gate.allowed(), cut):.1f} s, refused as "
            f"{sorted(set(gate.denied(since=cut)))}")
    say(f"  operators: nothing was acknowledged for {gap(operators.acknowledged, cut):.1f} s, "
        f"answers else {operators.refused}")

    say("the first control plane is killed, and started again 3 s later")
    killed = time.monotonic()
    planes[0].process.kill()
    planes[0].process.wait()
    time.sleep(3)
    planes[0].start()
    back = time.monotonic()
    wait("calls after the restart", lambda: all(gate.allowed(since=back) for gate in gates))
    time.sleep(3)
    for gate in gates[:3]:
        say(f"  {gate.name}: no call was allowed for {gap(gate.allowed(), killed):.1f} s")

    say("the second control plane's wire is held, and the fourth gate's job revoked a second later")
    held = time.monotonic()
    planes[1].wire.held.set()
    time.sleep(1)
    status, _ = planes[0].ask(operator, "POST", "/v1/revocations", {"kind": "job", "value": gates[3].job})
    assert status == 200, status
    revoked = time.monotonic()
    time.sleep(STALE_S + BEGIN_S + 2 * READ_S)
    for gate in (gates[1], gates[3]):
        last = max(gate.allowed())
        say(f"  {gate.name}: its last call began at most {last - held:.1f} s after the wire was held, "
            f"{last - revoked:.1f} s after the revocation was acknowledged")
        assert last - held <= STALE_S + BEGIN_S + READ_S, last - held
        assert set(gate.denied(since=last)) == {"revocation_stale"}, set(gate.denied(since=last))
    assert not set(gates[0].denied(since=held)), "a gate that hears its control plane goes on"
    planes[1].wire.held.clear()
    freed = time.monotonic()
    wait("the revocation", lambda: "job_revoked" in gates[3].denied(since=freed), 90)
    wait("calls after the partition", lambda: gates[1].allowed(since=freed), 90)
    assert not gates[3].allowed(since=freed)
    say(f"  gate-2: its first call after the wire was let go, {min(gates[1].allowed(since=freed)) - freed:.1f} s")

    say(f"the others call until their job's limit of {LIMIT} is reached")
    wait("the limit", lambda: all("limit_exceeded" in gate.denied() for gate in gates[:3]), 300)

    say("the token of the others is revoked")
    status, _ = planes[1].ask(operator, "POST", "/v1/tokens/revoke",
                              {"issuer": dids["plane"], "jti": issued["shared"]["jti"]})
    assert status == 200, status
    acknowledged = time.monotonic()
    wait("the revocation", lambda: all("token_revoked" in gate.denied(since=acknowledged) for gate in gates[:3]))
    heard = [next(at for at, _, code in gate.said if code == "token_revoked") - acknowledged for gate in gates[:3]]
    say(f"  each refused for it at most {', '.join(f'{after:.2f} s' for after in heard)} after it was acknowledged")
    time.sleep(1)
    operators.stop.set()
    operators.thread.join()
    for gate in gates[1:3]:
        gate.stop.set()
        gate.thread.join()
        gate.process.kill()
    handed = [gates[0].end(), gates[3].end()]

    say("what was acknowledged is looked for")
    for last in handed:
        assert last[:1] == ["bundle"], last
    entries = wpc("ledger", "show", "--postgres", "--job", gates[0].job, env=postgres.url("ledger"))["entries"]
    entries = {"shared": entries, "alone": wpc("ledger", "show", "alone/ledger.db", "--job", gates[3].job)["entries"]}
    recorded = {ledger: {entry["call"] for entry in found if allows(entry)} for ledger, found in entries.items()}
    told = {ledger: {code for gate in of for _, word, code in gate.said if word == "allow"}
            for ledger, of in (("shared", gates[:3]), ("alone", gates[3:]))}
    for ledger in told:
        lost = told[ledger] - recorded[ledger]
        assert not lost, f"allowed, and not in the ledger: {sorted(lost)[:3]} of {len(lost)}"
    assert len(recorded["shared"]) == LIMIT, len(recorded["shared"])
    for ledger, found in entries.items():
        ended = [entry["call"] for entry in found if entry["kind"] == "outcome"]
        assert sorted(ended) == sorted(recorded[ledger]), f"{ledger}: {len(ended)} outcomes of {len(recorded[ledger])} calls"
    sound = [wpc("ledger", "check", "--postgres", env=postgres.url("ledger")), wpc("ledger", "check", "alone/ledger.db")]
    assert not any(one["findings"] or one["unsettled"] for one in sound), sound
    for token in operators.tokens:
        status, body = planes[1].ask(operator, "POST", "/v1/tokens/introspect", {"token": token})
        assert status == 200 and body["active"], (status, body)
    listed, cursor = {}, ""
    while True:
        status, page = planes[0].ask(auditor, "GET", "/v1/revocations/events" + cursor)
        assert status == 200, page
        listed.update({event["sequence"]: json.dumps(event["record"]) for event in page["events"]})
        if page["list_complete"]:
            break
        cursor = f"?cursor={page['cursor']}"
    for seq, job in operators.revoked:
        assert job in listed.get(seq, ""), (seq, job)
    assert sorted(listed) == list(range(1, len(listed) + 1))
    for (_, bundle, _), gate in zip(handed, (gates[0], gates[3])):
        wpc("evidence", "get", bundle, "--out", f"{gate.name}.bundle.json", *at("auditor"))
        verified = verdict(f"{gate.name}.bundle.json")
        assert verified["verdict"] in ("verified", "incomplete") and not verified.get("findings"), verified
    for plane in planes:
        plane.process.terminate()
        assert plane.process.wait(30) == 0
    say(f"  {sum(map(len, told.values()))} calls, {len(operators.tokens)} tokens, {len(operators.revoked)} revocations, "
        f"{len(handed)} bundles: nothing is lost, each call has its outcome; {LIMIT} calls of the shared job were allowed, and no more")


def allows(entry):
    return entry["kind"] == "attempt" and entry["decision"] == "allow"


def verdict(bundle):
    done = subprocess.run([WPC, "bundle", "verify", bundle, "--trust", "trust.json", "--format", "json"],
                          cwd=work, capture_output=True, text=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    os.chmod(root, 0o755)
    work.mkdir(mode=0o700)
    try:
        main()
    finally:
        for process in reversed(processes):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        if "--keep" not in sys.argv:
            shutil.rmtree(root, ignore_errors=True)
