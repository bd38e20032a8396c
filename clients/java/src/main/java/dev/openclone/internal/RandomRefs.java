package dev.openclone.internal;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.UUID;

/** Random UUIDs (version 4), with randomness drawn for many at once. */
final class RandomRefs {
  private final SecureRandom random = new SecureRandom();
  private final byte[] drawn = new byte[16 * 256];
  private int used = drawn.length;

  synchronized String next() {
    if (used == drawn.length) {
      random.nextBytes(drawn);
      used = 0;
    }
    ByteBuffer bits = ByteBuffer.wrap(drawn, used, 16);
    used += 16;
    long high = bits.getLong() & ~0xf000L | 0x4000L;
    long low = bits.getLong() & 0x3fff_ffff_ffff_ffffL | 0x8000_0000_0000_0000L;
    return new UUID(high, low).toString();
  }
}
