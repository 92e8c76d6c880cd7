package dev.varve.io.chain;

import dev.varve.core.inventory.ScenarioPlayer;
import dev.varve.core.inventory.SectorAccess;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The recorded scenarios once more, over VDI files: images are made, merged and deleted, and their
 * chains are written and read.
 */
class ScenariosOnImagesTest {

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> everyRecordedCaseComesOutTheSameOverRealImages() throws IOException {
    return ScenarioPlayer.cases(scenarios()).stream()
        .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> play(file)));
  }

  /** The test jar of core is a jar at one time and a folder at another; the sources stay. */
  private static Path scenarios() {
    Path named = ScenarioPlayer.named();
    return named != null ? named : Path.of("../core/src/test/resources/scenarios");
  }

  private void play(Path file) throws IOException {
    Path own = folder.resolve(file.getFileName().toString());
    new ScenarioPlayer(own, new ChainFiles(threads), new Chains()).play(file);
  }

  /** Sectors, through a chain that is opened for each. */
  private static final class Chains implements SectorAccess {
    @Override
    public void write(List<Path> chain, long offset, byte[] sector) throws IOException {
      var guest = new Guest(DifferencingChain.open(chain, false, threads));
      try {
        guest.write(offset, sector);
      } finally {
        guest.close();
      }
    }

    @Override
    public byte[] read(List<Path> chain, long offset) throws IOException {
      var guest = new Guest(DifferencingChain.open(chain, true, threads));
      try {
        return guest.read(offset, SECTOR);
      } finally {
        guest.close();
      }
    }
  }
}
