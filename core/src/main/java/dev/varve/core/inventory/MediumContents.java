package dev.varve.core.inventory;

import dev.varve.core.device.JoinedExtents;
import dev.varve.core.device.JoinedExtents.Extent;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.FileBytes;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MappedDisk;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Looks at what lies in hard disks, also while machines run on them. Thread safe; every method
 * blocks, and changes nothing.
 */
public final class MediumContents {

  private final Supplier<View> view;
  private final ImageFiles images;
  private final RunningDisks disks;

  MediumContents(Supplier<View> view, ImageFiles images, RunningDisks disks) {
    this.view = view;
    this.images = images;
    this.disks = disks;
  }

  /**
   * A part of a map.
   *
   * @param files of the chain, base first
   * @param capacity of the disk, in bytes
   * @param next where the next part begins; the capacity if this was the last
   */
  public record Part(List<Path> files, long capacity, List<Extent> extents, long next) {}

  /**
   * Which image of a medium's chain holds what: a part of it.
   *
   * @param offset where it begins
   * @param limit how many extents it has at most
   * @throws IOException the images cannot be read; the message is for people
   */
  public Part map(MediumId id, long offset, int limit) throws IOException {
    List<Medium> chain = view.get().chain(id).reversed();
    requireHardDisk(chain.getLast());
    Path top = chain.getLast().location();
    List<Extent> extents = new ArrayList<>();
    var sink = new JoinedExtents(offset, limit, extents::add);
    MappedDisk source = disks.map(top, offset, sink);
    if (source == null) source = images.map(ImageChain.of(chain), offset, sink);
    if (offset > source.capacity())
      throw ModelErrors.of(
          ErrorCode.E_INVALIDARG, "offset %d: the disk has %d bytes", offset, source.capacity());
    long next = sink.end();
    return new Part(source.files(), source.capacity(), extents, next);
  }

  /**
   * Looks for damage in the file of a medium.
   *
   * @throws IOException it cannot be read; the message is for people
   */
  public ImageReport check(MediumId id) throws IOException {
    Medium medium = view.get().chain(id).getFirst();
    requireHardDisk(medium);
    if (medium.isRaw())
      throw ModelErrors.of(
          ErrorCode.VBOX_E_NOT_SUPPORTED,
          "'%s' is a raw disk: nothing in it can be checked but by its guest",
          medium.name());
    return images.check(medium.location(), disks.isWritten(medium.location()));
  }

  /**
   * What the files of a medium take on the host; nothing for one that is missing, and for a device.
   *
   * @throws IOException a file cannot be looked at; the message is for people
   */
  public FileBytes bytes(Medium medium) throws IOException {
    FileBytes bytes = FileBytes.NONE;
    for (Path file : images.files(medium.location(), medium.format()))
      bytes = bytes.plus(images.bytes(file));
    return bytes;
  }

  private static void requireHardDisk(Medium medium) {
    if (medium.device() != DeviceType.HARD_DISK)
      throw ModelErrors.of(
          ErrorCode.VBOX_E_NOT_SUPPORTED,
          "'%s' is a %s image, and only hard disks can be looked into",
          medium.name(),
          medium.device().text());
  }
}
