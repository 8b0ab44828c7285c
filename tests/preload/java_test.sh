#!/bin/bash
# timeout: 300
# A Java virtual machine: its version, the compiler, and a program with threads, compression and direct buffers.
PRELOAD_SETTINGS="default"
. "$(dirname "$0")/lib.sh"
preload_begin java javac
export JAVA_TOOL_OPTIONS=

cat >"$preload_input/Work.java" <<'JAVA'
import java.nio.ByteBuffer;
import java.util.*;
import java.util.concurrent.*;
import java.util.zip.*;

public class Work {
    static long part(int n) throws Exception {
        byte[] text = new byte[200_000];
        for (int i = 0; i < text.length; i++) text[i] = (byte) (i * n % 251);
        CRC32 crc = new CRC32();
        for (int round = 0; round < 5; round++) {
            Deflater deflater = new Deflater();
            deflater.setInput(text);
            deflater.finish();
            byte[] packed = new byte[300_000];
            int length = deflater.deflate(packed);
            deflater.end();
            Inflater inflater = new Inflater();
            inflater.setInput(packed, 0, length);
            byte[] back = new byte[text.length];
            inflater.inflate(back);
            inflater.end();
            if (!Arrays.equals(text, back)) throw new Exception("not the same");
            ByteBuffer direct = ByteBuffer.allocateDirect(100_000 + round);
            direct.put(back, 0, 100_000).flip();
            crc.update(direct);
        }
        Map<String, Integer> words = new TreeMap<>();
        for (int i = 0; i < 20_000; i++) words.merge("w" + i * n % 997, 1, Integer::sum);
        return crc.getValue() + words.hashCode();
    }

    public static void main(String[] args) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Long>> parts = new ArrayList<>();
        for (int n = 1; n <= 12; n++) { final int m = n; parts.add(pool.submit(() -> part(m))); }
        for (Future<Long> part : parts) System.out.println(part.get());
        pool.shutdown();
    }
}
JAVA

version() {
    java -version 2>&1
}

program() {
    javac -d . "$preload_input/Work.java"
    java -Xmx256m -Xshare:auto Work
    rm -f ./*.class
}

preload_scenario "java -version" version java
preload_scenario "javac, threads, zlib, direct buffers" program java
preload_end
