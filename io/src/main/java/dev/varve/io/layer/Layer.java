package dev.varve.io.layer;

import dev.varve.io.file.ImageFile;
import dev.varve.io.storage.ReaderEpochs;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One open image of a chain: what it says of itself, and where each range of its disk is. Its disk
 * is cut into <i>blocks</i> (VDI's block, VMDK's grain, VHD's block, QCOW2's cluster), the pieces
 * in which it gives out space; offset, length and block are those of the disk.
 *
 * <p>What is said to need the {@link MapLock} is called under it, by any thread. {@link #files()},
 * {@link #name()}, {@link #capacity()} and {@link #blockSize()} never change and are for any
 * thread. The rest is called by one thread at a time. Everything but these four may wait for the
 * medium.
 */
public interface Layer extends Closeable {

  // ---- what it is

  /** What the image says of itself, as it is in memory now. */
  LayerFacts facts();

  /** For people: the file that names the image. */
  String name();

  /** What the guest sees, in bytes. */
  default long capacity() {
    return facts().capacity();
  }

  /** The piece in which the image gives out space, in bytes; a power of two. */
  default int blockSize() {
    return facts().blockSize();
  }

  /** What a block takes in a file, with what the format stores beside it; in bytes. */
  default long spacePerBlock() {
    return blockSize();
  }

  /** The files that hold its blocks; one, but for an image in several extents. Owned by it. */
  List<ImageFile> files();

  /** The only file of an image that has one. */
  default ImageFile file() {
    return files().getFirst();
  }

  // ---- where a range is

  /**
   * Where a range is. Needs the map lock.
   *
   * @param offset below the capacity
   * @param length at least 1; the range lies in one block, and ends within the capacity
   * @return the {@link Place} of its first byte, the others following it in the file; or one of the
   *     constants there
   * @throws IOException the block map cannot be read
   */
  long find(long offset, int length) throws IOException;

  /**
   * For how many bytes from {@code offset} on, {@code length} at most, the answer of {@link #find}
   * for the first of them holds. Needs the map lock.
   */
  default int run(long offset, int length) throws IOException {
    return Math.min(length, blockSize() - (int) (offset & blockSize() - 1));
  }

  /**
   * Tells the bytes of a range that {@link #find} calls {@link Place#ENCODED}. Thread-safe; reads
   * as much of the file as the range's block has, and no byte beyond the block however the file is
   * made.
   *
   * @param offset where {@code destination} begins on the disk; it lies in one block
   * @throws IOException they cannot be had: the medium fails, or the file is damaged
   */
  default void decode(long offset, MemorySegment destination) throws IOException {
    throw new IOException(name() + " holds no encoded block, and one was asked for");
  }

  // ---- kept from harm

  /**
   * Fails if another program has cut a file of the image, or has changed what only its owner
   * writes: from then on nothing is written to it.
   */
  void requireOurs() throws IOException;

  /** What was found on opening that is no reason to refuse the image, a sentence each. */
  default List<String> notes() {
    return List.of();
  }

  /**
   * Puts right in the file what a crash has left, if that can be done: another program may be the
   * next that opens it. Nothing else has the image open for writing; the files are locked for that
   * long.
   *
   * @throws dev.varve.io.file.ImageInUseException another process shows it; nothing was done
   */
  default void putRight() throws IOException {}

  // ---- written

  /**
   * Locks its files against everything else, so that what it says of itself can be changed.
   *
   * @throws dev.varve.io.file.ImageInUseException another process has it open; nothing has changed
   */
  default void lockForWriting() throws IOException {
    int locked = 0;
    try {
      for (; locked < files().size(); locked++) files().get(locked).allowWriting();
    } catch (Throwable e) {
      for (ImageFile file : files().subList(0, locked)) file.onlyRead();
      throw e;
    }
  }

  /**
   * Lets an image that was opened for reading be written: {@link #lockForWriting locks} its files,
   * and looks at what a writer must know.
   *
   * @throws dev.varve.io.file.ImageInUseException another process has it open; nothing has changed
   */
  void allowWriting() throws IOException;

  /** Ends that: others may read its files, too. */
  default void onlyRead() throws IOException {
    for (ImageFile file : files()) file.onlyRead();
  }

  /**
   * Whether writing it may have left places in its file that hold nothing, which {@link
   * LayerWriter#makeDense} fills: it can be written, or could once, and gives out places.
   */
  boolean leavesHoles();

  /**
   * What writes the image, of one that can be written. There is one writer at a time; the next one
   * goes on where it ended.
   *
   * @param lock guards the block maps of the disk
   * @param writes the writes in place that are being carried out
   * @param ids gives the id that the contents get when they change
   */
  LayerWriter writer(MapLock lock, ReaderEpochs writes, Supplier<UUID> ids);

  /**
   * Makes the image the child of another from now on, or a base, durably. The image can be written,
   * and nothing else writes what it says of itself meanwhile. Takes the map lock.
   *
   * @param parent null for none
   */
  void changeParent(@Nullable LayerFacts parent, MapLock lock) throws IOException;

  /**
   * Makes the disk of an image that can be written larger, durably; what is added reads as zeroes.
   *
   * @param hidesParents whether images below may hold something there; the block in which the disk
   *     ended must be in this image then
   */
  void grow(long capacity, boolean hidesParents) throws IOException;

  // ---- all its files

  /** Makes all completed writes durable. See {@link ImageFile#sync}. */
  default void sync() throws IOException {
    for (ImageFile file : files()) file.sync();
  }

  /** See {@link ImageFile#writeBack}. */
  default void writeBack() throws IOException {
    for (ImageFile file : files()) file.writeBack();
  }

  /** Fails if another program has cut a file, or changes are refused. */
  default void requireIntact() throws IOException {
    for (ImageFile file : files()) file.requireIntact();
  }

  /** Another program has written to the image: nothing is written to it from now on. */
  default void refuseChanges(IOException why) {
    for (ImageFile file : files()) file.refuseChanges(why);
  }

  /** Whether discarding gives space back to the host; asked of one that is open for writing. */
  default boolean givesSpaceBack() throws IOException {
    for (ImageFile file : files()) if (!file.punchesHoles()) return false;
    return true;
  }

  /** How many bytes the host got back from it since it was opened. */
  default long givenBack() {
    long bytes = 0;
    for (ImageFile file : files()) bytes += file.givenBack();
    return bytes;
  }

  @Override
  void close() throws IOException;
}
