package dev.varve.bench.compare;

import static dev.varve.http.client.ApiRequest.get;
import static dev.varve.http.client.ApiRequest.patch;
import static dev.varve.http.client.ApiRequest.post;

import dev.varve.http.client.ApiClient;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Varve with a machine whose disks are in two bandwidth groups. */
final class VarveGroups implements GroupServer {

  private static final String MACHINE = "bench";

  private final ApiClient api;
  private final ServerProcess process;
  private final Path socket;

  private VarveGroups(ApiClient api, ServerProcess process, Path socket) {
    this.api = api;
    this.process = process;
    this.socket = socket;
  }

  static VarveGroups start(Path launcher, Path folder, List<Path> images)
      throws IOException, InterruptedException {
    Path state = folder.resolve("state");
    Path socket = folder.resolve("nbd.sock");
    var api = new ApiClient(state);
    ServerProcess process = null;
    try {
      List<String> command =
          List.of(
              launcher.toString(),
              "serve",
              "--state",
              state.toString(),
              "--unix",
              socket.toString(),
              "--api-tcp",
              "off");
      process = ServerProcess.start("Varve", command, socket, () -> api.send(get("machines")));
      var server = new VarveGroups(api, process, socket);
      server.makeMachine(images);
      return server;
    } catch (Throwable e) {
      api.close();
      if (process != null) process.close();
      throw e;
    }
  }

  private void makeMachine(List<Path> images) throws IOException {
    api.send(post("machines").body(new JsonObject().put("name", MACHINE)));
    api.send(
        post("machines", MACHINE, "controllers")
            .body(new JsonObject().put("name", "SATA").put("bus", "SATA")));
    for (int group = 0; group < GROUPS; group++) {
      api.send(
          post("machines", MACHINE, "bandwidth-groups")
              .body(new JsonObject().put("name", "group" + group).put("kind", "Disk")));
    }
    for (int disk = 0; disk < DISKS; disk++) {
      String image = images.get(disk).toString();
      api.send(
          post("media", "open")
              .body(new JsonObject().put("location", image).put("device", "HardDisk")));
      api.send(
          post("machines", MACHINE, "attachments")
              .body(
                  new JsonObject()
                      .put("controller", "SATA")
                      .put("port", disk)
                      .put("device", 0)
                      .put("type", "HardDisk")
                      .put("medium", image)
                      .put("bandwidthGroup", "group" + GroupServer.group(disk))));
    }
    api.send(post("machines", MACHINE, "start"));
  }

  @Override
  public String name() {
    return "Varve";
  }

  @Override
  public Path socket(int disk) {
    return socket;
  }

  @Override
  public String export(int disk) {
    return MACHINE + "/SATA/" + disk + "/0";
  }

  @Override
  public void limit(int group, long bytesPerSecond) throws IOException {
    api.send(
        patch("machines", MACHINE, "bandwidth-groups", "group" + group)
            .body(new JsonObject().put("maxBytesPerSecond", bytesPerSecond)));
  }

  @Override
  public Duration cpu() {
    return process.cpu();
  }

  @Override
  public void close() throws IOException {
    api.close();
    process.close();
  }
}
