package dev.varve.http.server;

import dev.varve.http.api.SocketAccess;
import dev.varve.http.tls.ServerTls;
import dev.varve.io.service.InheritedSocket;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the server of a state folder listens, as its user wants it. Immutable.
 *
 * @param nbdUnix where NBD clients can connect instead of the socket in the folder, absolute; null
 *     for there
 * @param nbdTcp where NBD clients can connect too; null for nowhere
 * @param guests the folder of vhost-user sockets, absolute; null for none
 * @param access the users that can connect to the sockets in the folder
 * @param api where the API answers already when the server starts; null for a socket in the folder
 * @param tls what all TCP ports speak; null for none
 */
public record ServerSockets(
    @Nullable Path nbdUnix,
    @Nullable TcpAddress nbdTcp,
    @Nullable Path guests,
    SocketAccess access,
    @Nullable InheritedSocket api,
    @Nullable ServerTls tls) {

  /** Sockets in the folder, for its owner. */
  public static final ServerSockets USUAL =
      new ServerSockets(null, null, null, SocketAccess.OWNER, null, null);

  public ServerSockets {
    if (nbdUnix != null) nbdUnix = nbdUnix.toAbsolutePath().normalize();
  }
}
