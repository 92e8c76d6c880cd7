package dev.varve.io.vdi;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.tukaani.xz.XZInputStream;

/**
 * Real images, made by VirtualBox 7.2.22 and QEMU 7.2.22, as {@code fixtures/README.md} describes
 * them.
 */
public final class Fixtures {

  private static final String FOLDER = "/fixtures/";
  private static final JsonObject MANIFEST = manifest();

  /**
   * A chain and what a guest sees at its leaf.
   *
   * @param files base first
   * @param sha256 of the {@code capacity} bytes of the leaf
   */
  public record Chain(String name, List<String> files, long capacity, String sha256) {

    /** Unpacks all images into {@code folder}; base first. */
    public List<Path> unpack(Path folder) {
      return files.stream().map(file -> Fixtures.unpack(file, folder)).toList();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** An image's file and what the manifest says of it. */
  public record Image(String name, JsonObject facts) {
    @Override
    public String toString() {
      return name;
    }
  }

  private Fixtures() {}

  public static Stream<Chain> chains() {
    JsonObject chains = MANIFEST.getJsonObject("chains");
    return chains.fieldNames().stream()
        .map(
            name -> {
              JsonObject chain = chains.getJsonObject(name);
              JsonArray files = chain.getJsonArray("chain");
              return new Chain(
                  name,
                  files.stream().map(String.class::cast).toList(),
                  chain.getLong("virtual_size"),
                  chain.getString("sha256"));
            });
  }

  public static Chain chain(String name) {
    return chains().filter(chain -> chain.name.equals(name)).findFirst().orElseThrow();
  }

  public static Stream<Image> images() {
    JsonObject files = MANIFEST.getJsonObject("files");
    return files.fieldNames().stream().map(name -> new Image(name, files.getJsonObject(name)));
  }

  /** Unpacks one image into {@code folder}, which then owns it. */
  public static Path unpack(String name, Path folder) {
    Path target = folder.resolve(name);
    try (var packed = resource(name + ".xz");
        var contents = new XZInputStream(packed)) {
      Files.copy(contents, target);
    } catch (IOException e) {
      throw new UncheckedIOException("fixture " + name, e);
    }
    return target;
  }

  private static JsonObject manifest() {
    try (var json = resource("manifest.json")) {
      return new JsonObject(new String(json.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream resource(String name) {
    InputStream resource = Fixtures.class.getResourceAsStream(FOLDER + name);
    if (resource == null) throw new IllegalStateException("no test resource " + FOLDER + name);
    return resource;
  }
}
