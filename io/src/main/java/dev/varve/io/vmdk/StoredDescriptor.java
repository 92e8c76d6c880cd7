package dev.varve.io.vmdk;

import static java.util.Objects.requireNonNull;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ForeignChange;
import dev.varve.io.layer.MapLock;
import dev.varve.io.vmdk.header.Descriptor;
import dev.varve.io.vmdk.header.SparseHeader;
import dev.varve.io.vmdk.header.VmdkRules;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The descriptor of an open image in its file. A crash leaves it as it was or as it shall be: a
 * value changes in place within one sector, or a whole new text is written elsewhere first.
 *
 * <p>Any thread asks {@link #now}; one thread at a time calls the others, which block.
 */
final class StoredDescriptor {

  private static final int SECTOR = VmdkRules.SECTOR;

  private final ImageFile file;
  private final boolean isEmbedded;

  /** Guards what the file is known to have, so that a write here is not taken for another's. */
  private final Object known = new Object();

  /** Where the text is; written by one thread at a time, under {@link #known}. */
  private long at;

  /** Written like {@link #at}. */
  private volatile Descriptor now;

  /** Whether the file has that text: a failed write may have left a part of another. */
  private boolean isKnown = true;

  StoredDescriptor(ImageFile file, VmdkHead head) {
    this.file = file;
    SparseHeader header = head.header();
    this.isEmbedded = header != null;
    this.at = header == null ? 0 : header.descriptorSector() * SECTOR;
    this.now = head.descriptor();
  }

  /** The text in the file. */
  Descriptor now() {
    return now;
  }

  /** Fails if another program has written it. */
  void requireOurs() throws IOException {
    synchronized (known) {
      if (!isKnown) return;
      byte[] expected = now.bytes();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment found = arena.allocate(expected.length);
        file.read(at, found);
        if (found.mismatch(MemorySegment.ofArray(expected)) >= 0)
          throw ForeignChange.found(file, "its descriptor");
      }
    }
  }

  /** Gives the image a new modify id, if its text has a place for one. Not durable. */
  void renewModifyId(UUID id) throws IOException {
    patch(now.withModifyId(id));
  }

  /**
   * Changes the parent, durably.
   *
   * @param extent in which the text is embedded, if it is
   */
  void changeParent(
      @Nullable UUID parent,
      @Nullable UUID parentModifyId,
      @Nullable SparseExtent extent,
      MapLock lock)
      throws IOException {
    Descriptor almost = now.beforeParent(parent, parentModifyId);
    Descriptor changed = now.withParent(parent, parentModifyId);
    if (isSameLength(changed) && isInOneSector(almost.bytes(), changed.bytes())) {
      // Whatever a crash leaves of this, the id of the old parent stands and decides; if there is
      // none, a part of a CID is still that of a child. The change is made again after the crash.
      patch(almost);
      patch(changed);
      file.sync();
    } else if (isEmbedded) {
      move(changed, requireNonNull(extent));
    } else {
      rewrite(changed);
    }
    synchronized (lock) {
      now = changed;
    }
  }

  /** Changes the size of an extent, durably; the rest of the text stays where it is if possible. */
  void changeExtent(int index, long sectors, @Nullable SparseExtent extent) throws IOException {
    Descriptor changed = now.withExtentSectors(index, sectors);
    if (isSameLength(changed) && isInOneSector(now.bytes(), changed.bytes())) {
      patch(changed);
      file.sync();
    } else if (isEmbedded) {
      move(changed, requireNonNull(extent));
    } else {
      rewrite(changed);
    }
  }

  /** Fails where {@link #changeExtent} would fail. */
  static void checkExtentChange(Descriptor now, int index, long sectors, String name)
      throws IOException {
    byte[] before = now.bytes();
    byte[] changed = now.withExtentSectors(index, sectors).bytes();
    boolean patched = changed.length == before.length && crossesNoSector(before, changed, 0);
    if (!patched) requireOneSector(before, changed, name);
  }

  private boolean isSameLength(Descriptor changed) {
    return changed.bytes().length == now.bytes().length;
  }

  private boolean isInOneSector(byte[] before, byte[] changed) {
    return before.length == changed.length && crossesNoSector(before, changed, at);
  }

  private static boolean crossesNoSector(byte[] before, byte[] changed, long at) {
    int first = Arrays.mismatch(before, changed);
    return first < 0 || (at + first) / SECTOR == (at + last(before, changed)) / SECTOR;
  }

  /** The last byte that differs in texts of one length. */
  private static int last(byte[] before, byte[] changed) {
    int last = before.length - 1;
    while (before[last] == changed[last]) last--;
    return last;
  }

  private void patch(Descriptor changed) throws IOException {
    byte[] before = now.bytes();
    byte[] after = changed.bytes();
    assert before.length == after.length : "a patch keeps the length";
    int first = Arrays.mismatch(before, after);
    if (first < 0) return;
    replace(at + first, Arrays.copyOfRange(after, first, last(before, after) + 1), changed);
  }

  /** Writes the text behind everything in the file, and then one sector, which names the place. */
  private void move(Descriptor changed, SparseExtent extent) throws IOException {
    extent.allowWriting();
    byte[] text = changed.bytes();
    long sectors =
        Math.max(extent.header().descriptorSectors(), Math.ceilDiv(text.length, SECTOR) + 1);
    long place = extent.append(sectors);
    write(place, text);
    file.sync();
    extent.writeHeader(extent.header().withDescriptor(place / SECTOR, sectors));
    file.sync();
    synchronized (known) {
      at = place;
      now = changed;
    }
  }

  /** Writes the text of a descriptor in a file of its own, if it fits one sector. */
  private void rewrite(Descriptor changed) throws IOException {
    byte[] text = changed.bytes();
    requireOneSector(now.bytes(), text, file.name());
    if (file.length() < text.length) {
      file.setLength(text.length); // a NUL ends the text
      file.sync();
    }
    byte[] padded =
        Arrays.copyOf(text, (int) Math.max(text.length, Math.min(SECTOR, file.length())));
    replace(0, padded, changed);
    file.sync();
  }

  /** Writes what makes the text in the file the changed one. */
  private void replace(long offset, byte[] bytes, Descriptor changed) throws IOException {
    synchronized (known) {
      isKnown = false;
      write(offset, bytes);
      isKnown = true;
      now = changed;
    }
  }

  private static void requireOneSector(byte[] before, byte[] changed, String name)
      throws IOException {
    if (Math.max(before.length, changed.length) <= SECTOR) return;
    throw new IOException(
        name
            + ": its descriptor is longer than a sector, so that a crash could leave a part of the"
            + " change; copy the disk into a new image");
  }

  private void write(long offset, byte[] bytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      file.write(offset, arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes)));
    }
  }
}
