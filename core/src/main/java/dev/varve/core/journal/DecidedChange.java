package dev.varve.core.journal;

import dev.varve.core.device.FailureWords;
import dev.varve.core.journal.JournalEntry.Step;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A decided change, and the part of it that is not done yet. A step that fails is tried again; the
 * rest is done all the same, as far as it does not build on what failed:
 *
 * <ul>
 *   <li>images are changed and deleted once all settings of the change are in place, because the
 *       old settings need them;
 *   <li>images are deleted once no image of the change says any more that it builds on them.
 * </ul>
 *
 * <p>Used by one thread at a time; blocks.
 */
final class DecidedChange {

  private static final System.Logger LOG = System.getLogger(DecidedChange.class.getName());

  private final ImageFiles images;
  private final HostFiles host;
  private final Troubles troubles;
  private final ImageUse use;
  private final Map<Path, String> failures = new LinkedHashMap<>();

  private JournalEntry left;

  DecidedChange(
      JournalEntry entry, ImageFiles images, HostFiles host, Troubles troubles, ImageUse use) {
    this.use = use;
    this.left = entry;
    this.troubles = troubles;
    this.images = images;
    this.host = host;
  }

  /** What is left to do. */
  JournalEntry left() {
    return left;
  }

  /** What is wrong with which file, as far as the last attempt met it. */
  Map<Path, String> failures() {
    return failures;
  }

  /** The new contents that wait to be put in a file's place; null if none do. */
  @Nullable NewContents waiting(Path file) {
    for (NewContents waiting : left.files()) if (waiting.path().equals(file)) return waiting;
    return null;
  }

  /** Gives up what a later change has decided anew. */
  void giveWayTo(JournalEntry later) {
    left = left.without(later);
  }

  /** Does what can be done now. */
  void attempt() {
    failures.clear();
    List<NewContents> files = new ArrayList<>();
    for (NewContents file : left.files()) if (!isInPlace(file)) files.add(file);
    List<Step> later = files.isEmpty() ? stepsLeft() : left.steps();
    left = JournalEntry.left(files, later);
  }

  // ---- settings

  private boolean isInPlace(NewContents file) {
    try {
      putInPlace(file);
      return true;
    } catch (IOException e) {
      failures.put(
          file.path(),
          "the settings in '%s' are not up to date: the new ones cannot take their place: %s. They are kept in Varve's journal, and Varve tries again by itself until it can"
              .formatted(file.path(), FailureWords.of(e)));
      return false;
    }
  }

  /**
   * Puts new contents in place, unless another program has written the file since that was decided:
   * then its version stays, and ours is kept beside it.
   */
  private void putInPlace(NewContents file) throws IOException {
    if (Files.isDirectory(file.path()))
      throw new FileSystemException(file.path().toString(), null, "it is a folder");
    var durable = new DurableFile(file.path(), host);
    durable.settle(file.before(), file.bytes(), images::exchange);
    if (Arrays.equals(file.bytes(), durable.contents())) {
      durable.unstageIfPossible();
      durable.sync(); // an attempt before this one, or before a crash, may have failed there
      return;
    }
    Path folder = Objects.requireNonNull(file.path().getParent());
    // The folder of a file that was there has been there too: it may be on a disk that is away.
    boolean isNew = file.before() == null || file.before().equals(Fingerprint.NO_FILE);
    if (isNew) DurableFile.createFolders(folder);
    else if (!Files.isDirectory(folder)) throw new NoSuchFileException(folder.toString());
    durable.stageAgain(file.bytes());
    if (durable.publish(file.before(), images::exchange)) return;
    if (durable.previouslyHeld(file.bytes())) {
      durable.unstageIfPossible();
      return;
    }
    Path kept = durable.keepBeside();
    giveUpContradicted(file.path());
    troubles.kept(new Kept(file.path(), kept));
  }

