package dev.varve.io.chain;

import dev.varve.io.chain.RandomRequests.Kind;
import dev.varve.io.chain.RandomRequests.Request;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.Loss;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/** What a guest does on a disk that may lose its power. */
final class PowerCuts {

  private PowerCuts() {}

  /** A disk, and a session that can be carried out on copies of it. */
  interface Start {

    CrashingDisk copy() throws IOException;

    /** What the disk shows before the session. */
    Versions versions();

    /** Carries the session out; false if the power went. */
    boolean session(CrashingDisk disk, Versions versions) throws IOException;
  }

  /** Checks what a power cut at operation {@code n} left. */
  interface Recovery {
    void check(CrashingDisk found, Versions before, long n, Loss loss, String when)
        throws IOException;
  }

  /**
   * Lets the power go at each operation of a session.
   *
   * @param losses what may be lost of what was not synced, when it goes at this operation
   */
  static void atEveryOperation(
      long seed, Start start, LongFunction<List<Loss>> losses, Recovery recovery)
      throws IOException {
    boolean finished = false;
    for (long n = 0; !finished; n++) {
      String when = "varve.seed=" + seed + ", power cut at operation " + n;
      try (CrashingDisk disk = start.copy()) {
        disk.losePowerAt(n);
        Versions versions = start.versions();
        finished = start.session(disk, versions);
        for (Loss loss : losses.apply(n)) {
          try (CrashingDisk found = disk.afterCrash(seed, loss)) {
            recovery.check(found, versions, n, loss, when + ", " + loss);
          }
        }
      } catch (AssertionError e) {
        throw new AssertionError(when, e);
      }
    }
  }

  /** Opens the disk of a session. */
  interface Opening {
    DifferencingChain open() throws IOException;
  }

  /** Carries out the requests and closes; false if the power went. */
  static boolean session(
      CrashingDisk disk, Opening chain, List<Request> requests, Versions versions)
      throws IOException {
    Guest guest;
    try {
      guest = new Guest(chain.open());
    } catch (IOException e) {
      if (!disk.hasLostPower()) throw e;
      return false;
    }
    try {
      for (Request request : requests) carryOut(guest, request, versions);
    } catch (IOException e) {
      if (!disk.hasLostPower()) throw e;
    }
    return close(disk, guest, versions);
  }

  /** Ends a session; false if the power went. */
  static boolean close(CrashingDisk disk, Guest guest, Versions versions) throws IOException {
    try {
      guest.close();
      versions.durable(versions.moment());
    } catch (IOException e) {
      if (!disk.hasLostPower()) throw e;
    }
    return !disk.hasLostPower();
  }

  static void carryOut(Guest guest, Request request, Versions versions) throws IOException {
    carryOut(guest, List.of(request), versions);
  }

  /**
   * All at once. A flush among them makes durable what was there before, a durable write itself.
   */
  static void carryOut(Guest guest, List<Request> requests, Versions versions) throws IOException {
    int before = versions.moment();
    versions.change(requests);
    List<CompletableFuture<Void>> answers = new ArrayList<>();
    for (Request request : requests) answers.add(guest.submit(request::setUp));
    IOException failure = null;
    for (int i = 0; i < requests.size(); i++) {
      Request request = requests.get(i);
      try {
        Guest.await(answers.get(i));
      } catch (IOException e) {
        failure = e;
        continue;
      }
      if (request.kind() == Kind.FLUSH) versions.durable(before);
      if (request.kind() == Kind.WRITE_DURABLY)
        versions.durable(versions.moment(), request.offset(), request.data().length);
    }
    if (failure != null) throw failure;
  }

  /** So many of a session's operations, from its first to its last; all if there are no more. */
  static LongStream among(long operations, int cuts, Random random) {
    if (operations <= cuts) return LongStream.range(0, operations);
    return LongStream.range(0, cuts)
        .map(
            i -> {
              long start = operations * i / cuts;
              return random.nextLong(start, operations * (i + 1) / cuts);
            });
  }
}
