package dev.varve.core.settings;

import dev.varve.core.medium.MediumId;
import dev.varve.core.settings.StateFolder.FileStep;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What the journal holds of one change.
 *
 * <pre>
 * 0   8  "VARVEJ03"
 * 8   1  0: intended, 1: decided
 * 9      creates: count, then a text for the path and one for the id each
 *        unfinished: a text
 *        files: count, then a text for the path, one for the fingerprint of what is replaced, a
 *               length, and the contents each
 *        steps: count, then a byte for the kind and two texts each
 * end-4  CRC-32C of all before
 * </pre>
 *
 * Numbers have four bytes, the highest first; a text is its length in bytes, then UTF-8. Earlier
 * versions of Varve wrote "VARVEJ02", without fingerprints, and "VARVEJ01", in which what is
 * created has no id either.
 *
 * @param decided false: to be undone; true: to be done
 * @param creates image files that exist only if the change happens
 * @param unfinished to be told to whoever opens the folder after a crash; may be empty
 * @param files new contents of files
 * @param steps what else is to be done, after the files
 */
record JournalEntry(
    boolean decided,
    List<Creation> creates,
    String unfinished,
    List<NewFile> files,
    List<FileStep> steps) {

  private static final String MAGIC = "VARVEJ";
  private static final String WITHOUT_IDS = MAGIC + "01";
  private static final String WITHOUT_FINGERPRINTS = MAGIC + "02";
  private static final String NEWEST = MAGIC + "03";
  private static final int MAGIC_LENGTH = 8;

  /** Stands for a fingerprint that is not known. */
  private static final String UNKNOWN = "?";

  private static final int DELETE = 0;
  private static final int REPARENT = 1;
  private static final int MAKE_BASE = 2;

  /** Its second text is the parent's id, a space, and its path. */
  private static final int REPARENT_TO_RAW = 3;

  /**
   * An image file that is made.
   *
   * @param id what the file holds; null if its name alone says that it is the one
   */
  record Creation(Path file, @Nullable MediumId id) {}

  /**
   * What a file holds from now on.
   *
   * @param before what it held when that was decided; null if an earlier version of Varve decided,
   *     which did not say
   */
  record NewFile(Path path, @Nullable Fingerprint before, byte[] bytes) {}

  JournalEntry {
    creates = List.copyOf(creates);
    files = List.copyOf(files);
    steps = List.copyOf(steps);
  }

  static JournalEntry intended(List<Creation> creates, String unfinished) {
    return new JournalEntry(false, creates, unfinished, List.of(), List.of());
  }

  /** The same where the files are in place and only these steps are left. */
  JournalEntry withSteps(List<FileStep> left) {
    return new JournalEntry(decided, creates, unfinished, List.of(), left);
  }

  JournalEntry decided(List<NewFile> newFiles, List<FileStep> newSteps) {
    return new JournalEntry(true, creates, unfinished, newFiles, newSteps);
  }

  byte[] toBytes() throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeBytes(NEWEST);
    out.writeBoolean(decided);
    out.writeInt(creates.size());
    for (Creation made : creates) {
      write(out, made.file().toString());
      write(out, made.id() == null ? "" : made.id().toString());
    }
    write(out, unfinished);
    out.writeInt(files.size());
    for (NewFile file : files) {
      write(out, file.path().toString());
      write(out, file.before() == null ? UNKNOWN : file.before().text());
      out.writeInt(file.bytes().length);
      out.write(file.bytes());
    }
    out.writeInt(steps.size());
    for (FileStep step : steps) write(out, step);
    out.writeInt(checksum(bytes.toByteArray()));
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream out, FileStep step) throws IOException {
    switch (step) {
      case FileStep.Delete(Path image) -> write(out, DELETE, image, "");
      case FileStep.Reparent(Path image, Path parent) ->
          write(out, REPARENT, image, parent.toString());
      case FileStep.ReparentToRaw(Path image, Path parent, MediumId id) ->
          write(out, REPARENT_TO_RAW, image, id + " " + parent);
      case FileStep.MakeBase(Path image) -> write(out, MAKE_BASE, image, "");
    }
  }

  private static void write(DataOutputStream out, int kind, Path image, String other)
      throws IOException {
    out.writeByte(kind);
    write(out, image.toString());
    write(out, other);
  }

  private static void write(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static int checksum(byte[] bytes) {
    var crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /**
   * Reads one.
   *
   * @throws SettingsException if it is not whole
   */
  static JournalEntry of(Path file, byte[] bytes) throws SettingsException {
    int length = bytes.length - Integer.BYTES;
    if (length < MAGIC_LENGTH) throw damaged(file);
    String magic = new String(bytes, 0, MAGIC_LENGTH, StandardCharsets.ISO_8859_1);
    if (!Set.of(WITHOUT_IDS, WITHOUT_FINGERPRINTS, NEWEST).contains(magic)) throw damaged(file);
    boolean withIds = !magic.equals(WITHOUT_IDS);
    boolean withFingerprints = magic.equals(NEWEST);
    byte[] body = Arrays.copyOf(bytes, length);
    try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      in.skipNBytes(MAGIC_LENGTH);
      boolean decided = in.readBoolean();
      List<Creation> creates = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--)
        creates.add(new Creation(Path.of(text(in)), withIds ? id(text(in)) : null));
      String unfinished = text(in);
      List<NewFile> files = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--)
        files.add(
            new NewFile(
                Path.of(text(in)), withFingerprints ? fingerprint(text(in)) : null, block(in)));
      List<FileStep> steps = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) steps.add(step(in));
      if (in.readInt() != checksum(body)) throw damaged(file);
      return new JournalEntry(decided, creates, unfinished, files, steps);
    } catch (SettingsException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      throw damaged(file);
    }
  }

  private static @Nullable MediumId id(String text) {
    return text.isEmpty() ? null : MediumId.of(text);
  }

  private static @Nullable Fingerprint fingerprint(String text) {
    return text.equals(UNKNOWN) ? null : new Fingerprint(text);
  }

  private static FileStep step(DataInputStream in) throws IOException {
    int kind = in.readUnsignedByte();
    Path image = Path.of(text(in));
    String other = text(in);
    return switch (kind) {
      case DELETE -> new FileStep.Delete(image);
      case REPARENT -> new FileStep.Reparent(image, Path.of(other));
      case MAKE_BASE -> new FileStep.MakeBase(image);
      case REPARENT_TO_RAW -> {
        String[] words = other.split(" ", 2);
        if (words.length < 2) throw new IOException("a parent '%s'".formatted(other));
        yield new FileStep.ReparentToRaw(image, Path.of(words[1]), MediumId.of(words[0]));
      }
      default -> throw new IOException("step of kind " + kind);
    };
  }

  private static String text(DataInputStream in) throws IOException {
    return new String(block(in), StandardCharsets.UTF_8);
  }

  private static byte[] block(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > in.available()) throw new IOException("a block of " + length);
    return in.readNBytes(length);
  }

  private static SettingsException damaged(Path file) {
    return new SettingsException(
        ("%s: the journal of a change is damaged, so that it can neither be finished nor undone."
                + " Move the file out of the folder to go on without that change")
            .formatted(file));
  }
}
