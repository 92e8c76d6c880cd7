package dev.varve.io.chain;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.MediumId;
import dev.varve.io.layer.LayerFacts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

/**
 * An image of a chain. Immutable.
 *
 * @param path as it was given or found
 * @param facts with the id that its child or a settings file has for it, if its file keeps none
 */
public record FoundImage(Path path, LayerFacts facts) {

  static FoundImage of(Image registered) throws IOException {
    LayerFacts facts = Formats.of(registered.format(), registered.file()).peek(registered.file());
    return new FoundImage(registered.file(), Ancestry.registered(facts, registered));
  }

  Image registered() {
    UUID id = facts.id();
    return new Image(path, facts.format(), id == null ? null : new MediumId(id));
  }
}
