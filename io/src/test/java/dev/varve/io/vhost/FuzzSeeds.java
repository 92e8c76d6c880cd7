package dev.varve.io.vhost;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Small inputs with which a fuzzer begins. Each was found by chance and breaks another rule. */
final class FuzzSeeds {

  private FuzzSeeds() {}

  /** Those of a folder of {@code fuzz}, in the test resources. */
  static List<byte[]> of(String folder) throws IOException, URISyntaxException {
    var resource = Objects.requireNonNull(FuzzSeeds.class.getResource("/fuzz/" + folder));
    List<byte[]> seeds = new ArrayList<>();
    try (Stream<Path> files = Files.list(Path.of(resource.toURI()))) {
      for (Path file : files.sorted().toList()) seeds.add(Files.readAllBytes(file));
    }
    return seeds;
  }
}
