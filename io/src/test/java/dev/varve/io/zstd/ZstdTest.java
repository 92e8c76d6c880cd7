package dev.varve.io.zstd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.DataFormatException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames that the tool zstd made. */
@NeedsTools("zstd")
class ZstdTest {

  @TempDir Path folder;

  private byte[] compressed(byte[] data, String... options) throws Exception {
    Path plain = folder.resolve("plain");
    Path packed = folder.resolve("packed");
    Files.write(plain, data);
    var command = new java.util.ArrayList<>(java.util.List.of("zstd", "-q", "-f"));
    command.addAll(java.util.List.of(options));
    command.addAll(java.util.List.of(plain.toString(), "-o", packed.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return Files.readAllBytes(packed);
  }

  private static byte[] decoded(byte[] frames, int length) throws DataFormatException {
    byte[] target = new byte[length];
    assertEquals(length, new Zstd().decode(frames, 0, frames.length, target));
    return target;
  }

  /** Of random length, part noise, part text, part repetition. */
  private static byte[] data(Random random, int length) {
    byte[] data = new byte[length];
    for (int at = 0; at < length; ) {
      int run = Math.min(length - at, 1 + random.nextInt(1 << 4 + random.nextInt(12)));
      switch (random.nextInt(4)) {
        case 0 -> {
          byte[] noise = new byte[run];
          random.nextBytes(noise);
          System.arraycopy(noise, 0, data, at, run);
        }
        case 1 -> Arrays.fill(data, at, at + run, (byte) random.nextInt());
        case 2 -> {
          for (int i = 0; i < run; i++)
            data[at + i] = (byte) ('a' + Math.abs(random.nextGaussian()) * 5);
        }
        default -> {
          int from = random.nextInt(at + 1);
          for (int i = 0; i < run; i++)
            data[at + i] = at == 0 ? 0 : data[from + i % (at - from + 1)];
        }
      }
      at += run;
    }
    return data;
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "-3", "-9", "-19", "--fast=5", "-3 --no-check", "-19 --no-check"})
  void framesOfEveryLevelAreDecoded(String options) throws Exception {
    for (int seed = 0; seed < 12; seed++) {
      byte[] data = data(new Random(seed), 1 + new Random(seed).nextInt(1 << 6 + seed));

      byte[] frames = compressed(data, options.split(" "));

      assertArrayEquals(data, decoded(frames, data.length), "seed " + seed);
    }
  }

  @Test
  void framesThatFollowEachOtherAreDecodedUntilTheTargetIsFull() throws Exception {
    byte[] first = compressed("first ".getBytes(StandardCharsets.UTF_8));
    byte[] second = compressed("second".getBytes(StandardCharsets.UTF_8));
    byte[] both = Arrays.copyOf(first, first.length + second.length + 100);
    System.arraycopy(second, 0, both, first.length, second.length);

    assertEquals("first second", new String(decoded(both, 12), StandardCharsets.UTF_8));
  }

  @Test
  void aFrameWithMoreBytesThanFitIsRefused() throws Exception {
    byte[] frames = compressed(new byte[5000]);

    assertThrows(DataFormatException.class, () -> decoded(frames, 4999));
  }

  @Test
  void damagedFramesAreRefusedOrDecodedToOtherBytes() throws Exception {
    byte[] data = data(new Random(7), 30_000);
    byte[] frames = compressed(data);
    for (int seed = 0; seed < 20_000; seed++) {
      var random = new Random(seed);
      byte[] damaged =
          Arrays.copyOf(
              frames, random.nextInt(4) == 0 ? random.nextInt(frames.length) : frames.length);
      for (int flips = random.nextInt(4); flips >= 0 && damaged.length > 0; flips--)
        damaged[
                random.nextInt(
                    random.nextBoolean() ? damaged.length : Math.min(damaged.length, 200))] ^=
            (byte) (1 << random.nextInt(8));
      try {
        new Zstd().decode(damaged, 0, damaged.length, new byte[data.length]);
      } catch (DataFormatException e) {
        // Refused, as it should be.
      } catch (RuntimeException e) {
        throw new IOException("seed " + seed, e);
      }
    }
  }
}
