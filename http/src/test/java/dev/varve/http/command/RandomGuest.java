package dev.varve.http.command;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A guest that changes its disk at random, several requests at a time, and keeps a record of what
 * it was told.
 */
final class RandomGuest {

  private static final int IN_FLIGHT = 8;
  private static final int WHOLE_SECTORS = 2048;
  private static final int[] NO_MOMENT = {};

  /** A request on its way: a change, or a flush that settles a moment. */
  private record Request(SectorVersions.@Nullable Change change, boolean fua, int[] moment) {}

  private final NbdSocket disk;
  private final SectorVersions versions;
  private final Random random;
  private final Runnable replied;
  private final Map<Long, Request> inFlight = new HashMap<>();
  private long cookie;
  private int acknowledged;
  private int flushes;

  /**
   * @param replied hears of each flush that was answered, and of each tenth change
   */
  RandomGuest(NbdSocket disk, SectorVersions versions, Random random, Runnable replied) {
    this.disk = disk;
    this.versions = versions;
    this.random = random;
    this.replied = replied;
  }

  /** Works until the server disconnects, and takes all the replies that it sent. */
  void workUntilTheServerEnds() {
    try {
      while (true) {
        if (inFlight.size() < IN_FLIGHT) send();
        else takeReply();
      }
    } catch (IOException _) {
      takeLastReplies();
    }
  }

  int acknowledged() {
    return acknowledged;
  }

  int flushes() {
    return flushes;
  }

  private void send() throws IOException {
    switch (random.nextInt(40)) {
      case 0, 1 -> flush();
      case 2 -> change(NbdSocket.WRITE, NbdSocket.FUA, false);
      case 3 -> change(NbdSocket.DISCARD, NbdSocket.FUA, false);
      case 4, 5 -> change(NbdSocket.DISCARD, 0, true);
      case 6, 7 -> change(NbdSocket.WRITE_ZEROES, 0, true);
      case 8, 9, 10, 11 -> change(NbdSocket.DISCARD, 0, false);
      case 12, 13, 14, 15 -> change(NbdSocket.WRITE_ZEROES, 0, false);
      default -> change(NbdSocket.WRITE, 0, false);
    }
  }

  private void flush() throws IOException {
    cookie++;
    inFlight.put(cookie, new Request(null, false, versions.moment()));
    disk.request(0, NbdSocket.FLUSH, cookie, 0, 0);
  }

  /** 4 to 64 KiB anywhere, or a whole MiB, which is some whole blocks. */
  private void change(int command, int flags, boolean whole) throws IOException {
    int count = whole ? WHOLE_SECTORS : 8 + random.nextInt(121);
    int first =
        whole
            ? random.nextInt(versions.sectors() / WHOLE_SECTORS) * WHOLE_SECTORS
            : random.nextInt(versions.sectors() - count + 1);
    if (overlapsOneInFlight(first, count)) return;
    var change = versions.change(first, count, command != NbdSocket.WRITE);
    cookie++;
    inFlight.put(cookie, new Request(change, (flags & NbdSocket.FUA) != 0, NO_MOMENT));
    long offset = (long) first * SectorVersions.SECTOR;
    disk.request(flags, command, cookie, offset, count * SectorVersions.SECTOR);
    if (command == NbdSocket.WRITE) disk.send(change.contents());
  }

  private boolean overlapsOneInFlight(int first, int count) {
    return inFlight.values().stream()
        .anyMatch(request -> request.change != null && request.change.overlaps(first, count));
  }

  private void takeLastReplies() {
    try {
      while (!inFlight.isEmpty()) takeReply();
    } catch (IOException _) {
      // The others were not answered: they may have been carried out or not.
    }
  }

  private void takeReply() throws IOException {
    NbdSocket.Reply reply = disk.reply();
    Request request = inFlight.remove(reply.cookie());
    if (request == null) throw new AssertionError("no request has " + reply);
    if (reply.error() == NbdSocket.ESHUTDOWN) return;
    if (reply.error() != 0) throw new AssertionError(reply + " to " + request);
    if (request.change == null) {
      versions.settle(request.moment);
      flushes++;
      replied.run();
    } else {
      versions.acknowledge(request.change);
      if (request.fua) versions.settle(request.change);
      acknowledged++;
      if (acknowledged % 10 == 0) replied.run();
    }
  }
}
