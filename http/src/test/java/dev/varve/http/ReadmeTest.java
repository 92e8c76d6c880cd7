package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows works as it stands there. */
class ReadmeTest {

  private static final Path PROJECT = Path.of("..");

  @TempDir Path folder;

  @Test
  void theJavaRecipeCompilesAndRuns() throws Exception {
    Path image = folder.resolve("disk.vdi");
    VdiHeader before = VdiCreator.create(image, NewImage.dynamic(1 << 20, UUID::randomUUID));
    Path source = Files.writeString(folder.resolve("Emulator.java"), blocks("java").getFirst());

    int failures =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                folder.toString(),
                source.toString());
    assertEquals(0, failures);
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      var main = loader.loadClass("Emulator").getDeclaredMethod("main", String[].class);
      main.setAccessible(true);
      main.invoke(null, (Object) new String[] {image.toString()});
    }

    assertTrue(
        !VdiHeader.peek(image).modifyUuid().equals(before.modifyUuid()), "nothing was written");
  }

  @Test
  void ciRunsTheTestCommandOfTheReadme() throws IOException {
    String command = blocks("sh").get(1).strip();

    assertEquals(".ci/test", command);
    assertTrue(Files.readString(PROJECT.resolve(".ci/run")).contains("/test\""));
  }

  private static List<String> blocks(String language) throws IOException {
    return Pattern.compile("(?ms)^```" + language + "\n(.*?)^```$")
        .matcher(Files.readString(PROJECT.resolve("README.md")))
        .results()
        .map((MatchResult block) -> block.group(1))
        .toList();
  }
}
