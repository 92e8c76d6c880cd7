package dev.varve.http.command;

import dev.varve.http.client.ApiRequest;
import dev.varve.http.server.CleanStop;
import dev.varve.http.server.StateServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.function.UnaryOperator;

/** {@code varve serve} for the machines of a state folder. For the main thread. */
final class StateServing {

  private final StateServer server;
  private final ServingLife life;
  private final MachineOptions machines;

  StateServing(StateServer server, ServingLife life, MachineOptions machines) {
    this.server = server;
    this.life = life;
    this.machines = machines;
  }

  /**
   * Serves machines until a signal comes.
   *
   * @param how completes a request that starts a machine with the user's options
   * @param err where warnings go
   * @param reloading what to do as soon as it serves
   */
  void run(UnaryOperator<ApiRequest> how, PrintWriter err, Runnable reloading)
      throws IOException, InterruptedException {
    try (CleanStop _ = life.stopping(server::close, server::totals, server::failed)) {
      listenApi();
      life.log()
          .started(
              "serves the machines of " + server.folder() + ", " + server.contents(),
              server.nbdAddresses(),
              server.apiAddresses());
      var serving = new MachineServing(server, how, err);
      serving.start(machines.machines());
      new MachinesAtStart(server, serving, MachinesAtStart.PATIENCE).start(machines.withServer());
      life.warnOfStrangers(server.nbdAddress(), server.tls());
      life.print(serving.description(life.output()));
      life.ready(server.loops(), server::status);
      reloading.run();
      server.awaitClosed();
    } catch (IOException | RuntimeException e) {
      life.log().stopping("not everything could be started");
      throw e;
    } finally {
      server.close();
    }
  }

  /** The usual port may be another server's: then the socket in the state folder is enough. */
  private void listenApi() throws IOException {
    ApiAddress api = machines.api();
    if (api != null) {
      if (api.tcp() != null) server.listenApi(api.tcp());
      return;
    }
    try {
      server.listenApi(ApiAddress.USUAL);
    } catch (IOException e) {
      life.warn(
          "%s; the API answers on its socket only: %s"
              .formatted(e.getMessage(), String.join(", ", server.apiAddresses())));
    }
  }
}
