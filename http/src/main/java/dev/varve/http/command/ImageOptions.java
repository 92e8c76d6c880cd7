package dev.varve.http.command;

import dev.varve.core.machine.Names;
import dev.varve.http.server.ServedDisk;
import dev.varve.http.server.TcpAddress;
import dev.varve.io.chain.ChainFinder.FoundChain;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The images that {@code varve serve} serves without machines, and how. For one thread. */
@CommandLineOnly
final class ImageOptions {

  private static final System.Logger LOG = System.getLogger(ImageOptions.class.getName());

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Parameters(
      paramLabel = "IMAGE",
      arity = "0..*",
      description = "Images (VDI, VMDK, VHD, QCOW2), each the top of a disk.")
  private List<Path> leaves = List.of();

  @Mixin private ParentOptions parents;

  @Option(
      names = "--chain",
      paramLabel = "BASE,...,IMAGE",
      converter = ListedChain.Converter.class,
      description =
          "All images of a disk, base first, instead of IMAGE; a comma in a name is written '\\,'. May be repeated.")
  private List<ListedChain> chains = List.of();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description =
          "The name of the disk for clients (the file name without .vdi); repeat it for the next disk.")
  private List<String> names = List.of();

  @Option(
      names = "--discard",
      paramLabel = "on|off",
      defaultValue = "ON",
      description = "Whether clients may discard (on).")
  private Switch discard;

  @Option(
      names = "--non-rotational",
      description = "Present the disk as non-rotational, like an SSD.")
  private boolean nonRotational;

  @Option(
      names = "--metrics",
      paramLabel = "HOST:PORT",
      converter = TcpAddressConverter.class,
      description =
          "Answer Prometheus at http://HOST:PORT/metrics, on loopback; for images, because a server of machines answers"
              + " on its API.")
  private @Nullable TcpAddress metrics;

  @Option(
      names = "--demo",
      description =
          "Serve a demo chain instead of IMAGE: an ext4 file system as it was on three days. It is made on first"
              + " use, and served on a Unix socket beside it.")
  private boolean demo;

  /** How many images are named. */
  int count() {
    return leaves.size() + chains.size();
  }

  /** Whether images are served, and no machines. */
  boolean areServed() {
    return demo || count() > 0;
  }

  boolean areDemo() {
    return demo;
  }

  @Nullable TcpAddress metrics() {
    return metrics;
  }

  void check() {
    if (demo && count() > 0)
      throw wrong("--demo serves a disk of its own: remove it, or name no image");
    if (names.size() > count())
      throw wrong(
          "there are %d names for %d disks: give each disk at most one --name"
              .formatted(names.size(), count()));
  }

  /** That none is given, where machines are served. */
  void checkAbsent() {
    if (metrics != null)
      throw wrong(
          "--metrics is for images: a server of machines answers /metrics where its API does");
    if (nonRotational || discard == Switch.OFF)
      throw wrong(
          "--discard and --non-rotational are for images; a machine's disks have their own flags,"
              + " see 'varve machine set --help'");
    if (!names.isEmpty() || parents.areSearched())
      throw wrong("--name and --search are for images: name an IMAGE to serve");
  }

  private ParameterException wrong(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  /** The demo's disks, which are in this folder. */
  List<ServedDisk> demo(Path folder, boolean readOnly) throws IOException {
    return DemoChain.in(folder).disks(readOnly, discard == Switch.ON, !nonRotational);
  }

  /** The disks that the options name, their parents found. */
  List<ServedDisk> disks(boolean readOnly) throws IOException {
    var finder = parents.finder();
    List<FoundChain> found = new ArrayList<>();
    for (Path leaf : leaves) found.add(finder.find(leaf));
    for (ListedChain chain : chains) found.add(parents.listed(chain));
    Set<String> taken = new HashSet<>();
    List<ServedDisk> disks = new ArrayList<>();
    for (FoundChain chain : found) {
      EncryptedImages.refuse(chain);
      for (String warning : chain.warnings()) LOG.log(Level.WARNING, warning);
      String name =
          disks.size() < names.size() ? names.get(disks.size()) : nameOf(chain.leaf().path());
      checkExportName(name);
      if (!taken.add(name))
        throw wrong("two disks are named '" + name + "'; give them different names with --name");
      disks.add(
          new ServedDisk(
              namesOf(name, disks.isEmpty()),
              chain.chain(),
              readOnly,
              discard == Switch.ON,
              !nonRotational));
    }
    return disks;
  }

  /** The first disk is also what a client gets that asks for no name. */
  private static List<String> namesOf(String name, boolean first) {
    return first && !name.isEmpty() ? List.of(name, "") : List.of(name);
  }

  private void checkExportName(String name) {
    boolean folder = name.equals(".") || name.equals("..");
    String fault = folder ? "is that of a folder" : name.isEmpty() ? null : Names.fault(name);
    if (fault != null)
      throw wrong(
          "a disk cannot be served as '%s': the name %s; give the disk another name with --name"
              .formatted(Names.shown(name), fault));
  }

  static String nameOf(Path image) {
    return image.getFileName().toString().replaceFirst("(?i)\\.vdi$", "");
  }
}
