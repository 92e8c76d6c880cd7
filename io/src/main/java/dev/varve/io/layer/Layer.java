package dev.varve.io.layer;

import dev.varve.core.device.ReadSink;
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
 * One open image of a chain: its facts, and where each range of its disk is. The disk is divided
 * into <i>blocks</i> (VDI's block, VMDK's grain, VHD's block, QCOW2's cluster), the unit of
 * allocation. Offsets, lengths and block numbers are those of the disk.
 *
 * <p>Threads: any thread may call {@link #files()}, {@link #name()}, {@link #capacity()} and {@link
 * #blockSize()}, which never change and never wait. Any thread that holds the {@link MapLock} may
 * call the methods that need it. The other methods are called by one thread at a time, unless they
 * say otherwise. All methods but these four may wait for the medium.
 */
public interface Layer extends Closeable {

  // ---- what it is

  /** The facts of the image, as they are in memory now. */
  LayerFacts facts();

  /** The image's file, for messages. */
  default String name() {
    return file().name();
  }

  /**
   * What is unusual in the image and no reason to refuse it, a sentence each: what a crash left, or
   * what VirtualBox gets wrong with it. As found on opening; never waits.
   */
  default List<String> notes() {
    return List.of();
  }

  /** What the guest sees, in bytes. */
  default long capacity() {
    return facts().capacity();
  }

  /** The unit of allocation, in bytes; a power of two. */
  default int blockSize() {
    return facts().blockSize();
  }

  /** The space of a block in a file, with the data that the format stores beside it; in bytes. */
  default long spacePerBlock() {
    return blockSize();
  }

  /**
   * All files of the image: the first names it, and a {@link Place} points into one that holds
   * blocks. More than one only for an image in several extents. Owned by the layer.
   */
  List<ImageFile> files();

  /** The file of an image that has only one. */
  default ImageFile file() {
    return files().getFirst();
  }

  // ---- where a range is

  /**
   * Where a range is. Needs the map lock.
   *
   * @param offset below the capacity
   * @param length at least 1; the range ends within the capacity. If it is longer than {@link #run}
   *     says, the answer may be {@code MIXED}
   * @return the {@link Place} of the first byte, which the others follow in the file; or one of the
   *     constants of {@code Place}
   * @throws IOException if the block map cannot be read
   */
  long find(long offset, int length) throws IOException;

  /**
   * How many bytes from {@code offset} on, at most {@code length}, have the same answer of {@link
   * #find} as the first of them. They may go on behind the end of a block, and at least one does
   * not need to: a format that answers block by block ends there. Needs the map lock.
   */
  default int run(long offset, int length) throws IOException {
    return Math.min(length, blockSize() - (int) (offset & blockSize() - 1));
  }

  /**
   * The first offset from this one on where the image may hold something; the capacity or more if
   * there is none. Only to get over large free parts quickly. Needs the map lock.
   */
  default long skipFree(long offset) throws IOException {
    return offset;
  }

  /**
   * Decodes a range for which {@link #find} returns {@link Place#ENCODED}. Thread-safe. Reads no
   * more of the file than the range's block, even if the file is malformed.
   *
   * @param offset where {@code destination} begins on the disk; the range lies in one block
   * @throws IOException if the medium fails or the file is damaged
   */
  default void decode(long offset, MemorySegment destination) throws IOException {
    throw new IOException(name() + " has no encoded blocks to decode");
  }

  /**
   * Hands an encoded range to {@code sink} if it was decoded before. Thread-safe; never waits.
   *
   * @param offset as of {@link #decode}
   * @return false if not; then {@code sink} got nothing
   */
  default boolean tryDecoded(long offset, int length, ReadSink sink) {
    return false;
  }

  // ---- protection

  /**
   * Fails if another program has truncated a file of the image or changed data that only its owner
   * writes. After that failure nothing more is written to the image.
   */
  void requireOurs() throws IOException;

  /**
   * Repairs in the file what a crash has left, if possible, since another program may be the next
   * to open it. Nothing else may have the image open for writing; the files are locked meanwhile.
   *
   * @throws dev.varve.io.file.ImageInUseException if another process has it open; nothing was
   *     changed
   */
  default void putRight() throws IOException {}

  // ---- written

  /**
   * Mends in the files of an image that was {@link LayerFormat#openReadWrite opened for writing}
   * what a crash left where another program would refuse the image; durable when it returns. Must
   * come before anything else is written, and after all images of the chain were checked against
   * each other, so that a chain that is refused stays as it is.
   */
  default void mend() throws IOException {}

  /**
   * Locks the files against all other use, so that the facts can be changed.
   *
   * @throws dev.varve.io.file.ImageInUseException if another process has it open; nothing was
   *     changed
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
   * Makes an image that was opened for reading writable: {@link #lockForWriting locks} the files,
   * reads what a writer needs, and {@link #mend mends} what a crash left.
   *
   * @throws dev.varve.io.file.ImageInUseException if another process has it open; nothing was
   *     changed
   */
  void allowWriting() throws IOException;

  /** Ends {@link #allowWriting}: other processes may read the files again. */
  default void onlyRead() throws IOException {
    for (ImageFile file : files()) file.onlyRead();
  }

  /**
   * Whether writes may have left unused places in the file, which {@link LayerWriter#makeDense}
   * fills. True for an image that allocates places and is or was writable.
   */
  boolean leavesHoles();

  /**
   * The writer of a writable image. There is one at a time; the next one goes on where the last one
   * ended.
   *
   * @param lock guards the block maps of the disk
   * @param writes the writes in place that are being carried out
   * @param ids gives the modify id of changed contents
   */
  LayerWriter writer(MapLock lock, ReaderEpochs writes, Supplier<UUID> ids);

  /**
   * Makes the image the child of another, or a base, durably. The image must be writable, and
   * nothing else may change its facts meanwhile. Takes the map lock.
   *
   * @param parent null makes it a base
   */
  void changeParent(@Nullable LayerFacts parent, MapLock lock) throws IOException;

  /**
   * Makes the disk of a writable image larger, durably. The added part reads as zeroes. The layer
   * must be closed afterwards: its capacity is the old one.
   *
   * @param hidesParents whether images below may hold something there; then the block in which the
   *     disk ended must be in this image
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

  /** Fails if another program has truncated a file, or changes are refused. */
  default void requireIntact() throws IOException {
    for (ImageFile file : files()) file.requireIntact();
  }

  /** Refuses all changes from now on, since another program has written to the image. */
  default void refuseChanges(IOException why) {
    for (ImageFile file : files()) file.refuseChanges(why);
  }

  /** See {@link ImageFile#damage}. */
  default @Nullable IOException damage() {
    for (ImageFile file : files()) {
      IOException why = file.damage();
      if (why != null) return why;
    }
    return null;
  }

  /** Whether a discard gives space back to the host. Only for an image that is open for writing. */
  default boolean givesSpaceBack() throws IOException {
    for (ImageFile file : files()) if (!file.punchesHoles()) return false;
    return true;
  }

  /** How many bytes the host got back from the files since they were opened. */
  default long givenBack() {
    long bytes = 0;
    for (ImageFile file : files()) bytes += file.givenBack();
    return bytes;
  }

  @Override
  void close() throws IOException;
}
