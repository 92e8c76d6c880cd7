package dev.varve.core.settings;

import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import org.jspecify.annotations.Nullable;

/** The media that a machine's attachments may name. Not thread-safe. */
interface KnownMedia {

  /** Null if it is not known. */
  @Nullable Medium find(MediumId id);

  boolean hasChildren(MediumId id);
}
