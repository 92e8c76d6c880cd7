package dev.varve.http.api;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How long a client waits for being told that its token is wrong: not at all at first, and longer
 * each time if its address has sent many. A right token is never asked about, so that nothing that
 * another client of the address does locks it out. Belongs to one event loop.
 */
final class WrongTokens {

  private static final int FREE = 5;
  private static final long FIRST_MILLIS = 100;
  private static final long LONGEST_MILLIS = 2_000;
  private static final long FORGOTTEN_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final int ADDRESSES = 1024;

  private final LongSupplier nanoClock;

  /** Those that were heard of longest ago first. */
  private final Map<String, Wrong> byAddress =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Wrong> eldest) {
          return size() > ADDRESSES;
        }
      };

  private record Wrong(int count, long lastNanos) {}

  WrongTokens(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** A token was missing or wrong; how long its sender waits for the answer. */
  long delayMillis(@Nullable String address) {
    String from = address == null ? "" : address;
    long now = nanoClock.getAsLong();
    Wrong before = byAddress.get(from);
    boolean known = before != null && now - before.lastNanos() <= FORGOTTEN_NANOS;
    int count = before == null || !known ? 1 : Math.min(before.count() + 1, FREE + 16);
    byAddress.put(from, new Wrong(count, now));
    return count <= FREE ? 0 : Math.min(LONGEST_MILLIS, FIRST_MILLIS << (count - FREE - 1));
  }
}
