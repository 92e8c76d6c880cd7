package dev.varve.io.file;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.posix.Posix;
import dev.varve.io.vdi.RawImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A disk with files on it that loses its power when a test wants it to.
 *
 * <p>Every call that changes something has a number, counted from 0 over all files of the disk:
 * creating, writing, reserving, punching, setting the length, syncing. When the power goes at
 * number N, that call and every later one fails with an {@link IOException}, and {@link
 * #afterCrash} is the disk that a restart finds: what was synced is there, and of what call N and
 * those before it changed since, any part may be.
 *
 * <pre>
 *   for (long n = 0; ; n++) {
 *     try (var disk = new CrashingDisk(seed)) {
 *       disk.losePowerAt(n);
 *       boolean finished = run(disk);             // the real code, until it is done or throws
 *       try (var found = disk.afterCrash(seed)) {
 *         check(found);                           // opens the files again with the real code
 *       }
 *       if (finished) break;
 *     }
 *   }
 * </pre>
 *
 * <p>What may be lost: see {@link Loss}. Besides, single operations can fail ({@link #failAt},
 * {@link #failReadAt}), space can be short ({@link #limitSpace}), and a file can be cut behind its
 * user's back ({@link CrashingFile#cutByAnother}).
 *
 * <p>Everything a disk does follows from its seed and from the calls made. Thread safe.
 */
public final class CrashingDisk implements AutoCloseable {
  private static final long NEVER = Long.MAX_VALUE;
  private static final Path MEMORY = Path.of("/dev/shm");

  private final SplittableRandom random;
  private final TreeMap<String, StoredFile> files = new TreeMap<>();
  private final List<CrashingFile> opened = new ArrayList<>();

  private long operations;
  private long reads;
  private long powerLossAt = NEVER;
  private long failureAt = NEVER;
  private long readFailureAt = NEVER;
  private long freePages = NEVER;
  private volatile boolean powerLost;
  private volatile boolean punches = true;

  /** Whether the test, or a crash before it, has done something to its files. */
  private boolean meddledWith;

  /** An empty disk that works until it is told otherwise. */
  public CrashingDisk(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** Creates an empty file whose name is durable when this returns, and opens it for writing. */
  public synchronized CrashingFile create(String name, long reach) throws IOException {
    if (files.containsKey(name)) throw new IOException(name + " exists");
    boolean last = begin();
    if (!last || random.nextBoolean()) files.put(name, new StoredFile());
    if (last) throw powerLost(name);
    return open(name, reach, true);
  }

  public synchronized CrashingFile openReadWrite(String name, long reach) throws IOException {
    return open(name, reach, true);
  }

  public synchronized CrashingFile openReadOnly(String name, long reach) throws IOException {
    return open(name, reach, false);
  }

  /** The names of all files. */
  public synchronized List<String> names() {
    return List.copyOf(files.keySet());
  }

  private CrashingFile open(String name, long reach, boolean writable) throws IOException {
    checkPower(name);
    StoredFile stored = files.get(name);
    if (stored == null) throw new IOException(name + " does not exist");
    refuseOthers(name, null, writable);
    Path visible =
        Files.isWritable(MEMORY)
            ? Files.createTempFile(MEMORY, "varve-test", name)
            : Files.createTempFile("varve-test", name);
    MappedFile file;
    int other;
    try {
      file = MappedFile.openReadWrite(visible, Math.max(reach, stored.visibleLength()));
      other = Posix.open(visible, Posix.O_RDWR | Posix.O_CLOEXEC, 0);
    } finally {
      Files.delete(visible); // nothing stays behind, however the test ends
    }
    stored.fill(file);
    CrashingFile result = new CrashingFile(this, name, stored, file, other, writable);
    opened.add(result);
    return result;
  }

  /** Fails if another than {@code self} has the file open in a way that excludes this opening. */
  void refuseOthers(CrashingFile self, boolean writable) throws IOException {
    refuseOthers(self.name(), self, writable);
  }

  private void refuseOthers(String name, @Nullable CrashingFile self, boolean writable)
      throws IOException {
    for (CrashingFile other : opened) {
      boolean excludes = writable || other.isWritable();
      if (other != self && other.name().equals(name) && other.isOpen() && excludes) {
        throw new ImageInUseException(name + " is open already");
      }
    }
  }

  /** How many operations there were so far, which is the number of the next one. */
  public synchronized long operations() {
    return operations;
  }

  /** From operation {@code n} on there is no power. */
  public synchronized void losePowerAt(long n) {
    meddledWith = true;
    powerLossAt = n;
  }

  /**
   * Operation {@code n} fails, once, as its kind does: where space is needed with an {@link
   * OutOfSpaceException}, else with another {@link IOException}. A write has been carried out in
   * part then, and a sync has made any part of what it should durable.
   */
  public synchronized void failAt(long n) {
    meddledWith = true;
    failureAt = n;
  }

  /** The {@code k}-th read from now on, counted from 0, fails once. */
  public synchronized void failReadAt(long k) {
    meddledWith = true;
    readFailureAt = reads + k;
  }

  /** Only so many more bytes, in whole pages, can be reserved or written to holes. */
  public synchronized void limitSpace(long bytes) {
    freePages = bytes / StoredFile.PAGE;
  }

  /** From now on its file system cannot make holes: what is punched is zero and keeps its space. */
  public void punchNothing() {
    punches = false;
  }

  boolean punches() {
    return punches;
  }

  public boolean hasLostPower() {
    return powerLost;
  }

  /**
   * The disk after a restart, if the power goes now or has gone before. This disk stays as it is:
   * other seeds find other remains of it.
   */
  public synchronized CrashingDisk afterCrash(long seed) {
    return afterCrash(seed, Loss.any(seed));
  }

  public synchronized CrashingDisk afterCrash(long seed, Loss loss) {
    CrashingDisk found = new CrashingDisk(seed);
    found.meddledWith = true;
    int file = 0;
    for (var entry : files.entrySet()) {
      found.files.put(entry.getKey(), entry.getValue().afterCrash(loss.ofFile(file++)));
    }
    return found;
  }

  /**
   * Gives back the memory of all files, also of those that nobody closed. Fails if an image was
   * closed, on a disk on which nothing failed, with which VirtualBox could not go on.
   */
  @Override
  public synchronized void close() throws IOException {
    try {
      for (String name : files.keySet()) {
        if (!meddledWith && name.endsWith(".vdi") && !isOpen(name)) checkImage(name);
      }
    } finally {
      for (CrashingFile file : opened) file.release();
    }
  }

  private boolean isOpen(String name) {
    return opened.stream().anyMatch(file -> file.name().equals(name) && file.isOpen());
  }

  private void checkImage(String name) throws IOException {
    try (CrashingFile file = openReadOnly(name, 0)) {
      RawImage.of(file).assertCounted();
    }
  }

  /** What happens to a file is the test's doing from now on. */
  void meddle() {
    meddledWith = true;
  }

  /** Counts an operation; true if it is the one during which the power goes. */
  boolean begin() throws IOException {
    assert Thread.holdsLock(this);
    checkPower("the disk");
    powerLost = operations++ >= powerLossAt;
    return powerLost;
  }

  /** Whether the operation just begun is to fail. */
  boolean fails() {
    return operations - 1 == failureAt;
  }

  synchronized boolean readFails() {
    return reads++ == readFailureAt;
  }

  void checkPower(String name) throws IOException {
    if (powerLost) throw powerLost(name);
  }

  IOException powerLost(String name) {
    return new IOException(name + ": the simulated disk has lost its power");
  }

  /**
   * Takes pages from the free space, or gives some back if negative; false if there are not enough.
   */
  boolean takePages(long pages) {
    if (freePages == NEVER) return true;
    if (pages > freePages) return false;
    freePages -= pages;
    return true;
  }

  SplittableRandom random() {
    return random;
  }
}
