package dev.varve.http.tls;

import dev.varve.core.device.FailureWords;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks every few seconds whether a server's certificates have been replaced, in a thread of its
 * own, and has them read then. Programs that renew certificates replace one file after the other:
 * files are read once they have stayed the same from one look to the next.
 *
 * <p>Thread-safe. {@link #reload} and {@link #look} block.
 */
public final class CertificateWatch implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(CertificateWatch.class.getName());

  private static final long PERIOD_SECONDS = 2;

  /** Hears whether the files can be used. */
  public interface Listener {
    /** They cannot, and the server goes on with those that it has; or clients refuse those. */
    void broken(Path certificate, String why);

    /** They are in use. */
    void inUse(Path certificate);
  }

  private final ServerTls tls;
  private final Listener listener;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("certificates").factory());
  private List<Object> read;
  private List<Object> seen;

  /** What was said of the certificate in use, whose time ends while its files stay the same. */
  private @Nullable String told;

  /** Looks at nothing before {@link #start}, or {@link #look}. */
  public CertificateWatch(ServerTls tls, Listener listener) {
    this.tls = tls;
    this.listener = listener;
    this.read = state();
    this.seen = read;
  }

  /** Begins to look. */
  public void start() {
    thread.scheduleWithFixedDelay(this::lookOn, PERIOD_SECONDS, PERIOD_SECONDS, TimeUnit.SECONDS);
  }

  /** Looks once, and never fails: that would end the timer without a word. */
  void lookOn() {
    try {
      look();
    } catch (RuntimeException bug) {
      LOG.log(Level.ERROR, "the certificates could not be looked at, which is a bug in Varve", bug);
    }
  }

  /** Looks once. */
  synchronized void look() {
    List<Object> now = state();
    boolean settled = now.equals(seen);
    seen = now;
    if (settled && !now.equals(read)) reload();
    String complaint = tls.complaint();
    if (complaint != null && !complaint.equals(told))
      listener.broken(tls.files().certificate(), complaint);
    told = complaint;
  }

  /** Reads the files, replaced or not. */
  public synchronized void reload() {
    read = state();
    Path certificate = tls.files().certificate();
    try {
      tls.reload();
      listener.inUse(certificate);
      told = null; // it is said again if it still holds
    } catch (IOException e) {
      listener.broken(
          certificate,
          "the certificates were not read again: %s. New clients get the old ones until that is solved"
              .formatted(FailureWords.of(e)));
    }
  }

  /** What tells that a file is another one; a file that is not there has none. */
  private List<Object> state() {
    List<Object> state = new ArrayList<>();
    for (Path file : tls.files().all()) {
      try {
        var attributes = Files.readAttributes(file, BasicFileAttributes.class);
        state.add(
            List.of(
                String.valueOf(attributes.fileKey()),
                attributes.lastModifiedTime(),
                attributes.size()));
      } catch (IOException _) {
        state.add(file);
      }
    }
    return state;
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
