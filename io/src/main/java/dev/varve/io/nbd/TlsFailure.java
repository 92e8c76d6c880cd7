package dev.varve.io.nbd;

import java.nio.channels.ClosedChannelException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Why a client and the server found no TLS together, in words for people. Any thread. */
final class TlsFailure {

  private TlsFailure() {}

  /** The failure of TLS that caused this; null if it has another cause. */
  static @Nullable SSLException of(Throwable failure) {
    for (Throwable at = failure; at != null; at = at.getCause())
      if (at instanceof SSLException found) return found;
    return null;
  }

  static String words(Throwable failure) {
    if (failure instanceof ClosedChannelException) return "it closed the connection";
    SSLException tls = of(failure);
    Throwable known = tls == null ? failure : tls;
    String text = known.getMessage() == null ? known.toString() : known.getMessage();
    if (text.contains("Empty client certificate chain") || text.contains("certificate_required"))
      return "it showed no certificate of an authority that this server trusts";
    if (text.contains("unknown_ca") || text.contains("bad_certificate"))
      return "it does not trust the server's certificate (" + text + ")";
    if (text.contains("not an SSL/TLS record")) return "what it sent is not TLS";
    if (text.contains("PKIX path") || text.contains("signature check failed"))
      return "its certificate is not signed by an authority that this server trusts";
    return text;
  }
}
