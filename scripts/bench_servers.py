"""Servers as rows of the bench: the server runs with the allocator, its clients without. The time is that of the client."""
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

from bench_common import RUN_TIMEOUT_S
from bench_measure import Launch, RunError
from bench_programs import PROGRAMS, Program
from peers import BASELINE, Allocator, library_find

ANSWER_TIMEOUT_S = 20
SAMPLE_INTERVAL_S = 0.05


def client_run(command, **options):
    """The output of a client, which must succeed."""
    command = [str(word) for word in command]
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False,
                          env={**environment, "LC_ALL": "C"}, **options)
    if done.returncode != 0:
        raise RunError(f"{' '.join(command)}: status {done.returncode}\n{done.stderr[-1000:]}".strip())
    return done.stdout


def answer_await(server, question):
    """Asks until the server answers."""
    end = time.monotonic() + ANSWER_TIMEOUT_S
    while True:
        try:
            client_run(question)
            return
        except RunError as error:
            if server.process.poll() is not None:
                server.wait()
            if time.monotonic() > end:
                raise RunError(f"no answer after {ANSWER_TIMEOUT_S} s: {error}") from error
            time.sleep(0.02)


class Server(Program):
    """A row: begin, await, use, end. A subclass says argv, question, use and end."""

    def question(self):
        """A client's command that succeeds once the server answers."""
        raise NotImplementedError

    def use(self):
        """What is timed; raises RunError when what it gets is wrong."""
        raise NotImplementedError

    def end(self):
        """Asks the server to end."""
        raise NotImplementedError

    def run(self, allocator):
        self.run_begin()
        server = Launch(self.argv(), self.environment(allocator), cwd=self.folder)
        try:
            answer_await(server, self.question())
            with Peak(server.process.pid) as peak:
                start = time.monotonic()
                self.use()
                wall_s = time.monotonic() - start
            self.end()
            return server.wait().sample(wall_s, peak.kib())
        except BaseException:
            self.kill()
            server.kill()
            raise

    def kill(self):
        """Ends what is not in the process group of the server; for when something went wrong."""


class Peak:
    """The sum of VmHWM over the processes below one, looked at while it serves; a process that has ended counts with
    what it was seen with last."""

    def __init__(self, root):
        self.root = root
        self.seen = {}
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.look()

    def watch(self):
        while not self.stop.wait(SAMPLE_INTERVAL_S):
            self.look()

    def look(self):
        pending = [self.root]
        while pending:
            process = pending.pop()
            try:
                for tasks in Path(f"/proc/{process}/task").iterdir():
                    pending += map(int, (tasks / "children").read_text().split())
                peak = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
            except OSError:
                continue
            if peak and process != self.root:
                self.seen[process] = int(peak.group(1))

    def kib(self):
        return sum(self.seen.values())


class Redis(Server):
    title = "redis-server under redis-benchmark"
    needs = ("redis-server", "redis-benchmark", "redis-cli")

    def argv(self):
        return ["redis-server", "--port", 0, "--unixsocket", self.folder / "socket", "--save", "", "--appendonly", "no"]

    def environment(self, allocator):
        """Debian's is linked with jemalloc; libc's own malloc goes before that when libc is what is preloaded."""
        if allocator.name == BASELINE:
            allocator = Allocator(BASELINE, library_find("libc.so.6"), "")
        return super().environment(allocator)

    def question(self):
        return ["redis-cli", "-s", self.folder / "socket", "ping"]

    def use(self):
        common = ["redis-benchmark", "-s", self.folder / "socket", "-q", "-P", 16, "-c", 20]
        client_run([*common, "-r", 100_000, "-n", self.amount(160_000), "-d", 200, "-t", "set,get,lpush,lpop,sadd,hset"])
        client_run([*common, "-n", self.amount(4_000), "-t", "lrange_300,mset"])
        client_run([*common, "-r", 100_000, "-n", self.amount(80_000), "append", "key:__rand_int__", "x" * 90])
        size = client_run(["redis-cli", "-s", self.folder / "socket", "dbsize"])
        if int(size) < 1000:
            raise RunError(f"the database holds {size.strip()} keys")

    def end(self):
        client_run(["redis-cli", "-s", self.folder / "socket", "shutdown", "nosave"])


