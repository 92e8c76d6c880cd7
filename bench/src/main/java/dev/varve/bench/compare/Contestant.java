package dev.varve.bench.compare;

import dev.varve.bench.compare.TestDisks.Format;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A server with the disk that it serves.
 *
 * @param name for the tables
 * @param transport how clients reach it
 * @param format what its images are
 * @param layers which images there are
 * @param launch the command that starts it
 */
record Contestant(String name, Transport transport, Format format, Layers layers, Launch launch) {

  /** How a server is started: in the foreground, with the disk as its default export. */
  interface Launch {
    /**
     * The command line.
     *
     * @param images base first
     */
    List<String> command(Path socket, List<Path> images, boolean readOnly);
  }

  static Contestant varve(Path launcher, Layers layers) {
    return varve(launcher, Format.VDI, layers);
  }

  static Contestant varve(Path launcher, Format format, Layers layers) {
    String name = format == Format.VDI ? "Varve" : "Varve " + format.suffix();
    if (layers.count() > 1) name += ", depth " + depth(layers);
    return varve(name, launcher, format, layers, List.of());
  }

  /** Varve for a client that it saves work, but gives no map of the disk. */
  static Contestant varveOfSimpleReplies(Path launcher) {
    return varve(
        "Varve, simple replies", launcher, Format.VDI, Layers.SINGLE, List.of("--replies=simple"));
  }

  private static Contestant varve(
      String name, Path launcher, Format format, Layers layers, List<String> options) {
    return new Contestant(
        name,
        Transport.NBD,
        format,
        layers,
        (socket, images, readOnly) -> {
          var command = new ArrayList<>(List.of(launcher.toString(), "serve"));
          command.addAll(options);
          if (readOnly) command.add("--read-only");
          command.addAll(List.of("--unix", socket.toString()));
          command.addAll(List.of("--chain", chain(images)));
          return command;
        });
  }

  private static String chain(List<Path> images) {
    return images.stream().map(Path::toString).collect(Collectors.joining(","));
  }

  /** Varve for virtual machines. */
  static Contestant varveOfGuests(Path launcher, Layers layers) {
    return new Contestant(
        layers.count() > 1 ? "Varve vhost-user, depth " + depth(layers) : "Varve vhost-user",
        Transport.VHOST_USER,
        Format.VDI,
        layers,
        (socket, images, readOnly) -> {
          var command = new ArrayList<>(List.of(launcher.toString(), "serve"));
          if (readOnly) command.add("--read-only");
          command.addAll(List.of("--chain", chain(images), "--vhost-user", socket.toString()));
          return command;
        });
  }

  static Contestant qemuOfGuests(Format format) {
    return new Contestant(
        "qemu-storage-daemon " + format.suffix(),
        Transport.VHOST_USER,
        format,
        Layers.SINGLE,
        (socket, images, readOnly) -> {
          String file = "driver=file,node-name=file,filename=" + images.getLast();
          String disk = "driver=%s,node-name=disk,file=file".formatted(format.qemuName());
          String export =
              "type=vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path=" + socket;
          return List.of(
              "qemu-storage-daemon",
              "--blockdev",
              file + (readOnly ? ",read-only=on" : ",discard=unmap"),
              "--blockdev",
              disk + (readOnly ? ",read-only=on" : ""),
              "--export",
              export + (readOnly ? "" : ",writable=on"));
        });
  }

  static Contestant qemu(Format format) {
    return new Contestant(
        "qemu-nbd " + format.suffix(),
        Transport.NBD,
        format,
        Layers.SINGLE,
        qemuNbd(format, "threads"));
  }

  /** A qcow2 chain served by qemu-nbd. */
  static Contestant qemuChain(Layers layers, String aio) {
    String name = "qemu-nbd qcow2 %s, depth %d".formatted(aio, depth(layers));
    return new Contestant(name, Transport.NBD, Format.QCOW2, layers, qemuNbd(Format.QCOW2, aio));
  }

  private static Launch qemuNbd(Format format, String aio) {
    return (socket, images, readOnly) -> {
      var command = new ArrayList<>(List.of("qemu-nbd", "--persistent", "--shared=16"));
      command.addAll(List.of("--cache=writeback", "--aio=" + aio, "--discard=unmap"));
      if (readOnly) command.add("--read-only");
      command.add("--socket=" + socket);
      command.addAll(image(format, images.getLast()));
      return command;
    };
  }

  private static List<String> image(Format format, Path image) {
    if (format != Format.VHD) return List.of("--format=" + format.qemuName(), image.toString());
    // Else QEMU takes the size from the geometry, which cannot say it exactly.
    return List.of(
        "--image-opts", "driver=vpc,force_size_calc=current_size,file.filename=" + image);
  }

  static Contestant nbdkit() {
    return new Contestant(
        "nbdkit file",
        Transport.NBD,
        Format.RAW,
        Layers.SINGLE,
        (socket, images, readOnly) -> {
          var command = new ArrayList<>(List.of("nbdkit", "--foreground"));
          if (readOnly) command.add("--readonly");
          command.addAll(List.of("--unix", socket.toString(), "file", images.getLast().toString()));
          return command;
        });
  }

  /**
   * Any other server of a raw file.
   *
   * @param template its command line, words separated by blanks, with {@code {socket}} and {@code
   *     {image}} in it
   */
  static Contestant other(String name, String template) {
    return new Contestant(
        name,
        Transport.NBD,
        Format.RAW,
        Layers.SINGLE,
        (socket, images, readOnly) -> {
          var command = new ArrayList<String>();
          Collections.addAll(command, template.trim().split("\\s+"));
          command.replaceAll(
              word ->
                  word.replace("{socket}", socket.toString())
                      .replace("{image}", images.getLast().toString()));
          return command;
        });
  }

  /** Differencing images above the base. */
  private static int depth(Layers layers) {
    return layers.count() - 1;
  }
}
