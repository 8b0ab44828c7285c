#!/bin/bash
# timeout: 300
# Chromium without a window dumps a local page after its script has run. The browser's binary defines malloc itself, so
# its blocks are its own; what is tested is that it runs with the library loaded into it, and dumps the same page.
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

# The linker's log of the last run: the browser's process has the library among its objects.
if ! grep -lE 'initialize program: (.*/)?chromium' "$preload_work"/proof/ld.* 2>/dev/null |
    xargs -r grep -qF "binding file $preload_lib [0]"; then
    echo "no process of chromium had $preload_lib loaded" >"$preload_work/complaints"
else
    : >"$preload_work/complaints"
fi
preload_report "the library is in the browser's process" "$preload_work/complaints"
preload_end