class PostgreSQL(Server):
    title = "PostgreSQL under pgbench"
    nclients = 4

    def __init__(self, folder, divisor):
        super().__init__(folder, divisor)
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        self.programs = folders[-1] if folders else Path("/nowhere")
        self.needs = tuple(str(self.programs / name) for name in ("initdb", "postgres", "pgbench", "psql"))
        # The server refuses to run as root: then it is nobody's.
        self.as_user = []
        if os.geteuid() == 0:
            self.as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            self.needs += ("setpriv",)

    def command(self, name, *arguments):
        return [*self.as_user, self.programs / name, *arguments]

    def argv(self):
        return self.command("postgres", "-D", "data", "-k", self.folder, "-c", "listen_addresses=", "-c", "fsync=off",
                            "-c", "shared_buffers=16MB", "-c", "autovacuum=off", "-c", "log_min_messages=fatal",
                            "-c", "max_parallel_workers_per_gather=0", "-c", "work_mem=16MB")

    def environment(self, allocator):
        """Nobody may not read every folder; then the library is copied to where he may."""
        if self.as_user and allocator.path is not None:
            copy = self.folder / f"{allocator.name}-{allocator.path.name}"
            if not copy.exists():
                shutil.copy(allocator.path.resolve(), copy)
                copy.chmod(0o755)
            allocator = Allocator(allocator.name, copy, allocator.version)
        return super().environment(allocator)

    def query(self, text):
        return self.command("psql", "-X", "-q", "-A", "-t", "-h", self.folder, "-U", "tester", "-c", text, "postgres")

    def question(self):
        return self.query("select 1")

    def pgbench(self, *arguments):
        return client_run(self.command("pgbench", "-h", self.folder, "-U", "tester", *arguments, "postgres"),
                          cwd=self.folder)

    def ready(self, baseline):
        """A cluster with the tables of pgbench, which each run gets a copy of."""
        self.folder.mkdir()
        self.folder.chmod(0o777)
        self.folder.parent.chmod(0o755)
        client_run(self.command("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "tester", "-E", "UTF8",
                                "--locale=C", "--no-sync", "--wal-segsize=1"), cwd=self.folder)
        shutil.copy(PROGRAMS / "tables.sql", self.folder / "tables.sql")
        (self.folder / "tables.sql").chmod(0o644)
        server = Launch(self.argv(), self.environment(baseline), cwd=self.folder)
        try:
            answer_await(server, self.question())
            self.pgbench("-i", "-s", 1, "-q")
            self.end()
            server.wait()
        except BaseException:
            self.kill()
            server.kill()
            raise
        (self.folder / "data").rename(self.folder / "made")
        self.run(baseline)

    def run_begin(self):
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        client_run(["cp", "-a", self.folder / "made", self.folder / "data"])

    def use(self):
        for arguments in (("-t", self.amount(800)), ("-t", self.amount(40), "-f", "tables.sql")):
            out = self.pgbench("-n", "-c", self.nclients, *arguments)
            ntransactions = int(arguments[1]) * self.nclients
            if f"actually processed: {ntransactions}/{ntransactions}" not in out:
                raise RunError(f"pgbench: {out[-500:]}")

    def end(self):
        os.kill(self.postmaster(), signal.SIGINT)

    def postmaster(self):
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def kill(self):
        """Its children are in sessions of their own; they end when it ends this way."""
        try:
            os.kill(self.postmaster(), signal.SIGQUIT)
            time.sleep(0.5)
        except (OSError, ValueError, IndexError):
            pass


SERVER_ROWS = (Redis, PostgreSQL)
