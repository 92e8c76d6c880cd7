package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Damages samples at random: each is refused in words, or read and written as it is. */
class SettingsFuzzTest {

  private static final int TRIES = 1000;

  private static final List<String> TOKENS =
      List.of(
          "<",
          ">",
          "&",
          "\"",
          "'",
          "/>",
          "</",
          "<!--",
          "-->",
          "<![CDATA[",
          "]]>",
          "<?x ",
          "?>",
          "&#0;",
          "&amp;",
          "=",
          "\u0000",
          "\uFEFF",
          "<Snapshots>",
          "<Image uuid=\"",
          "-1",
          "99999999999999999999",
          "<!DOCTYPE a>",
          " xmlns=\"\"",
          " xmlns:p=\"u\" p:",
          "\r\n");

  private final long seed = Long.getLong("varve.test.seed", System.nanoTime());
  private final SplittableRandom random = new SplittableRandom(seed);

  @Test
  void aDamagedFileIsRefusedInWordsOrKeptAsItIs() throws IOException {
    System.out.println("seed " + seed + " (-Dvarve.test.seed=" + seed + " repeats it)");
    int read = 0;
    for (int i = 0; i < TRIES; i++) {
      byte[] file = damage(bytes(sampleOfAnyAge()));
      try {
        MachineSettings settings = Samples.settings(file);
        MachineFile again = MachineFile.of(Samples.HOME, file);
        again.write(settings);
        MachineSettings rewritten = Samples.settings(again.toBytes());
        assertEquals(settings, rewritten, "seed " + seed + ", try " + i);
        assertArrayEquals(file, unchanged(file), "seed " + seed + ", try " + i);
        read++;
      } catch (SettingsException e) {
        assertTrue(e.getMessage().contains("a1-sample.vbox"), e.getMessage());
      } catch (RuntimeException | StackOverflowError e) {
        throw new AssertionError("seed " + seed + ", try " + i, e);
      }
    }
    assertTrue(read > TRIES / 100, read + " were read, seed " + seed);
    assertTrue(read < TRIES, read + " were read, seed " + seed);
  }

  private String sampleOfAnyAge() {
    String text = Samples.text(anyOf(Samples.names().toList()));
    String aged = random.nextBoolean() ? text : Ages.in(anyOf(Ages.versions().toList()), text);
    return random.nextInt(4) == 0 ? aged.replace("\n", "\r\n") : aged;
  }

  private String anyOf(List<String> all) {
    return all.get(random.nextInt(all.size()));
  }

  private static byte[] unchanged(byte[] file) throws IOException {
    return MachineFile.of(Samples.HOME, file).toBytes();
  }

  private byte[] damage(byte[] sample) {
    byte[] file = sample;
    for (int left = random.nextInt(3); left >= 0; left--) file = damageOnce(file);
    return file;
  }

  private byte[] damageOnce(byte[] file) {
    if (file.length == 0) return file; // all of it was cut off before
    int at = random.nextInt(file.length);
    int length = Math.min(file.length - at, 1 + random.nextInt(80));
    return switch (random.nextInt(7)) {
      case 0 -> joined(file, at, new byte[0], file.length);
      case 1 -> joined(file, at, new byte[0], at + length);
      case 2 -> joined(file, at, bytes(TOKENS.get(random.nextInt(TOKENS.size()))), at);
      case 3 -> joined(file, at, new byte[] {(byte) random.nextInt(256)}, at + 1);
      case 4 -> {
        int from = random.nextInt(file.length - length + 1);
        yield joined(file, at, Arrays.copyOfRange(file, from, from + length), at);
      }
      case 5 -> {
        byte[] flipped = file.clone();
        flipped[at] ^= (byte) (1 << random.nextInt(8));
        yield flipped;
      }
      default -> value(file);
    };
  }

  /** Gives an attribute the value of another one. */
  private byte[] value(byte[] file) {
    String text = new String(file, StandardCharsets.ISO_8859_1);
    int to = text.indexOf("=\"", random.nextInt(text.length()));
    int from = text.indexOf("=\"", random.nextInt(text.length()));
    if (to < 0 || from < 0) return file;
    int toEnd = text.indexOf('"', to + 2);
    int fromEnd = text.indexOf('"', from + 2);
    if (toEnd < 0 || fromEnd < 0) return file;
    String changed =
        text.substring(0, to + 2) + text.substring(from + 2, fromEnd) + text.substring(toEnd);
    return changed.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] joined(byte[] file, int end, byte[] middle, int from) {
    var out = new ByteArrayOutputStream();
    out.write(file, 0, end);
    out.writeBytes(middle);
    out.write(file, from, file.length - from);
    return out.toByteArray();
  }
}