  /**
   * Gives up the steps that would take images away from a file which another program has written:
   * what that names must stay as it is. If the file cannot be read, all steps are given up.
   */
  private void giveUpContradicted(Path file) {
    @Nullable Set<Path> named = null;
    try {
      named = use.named(file);
    } catch (IOException e) {
      // Then every image of the change may be named.
    }
    List<Step> kept = new ArrayList<>();
    for (Step step : left.steps())
      if (named != null && !named.contains(step.what().image())) kept.add(step);
      else givenUp(step, "another program has written " + file);
    left = JournalEntry.left(left.files(), kept);
  }

  // ---- images

  private List<Step> stepsLeft() {
    List<Step> later = new ArrayList<>();
    boolean needed = false;
    for (Step step : left.steps()) {
      boolean deletes = step.what() instanceof FileStep.Delete;
      if (deletes && needed) {
        later.add(step);
        continue;
      }
      try {
        if (isMeant(step)) take(step.what());
      } catch (IOException e) {
        later.add(step);
        needed |= !deletes;
        failures.put(step.what().image(), failure(step.what(), e));
      }
    }
    return later;
  }

  /** Whether a step still is about the file that has its name. */
  private boolean isMeant(Step step) throws IOException {
    Path image = step.what().image();
    boolean deletes = step.what() instanceof FileStep.Delete;
    FileIdentity now = FileIdentity.of(image);
    if (now == null) {
      if (deletes) return true; // and what a killed process left beside it
      if (use.isUsed(image)) throw new NoSuchFileException(image.toString());
      return givenUp(step, "the file is gone, and is no medium any more");
    }
    MediumId id = step.what().id();
    boolean same = step.identity() == null || step.identity().equals(now);
    if (!same && (id == null || !images.isImage(image, id)))
      return givenUp(step, "there is another file of that name now");
    if (deletes && use.isUsed(image)) return givenUp(step, "it is a medium again");
    return true;
  }

  private static boolean givenUp(Step step, String why) {
    LOG.log(Level.INFO, "Varve does not {0} any more: {1}", words(step.what()), why);
    return false;
  }

  private void take(FileStep step) throws IOException {
    switch (step) {
      case FileStep.Delete(Path image, _, ImageFormat format) -> delete(image, format);
      case FileStep.Reparent(Path image, _, Image parent) -> images.reparent(image, parent);
      case FileStep.MakeBase(Path image, _) -> images.makeBase(image);
    }
  }

  /** The image itself is last: until then it names its other files. */
  private void delete(Path image, @Nullable ImageFormat format) throws IOException {
    for (Path file : images.files(image, format).reversed()) {
      if (file.equals(image) || isOnlyOf(image, file)) images.delete(file);
      else
        LOG.log(
            Level.WARNING,
            "{0} names {1} as a part of it. That file stays, since it does not have the name of the image, or another image has it too; delete it if nothing needs it",
            image,
            file);
    }
  }

  /**
   * Whether a file that an image names belongs to that image only. An image may name any file of
   * its folder.
   */
  private boolean isOnlyOf(Path image, Path file) {
    String name = image.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String stem = (dot <= 0 ? name : name.substring(0, dot)) + "-";
    return file.getFileName().toString().startsWith(stem) && !use.isPartOfUsed(file);
  }

  private static String words(FileStep step) {
    return switch (step) {
      case FileStep.Delete(Path image, _, _) -> "delete " + image;
      case FileStep.Reparent(Path image, _, Image parent) ->
          "make %s the parent of %s".formatted(parent.file(), image);
      case FileStep.MakeBase(Path image, _) -> "make %s a base".formatted(image);
    };
  }

  private static String failure(FileStep step, IOException e) {
    String what =
        switch (step) {
          case FileStep.Delete(Path image, _, _) ->
              "'%s' is not needed any more, and cannot be deleted".formatted(image);
          case FileStep.Reparent(Path image, _, Image parent) -> noParent(image, parent.file());
          case FileStep.MakeBase(Path image, _) ->
              "'%s' has no parent any more, and this cannot be written into it".formatted(image);
        };
    return "%s: %s. Varve tries again by itself until it can".formatted(what, FailureWords.of(e));
  }

  private static String noParent(Path image, Path parent) {
    return "'%s' has the new parent '%s', and this cannot be written into it"
        .formatted(image, parent);
  }
}
