package dev.varve.http.command;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.OtherFormatException;
import dev.varve.http.log.PrintableText;
import dev.varve.io.chain.ChainFinder.FoundChain;
import dev.varve.io.chain.DifferencingChain;
import dev.varve.io.chain.DiskCopy;
import dev.varve.io.chain.DiskSource;
import dev.varve.io.chain.Formats;
import dev.varve.io.file.NewFile.Existing;
import dev.varve.io.image.ImageName;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.NewImageWarnings;
import dev.varve.io.vdi.VdiHeader;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve image convert}: copies a disk into one file, of the same or another format. */
@Command(
    name = "convert",
    sortOptions = false,
    customSynopsis = {
      "varve image convert [OPTIONS] SOURCE TARGET",
      "       varve image convert [OPTIONS] --chain BASE,...,IMAGE TARGET"
    },
    description = {
      "Copies a disk into one image: a raw file, or a chain of images of any formats, flattened.",
      "",
      "Ranges that read as zeroes take no space in TARGET. TARGET appears when it is complete and on the medium, not before.",
      ""
    })
final class ImageConvertCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "SOURCE TARGET",
      arity = "1..2",
      description = "The disk, by its youngest image or a raw file, and the file to write.")
  private List<Path> paths;

  @Option(
      names = "--from",
      paramLabel = DiskFormat.ALL,
      description = "The format of SOURCE (detected from its contents).")
  private @Nullable DiskFormat from;

  @Option(
      names = "--to",
      paramLabel = DiskFormat.NEW,
      description =
          "The format of TARGET (detected from its name: .vdi, .vmdk, .vhd, or .raw and .img).")
  private @Nullable DiskFormat to;

  @Option(
      names = "--stream-optimized",
      description =
          "Make a compressed VMDK image (streamOptimized), as appliances have. It can only be read.")
  private boolean streamOptimized;

  @Option(names = "--force", description = "Replace TARGET if it exists and no program uses it.")
  private boolean force;

  @Mixin private ChainOptions chain;

  @Mixin private NewImageOptions options;

  @Mixin private AnswerOptions answer;

  @Override
  public Integer call() throws IOException {
    if (paths.size() != (chain.isListed() ? 1 : 2)) {
      throw wrong("name SOURCE and TARGET, or list a --chain and name TARGET");
    }
    Path target = paths.getLast();
    DiskFormat format = formatOf(target);
    if (format == DiskFormat.RAW && options.anyGiven()) {
      throw wrong("--fixed, --block-size, --comment and --uuid are for images, not raw files");
    }
    options.checkFor(spec, format);
    if (streamOptimized && (format != DiskFormat.VMDK || options.isFixed()))
      throw wrong("--stream-optimized: only a VMDK image that is not --fixed can be so");
    if (!force && Files.exists(target)) {
      throw new IOException(target + " already exists; --force replaces it");
    }
    try (var _ = new CleanCancel();
        var threads = new StorageThreads(StorageThreads.DEFAULT_COUNT)) {
      ServedImage.use(
          () -> convert(threads, target, format),
          "'nbdcopy URI TARGET.raw' copies the disk from it");
    }
    return 0;
  }

  private DiskFormat formatOf(Path target) {
    KnownFormat promised = KnownFormat.named(target);
    DiskFormat named = DiskFormat.named(target);
    if (to == null && named == null && promised == null)
      throw wrong("the name of " + target + " does not tell its format: give it with --to");
    if (to == DiskFormat.QCOW) throw wrong("--to qcow: Varve reads QCOW images and makes none");
    DiskFormat format = to;
    if (format == null) format = named == null || named == DiskFormat.QCOW ? DiskFormat.VDI : named;
    // The contents of such a file do not tell its format; the user has named it.
    boolean free = to != null && (promised == null || promised == KnownFormat.ISO);
    String problem = free ? null : ImageName.problem(target, format.image());
    if (problem != null) throw wrong(problem);
    return format;
  }

  private void convert(StorageThreads threads, Path target, DiskFormat format) throws IOException {
    boolean raw = !chain.isListed() && sourceFormat() == DiskFormat.RAW;
    FoundChain found = raw ? null : chain.find(chain.isListed() ? null : paths.getFirst());
    if (found == null) {
      EncryptedImages.refuse(paths.getFirst(), null);
    } else {
      EncryptedImages.refuse(found);
      found.warnings().forEach(this::warn);
    }
    try (DiskSource source = open(found, threads);
        var progress =
            TerminalProgress.ofBytes("converting", source.capacity(), !answer.isJson())) {
      var copy = new DiskCopy(source, progress);
      Existing existing = force ? Existing.REPLACED : Existing.REFUSED;
      switch (format) {
        case RAW -> copy.toRaw(target, existing);
        case VDI -> copy.toVdi(target, newImage(source, found), existing);
        case VMDK, VHD, QCOW -> copyToImage(copy, target, format, existing);
      }
      if (format != DiskFormat.RAW) NewImageWarnings.ofBase(source.capacity()).forEach(this::warn);
    }
    print(found, target, format);
  }

  private void copyToImage(DiskCopy copy, Path target, DiskFormat format, Existing existing)
      throws IOException {
    try {
      if (streamOptimized) copy.toStreamOptimized(target, options.id(), existing);
      else copyAndMove(copy, target, Formats.toMake(format.image()), existing);
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  /** In a folder of its own, so that it appears when it is complete. */
  private void copyAndMove(DiskCopy copy, Path target, LayerFormat format, Existing existing)
      throws IOException {
    Path folder = Objects.requireNonNull(target.toAbsolutePath().getParent());
    try (var workshop = Workshop.in(folder, ".varve-convert-")) {
      Path draft = workshop.folder().resolve(target.getFileName());
      copy.toImage(draft, format, options.id(), options.isFixed(), Announcement.UNHEARD);
      FinishedImage.move(format.files(draft), folder, existing);
    }
  }

  private DiskFormat sourceFormat() throws IOException {
    if (from != null) return from;
    try {
      return DiskFormat.of(paths.getFirst());
    } catch (OtherFormatException e) {
      throw e.or("if its bytes are nevertheless the bytes of a disk, use --from raw");
    }
  }

  private DiskSource open(@Nullable FoundChain found, StorageThreads threads) throws IOException {
    return found == null
        ? DiskSource.raw(paths.getFirst())
        : DiskSource.device(DifferencingChain.open(found.chain(), true, threads));
  }

  /** As large as the source, in whole sectors; keeps the comment of an image. */
  private NewImage newImage(DiskSource source, @Nullable FoundChain found) throws IOException {
    NewImage image = options.base(spec, Math.ceilDiv(source.capacity(), 512) * 512);
    if (found == null || found.leaf().facts().format() != ImageFormat.VDI) return image;
    if (!image.comment().isEmpty()) return image;
    return image.withComment(VdiHeader.peek(found.leaf().path()).comment());
  }

  private void print(@Nullable FoundChain found, Path target, DiskFormat format)
      throws IOException {
    JsonObject image = format == DiskFormat.RAW ? ImageFacts.ofRaw(target) : ImageFacts.of(target);
    var sources = new JsonArray();
    List<Path> read = found == null ? paths.subList(0, 1) : found.paths();
    read.forEach(path -> sources.add(path.toString()));
    answer.print(
        spec.commandLine().getOut(),
        () -> new JsonObject().put("sources", sources).put("image", image),
        () -> ImageFacts.text(image));
  }

  private void warn(String warning) {
    spec.commandLine().getErr().println("varve: warning: " + PrintableText.of(warning));
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
