package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.get;

import dev.varve.http.client.ApiClient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code varve top}: what the disks of a running server do at the moment. Runs on the main thread.
 */
@Command(
    name = "top",
    description = {
      "Shows what the disks of running machines do at the moment, until Ctrl-C.",
      "",
      "r, w and f are reads, writes and flushes; p50 and p99 the times that half and 99 of 100 of them did not exceed;"
          + " limited is the part of the time in which a request waited for a bandwidth limit; queue counts the"
          + " requests that wait for their answer. Where there is no terminal, and with --once, it prints one table."
    })
public final class TopCommand implements Callable<Integer> {

  private static final long LONGEST_SECONDS = 3600;

  @Spec private CommandSpec spec;

  @Mixin private ServerOptions server;

  @Option(names = "--once", description = "Print one table, and end.")
  private boolean once;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "How often to look (1), and how long what is shown is measured.")
  private double seconds;

  @Override
  public Integer call() throws IOException {
    if (!(seconds >= 0.1 && seconds <= LONGEST_SECONDS))
      throw new ParameterException(
          spec.commandLine(),
          "--interval must be from 0.1 to %d seconds".formatted(LONGEST_SECONDS));
    return server.talk(this::watch);
  }

  private void watch(ApiClient server, boolean json, PrintWriter out) throws IOException {
    boolean live = !once && !json && TopTerminal.isThere();
    JsonObject before = server.send(get("disks"));
    long then = System.nanoTime();
    if (!live) {
      pause();
      JsonObject now = server.send(get("disks"));
      print(DiskRates.between(before, now, System.nanoTime() - then), json, out);
      return;
    }
    try (var terminal = new TopTerminal(out)) {
      while (true) {
        pause();
        JsonObject now = server.send(get("disks"));
        long nanos = System.nanoTime();
        terminal.show(DiskRates.between(before, now, nanos - then));
        before = now;
        then = nanos;
      }
    }
  }

  private void print(List<DiskRates> rates, boolean json, PrintWriter out) {
    if (json) {
      var disks = new JsonArray();
      rates.forEach(disk -> disks.add(disk.json()));
      out.println(new JsonObject().put("disks", disks).encode());
    } else if (rates.isEmpty()) {
      out.println("no disks are served");
    } else {
      TopScreen.lines(rates, Integer.MAX_VALUE, Integer.MAX_VALUE).forEach(out::println);
    }
    out.flush();
  }

  private void pause() throws IOException {
    try {
      TimeUnit.NANOSECONDS.sleep(Math.round(seconds * 1e9));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }
}
