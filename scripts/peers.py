"""The allocators that Cellar is held against: libc's own, the libraries that Debian has, and those that PEERS names."""

import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

ROOT = Path(__file__).resolve().parent.parent
BASELINE = "glibc"
CELLAR = "Cellar"
# Variables that change how an allocator works.
SETTINGS = re.compile(r"^(CELLAR_CONF$|MALLOC_|MIMALLOC_|TCMALLOC_|TBB_MALLOC_|GLIBC_TUNABLES$)")

# Column name, soname and package of the peers that Debian has.
DEBIAN_PEERS = (
    ("mimalloc2", "libmimalloc.so.2", "libmimalloc2.0"),
    ("jemalloc5", "libjemalloc.so.2", "libjemalloc2"),
    ("tcmalloc", "libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
)
# The whole bench has one more. Its proxy is what is preloaded; it finds libtbbmalloc.so.2 itself.
BENCH_PEERS = (*DEBIAN_PEERS, ("tbbmalloc2", "libtbbmalloc_proxy.so.2", "libtbbmalloc2"))


@dataclass(frozen=True)
class Allocator:
    name: str
    path: Optional[Path]  # None: the C library's own
    version: str

    def environment(self):
        environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
        if self.path is not None:
            environment["LD_PRELOAD"] = str(self.path)
        return environment


def script_name():
    return Path(sys.argv[0]).name


def fail(message):
    sys.exit(f"{script_name()}: {message}")


def output_of(command):
    """The first line that a command prints, or "" when it cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip().split("\n")[0]


def library_find(soname):
    """The path of a library that the dynamic linker knows, or None."""
    for ldconfig in ("/sbin/ldconfig", "ldconfig"):
        try:
            listing = subprocess.run([ldconfig, "-p"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            continue
        for line in listing.splitlines():
            name, _, rest = line.strip().partition(" ")
            if name == soname and "=>" in rest:
                return Path(rest.rpartition("=> ")[2])
    return None


def package_version(package):
    return output_of(["dpkg-query", "-W", "-f", "${Version}", package])


def cellar_create():
    path = Path(os.environ.get("CELLAR_LIB", ROOT / "build" / "libcellar.so")).absolute()
    if not path.is_file():
        fail(f"{path} is not there: run make first, or set CELLAR_LIB")
    version = output_of(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]) or "no commit"
    return Allocator(CELLAR, path, version)


def extra_peers_create(text):
    for word in text.split():
        name, separator, path = word.partition("=")
        if not separator or not name or not path:
            fail(f'PEERS: "{word}" is not name=/path/to/library.so')
        if not Path(path).is_file():
            fail(f"PEERS: {name}: {path} is not there")
        yield Allocator(name, Path(path).absolute(), Path(path).resolve().name)


def allocators_create(peers=DEBIAN_PEERS):
    """All columns, the baseline first; a peer that is not installed is named in one line and left out."""
    cellar = cellar_create()
    allocators = [Allocator(BASELINE, None, " ".join(platform.libc_ver()).strip())]
    for name, soname, package in peers:
        path = library_find(soname)
        if path is None:
            print(f"{script_name()}: {name} is left out: install the package {package}", file=sys.stderr)
            continue
        allocators.append(Allocator(name, path, package_version(package) or path.resolve().name))
    allocators.append(cellar)
    allocators.extend(extra_peers_create(os.environ.get("PEERS", "")))
    names = [allocator.name for allocator in allocators]
    if len(set(names)) != len(names):
        fail(f"two columns have one name: {', '.join(names)}")
    return allocators
