package dev.varve.core.settings;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageInfo;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.core.medium.Room;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Images that are a line of text, the path of their parent; an empty line for a base. One that is
 * made for a change and may be deleted with it holds its id instead.
 */
final class LineImages implements ImageFiles {

  /** Of every file system. */
  Room room = new Room(Room.UNKNOWN, Room.UNKNOWN, false);

  /** What another program does while names are exchanged, after all looks at the file. */
  Runnable meanwhile = () -> {};

  @Override
  public boolean exchange(Path one, Path other) throws IOException {
    meanwhile.run();
    Path third = one.resolveSibling("exchanging");
    Files.move(one, third);
    Files.move(other, one);
    Files.move(third, other);
    return true;
  }

  static String parentOf(Path image) throws IOException {
    return Files.readString(image);
  }

  @Override
  public void create(
      Path location,
      MediumId id,
      ImageFormat format,
      MediumVariant variant,
      long capacity,
      Announcement announcement)
      throws IOException {
    Files.writeString(location, "", StandardOpenOption.CREATE_NEW);
  }

  @Override
  public void createChild(Path location, MediumId id, ImageFormat format, Image parent)
      throws IOException {
    Files.writeString(location, parent.file().toString(), StandardOpenOption.CREATE_NEW);
  }

  @Override
  public void reparent(Path location, Image parent) throws IOException {
    if (!Files.exists(location)) throw new NoSuchFileException(location.toString());
    Files.writeString(location, parent.file().toString());
  }

  @Override
  public void makeBase(Path location) throws IOException {
    if (!Files.exists(location)) throw new NoSuchFileException(location.toString());
    Files.writeString(location, "");
  }

  @Override
  public void checkDeletable(Path file) {
    // Whatever is in the way shows when it is deleted.
  }

  @Override
  public void checkChangeable(Path location) {
    // Whatever is in the way shows when it is changed.
  }

  @Override
  public void delete(Path location) throws IOException {
    Files.deleteIfExists(location);
  }

  @Override
  public void deleteMade(Path location, MediumId id) throws IOException {
    if (isImage(location, id)) Files.delete(location);
  }

  @Override
  public boolean isImage(Path location, MediumId id) {
    try {
      return Files.exists(location) && Files.readString(location).equals(id.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Room room(Path place) {
    return room;
  }

  @Override
  public void sweep(Path location) {
    throw new UnsupportedOperationException("a state folder looks for no parts");
  }

  @Override
  public ImageInfo inspect(Path location, DeviceType device, @Nullable ImageFormat format) {
    throw new UnsupportedOperationException("a state folder looks into no image");
  }

  @Override
  public void reset(Path location) {
    throw new UnsupportedOperationException("a state folder resets no image");
  }

  @Override
  public void checkGrowth(ImageChain chain, long capacity) {
    throw new UnsupportedOperationException("a state folder resizes no image");
  }

  @Override
  public void grow(ImageChain chain, long capacity) {
    throw new UnsupportedOperationException("a state folder resizes no image");
  }

  @Override
  public boolean merge(ImageChain chain, Path source, Path target, Progress progress) {
    throw new UnsupportedOperationException("a state folder merges no images");
  }

  @Override
  public boolean copy(
      ImageChain chain,
      Path location,
      MediumId id,
      ImageFormat format,
      MediumVariant variant,
      Progress progress,
      Announcement announcement) {
    throw new UnsupportedOperationException("a state folder copies no images");
  }
}
