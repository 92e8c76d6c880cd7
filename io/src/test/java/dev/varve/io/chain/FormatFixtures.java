package dev.varve.io.chain;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.tukaani.xz.XZInputStream;

/** Images of other formats than VDI, as {@code formats/README.md} describes them. */
public final class FormatFixtures {

  private static final String FOLDER = "/formats/";
  private static final JsonObject MANIFEST = manifest();

  private FormatFixtures() {}

  /**
   * A chain and what a guest sees at its leaf.
   *
   * @param files base first
   * @param sha256 of the {@code capacity} bytes of the leaf
   */
  public record Chain(String name, List<String> files, long capacity, String sha256) {

    /** Unpacks all files into {@code folder}, extents too. */
    public ImageChain unpack(Path folder) {
      return new ImageChain(
          files.stream().map(f -> new Image(unpackImage(f, folder), formatOf(f), null)).toList());
    }

    public List<ImageFormat> formats() {
      return files.stream().map(FormatFixtures::formatOf).toList();
    }

    private Path unpackImage(String file, Path folder) {
      JsonObject extents =
          MANIFEST.getJsonObject("chains").getJsonObject(name).getJsonObject("extents");
      if (extents != null && extents.containsKey(file))
        strings(extents.getJsonArray(file))
            .forEach(extent -> FormatFixtures.unpack(extent, folder));
      return FormatFixtures.unpack(file, folder);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  public static Stream<Chain> chains() {
    JsonObject chains = MANIFEST.getJsonObject("chains");
    return chains.fieldNames().stream()
        .map(
            name -> {
              JsonObject chain = chains.getJsonObject(name);
              return new Chain(
                  name,
                  strings(chain.getJsonArray("chain")),
                  chain.getLong("virtual_size"),
                  chain.getString("sha256"));
            });
  }

  public static Chain chain(String name) {
    return chains().filter(chain -> chain.name.equals(name)).findFirst().orElseThrow();
  }

  private static List<String> strings(JsonArray array) {
    return array.stream().map(String.class::cast).toList();
  }

  private static ImageFormat formatOf(String file) {
    String format = MANIFEST.getJsonObject("files").getJsonObject(file).getString("format");
    return switch (format) {
      case "vmdk", "vmdk-desc", "vmdk-cowd" -> ImageFormat.VMDK;
      case "qcow", "qcow2" -> ImageFormat.QCOW;
      default -> ImageFormat.of(format);
    };
  }

  /** Unpacks one file into {@code folder}, which then owns it, under the name of the manifest. */
  public static Path unpack(String name, Path folder) {
    Path target = folder.resolve(name);
    JsonObject facts = MANIFEST.getJsonObject("files").getJsonObject(name);
    JsonArray runs = facts.getJsonArray("runs");
    try (var packed = resource(facts.getString("archive"));
        var contents = new XZInputStream(packed)) {
      Files.createDirectories(target.getParent());
      if (runs == null) write(contents, target);
      else writeRuns(contents, runs, target, facts.getLong("file_size"));
    } catch (IOException e) {
      throw new UncheckedIOException("fixture " + name, e);
    }
    return target;
  }

  private static void write(InputStream contents, Path target) throws IOException {
    try (OutputStream file = Files.newOutputStream(target)) {
      contents.transferTo(file);
    }
  }

  private static void writeRuns(InputStream contents, JsonArray runs, Path target, long length)
      throws IOException {
    try (var file = new RandomAccessFile(target.toFile(), "rw")) {
      file.setLength(length);
      for (Object run : runs) {
        file.seek(((JsonArray) run).getLong(0));
        file.write(contents.readNBytes(((JsonArray) run).getInteger(1)));
      }
    }
  }

  private static JsonObject manifest() {
    try (var json = resource("manifest.json")) {
      return new JsonObject(new String(json.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream resource(String name) {
    InputStream resource = FormatFixtures.class.getResourceAsStream(FOLDER + name);
    if (resource == null) throw new IllegalStateException("no test resource " + FOLDER + name);
    return resource;
  }
}
