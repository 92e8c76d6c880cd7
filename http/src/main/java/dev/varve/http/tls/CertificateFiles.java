package dev.varve.http.tls;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The PEM files of a server. Immutable.
 *
 * @param certificate the server's own, and those between it and its authority
 * @param key the private key of the first certificate, without a password
 * @param clientAuthority those that sign the certificates of clients; null if no client is asked
 */
public record CertificateFiles(Path certificate, Path key, @Nullable Path clientAuthority) {

  /** All files, in the order above. */
  List<Path> all() {
    return Stream.of(certificate, key, clientAuthority).filter(Objects::nonNull).toList();
  }
}
