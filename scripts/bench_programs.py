"""Real programs as rows of the bench, those that are one command; servers are in bench_servers.py.

A row is prepared once in a temporary folder, and runs there once without any library: what it prints and writes then is what
it must print and write with every allocator."""
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from bench_common import BUILD
from bench_figures import keys_parse
from bench_measure import RunError, launch_run
from peers import ROOT, output_of

PROGRAMS = ROOT / "bench" / "programs"


class Program:
    """A row. folder is its own; divisor is above 1 in a quick run. A subclass says argv, stdin and prepare."""
    title = ""
    needs = ()     # commands that must be in PATH, or paths
    settings = {}  # more environment, for every allocator alike
    written = ""   # a file in folder, written by the program, that must be the same each time
    stdin = None
    nruns = 1
    unit = "s"
    group = "real"

    def __init__(self, folder, divisor):
        self.folder = Path(folder)
        self.divisor = divisor
        self.expected = None

    def missing(self):
        """The first command that this machine has not, or None."""
        return next((need for need in self.needs if shutil.which(str(need)) is None), None)

    def prepare(self):
        """Makes the input."""

    def argv(self):
        raise NotImplementedError

    def amount(self, number):
        return max(1, number // self.divisor)

    def environment(self, allocator):
        return {**allocator.environment(), "LC_ALL": "C", "HOME": str(self.folder), **self.settings}

    def outcome(self, stdout):
        digest = hashlib.sha256(stdout)
        if self.written:
            digest.update((self.folder / self.written).read_bytes())
        return digest.hexdigest()

    def run_begin(self):
        """Restores what a run changes."""

    def ready(self, baseline):
        """Prepares the row and takes down the outcome that every run must have."""
        self.folder.mkdir()
        self.prepare()
        self.run(baseline)

    def run(self, allocator):
        self.run_begin()
        usage = launch_run(self.argv(), self.environment(allocator), stdin=self.stdin, cwd=self.folder, nruns=self.nruns)
        outcome = self.outcome(usage.stdout)
        if self.expected is None:
            self.expected = outcome
        if outcome != self.expected:
            raise RunError("what it prints or writes is not what it was without the library")
        return usage.sample()

    def idle(self, allocator):
        del allocator
        return None


class Start(Program):
    """The time is that of all starts together, the RSS that of one process."""
    title = "200 starts of a trivial program"
    nruns = 200

    def argv(self):
        return [BUILD / "start"]

    def outcome(self, stdout):
        return ""

    def run(self, allocator):
        sample = super().run(allocator)
        usage = launch_run(self.argv(), self.environment(allocator))
        sample.minor_faults /= self.nruns
        sample.further = keys_parse(usage.stdout.decode())
        return sample


class Sqlite(Program):
    title = "sqlite3, a database in memory"
    needs = ("sqlite3",)

    def prepare(self):
        text = (PROGRAMS / "joins.sql").read_text().replace("NROWS", str(self.amount(90_000)))
        self.stdin = self.folder / "joins.sql"
        self.stdin.write_text(text)

    def argv(self):
        return ["sqlite3", ":memory:"]


class Python(Program):
    title = "python3, PYTHONMALLOC=malloc"
    needs = ("python3",)
    settings = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}

    def argv(self):
        # The interpreter itself: a wrapper in PATH would start processes of its own.
        return [self.interpreter, PROGRAMS / "objects.py", self.amount(10)]

    def prepare(self):
        system = Path("/usr/bin/python3")
        self.interpreter = system if system.exists() else Path(sys.executable)


class Lua(Program):
    title = "lua5.4, tables and closures"
    needs = ("lua5.4",)

    def argv(self):
        return ["lua5.4", PROGRAMS / "tables.lua", self.amount(12)]


