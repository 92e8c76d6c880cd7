package dev.varve.io.chain;

import static java.util.function.Function.identity;

import dev.varve.core.medium.ImageFormat;
import dev.varve.io.host.RawFormat;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.qcow.QcowFormat;
import dev.varve.io.vdi.VdiFormat;
import dev.varve.io.vhd.VhdFormat;
import dev.varve.io.vmdk.VmdkFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The list of formats that can be read and written. Immutable; any thread. */
public final class Formats {

  static final LayerFormat VDI = new VdiFormat();

  /** In the order in which a file is asked for its signature. */
  private static final List<LayerFormat> ALL =
      List.of(VDI, new VmdkFormat(), new VhdFormat(), new QcowFormat(), new RawFormat());

  private static final Map<ImageFormat, LayerFormat> KNOWN =
      ALL.stream().collect(Collectors.toUnmodifiableMap(LayerFormat::format, identity()));

  private Formats() {}

  /** The format whose signature a file has; null if it has none of these. */
  public static @Nullable LayerFormat recognized(Path file) throws IOException {
    for (LayerFormat format : ALL) if (format.recognizes(file)) return format;
    return null;
  }

  /**
   * The format of a file that is not registered as raw. VDI if the file has no known signature; an
   * attempt to read it then reports what is wrong.
   */
  public static LayerFormat ofImage(Path file) throws IOException {
    LayerFormat recognized = recognized(file);
    return recognized == null ? VDI : recognized;
  }

  /** Whether a file is an image of any format with this id. Never fails. */
  static boolean hold(Path file, UUID id) {
    return ALL.stream().anyMatch(format -> format.holds(file, id));
  }

  /**
   * @throws IOException images of this format cannot be opened; the message is for people
   */
  public static LayerFormat of(ImageFormat format, Path file) throws IOException {
    LayerFormat known = KNOWN.get(format);
    if (known == null)
      throw new IOException(
          "%s has the format %s; images of the formats %s can be opened: attach a copy in one of these"
              .formatted(file, format, names()));
    return known;
  }

  /**
   * @throws IllegalArgumentException images of this format cannot be made; the message is for
   *     people
   */
  public static LayerFormat toMake(ImageFormat format) {
    @Nullable LayerFormat known = KNOWN.get(format);
    if (known == null)
      throw new IllegalArgumentException(
          "format %s: images of format VDI, VMDK, VHD and RAW can be made".formatted(format));
    return known;
  }

  private static String names() {
    return ALL.stream().map(format -> format.format().text()).collect(Collectors.joining(", "));
  }
}
