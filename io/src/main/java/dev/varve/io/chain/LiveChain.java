package dev.varve.io.chain;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.ReadSink;
import dev.varve.core.medium.Progress;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The disk of a running machine: a chain of VDI images that can get a new top, or lose an image by
 * a merge, while a guest uses it.
 *
 * <p>The order of calls for a snapshot: {@link #hold} on all disks of the machine, {@link #push},
 * {@link #resume}. For the end of a merge: {@code hold}, {@link LiveMerge#complete}, the decision,
 * {@link #finish}, {@code resume}. What is not part of {@link BlockDevice} blocks and must not run
 * on an event loop; one thread at a time calls {@code hold}, {@code push}, {@code finish} and
 * {@code resume}.
 */
public final class LiveChain implements BlockDevice {

  private LiveChain() {}

  /**
   * Opens a chain as {@link DifferencingChain#open} does.
   *
   * @param paths base first
   */
  public static LiveChain open(List<Path> paths, boolean readOnly, StorageThreads threads)
      throws IOException {
    throw new UnsupportedOperationException("under construction");
  }

  /** The images of the chain now, base first. */
  public List<Path> paths() {
    throw new UnsupportedOperationException("under construction");
  }

  /**
   * Stops the guest's requests: those being carried out are finished, later ones wait for {@link
   * #resume}. When this returns everything that was acknowledged is durable. Makes most of it
   * durable before the guest has to wait.
   *
   * @throws IOException it cannot be made durable; the disk is not held
   */
  public void hold() throws IOException {
    throw new UnsupportedOperationException("under construction");
  }

  /** Goes on with the requests that wait. Does nothing if the disk is not held. */
  public void resume() {
    throw new UnsupportedOperationException("under construction");
  }

  /**
   * Puts an image on top, which takes the guest's writes from now on. Only while held.
   *
   * @param newTop a differencing image, child of the present top and as large
   * @throws IOException it is no such image or cannot be opened; the chain stays as it was
   */
  public void push(Path newTop) throws IOException {
    throw new UnsupportedOperationException("under construction");
  }

  /**
   * Copies what {@code source} holds to {@code target}, its neighbour, while the guest goes on;
   * returns when only little is left, which {@link LiveMerge#complete} copies. Blocks for as long
   * as that takes.
   *
   * @param progress may cancel as long as the target was not changed in a way that can be seen
   *     without the source
   * @return null if it was cancelled
   * @throws IOException the images cannot be merged while the disk runs, there is not enough space,
   *     or the disk was closed; the disk shows what it did
   */
  public @Nullable LiveMerge merge(Path source, Path target, Progress progress) throws IOException {
    throw new UnsupportedOperationException("under construction");
  }

  /**
   * Takes the source of a completed merge out of the chain and tells its child who the parent is
   * now. The file of the source is nobody's afterwards: it can be deleted at once. Only while held.
   *
   * @throws IOException the child's header could not be written; the disk goes on without the
   *     source, and {@code ImageFiles.reparent} is to be done once the disk is closed
   */
  public void finish(LiveMerge merge) throws IOException {
    throw new UnsupportedOperationException("under construction");
  }

  @Override
  public long capacity() {
    throw new UnsupportedOperationException("under construction");
  }

  @Override
  public boolean readOnly() {
    throw new UnsupportedOperationException("under construction");
  }

  @Override
  public int blockSize() {
    throw new UnsupportedOperationException("under construction");
  }

  @Override
  public boolean tryRead(long offset, int length, ReadSink sink) throws IOException {
    throw new UnsupportedOperationException("under construction");
  }

  @Override
  public boolean tryWrite(long offset, MemorySegment source) throws IOException {
    throw new UnsupportedOperationException("under construction");
  }

  @Override
  public void submit(DeviceRequest request) {
    throw new UnsupportedOperationException("under construction");
  }

  @Override
  public Lease lease() throws DeviceClosedException {
    throw new UnsupportedOperationException("under construction");
  }

  @Override
  public CompletionStage<Void> close() {
    throw new UnsupportedOperationException("under construction");
  }
}
