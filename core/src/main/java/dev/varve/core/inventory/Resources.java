package dev.varve.core.inventory;

import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.MediumId;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.UUID;

/** What the rules use beside the state: the ports, and what is built on them. Immutable. */
record Resources(Ports ports, Store store, Inspection inspection, Warnings warnings) {

  ImageFiles images() {
    return ports.images();
  }

  RunningDisks disks() {
    return ports.disks();
  }

  InstantSource clock() {
    return ports.clock();
  }

  UUID newId() {
    return ports.ids().get();
  }

  MediumId newMediumId() {
    return new MediumId(newId());
  }

  String newToken() {
    return newId().toString();
  }

  /** As settings files keep it. */
  Instant now() {
    return clock().instant().truncatedTo(ChronoUnit.SECONDS);
  }
}
