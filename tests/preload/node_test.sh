#!/bin/bash
# timeout: 300
# node: buffers, JSON, zlib, worker threads; the memory of its own objects comes from V8's heap, all else from malloc.
PRELOAD_SETTINGS="default fit:best"
. "$(dirname "$0")/lib.sh"
preload_begin node

buffers() {
    node - <<'JS'
const crypto = require("crypto"), zlib = require("zlib");
const items = [];
for (let i = 0; i < 60000; i++) items.push({ id: i, name: "n".repeat(i % 61), tags: [i % 7, i % 11] });
const text = JSON.stringify(items);
console.log(text.length, crypto.createHash("sha256").update(text).digest("hex"));
const packed = zlib.gzipSync(text, { level: 6 });
console.log(zlib.gunzipSync(packed).toString() === text, zlib.brotliDecompressSync(zlib.brotliCompressSync(text.slice(0, 200000))).length);
let live = [], sum = 0;
for (let i = 0; i < 20000; i++) {
    live.push(Buffer.alloc(1 + (i * 7919) % 20000, i & 255));
    if (live.length > 200) sum += live.splice((i * 31) % 200, 1)[0].length;
}
console.log(sum);
JS
}

workers() {
    node - <<'JS'
const { Worker } = require("worker_threads");
const code = `const { parentPort, workerData } = require("worker_threads");
let map = new Map();
for (let i = 0; i < 50000; i++) map.set("k" + (i % 5000), Buffer.alloc(i % 900, workerData));
let sum = 0;
for (const value of map.values()) sum += value.length + (value[0] || 0);
parentPort.postMessage(sum);`;
Promise.all([1, 2, 3, 4].map(n => new Promise((done, fail) => {
    const worker = new Worker(code, { eval: true, workerData: n });
    worker.on("message", done); worker.on("error", fail);
}))).then(sums => console.log(sums.join(" ")));
JS
}

preload_scenario "buffers, JSON, zlib" buffers node
preload_scenario "worker threads" workers node
preload_end
