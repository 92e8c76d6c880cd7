package dev.varve.http.bundle;

import dev.varve.core.device.FailureWords;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A zip file with the parts of a bundle, for its owner only. For one thread; blocks.
 *
 * @param missing the parts that could not be had, each with the reason
 */
public record Bundle(Path file, List<String> parts, Map<String, String> missing) {

  /** Of one part: more is cut at its beginning, since the end of a log tells most. */
  private static final int MOST_CHARACTERS = 16 << 20;

  private static final Duration PATIENCE = Duration.ofSeconds(40);

  /** After this time the user hears which part it is. */
  private static final Duration NOTICE = Duration.ofSeconds(2);

  public Bundle {
    parts = List.copyOf(parts);
  }

  /**
   * Makes a file that is not there yet.
   *
   * @param notices hears of a part that takes long
   * @throws FileAlreadyExistsException if it is there; it stays as it is
   * @throws IOException if it cannot be written; there is none then
   */
  public static Bundle make(
      Path file, List<Part> parts, Redaction redaction, Consumer<String> notices)
      throws IOException {
    SeekableByteChannel channel =
        Files.newByteChannel(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (channel) {
      var zip = new ZipOutputStream(Channels.newOutputStream(channel), StandardCharsets.UTF_8);
      Map<String, String> missing = new LinkedHashMap<>();
      Map<String, String> there = new LinkedHashMap<>();
      for (Part part : parts) {
        try {
          add(zip, part.name(), redaction.of(ended(text(part, notices))));
          there.put(part.name(), part.about());
        } catch (MissingPart e) {
          missing.put(part.name(), redaction.of(String.valueOf(e.getMessage())));
        }
      }
      add(zip, "README.txt", new BundleReadme(there, missing).text());
      zip.finish();
      return new Bundle(file, List.copyOf(there.keySet()), missing);
    } catch (Throwable e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }

  /** It cannot be had, and the bundle is made without it. */
  private static final class MissingPart extends Exception {
    private static final long serialVersionUID = 1;

    MissingPart(String why) {
      super(why);
    }
  }

  private static String text(Part part, Consumer<String> notices) throws MissingPart, IOException {
    var text = new FutureTask<>(part.source()::text);
    Thread.ofPlatform().daemon().name("part " + part.name()).start(text);
    try {
      return waited(part, text, notices);
    } catch (TimeoutException _) {
      throw new MissingPart("no answer in %d seconds".formatted(PATIENCE.toSeconds()));
    } catch (ExecutionException e) {
      throw new MissingPart(FailureWords.of(e));
    } catch (InterruptedException _) {
      throw new InterruptedIOException("interrupted; no bundle was made");
    }
  }

  private static String waited(Part part, Future<String> text, Consumer<String> notices)
      throws ExecutionException, InterruptedException, TimeoutException {
    try {
      return text.get(NOTICE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      notices.accept("waiting for %s (%s)".formatted(part.name(), part.about()));
      return text.get(PATIENCE.minus(NOTICE).toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private static String ended(String text) {
    if (text.length() <= MOST_CHARACTERS) return text;
    return "(the beginning is left out)\n" + text.substring(text.length() - MOST_CHARACTERS);
  }

  private static void add(ZipOutputStream zip, String name, String text) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
    zip.write(bytes.array(), bytes.arrayOffset(), bytes.limit());
    zip.closeEntry();
  }
}
