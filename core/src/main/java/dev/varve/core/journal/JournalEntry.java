package dev.varve.core.journal;

import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What the journal holds of one change.
 *
 * <pre>
 * 0   8  "VARVEJ05"
 * 8   1  0: intended, 1: decided
 * 9      creates: count, then texts for the path, the id and the file's identity each
 *        unfinished: a text
 *        files: count, then texts for the path and the fingerprint of what is replaced, a length,
 *               and the contents each
 *        steps: count, then a byte for the kind, and texts for the path, the id, the file's
 *               identity, the format, and the path, the format and the id of the parent each
 * end-4  CRC-32C of all before
 * </pre>
 *
 * Numbers have four bytes, the highest first; a text is its length in bytes, then UTF-8, and empty
 * for what is not known. Earlier versions of Varve wrote "VARVEJ04", with VDI and raw images only,
 * whose steps have one text behind the file's identity, "VARVEJ03", without identities and the ids
 * of steps, "VARVEJ02", without fingerprints either, and "VARVEJ01", in which what is created has
 * no id.
 *
 * <p>Immutable, if the bytes of the files are left alone.
 *
 * @param decided false: recovery undoes it; true: recovery finishes it
 * @param creates image files that exist only if the change happens
 * @param unfinished what is left to do again after a crash, as one line; may be empty
 * @param files new contents of files
 * @param steps what else is left to do, after the files
 */
