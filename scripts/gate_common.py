"""What the gates written in Python share: the root they look at, its files, and how they report."""

import os
import re
import subprocess
import sys

SCRIPTS = os.path.dirname(os.path.abspath(__file__))


class Gate:
    """One check of the tree. Faults are collected, so that a run names all of them."""

    def __init__(self):
        self.name = os.path.basename(sys.argv[0])
        self.root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(SCRIPTS))
        self.build = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else os.path.join(self.root, "build")
        self.faults = 0

    def fault(self, message):
        self.faults += 1
        print(f"{self.name}: {message}")

    def finish(self):
        sys.exit(1 if self.faults else 0)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def files(self, *patterns):
        """The project's files that match. None at all is a fault: a gate that looks at nothing is always green."""
        listed = subprocess.run([os.path.join(SCRIPTS, "list-files"), self.root, *patterns], check=True,
                                stdout=subprocess.PIPE, text=True).stdout.splitlines()
        if not listed:
            self.fault(f"no files match {' '.join(patterns)}: nothing was checked")
        return listed

    def layers(self):
        """layers.txt as (levels bottom first, {beside: [levels]}, {client: [headers]})."""
        levels, beside, clients = [], {}, {}
        for number, line in enumerate(self.read("layers.txt").splitlines(), 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0] == "level" and len(words) == 2:
                levels.append(words[1])
            elif words[0] == "beside" and len(words) > 3 and words[2] == "on":
                beside[words[1]] = words[3:]
            elif words[0] == "client" and len(words) > 1:
                clients[words[1]] = words[2:]
            else:
                self.fault(f"layers.txt:{number}: not understood: {line}")
        return levels, beside, clients


def c_blank(text, strings=True):
    """C source with comments (and the insides of strings) blanked; every line keeps its number."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def blank(match):
        token = match[0]
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token[0] + " " * (len(token) - 2) + token[0] if strings else token

    return re.sub(pattern, blank, text, flags=re.DOTALL)
