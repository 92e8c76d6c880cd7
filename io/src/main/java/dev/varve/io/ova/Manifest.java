package dev.varve.io.ova;

import dev.varve.core.machine.Names;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The list of checksums of a package ({@code .mf}): a line {@code SHA256 (FILE) = HEX} for each
 * file. Immutable.
 */
record Manifest(String file, List<Line> lines) {

  static final String ENDING = ".mf";

  private static final int MAX_BYTES = 1 << 20;
  private static final int CHUNK = 1 << 16;
  private static final Pattern LINE =
      Pattern.compile("(SHA1|SHA256|SHA512)\\s*\\((.+)\\)\\s*=\\s*([0-9A-Fa-f]+)\\s*");

  /**
   * One file.
   *
   * @param algorithm by Java's name
   */
  record Line(String name, String algorithm, byte[] checksum) {}

  static Manifest read(Member member) throws IOException {
    List<Line> lines = new ArrayList<>();
    String text = new String(member.bytes(MAX_BYTES), StandardCharsets.UTF_8);
    for (String line : text.lines().toList()) {
      if (line.isBlank()) continue;
      Matcher parts = LINE.matcher(line);
      boolean good = parts.matches() && parts.group(3).length() == digits(parts.group(1));
      if (!good)
        throw new PackageException(
            "%s has the line '%s'; a line is SHA1, SHA256 or SHA512, then (FILE) = and the checksum. Correct or remove the manifest"
                .formatted(member.file(), Names.shown(line)));
      String algorithm = parts.group(1).toUpperCase(Locale.ROOT).replace("SHA", "SHA-");
      lines.add(new Line(parts.group(2), algorithm, HexFormat.of().parseHex(parts.group(3))));
    }
    return new Manifest(member.file(), lines);
  }

  private static int digits(String algorithm) {
    return switch (algorithm) {
      case "SHA1" -> 40;
      case "SHA256" -> 64;
      default -> 128;
    };
  }

  /** How many bytes {@link #check} reads. */
  long bytes(Map<String, Member> members) {
    long bytes = 0;
    for (Line line : lines) {
      Member member = members.get(line.name());
      if (member != null) bytes += member.length();
    }
    return bytes;
  }

  /**
   * Reads all files that are listed.
   *
   * @throws PackageException if one is missing, or is not what was listed
   */
  void check(Map<String, Member> members, Step step) throws IOException {
    for (Line line : lines) {
      Member member = members.get(line.name());
      if (member == null)
        throw new PackageException(
            "%s lists the file '%s', which is not in the package; copy or download the package again"
                .formatted(file, Names.shown(line.name())));
      byte[] actual = checksum(member, line.algorithm(), step);
      if (!MessageDigest.isEqual(actual, line.checksum()))
        throw new PackageException(
            "%s has the %s checksum %s, and the manifest says %s: it was damaged or changed; copy or download the package again"
                .formatted(
                    member.file(),
                    line.algorithm(),
                    HexFormat.of().formatHex(actual),
                    HexFormat.of().formatHex(line.checksum())));
      step.done(member.length());
    }
  }

  private static byte[] checksum(Member member, String algorithm, Step step) throws IOException {
    MessageDigest digest = digest(algorithm);
    byte[] chunk = new byte[CHUNK];
    try (var in = new FileStream(member.open())) {
      for (int count; (count = in.read(chunk, 0, CHUNK)) > 0; ) {
        digest.update(chunk, 0, count);
        step.at(in.position());
      }
    }
    return digest.digest();
  }

  /** The line of one file of a new package. */
  static String line(Member member, Step step) throws IOException {
    String checksum = HexFormat.of().formatHex(checksum(member, "SHA-256", step));
    return "SHA256 (%s) = %s\n".formatted(member.name(), checksum);
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has it", e);
    }
  }
}
