#!/bin/bash
# timeout: 300
# Chromium without a window dumps a local page after its script has run. The browser's own binary brings an allocator and
# defines malloc itself, so in its processes the library serves nobody; it is loaded into all of them all the same, and
# serves the shell, and the tools of the start script. That, and the page, is what is tested.
PRELOAD_SETTINGS="default"
. "$(dirname "$0")/lib.sh"
preload_begin chromium

cat >"$preload_input/page.html" <<'HTML'
<html><body><p id="a"></p><script>
const words = [];
for (let i = 0; i < 30000; i++) words.push("item" + (i * 7919) % 10007);
words.sort();
document.getElementById("a").textContent = words.length + " " + words[17] + " " + words.join("").length;
for (let i = 0; i < 500; i++) document.body.appendChild(document.createElement("div")).textContent = words[i];
</script></body></html>
HTML

dump() {
    local profile
    profile=$(mktemp -d)
    chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$profile" --dump-dom \
        "file://$preload_input/page.html" 2>/dev/null
    rm -rf "$profile"
}

preload_scenario "a page with a script" dump
preload_end
