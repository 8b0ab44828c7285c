#!/bin/bash
# timeout: 120
# builds: all
# python3 with PYTHONMALLOC=malloc, so that every object is a block of the library: containers, json, big
# numbers; threads; child processes, also of a process with threads.
. "$(dirname "$0")/lib.sh"
preload_begin python3
# The interpreter itself: what PATH finds may be a shell script that chooses one.
python=$(python3 -c 'import sys; print(sys.executable)')
export PYTHONMALLOC=malloc PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1

objects() {
    "$python" - <<'PY'
import hashlib, json, re, zlib

words = ["%s-%d" % (chr(97 + i % 26) * (i % 40), i * 7919 % 10007) for i in range(60000)]
index = {}
for place, word in enumerate(words):
    index.setdefault(word[:3], []).append((len(word), place, word))
for key in sorted(index):
    print(key, len(index[key]), max(index[key])[1:])

tree = {"items": [{"id": i, "name": w, "tags": list(w[:5]), "nested": {"x": [i] * (i % 9)}}
                  for i, w in enumerate(words[:12000])]}
text = json.dumps(tree, sort_keys=True)
assert json.loads(text) == tree
packed = zlib.compress(text.encode(), 6)
assert zlib.decompress(packed) == text.encode()
print(len(text), hashlib.sha256(text.encode()).hexdigest(), len(packed))

numbers = sorted(set(int(n) for n in re.findall(r"-(\d+)", " ".join(words))), key=lambda n: (n % 101, n))
print(numbers[:20], sum(numbers))
product = 1
for n in range(1, 3000):
    product *= n
print(product.bit_length(), hashlib.sha256(hex(product).encode()).hexdigest())

grown = bytearray()
for i in range(40000):
    grown += b"%d," % i
    if i % 1000 == 999:
        del grown[:500]
print(len(grown), hashlib.md5(grown).hexdigest())

class Node:
    def __init__(self, other):
        self.other, self.me, self.load = other, self, "x" * 50
node = None
for i in range(30000):
    node = Node(node if i % 100 else None)
print(sum(len(w) for w in words))
try:
    bytes(1 << 62)
except MemoryError:
    print("MemoryError")
PY
}

threads() {
    "$python" - <<'PY'
import queue, sys, threading

sys.setswitchinterval(1e-3)
work, results = queue.Queue(), queue.Queue()

def worker(name):
    local = {}
    while (job := work.get()) is not None:
        local[job] = ("%d " % job) * (job % 60)
        if len(local) > 500:
            for key in list(local)[:250]:
                del local[key]
        results.put((job, len(local[job])))

for generation in range(3):
    team = [threading.Thread(target=worker, args=(i,)) for i in range(6)]
    for thread in team:
        thread.start()
    for job in range(3000):
        work.put(job)
    for thread in team:
        work.put(None)
    for thread in team:
        thread.join()
    total = sorted(results.get() for _ in range(3000))
    print(generation, len(total), sum(size for _, size in total), total[::1000])
PY
}

processes() {
    "$python" -W ignore - <<'PY'
import os, subprocess, sys, threading

sys.setswitchinterval(1e-3)
stop = threading.Event()
def noise():
    while not stop.is_set():
        sorted("%d" % (i * i) for i in range(200))
team = [threading.Thread(target=noise) for _ in range(2)]
for thread in team:
    thread.start()

# A fork while other threads allocate: the child finds the library's locks free and its heap whole.
for child in range(12):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        data = {i: str(i) * (i % 20) for i in range(3000)}
        os.write(write, b"%d" % sum(map(len, data.values())))
        os._exit(child)
    os.close(write)
    print(child, os.read(read, 100), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os.close(read)

for n in range(4):
    code = ("import sys; d = [str(i) * 5 for i in range(20000)]; "
            "print(len(''.join(d)), sys.stdin.read()); sys.exit(%d)" % n)
    done = subprocess.run([sys.executable, "-c", code], input="line %d" % n, capture_output=True, text=True)
    print(done.returncode, done.stdout, done.stderr)
stop.set()
for thread in team:
    thread.join()
PY
}

preload_scenario "dicts, strings, json, big numbers" objects "$python"
preload_scenario "threads" threads "$python"
preload_scenario "fork beside threads, subprocess" processes "$python"
preload_end
