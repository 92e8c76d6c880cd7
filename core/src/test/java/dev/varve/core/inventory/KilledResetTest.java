package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.journal.Steps;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The process is killed while it makes the empty image that takes the place of another. */
class KilledResetTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatWasBegunIsGoneAfterTheNextStartAndTheImageIsAsItWas(boolean byHand) throws IOException {
    var bench = new Bench(folder, killedInReset(), Runnable::run, Steps.UNHEARD);
    MachineId machine = machine(bench);
    MediumId diff = bench.attached(machine, 0);
    bench.write(diff, 0, "kept");
    Path begun = begun(bench.medium(diff).location());

    assertThrows(
        Killed.class,
        () -> {
          if (byHand) bench.inventory.resetMedium(diff);
          else bench.inventory.start(machine);
        });
    assertTrue(Files.exists(begun));
    bench.reopen();

    assertFalse(Files.exists(begun));
    assertEquals("kept", bench.read(diff, 0));
    bench.checkFiles();
    bench.reopen();
    assertEquals("kept", bench.read(diff, 0));
  }

  @Test
  void aResetThatEndsLeavesNothingToDo() throws IOException {
    var bench = new Bench(folder);
    MediumId diff = bench.attached(machine(bench), 0);
    bench.write(diff, 0, "gone");

    bench.inventory.resetMedium(diff);

    assertEquals("", bench.read(diff, 0));
    try (var journal = Files.newDirectoryStream(folder.resolve("state/journal"))) {
      assertFalse(journal.iterator().hasNext());
    }
  }

  /** On a differencing image of an immutable disk. */
  private static MachineId machine(Bench bench) {
    return bench.machine("mail", bench.disk("base", MediumType.IMMUTABLE, MediumVariant.STANDARD));
  }

  private static Path begun(Path image) {
    return image.resolveSibling(image.getFileName() + ".new");
  }

  private static ImageFiles killedInReset() {
    var images = new TestImages();
    return (ImageFiles)
        Proxy.newProxyInstance(
            ImageFiles.class.getClassLoader(),
            new Class<?>[] {ImageFiles.class},
            (_, method, arguments) -> {
              if (method.getName().equals("reset")) {
                Files.createFile(begun((Path) arguments[0]));
                throw new Killed();
              }
              try {
                return method.invoke(images, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
