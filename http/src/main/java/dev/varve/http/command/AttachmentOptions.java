package dev.varve.http.command;

import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Flags and limit of an attachment. */
final class AttachmentOptions {

  @Option(
      names = "--passthrough",
      paramLabel = "on|off",
      description = "DVD: requests go to the host's drive directly, without the host's cache.")
  private @Nullable Switch passthrough;

  @Option(
      names = "--temporary-eject",
      paramLabel = "on|off",
      description = "DVD: after the guest has ejected the medium, the slot still keeps it.")
  private @Nullable Switch temporaryEject;

  @Option(
      names = "--non-rotational",
      paramLabel = "on|off",
      description = "Hard disk: it is presented to the guest as non-rotational, like an SSD.")
  private @Nullable Switch nonRotational;

  @Option(
      names = "--discard",
      paramLabel = "on|off",
      description = "Hard disk: the guest may discard.")
  private @Nullable Switch discard;

  @Option(
      names = "--hot-pluggable",
      paramLabel = "on|off",
      description = "The device can be attached and detached while the machine runs.")
  private @Nullable Switch hotPluggable;

  @ArgGroup private @Nullable Limit limit;

  private static final class Limit {
    @Option(
        names = "--bandwidth-group",
        paramLabel = "NAME",
        description = "The bandwidth group whose limits it shares.")
    private @Nullable String group;

    @Option(names = "--no-bandwidth-group", description = "Take it out of its bandwidth group.")
    private boolean none;
  }

  /** What was given, as the API names it. */
  JsonObject json() {
    JsonObject json =
        new JsonBody()
            .put("passthrough", passthrough)
            .put("temporaryEject", temporaryEject)
            .put("nonRotational", nonRotational)
            .put("discard", discard)
            .put("hotPluggable", hotPluggable)
            .json();
    if (limit != null) json.put("bandwidthGroup", limit.none ? null : limit.group);
    return json;
  }
}