class Perl(Program):
    title = "perl, hashes and strings"
    needs = ("perl",)
    settings = {"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}

    def argv(self):
        return ["perl", PROGRAMS / "records.pl", self.amount(4)]


C_UNIT = """
struct node_N { struct node_N *next; int key, values[8]; };
static int walk_N(struct node_N *node, int limit)
{
    int sum = 0;
    for (; node && limit > 0; node = node->next, limit--)
        for (int i = 0; i < 8; i++) {
            switch ((node->key ^ i) % 5) {
            case 0: sum += node->values[i] * N; break;
            case 1: sum ^= node->values[(i + N) & 7] << 3; break;
            case 2: if (sum > node->key) sum /= 3 + (node->key & 3); break;
            default: sum -= i;
            }
        }
    return sum;
}
int visit_N(struct node_N *node, int *out)
{
    for (int i = 0; i < 8; i++)
        out[i] = walk_N(node, i * N + out[7 - i]);
    return out[N & 7];
}
"""

CC_UNIT = """
struct key_N { int a; std::string b; bool operator<(const key_N &o) const { return std::tie(a, b) < std::tie(o.a, o.b); } };
int visit_N(const std::vector<std::string> &all)
{
    std::map<key_N, std::shared_ptr<std::vector<int>>> places;
    for (const auto &word : all) {
        auto &place = places[key_N{int(word.size()) + N, word}];
        if (!place)
            place = std::make_shared<std::vector<int>>();
        place->push_back(N);
    }
    std::function<int(int)> scale = [&](int n) { return n * int(places.size()) + N; };
    int sum = 0;
    for (auto &[key, place] : places) {
        std::sort(place->begin(), place->end(), [](int a, int b) { return a > b + N; });
        sum += scale(place->front()) + key.a;
    }
    return sum;
}
"""
CC_HEADERS = ("algorithm", "functional", "map", "memory", "string", "tuple", "vector")


class Compiler(Program):
    """The compiler proper, without its driver, on one preprocessed file."""
    driver = ""
    proper = ""
    suffix = ""
    written = "out.s"

    def compiler(self):
        found = output_of([self.driver, f"-print-prog-name={self.proper}"])
        return found if os.path.isabs(found) else None

    def missing(self):
        return None if self.compiler() else self.proper

    def source(self):
        raise NotImplementedError

    def prepare(self):
        given = self.folder / f"given.{self.suffix}"
        given.write_text(self.source())
        subprocess.run([self.driver, "-E", "-P", given, "-o", self.folder / f"unit.{self.suffix}"], check=True)

    def argv(self):
        return [self.compiler(), "-quiet", "-O2", "-fpreprocessed", f"unit.{self.suffix}", "-o", self.written]


class C(Compiler):
    title = "cc1 -O2, a large file"
    driver, proper, suffix = "gcc", "cc1", "c"

    def source(self):
        return "".join(re.sub(r"\bN\b|(?<=_)N\b", str(number), C_UNIT) for number in range(1, self.amount(120) + 1))


class CPlusPlus(Compiler):
    title = "cc1plus -O2, a large file"
    driver, proper, suffix = "g++", "cc1plus", "cc"

    def source(self):
        units = "".join(re.sub(r"\bN\b|(?<=_)N\b", str(number), CC_UNIT) for number in range(1, self.amount(4) + 1))
        return "".join(f"#include <{header}>\n" for header in CC_HEADERS) + units


class Git(Program):
    title = "git gc"
    needs = ("git",)
    # One thread: which deltas are found depends on how threads share the work.
    settings = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}

    def argv(self):
        return ["git", "-C", "work.git", "-c", "pack.threads=1", "-c", "gc.autoDetach=false", "gc", "--quiet", "--prune=now"]

    def commits(self):
        """A stream for git fast-import: files that change a little from one commit to the next."""
        lines = [f"line {i} of a file, {i * 7919 % 104729}" for i in range(1500)]
        for number in range(self.amount(300)):
            for i in range(12):
                lines[(number * 131 + i * 97) % len(lines)] = f"commit {number} wrote {i * number % 1009} here"
            message = f"commit {number}\n"
            yield (f"commit refs/heads/main\ncommitter Author <author@example.org> {1_700_000_000 + number * 60} +0000\n"
                   f"data {len(message)}\n{message}")
            for name, part in ((f"file-{number % 40}", lines), (f"folder-{number % 9}/part", lines[number % 700:][:400])):
                text = "\n".join(part) + "\n"
                yield f"M 100644 inline {name}\ndata {len(text)}\n{text}\n"

    def prepare(self):
        environment = {**os.environ, **self.settings}
        made = self.folder / "made.git"
        subprocess.run(["git", "init", "--quiet", "--bare", made], check=True, env=environment)
        subprocess.run(["git", "-C", made, "-c", "fastimport.unpackLimit=1000000", "fast-import", "--quiet"],
                       input="".join(self.commits()).encode(), check=True, env=environment)

    def run_begin(self):
        shutil.rmtree(self.folder / "work.git", ignore_errors=True)
        shutil.copytree(self.folder / "made.git", self.folder / "work.git")

    def outcome(self, stdout):
        """The pack is named by its objects; no loose object may be left."""
        objects = self.folder / "work.git" / "objects"
        return " ".join(sorted(path.name for path in objects.glob("pack/*.pack"))) + str(len(list(objects.glob("??/*"))))


class Ghostscript(Program):
    title = "ghostscript, pages as pixels"
    needs = ("gs",)
    written = "page.ppm"

    def prepare(self):
        (self.folder / "pages.ps").write_text((PROGRAMS / "pages.ps").read_text().replace("NPAGES", str(self.amount(60))))

    def argv(self):
        return ["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=ppmraw", "-r72", "-o", self.written, "pages.ps"]


class Z3(Program):
    """One pigeon more than there are holes, and a few products of bit vectors: never satisfiable."""
    title = "z3, a generated formula"
    needs = ("z3",)

    def pigeons(self, nholes):
        for pigeon in range(nholes + 1):
            for hole in range(nholes):
                yield f"(declare-const p{pigeon}_{hole} Bool)"
        for pigeon in range(nholes + 1):
            yield f"(assert (or {' '.join(f'p{pigeon}_{hole}' for hole in range(nholes))}))"
        for hole in range(nholes):
            for pigeon in range(nholes + 1):
                for other in range(pigeon):
                    yield f"(assert (or (not p{pigeon}_{hole}) (not p{other}_{hole})))"

    def prepare(self):
        vectors = ["(declare-const a (_ BitVec 7))", "(declare-const b (_ BitVec 7))", "(declare-const c (_ BitVec 7))",
                   "(assert (not (= (bvmul a (bvadd b c)) (bvadd (bvmul a b) (bvmul a c)))))"]
        formula = ["(push)", *self.pigeons(8 if self.divisor == 1 else 7), "(check-sat)", "(pop)"]
        if self.divisor == 1:
            formula += ["(push)", *vectors, "(check-sat)", "(pop)"]
        (self.folder / "formula.smt2").write_text("\n".join(formula) + "\n")

    def argv(self):
        return ["z3", "formula.smt2"]

    def outcome(self, stdout):
        if set(stdout.split()) != {b"unsat"}:
            raise RunError(f"it says {stdout[:200]!r}, not unsat")
        return ""


PROGRAM_ROWS = (Start, Sqlite, Python, Lua, Perl, C, CPlusPlus, Git, Ghostscript, Z3)
