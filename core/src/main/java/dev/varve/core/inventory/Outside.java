package dev.varve.core.inventory;

import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.MediumId;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import java.util.function.Supplier;

/** What the rules reach of the world: files, running disks, the time, new ids, warnings. */
record Outside(
    ImageFiles images,
    RunningDisks disks,
    InstantSource clock,
    Supplier<UUID> ids,
    Store store,
    Inspection inspection,
    Warnings warnings) {

  MediumId newMediumId() {
    return new MediumId(ids.get());
  }

  String newToken() {
    return ids.get().toString();
  }

  /** As settings files keep it. */
  Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS);
  }
}
