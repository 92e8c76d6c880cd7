package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code image convert} that is killed leaves nothing, or the whole target. */
class KilledConvertTest {

  private static final int LENGTH = 96 << 20;

  @TempDir Path temporary;

  @Test
  void aConvertThatIsKilledWhileItCopiesLeavesNoFile() throws Exception {
    Path folder = temporary.toRealPath();
    byte[] contents = new byte[LENGTH];
    for (int at = 0; at < LENGTH; at += 512) contents[at] = (byte) (1 + at / 512 % 100);
    Files.write(folder.resolve("disk.raw"), contents);
    Path target = folder.resolve("disk.vdi");

    for (int kills = 0; kills < 3; kills++) {
      try (var convert = VarveProcess.start(folder, "image", "convert", "disk.raw", "disk.vdi")) {
        while (convert.isAlive() && !isWritten(convert, folder)) Thread.onSpinWait();
        convert.kill();
        convert.exitStatus();
      }
      Set<String> whole = Set.of("disk.raw", "disk.vdi");
      Set<String> left = files(folder);
      assertTrue(left.equals(Set.of("disk.raw")) || left.equals(whole), left::toString);
      Files.deleteIfExists(target);
    }

    ImageTool.image("convert", folder.resolve("disk.raw"), target);
    assertEquals(new TreeSet<>(List.of("disk.raw", "disk.vdi")), files(folder));
  }

  /** Whether it has a file of the folder open that is not the source. */
  private static boolean isWritten(VarveProcess process, Path folder) {
    return process.openFiles().stream()
        .anyMatch(file -> file.startsWith(folder + "/") && !file.endsWith("/disk.raw"));
  }

  private static TreeSet<String> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