record JournalEntry(
    boolean decided,
    List<Creation> creates,
    String unfinished,
    List<NewContents> files,
    List<Step> steps) {

  private static final String NAME = "VARVEJ";
  private static final int VERSION = 5;
  private static final int MAGIC_LENGTH = 8;

  /** The first version that says which ids are created. */
  private static final int WITH_IDS = 2;

  /** The first version that says what files are replaced. */
  private static final int WITH_FINGERPRINTS = 3;

  /** The first version that says which images it means. */
  private static final int WITH_IDENTITIES = 4;

  /** The first version that says which formats the images have. */
  private static final int WITH_FORMATS = 5;

  /** Stands for a fingerprint that is not known. */
  private static final String UNKNOWN = "?";

  private static final int DELETE = 0;
  private static final int REPARENT = 1;
  private static final int MAKE_BASE = 2;

  /** Before {@link #WITH_FORMATS}: the text is the parent's id, a space, and its path. */
  private static final int REPARENT_TO_RAW = 3;

  /**
   * An image file that is made.
   *
   * @param id what the file holds; null if its name alone says that it is the one
   * @param identity of a file that cannot hold its id, {@link FileIdentity#unchanged} since it was
   *     made; null if that is not known
   */
  record Creation(Path file, @Nullable MediumId id, @Nullable FileIdentity identity) {}

  /**
   * What is left to do with an image file.
   *
   * @param identity of the file that is meant; null if that is not known
   */
  record Step(FileStep what, @Nullable FileIdentity identity) {

    static Step of(FileStep what) {
      return new Step(what, FileIdentity.of(what.image()));
    }
  }

  JournalEntry {
    creates = List.copyOf(creates);
    files = List.copyOf(files);
    steps = List.copyOf(steps);
  }

  static JournalEntry intended(List<Creation> creates, String unfinished) {
    return new JournalEntry(false, creates, unfinished, List.of(), List.of());
  }

  JournalEntry decided(List<NewContents> newFiles, List<Step> newSteps) {
    return new JournalEntry(true, creates, unfinished, newFiles, newSteps);
  }

  /** Whether anything is left to do of a decided change. */
  boolean isDone() {
    return files.isEmpty() && steps.isEmpty();
  }

  /** Whatever a decided change is about. */
  Set<Path> touched() {
    Set<Path> touched = new HashSet<>();
    for (NewContents file : files) touched.add(file.path());
    for (Step step : steps) touched.add(step.what().image());
    for (Creation made : creates) touched.add(made.file());
    return touched;
  }

  /** What is left to do of this change after a later one was decided. */
  JournalEntry without(JournalEntry later) {
    Set<Path> theirs = later.touched();
    return left(
        files.stream().filter(file -> !theirs.contains(file.path())).toList(),
        steps.stream().filter(step -> !theirs.contains(step.what().image())).toList());
  }

  /** A decided change of which this is left to do. */
  static JournalEntry left(List<NewContents> files, List<Step> steps) {
    return new JournalEntry(true, List.of(), "", files, steps);
  }

  // ---- as bytes

  byte[] toBytes() throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.writeBytes(NAME + "%02d".formatted(VERSION));
    out.writeBoolean(decided);
    out.writeInt(creates.size());
    for (Creation made : creates) {
      write(out, made.file().toString());
      write(out, text(made.id()));
      write(out, text(made.identity()));
    }
    write(out, unfinished);
    out.writeInt(files.size());
    for (NewContents file : files) {
      write(out, file.path().toString());
      write(out, file.before() == null ? UNKNOWN : file.before().text());
      out.writeInt(file.bytes().length);
      out.write(file.bytes());
    }
    out.writeInt(steps.size());
    for (Step step : steps) write(out, step);
    out.writeInt(checksum(bytes.toByteArray()));
    return bytes.toByteArray();
  }

  private static String text(@Nullable MediumId id) {
    return id == null ? "" : id.toString();
  }

  private static String text(@Nullable FileIdentity identity) {
    return identity == null ? "" : identity.text();
  }

  private static void write(DataOutputStream out, Step step) throws IOException {
    @Nullable ImageFormat format = null;
    @Nullable Image parent = null;
    switch (step.what()) {
      case FileStep.Delete delete -> {
        out.writeByte(DELETE);
        format = delete.format();
      }
      case FileStep.Reparent reparent -> {
        out.writeByte(REPARENT);
        parent = reparent.parent();
      }
      case FileStep.MakeBase _ -> out.writeByte(MAKE_BASE);
    }
    write(out, step.what().image().toString());
    write(out, text(step.what().id()));
    write(out, text(step.identity()));
    write(out, format == null ? "" : format.text());
    write(out, parent == null ? "" : parent.file().toString());
    write(out, parent == null ? "" : parent.format().text());
    write(out, parent == null ? "" : text(parent.id()));
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
   * @throws DamagedException if it is not whole, or of a version that is not known; says what is
   *     wrong, without the file
   */
  static JournalEntry of(byte[] bytes) throws DamagedException {
    int version = version(bytes);
    byte[] body = Arrays.copyOf(bytes, bytes.length - Integer.BYTES);
    try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      in.skipNBytes(MAGIC_LENGTH);
      boolean decided = in.readBoolean();
      List<Creation> creates = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) creates.add(creation(in, version));
      String unfinished = text(in);
      List<NewContents> files = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        Path path = Path.of(text(in));
        Fingerprint before = version < WITH_FINGERPRINTS ? null : fingerprint(text(in));
        files.add(new NewContents(path, before, block(in)));
      }
      List<Step> steps = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) steps.add(step(in, version));
      if (in.readInt() != checksum(body)) throw damaged("its checksum is wrong");
      return new JournalEntry(decided, creates, unfinished, files, steps);
    } catch (DamagedException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      throw damaged("it is not whole");
    }
  }

  private static int version(byte[] bytes) throws DamagedException {
    String magic =
        new String(bytes, 0, Math.min(bytes.length, MAGIC_LENGTH), StandardCharsets.US_ASCII);
    if (bytes.length < MAGIC_LENGTH + Integer.BYTES || !magic.matches(NAME + "\\d\\d"))
      throw damaged("it does not begin as a journal of Varve does");
    int version = Integer.parseInt(magic.substring(NAME.length()));
    if (version < 1 || version > VERSION)
      throw new DamagedException(
          "it has version %d, and this Varve knows 1 to %d".formatted(version, VERSION));
    return version;
  }

  private static Creation creation(DataInputStream in, int version) throws IOException {
    Path file = Path.of(text(in));
    MediumId id = version < WITH_IDS ? null : id(text(in));
    return new Creation(file, id, version < WITH_IDENTITIES ? null : identity(text(in)));
  }

  private static @Nullable MediumId id(String text) {
    return text.isEmpty() ? null : MediumId.of(text);
  }

  private static @Nullable Fingerprint fingerprint(String text) {
    return text.equals(UNKNOWN) ? null : new Fingerprint(text);
  }

  private static @Nullable FileIdentity identity(String text) {
    return text.isEmpty() ? null : new FileIdentity(text);
  }

  private static Step step(DataInputStream in, int version) throws IOException {
    int kind = in.readUnsignedByte();
    Path image = Path.of(text(in));
    MediumId id = version < WITH_IDENTITIES ? null : id(text(in));
    FileIdentity identity = version < WITH_IDENTITIES ? null : identity(text(in));
    FileStep what =
        version < WITH_FORMATS ? step(kind, image, id, text(in)) : step(kind, image, id, in);
    return new Step(what, identity);
  }

  private static FileStep step(int kind, Path image, @Nullable MediumId id, DataInputStream in)
      throws IOException {
    ImageFormat format = format(text(in));
    String parent = text(in);
    ImageFormat parentFormat = format(text(in));
    MediumId parentId = id(text(in));
    return switch (kind) {
      case DELETE -> new FileStep.Delete(image, id, format);
      case MAKE_BASE -> new FileStep.MakeBase(image, id);
      case REPARENT -> {
        if (parentFormat == null) throw new IOException("a parent without a format");
        yield new FileStep.Reparent(image, id, new Image(Path.of(parent), parentFormat, parentId));
      }
      default -> throw new IOException("step of kind " + kind);
    };
  }

  private static @Nullable ImageFormat format(String text) {
    return text.isEmpty() ? null : ImageFormat.of(text);
  }

  /** A step of an earlier version. */
  private static FileStep step(int kind, Path image, @Nullable MediumId id, String other)
      throws IOException {
    return switch (kind) {
      case DELETE -> new FileStep.Delete(image, id);
      case REPARENT ->
          new FileStep.Reparent(image, id, new Image(Path.of(other), ImageFormat.VDI, null));
      case MAKE_BASE -> new FileStep.MakeBase(image, id);
      case REPARENT_TO_RAW -> {
        String[] words = other.split(" ", 2);
        if (words.length < 2) throw new IOException("a parent '%s'".formatted(other));
        yield new FileStep.Reparent(
            image, id, new Image(Path.of(words[1]), ImageFormat.RAW, MediumId.of(words[0])));
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

  private static DamagedException damaged(String why) {
    return new DamagedException(why);
  }

  /** An entry that cannot be read, and never will be. */
  static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedException(String why) {
      super(why);
    }
  }
}
