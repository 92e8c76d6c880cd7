package dev.varve.http.page;

import dev.varve.core.hash.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;

/** A file of the page, as it is sent. Immutable: its arrays are never written. */
public final class PageFile {

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml");

  private static final Pattern IMPORT_MAP =
      Pattern.compile("<script type=\"importmap\">(.*?)</script>", Pattern.DOTALL);

  private final String type;
  private final String policy;
  private final String tag;
  private final byte[] plain;
  private final byte[] packed;

  PageFile(String name, byte[] bytes) {
    type = Objects.requireNonNull(TYPES.get(name.substring(name.lastIndexOf('.') + 1)));
    policy = policy(new String(bytes, StandardCharsets.UTF_8));
    tag = "W/\"" + HexFormat.of().formatHex(Sha256.of(bytes), 0, 12) + '"';
    plain = bytes;
    packed = packed(bytes);
  }

  /** The headers that tell a browser what this is, and what it may do. */
  public Map<String, String> headers() {
    return Map.of(
        "Content-Type",
        type,
        "Content-Security-Policy",
        policy,
        "Referrer-Policy",
        "no-referrer",
        "ETag",
        tag,
        "Vary",
        "Accept-Encoding",
        "Cache-Control",
        "no-cache"); // the browser keeps it, and asks whether it is still the same
  }

  /** Whether a browser that has sent {@code If-None-Match} has this file already. */
  public boolean isKnownBy(String ifNoneMatch) {
    return ifNoneMatch.contains(tag);
  }

  public byte[] plain() {
    return plain;
  }

  /** The same for a browser that takes gzip. */
  public byte[] packed() {
    return packed;
  }

  /**
   * Nothing but this server's own files may run, and nothing but this server may be asked. The map
   * of imports stands in the page itself, so its hash is named.
   */
  private static String policy(String text) {
    Matcher map = IMPORT_MAP.matcher(text);
    String hash =
        map.find()
            ? " 'sha256-%s'"
                .formatted(
                    Base64.getEncoder()
                        .encodeToString(Sha256.of(map.group(1).getBytes(StandardCharsets.UTF_8))))
            : "";
    return "default-src 'none'; script-src 'self'"
        + hash
        + "; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none';"
        + " form-action 'none'; frame-ancestors 'none'";
  }

  private static byte[] packed(byte[] bytes) {
    var packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toByteArray();
  }
}
