package dev.varve.core.inventory;

import dev.varve.core.device.ExtentSink;
import dev.varve.core.journal.UndecidedException;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MappedDisk;
import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The disks of running machines: open, and served to emulators. Implemented where disks are opened.
 * Every method may block, and leaves everything as it was when it fails, unless it says otherwise.
 * Any thread, many at once.
 */
public interface RunningDisks extends ServedDisks {

  /**
   * A disk to serve.
   *
   * @param machineName begins the export's name, {@code machine/controller/port/device}
   * @param images base first; empty for an empty drive
   * @param readOnly whether the guest may only read
   * @param group the limit that it shares; null for none
   */
  record Disk(
      String machineName,
      Attachment attachment,
      List<Image> images,
      boolean readOnly,
      @Nullable BandwidthGroup group) {

    public Disk {
      images = List.copyOf(images);
    }

    /** The format of the base; raw for an empty drive. */
    public ImageFormat format() {
      return images.isEmpty() ? ImageFormat.RAW : images.getFirst().format();
    }

    /** Its files, base first. */
    public List<Path> chain() {
      return images.stream().map(Image::file).toList();
    }

    /** The same disk with other images, base first. */
    public Disk withImages(List<Image> images) {
      return new Disk(machineName, attachment, images, readOnly, group);
    }
  }

  /**
   * Hands the allocation of a running disk to {@code sink}, from {@code offset} on.
   *
   * @param top the youngest image of the disk
   * @return null, and nothing was handed over, if it is that of no running disk
   */
  default @Nullable MappedDisk map(Path top, long offset, ExtentSink sink) throws IOException {
    return null;
  }

  /** Whether a running disk has this image on top, and can write to it. */
  default boolean isWritten(Path image) {
    return false;
  }

  /**
   * Opens all of a machine's disks and lets clients ask for them.
   *
   * @throws UnservedDisksException names every disk that cannot be opened; then none is
   */
  void start(MachineId machine, List<Disk> disks) throws IOException;

  /**
   * A program of the host that keeps the machine of a settings file in its memory and can start it
   * at any time: the VirtualBox service of the file's owner.
   *
   * @return the process in words; null if there is none
   */
  @Nullable String otherUser(Path settingsFile) throws IOException;

  /**
   * Runs work in which this thread opens images also if other programs write to them.
   *
   * @param work not kept
   */
  void forced(Runnable work);

  /**
   * Ends what clients have in flight, makes everything durable and closes.
   *
   * @throws IOException a disk could not be made durable; all are closed all the same
   */
  void stop(MachineId machine) throws IOException;

  /** Waits until what the machine's disks do at the moment is done and durable; fails never. */
  default void awaitHost(MachineId machine) {}

  /** Adds a disk to a running machine; other disks notice nothing. */
  void plug(MachineId machine, Disk disk) throws IOException;

  /** Takes a disk from a running machine: its clients get errors, never other data. */
  void unplug(MachineId machine, Slot slot) throws IOException;

  /**
   * Changes flags, limits or the medium of a running machine's disk. A medium that stays stays
   * open; clients of one that changes get errors and find the new one, of its own size, when they
   * connect again. Of a limit clients notice nothing but how fast they are; it holds for all disks
   * of its group, whichever of them is changed first.
   */
  void change(MachineId machine, Disk disk) throws IOException;

  /**
   * Puts new differencing images on top of disks, at the same moment for all of them. What was
   * acknowledged before is below; the guest waits, for less than 100 ms, and is not told.
   *
   * @param tops images that are there, children of what is on top now
   * @param decision makes the model's side durable, while no request is in flight and everything
   *     acknowledged is durable; if it fails, nothing has changed
   */
  void push(MachineId machine, Map<Slot, Image> tops, Decision decision) throws IOException;

  /**
   * Begins to merge neighbours of a running disk's chain, while the guest goes on; returns when
   * only a moment's work is left, which {@link #finish} does.
   *
   * @return null if it was cancelled; what was copied until then does no harm
   * @throws dev.varve.core.medium.HalfMergedException if a backward merge has changed the target
   */
  @Nullable RunningMerge merge(
      MachineId machine, Slot slot, Path source, Path target, Progress progress) throws IOException;

  /**
   * Ends merges at the same moment: afterwards the sources are in no chain any more. The guest
   * waits, for less than 100 ms, and is not told.
   *
   * @param decision makes the model's side durable; if it fails, the chains stay as they are
   */
  void finish(MachineId machine, List<RunningMerge> merges, Decision decision) throws IOException;

  /** A merge that is nearly done. */
  interface RunningMerge {
    /** Gives up; the chain stays as it is. */
    void abandon();
  }

  /** What makes a change durable. */
  interface Decision {
    /**
     * Runs it.
     *
     * @throws UndecidedException if it is unknown whether the change happens: then the disks that
     *     it concerns are closed, and their clients disconnected
     */
    void run() throws IOException;
  }
}
