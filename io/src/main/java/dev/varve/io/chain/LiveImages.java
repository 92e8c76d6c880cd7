package dev.varve.io.chain;

import dev.varve.core.medium.ImageChain;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.host.RawMedium;
import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.vdi.VdiFormatException;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The images of a running disk, open, base first: VDI images, below them perhaps a raw file or
 * device, or that alone. Does not change: a disk that gets or loses an image has others afterwards,
 * over the same files.
 */
final class LiveImages {

  /** An image and where it is. */
  record Layer(Path path, VdiImage image) {}

  private final List<Layer> layers;

  /** The base, if it is raw. */
  private final @Nullable RawMedium raw;

  LiveImages(List<Layer> layers, @Nullable RawMedium raw) {
    this.layers = List.copyOf(layers);
    this.raw = raw;
  }

  /**
   * Opens a chain.
   *
   * @param files opens what is only read
   */
  static LiveImages open(ImageChain chain, boolean readOnly, SharedFiles files) throws IOException {
    List<Path> paths = chain.files();
    if (chain.base().isRaw() && paths.size() == 1) return openRaw(paths.getFirst(), readOnly);
    List<VdiImage> images = new ArrayList<>();
    try {
      ChainImages.open(images, chain, readOnly, true, files);
      List<Layer> layers = new ArrayList<>();
      for (int i = 0; i < images.size(); i++) layers.add(new Layer(paths.get(i), images.get(i)));
      VdiImage base = images.getFirst();
      return new LiveImages(
          layers, base.isRaw() ? RawMedium.of(paths.getFirst(), base.file(), true) : null);
    } catch (Throwable e) {
      for (VdiImage image : images) image.close();
      throw e;
    }
  }

  /** Opens a raw file or device, whatever is in it. */
  private static LiveImages openRaw(Path path, boolean readOnly) throws IOException {
    RawMedium raw = RawMedium.open(path, readOnly);
    return new LiveImages(List.of(new Layer(path, RawBase.alone(raw))), raw);
  }

  // ---- what they are

  int count() {
    return layers.size();
  }

  Path path(int position) {
    return layers.get(position).path;
  }

  VdiImage image(int position) {
    return layers.get(position).image;
  }

  VdiImage top() {
    return layers.getLast().image;
  }

  List<Path> paths() {
    return layers.stream().map(Layer::path).toList();
  }

  List<VdiImage> images() {
    return layers.stream().map(Layer::image).toList();
  }

  /** The raw medium that is the disk by itself; null if there are VDI images. */
  @Nullable RawMedium rawAlone() {
    return layers.size() == 1 ? raw : null;
  }

  /** What the guest sees, in bytes. */
  long capacity() {
    RawMedium alone = rawAlone();
    return alone != null ? alone.capacity() : top().capacity();
  }

  /** Whether a discard gives space back; asked of a disk that is open for writing. May block. */
  boolean givesSpaceBack() throws IOException {
    RawMedium alone = rawAlone();
    return alone != null ? alone.givesSpaceBack() : top().file().punchesHoles();
  }

  /** How many bytes the host got back from them since they were opened. */
  long givenBack() {
    long bytes = 0;
    for (Layer layer : layers) bytes += layer.image.file().givenBack();
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
    for (Layer layer : layers) {
      requireInPlace(layer.image.file(), layer.path.toString(), consequence);
      layer.image.file().requireIntact();
    }
    if (raw == null || raw.isDevice()) return;
    raw.requireReach(raw.capacity(), "it was cut by somebody else; make it as long as it was");
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
  LiveImages with(Path path, VdiImage newTop) throws IOException {
    List<Layer> higher = new ArrayList<>(layers);
    if (rawAlone() != null) {
      VdiImage base = RawBase.below(path(0), top(), path, newTop.header());
      higher.set(0, new Layer(path(0), base));
    }
    higher.add(new Layer(path, newTop));
    var images = new LiveImages(higher, raw);
    ChainImages.checkParent(images.images(), layers.size());
    if (newTop.capacity() == capacity()) return images;
    throw new VdiFormatException(
        newTop.file().name(),
        "disk size",
        newTop.capacity(),
        "a running disk stays as large as it is, " + capacity() + " bytes",
        "create the image as a child of " + layers.getLast().path);
  }

  LiveImages without(int position) {
    List<Layer> left = new ArrayList<>(layers);
    left.remove(position);
    return new LiveImages(left, raw);
  }

  /** Those whose files are not among the files of others. */
  LiveImages notIn(LiveImages others) {
    return new LiveImages(
        layers.stream()
            .filter(
                layer ->
                    others.layers.stream().noneMatch(o -> o.image.file() == layer.image.file()))
            .toList(),
        null);
  }

  // ---- the end

  /**
   * Cuts off what was reserved behind the last place of the top, which is about to become a parent.
   * While nothing changes.
   *
   * @param lock guards its block map
   */
  void cutTop(Object lock) {
    if (top().isRaw()) return;
    try {
      new Places(top(), lock, new ReaderEpochs()).cutFile();
    } catch (IOException _) {
      // It is cut when the disk is closed, or opened again.
    }
  }

  /**
   * Leaves every image dense that was written while the disk was open; returns a failure.
   *
   * @param lock guards their block maps
   */
  @Nullable Throwable makeDense(Object lock) {
    Throwable failure = null;
    for (VdiImage image : images()) {
      if (!image.hasAllocator()) continue;
      try {
        image.file().allowWriting();
        DenseFile.makeIfChanged(image, new Places(image, lock, new ReaderEpochs()));
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
    for (VdiImage image : images()) {
      try {
        image.close();
      } catch (Throwable e) {
        if (failure == null) failure = e;
      }
    }
    return failure;
  }
}
