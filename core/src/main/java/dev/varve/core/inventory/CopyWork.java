package dev.varve.core.inventory;

import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/**
 * Copies what a chain shows into a new base image. Immutable.
 *
 * @param chain from the top down
 */
record CopyWork(String description, List<Medium> chain, Medium copy) implements Work {

  @Override
  public Map<Path, MediumId> creates() {
    return Map.of(copy.location(), copy.id());
  }

  @Override
  public void run(Tools tools, Progress progress) throws IOException {
    boolean done =
        tools
            .resources()
            .images()
            .copy(
                ImageChain.of(chain.reversed()),
                copy.location(),
                copy.id(),
                copy.format(),
                copy.variant(),
                progress,
                tools.making()::makes);
    if (!done) throw new CancellationException(description + " was cancelled");
  }

  @Override
  public InventoryState apply(InventoryState now) {
    return now.with(copy);
  }
}
