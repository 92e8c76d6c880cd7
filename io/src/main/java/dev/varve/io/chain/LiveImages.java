package dev.varve.io.chain;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.host.RawLayer;
import dev.varve.io.host.RawMedium;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The open images of a running disk, base first; or a raw file or device alone. Immutable: when a
 * disk gets or loses an image, it gets a new {@code LiveImages} over the same files. Any thread;
 * methods that use files wait for the medium.
 */
final class LiveImages {

  /** An image as it is registered, and its open files. */
  record Member(Image registered, Layer image) {

    Path path() {
      return registered.file();
    }
  }

  private final List<Member> members;

  LiveImages(List<Member> members) {
    this.members = List.copyOf(members);
  }

  /**
   * Opens a chain.
   *
   * @param files opens the files that are only read
   */
  static LiveImages open(ImageChain chain, boolean readOnly, SharedFiles files) throws IOException {
    List<Layer> images = new ArrayList<>();
    try {
      ChainImages.open(images, chain, readOnly, true, files);
      List<Member> members = new ArrayList<>();
      for (int i = 0; i < images.size(); i++)
        members.add(new Member(chain.images().get(i), images.get(i)));
      return new LiveImages(members);
    } catch (Throwable e) {
      ChainImages.closeAfter(e, images);
      throw e;
    }
  }

  // ---- what they are

  int count() {
    return members.size();
  }

  Path path(int position) {
    return members.get(position).path();
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

  /** As they are registered, base first. */
  ImageChain registered() {
    return new ImageChain(members.stream().map(Member::registered).toList());
  }

  /** The facts of an image, with the id that it has for the image above it. */
  LayerFacts facts(int position) {
    Member member = members.get(position);
    LayerFacts facts = Ancestry.registered(member.image.facts(), member.registered);
    boolean isTop = position == members.size() - 1;
    return isTop ? facts : Ancestry.asChildSays(facts, image(position + 1).facts());
  }

  List<Layer> images() {
    return members.stream().map(Member::image).toList();
  }

  /** The raw medium, if it is the only image; else null. */
  @Nullable RawMedium rawAlone() {
    return members.size() == 1 && top() instanceof RawLayer raw ? raw.medium() : null;
  }

  /** What the guest sees, in bytes. */
  long capacity() {
    return top().capacity();
  }

  /**
   * Whether a discard gives space back to the host. Call it only if the disk is open for writing.
   * May block.
   */
  boolean givesSpaceBack() throws IOException {
    return top().givesSpaceBack();
  }

  /** How many bytes the host got back from them since they were opened. */
  long givenBack() {
    long bytes = 0;
    for (Member member : members) bytes += member.image.givenBack();
    return bytes;
  }

  /** Why a file of theirs is refused, the top's first; null if none is. Never waits. */
  @Nullable IOException damage() {
    for (Member member : members.reversed()) {
      IOException why = member.image.damage();
      if (why != null) return why;
    }
    return null;
  }

  /**
   * Fails if a file is no longer found under its name: what is written to it or to an image above
   * it would be lost.
   */
  void requireInPlace() throws IOException {
    requireInPlace(
        "a machine was using it. If it was moved, move it back; otherwise copy its data from inside the guest before you power the machine down");
  }

  /** The same when the disk is being closed: a deleted file is lost now. */
  void requireKept() throws IOException {
    requireInPlace(
        "a machine was using it. If it was moved, move it back before the next start; otherwise its data is lost: detach the disk or restore the file from a backup");
  }

  private void requireInPlace(String useAndAdvice) throws IOException {
    for (Member member : members) {
      requireInPlace(member.image, member.path().toString(), useAndAdvice);
      member.image.requireIntact();
    }
  }

  /**
   * @param useAndAdvice ends the sentence that the message begins with "while", and says what to do
   */
  static void requireInPlace(Layer image, String name, String useAndAdvice) throws IOException {
    for (ImageFile file : image.files())
      if (!file.isInPlace())
        throw new IOException(
            "%s was deleted, moved or replaced by another file while %s"
                .formatted(name, useAndAdvice));
  }

  // ---- with others

  /**
   * These images with one more on top, which is mended after it was checked.
   *
   * @throws IOException if it is not a child of the present top, or not as large
   */
  LiveImages with(Image registered, Layer newTop) throws IOException {
    Member below = members.getLast();
    LayerFacts parent = Ancestry.registered(below.image.facts(), below.registered);
    Ancestry.checkPair(newTop.name(), newTop.facts(), below.image.name(), parent);
    if (newTop.capacity() != capacity()) {
      throw new ImageFormatException(
          newTop.name(),
          "disk size",
          newTop.capacity(),
          "a running disk cannot be resized and has " + capacity() + " bytes",
          "create the image as a child of " + below.path());
    }
    newTop.mend();
    List<Member> higher = new ArrayList<>(members);
    higher.add(new Member(registered, newTop));
    return new LiveImages(higher);
  }

  LiveImages without(int position) {
    List<Member> left = new ArrayList<>(members);
    left.remove(position);
    return new LiveImages(left);
  }

  /** The images whose files are not among the files of {@code others}. */
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
   * Cuts the space off that was reserved behind the last place in the file of the top image, which
   * is about to become a parent. Call it while nothing changes the image.
   *
   * @param lock guards its block map
   */
  void cutTop(MapLock lock) {
    if (!top().leavesHoles()) return;
    try {
      writer(top(), lock).cutFile();
    } catch (IOException _) {
      // The file is cut when the disk is closed, or opened again.
    }
  }

  private static LayerWriter writer(Layer image, MapLock lock) {
    return image.writer(lock, new ReaderEpochs(), UUID::randomUUID);
  }

  /**
   * Makes the file of every image dense that was written while the disk was open; returns the first
   * failure, or null.
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
        // Another disk uses it as a parent: it stays valid, but not dense.
      } catch (Throwable e) {
        if (failure == null) failure = e;
      }
    }
    return failure;
  }

  /** Closes all of them; returns the first failure. */
  @Nullable Throwable close() {
    return ChainImages.close(images());
  }
}
