package dev.varve.io.chain;

import dev.varve.core.medium.ImageChain;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.host.RawLayer;
import dev.varve.io.host.RawMedium;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.vdi.VdiFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The images of a running disk, open, base first; perhaps a raw file or device alone. Immutable: a
 * disk that gets or loses an image has others afterwards, over the same files. Any thread; what
 * touches files waits for the medium.
 */
final class LiveImages {

  /** An image and where it is. */
  record Member(Path path, Layer image) {}

  private final List<Member> members;

  LiveImages(List<Member> members) {
    this.members = List.copyOf(members);
  }

  /**
   * Opens a chain.
   *
   * @param files opens what is only read
   */
  static LiveImages open(ImageChain chain, boolean readOnly, SharedFiles files) throws IOException {
    List<Layer> images = new ArrayList<>();
    try {
      ChainImages.open(images, chain, readOnly, true, files);
      List<Path> paths = chain.files();
      List<Member> members = new ArrayList<>();
      for (int i = 0; i < images.size(); i++) members.add(new Member(paths.get(i), images.get(i)));
      return new LiveImages(members);
    } catch (Throwable e) {
      for (Layer image : images) image.close();
      throw e;
    }
  }

  // ---- what they are

  int count() {
    return members.size();
  }

  Path path(int position) {
    return members.get(position).path;
  }

  Layer image(int position) {
    return members.get(position).image;
  }

  Layer top() {
    return members.getLast().image;
  }

  List<Path> paths() {
    return members.stream().map(Member::path).toList();
  }

  List<Layer> images() {
    return members.stream().map(Member::image).toList();
  }

  /** The raw medium that is the disk by itself; null if there are others. */
  @Nullable RawMedium rawAlone() {
    return members.size() == 1 && top() instanceof RawLayer raw ? raw.medium() : null;
  }

  /** What the guest sees, in bytes. */
  long capacity() {
    return top().capacity();
  }

  /** Whether a discard gives space back; asked of a disk that is open for writing. May block. */
  boolean givesSpaceBack() throws IOException {
    return top().givesSpaceBack();
  }

  /** How many bytes the host got back from them since they were opened. */
  long givenBack() {
    long bytes = 0;
    for (Member member : members) bytes += member.image.givenBack();
    return bytes;
  }

  /**
   * Refuses files that are not what is found under their names any more: what is written to them,
   * or lies above them, would be lost.
   */
  void requireInPlace() throws IOException {
    requireInPlace("a machine runs on it: copy the disk from the machine before you power it down");
  }

  /** The same at the end, when a file that has no name any more is about to go. */
  void requireKept() throws IOException {
    requireInPlace(
        "a machine ran on it: if it was moved, move it back before the machine starts again; if not, what it held is gone, so detach the disk, or bring its file back from a copy");
  }

  private void requireInPlace(String consequence) throws IOException {
    for (Member member : members) {
      for (ImageFile file : member.image.files())
        requireInPlace(file, member.path.toString(), consequence);
      member.image.requireIntact();
    }
  }

  /**
   * @param consequence goes on with the sentence, after "while"
   */
  static void requireInPlace(ImageFile file, String name, String consequence) throws IOException {
    if (file.isInPlace()) return;
    throw new IOException(
        "%s was deleted, moved or replaced by another file while %s".formatted(name, consequence));
  }

  // ---- with others

  /**
   * With one more on top.
   *
   * @throws IOException it is no child of the present top, or not as large
   */
  LiveImages with(Path path, Layer newTop) throws IOException {
    List<Layer> images = new ArrayList<>(images());
    images.add(newTop);
    ChainImages.nameRawBase(images, path);
    ChainImages.checkParent(images, members.size());
    if (newTop.capacity() != capacity()) {
      throw new VdiFormatException(
          newTop.name(),
          "disk size",
          newTop.capacity(),
          "a running disk stays as large as it is, " + capacity() + " bytes",
          "create the image as a child of " + members.getLast().path);
    }
    List<Member> higher = new ArrayList<>(members);
    higher.set(0, new Member(path(0), images.getFirst()));
    higher.add(new Member(path, newTop));
    return new LiveImages(higher);
  }

  LiveImages without(int position) {
    List<Member> left = new ArrayList<>(members);
    left.remove(position);
    return new LiveImages(left);
  }

  /** Those whose files are not among the files of others. */
  LiveImages notIn(LiveImages others) {
    return new LiveImages(
        members.stream()
            .filter(
                member ->
                    others.members.stream().noneMatch(o -> o.image.file() == member.image.file()))
            .toList());
  }

  // ---- the end

  /**
   * Cuts off what was reserved behind the last place of the top, which is about to become a parent.
   * While nothing changes.
   *
   * @param lock guards its block map
   */
  void cutTop(MapLock lock) {
    if (!top().leavesHoles()) return;
    try {
      writer(top(), lock).cutFile();
    } catch (IOException _) {
      // It is cut when the disk is closed, or opened again.
    }
  }

  private static LayerWriter writer(Layer image, MapLock lock) {
    return image.writer(lock, new ReaderEpochs(), UUID::randomUUID);
  }

  /**
   * Leaves every image dense that was written while the disk was open; returns a failure.
   *
   * @param lock guards their block maps
   */
  @Nullable Throwable makeDense(MapLock lock) {
    Throwable failure = null;
    for (Layer image : images()) {
      if (!image.leavesHoles()) continue;
      try {
        image.lockForWriting();
        writer(image, lock).makeDense(false);
      } catch (ImageInUseException _) {
        // Another disk has it as a parent: it stays as it is, good and with holes.
      } catch (Throwable e) {
        if (failure == null) failure = e;
      }
    }
    return failure;
  }

  /** Closes all of them; returns the first failure. */
  @Nullable Throwable close() {
    Throwable failure = null;
    for (Layer image : images()) {
      try {
        image.close();
      } catch (Throwable e) {
        if (failure == null) failure = e;
      }
    }
    return failure;
  }
}
