package dev.varve.core.inventory;

import dev.varve.core.device.ExtentSink;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.FileBytes;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageInfo;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MappedDisk;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.core.medium.Room;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Image files that are looked at and never changed: what they are told to change is noted. Used by
 * one thread at a time; blocks.
 */
final class RehearsedImages implements ImageFiles {

  private final ImageFiles images;
  private final RehearsedEffects effects;

  RehearsedImages(RehearsedEffects effects) {
    this.images = effects.images();
    this.effects = effects;
  }

  // ---- noted

  @Override
  public void create(
      Path location,
      MediumId id,
      ImageFormat format,
      MediumVariant variant,
      long capacity,
      Announcement announcement) {
    effects.creates(location);
    if (variant == MediumVariant.FIXED) effects.needs(capacity);
  }

  @Override
  public void createChild(Path location, MediumId id, ImageFormat format, Image parent) {
    effects.creates(location);
    effects.say("the differencing image '%s' is made on '%s'".formatted(location, parent.file()));
  }

  @Override
  public void reset(Path location) {
    effects.empties(location);
  }

  @Override
  public void grow(ImageChain chain, long capacity) throws IOException {
    Image top = chain.images().getLast();
    ImageInfo info = images.inspect(top.file(), DeviceType.HARD_DISK, top.format());
    effects.changesContents(top.file());
    if (info.variant() == MediumVariant.FIXED) effects.needs(capacity - info.capacity());
    effects.say(
        "the disk of '%s' gets %d bytes, and has %d; it cannot get smaller again"
            .formatted(top.file(), capacity, info.capacity()));
  }

  @Override
  public boolean merge(ImageChain chain, Path source, Path target, Progress progress) {
    List<Path> files = chain.files();
    int from = Math.min(files.indexOf(source), files.indexOf(target));
    int to = Math.max(files.indexOf(source), files.indexOf(target));
    List<Path> used = new ArrayList<>(files.subList(from, to + 1));
    used.remove(target);
    effects.merges(source, target, used);
    return true;
  }

  @Override
  public void reparent(Path location, Image parent) {
    effects.rewritesImage(location);
  }

  @Override
  public void makeBase(Path location) {
    effects.rewritesImage(location);
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
    effects.creates(location);
    return true;
  }

  @Override
  public void delete(Path location) {
    effects.deletes(location, null);
  }

  @Override
  public void deleteMade(Path location, MediumId id) {
    effects.deletes(location, null);
  }

  @Override
  public void sweep(Path location) {
    // what a killed process has left is nothing that an operation is asked for
  }

  // ---- looked at

  @Override
  public ImageInfo inspect(Path location, DeviceType device, @Nullable ImageFormat format)
      throws IOException {
    return images.inspect(location, device, format);
  }

  @Override
  public MappedDisk map(ImageChain chain, long offset, ExtentSink sink) throws IOException {
    return images.map(chain, offset, sink);
  }

  @Override
  public ImageReport check(Path location, boolean served) throws IOException {
    return images.check(location, served);
  }

  @Override
  public @Nullable String whyNotNamed(Path location, ImageFormat format) {
    return images.whyNotNamed(location, format);
  }

  @Override
  public void awaitHost(Path folder) {
    images.awaitHost(folder);
  }

  @Override
  public void checkGrowth(ImageChain chain, long capacity) throws IOException {
    images.checkGrowth(chain, capacity);
  }

  @Override
  public List<Path> files(Path location, @Nullable ImageFormat format) {
    return images.files(location, format);
  }

  @Override
  public void checkDeletable(Path file) throws IOException {
    images.checkDeletable(file);
  }

  @Override
  public void checkChangeable(Path location) throws IOException {
    images.checkChangeable(location);
  }

  @Override
  public boolean isImage(Path location, MediumId id) {
    return images.isImage(location, id);
  }

  @Override
  public FileBytes bytes(Path file) throws IOException {
    return images.bytes(file);
  }

  @Override
  public Room room(Path place) throws IOException {
    return images.room(place);
  }
}
