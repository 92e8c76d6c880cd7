package dev.varve.http.server;

import dev.varve.core.device.FailureWords;
import dev.varve.core.inventory.Warnings;
import dev.varve.http.access.AccessToken;
import dev.varve.http.access.Tokens;
import dev.varve.http.api.ControlServer;
import dev.varve.http.api.PrivateSocket;
import dev.varve.http.client.ApiClient;
import dev.varve.http.client.SocketPlaces;
import dev.varve.io.nbd.NbdServer;
import dev.varve.io.service.InheritedSocket;
import io.vertx.core.Future;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Where the clients of a state folder's server connect: sockets in that folder, and ports.
 *
 * <p>A folder that is full or read-only takes no socket and no token. Then the sockets are in a
 * place of {@link SocketPlaces}, the API has no port if there is no token, and a warning says so.
 * {@link #tend} tries until everything is in the folder; sockets that clients use meanwhile stay.
 * The API socket of the folder appears after the token, so that a client that finds the socket
 * finds the token too.
 *
 * <p>Thread-safe; every method may block.
 */
final class StateSockets implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(StateSockets.class.getName());

  private final Path folder;
  private final NbdServer nbd;
  private final ControlServer api;
  private final Tokens tokens;
  private final Warnings warnings;
  private final ServerSockets asked;

  // Those that clients are told of; the state folder's come first.
  private final NbdAddresses nbdAddresses;
  private final List<Path> apiSockets = new CopyOnWriteArrayList<>();
  private @Nullable AccessToken token;
  private @Nullable TcpAddress wanted;
  private volatile @Nullable TcpAddress apiAddress;
  private @Nullable Path elsewhere;
  private boolean complete;
  private boolean closed;

  /**
   * Listens nowhere yet.
   *
   * @param nbdAddresses gets the sockets of NBD as they are made
   * @param tokens get the owner's token
   * @param asked what the user wants of them
   */
  StateSockets(
      Path folder,
      NbdServer nbd,
      NbdAddresses nbdAddresses,
      ControlServer api,
      Tokens tokens,
      Warnings warnings,
      ServerSockets asked) {
    this.folder = folder;
    this.nbd = nbd;
    this.nbdAddresses = nbdAddresses;
    this.api = api;
    this.tokens = tokens;
    this.warnings = warnings;
    this.asked = asked;
  }

  /**
   * Listens on the sockets.
   *
   * @throws IOException if there is no place for them, the named one is of no use, or the token is
   *     damaged
   */
  synchronized void listen() throws IOException {
    if (asked.nbdUnix() != null) listenAtNamed(asked.nbdUnix());
    if (asked.api() != null) adopt(asked.api());
    IOException trouble = settle();
    if (trouble == null) return;
    try {
      elsewhere = SocketPlaces.of(folder).make(this::listenIn);
    } catch (IOException e) {
      for (Throwable why : e.getSuppressed()) trouble.addSuppressed(why);
      throw DiskServer.cannotListen(
          folder.resolve(ApiClient.SOCKET),
          "; %s. Solve that, or choose another state folder with --state".formatted(words(e)),
          trouble);
    }
    warn(trouble);
  }

  /** What systemd listens on may be the socket of the folder, or another one. */
  private void adopt(InheritedSocket socket) throws IOException {
    EventLoops.await(api.listenInherited(socket.path()));
    Path usual = folder.resolve(ApiClient.SOCKET);
    boolean same = Files.exists(usual) && Files.isSameFile(usual, socket.path());
    apiSockets.addFirst(same ? usual : socket.path());
  }

  private static String words(IOException failure) {
    var words = new StringBuilder(FailureWords.of(failure));
    for (Throwable why : failure.getSuppressed())
      words.append(words.indexOf(":") < 0 ? ": " : ", ").append(FailureWords.of(why));
    return words.toString();
  }

  /** Tries again what was not possible so far. */
  synchronized void tend() {
    if (closed || complete || elsewhere == null) return;
    try {
      IOException trouble = settle();
      if (trouble != null) {
        warn(trouble);
        return;
      }
      warnings.clear(Warnings.Kind.STATE_FOLDER, subject());
      TcpAddress late = wanted;
      wanted = null;
      if (late != null) listenApi(late);
    } catch (IOException e) {
      warnings.raise(
          Warnings.Kind.STATE_FOLDER,
          subject(),
          "the server cannot listen in its state folder: %s".formatted(FailureWords.of(e)));
    }
  }

  /**
   * Makes what is missing in the state folder.
   *
   * @return why that is not possible at the moment; null if everything is there
   * @throws IOException if it does not become possible by itself
   */
  private @Nullable IOException settle() throws IOException {
    if (token == null) token = AccessToken.of(folder);
    try {
      if (token == null) token = AccessToken.make(folder, new SecureRandom());
      tokens.setOwner(token);
      listenIn(folder);
      complete = true;
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  /** Listens on those sockets of a folder that are not there yet. */
  private void listenIn(Path place) throws IOException {
    Path disks = place.resolve(StateServer.NBD_SOCKET);
    if (asked.nbdUnix() == null && !nbdAddresses.sockets().contains(disks)) {
      EventLoops.await(PrivateSocket.listen(disks, asked.access(), nbd::listenUnix));
      nbdAddresses.addFirst(disks);
    }
    Path requests = place.resolve(ApiClient.SOCKET);
    if (!apiSockets.contains(requests)) {
      EventLoops.await(api.listenUnix(requests, asked.access()));
      apiSockets.addFirst(requests);
    }
  }

  /** The umask decides which users may connect to a socket that the user named. */
  private void listenAtNamed(Path socket) throws IOException {
    try {
      EventLoops.await(nbd.listenUnix(socket));
      nbdAddresses.addFirst(socket);
    } catch (IOException e) {
      throw DiskServer.cannotListen(socket, "; choose another socket with --unix", e);
    }
  }

  /**
   * Answers requests on TCP too, if they show a token; as soon as the folder has one.
   *
   * @param address without TLS a loopback address
   * @throws IOException if the address is taken, or one that has to be encrypted; the server goes
   *     on
   */
  synchronized void listenApi(TcpAddress address) throws IOException {
    if (token == null) {
      wanted = address;
      return;
    }
    apiAddress =
        taken(address, "--api-tcp", api.listenTcp(address.host(), address.port(), asked.tls()));
  }

  /** The address with the port that it was given. */
  static TcpAddress taken(TcpAddress wanted, String option, Future<SocketAddress> listening)
      throws IOException {
    try {
      return new TcpAddress(wanted.host(), EventLoops.await(listening).port());
    } catch (IOException e) {
      throw DiskServer.cannotListen(wanted, "; choose another address with " + option, e);
    }
  }

  private String subject() {
    return folder.resolve(ApiClient.SOCKET).toString();
  }

  /** The text stays the same as long as the reason is the same. */
  private void warn(IOException trouble) {
    String why =
        trouble instanceof FileSystemException e && e.getReason() != null
            ? e.getReason() // without the file, whose name changes
            : FailureWords.of(trouble);
    String tcp =
        token == null ? " No token can be written, so the API does not answer on TCP." : "";
    warnings.raise(
        Warnings.Kind.STATE_FOLDER,
        subject(),
        "the server's sockets cannot be made in the state folder %s: %s. They are in %s, where the commands of this user look too.%s When that is solved, Varve moves them to the state folder by itself"
            .formatted(folder, why, elsewhere, tcp));
  }

  /** Where the control plane answers, absolute; the first choice first. */
  List<Path> apiSockets() {
    return apiSockets;
  }

  /** Where the control plane answers over TCP; null for nowhere. */
  @Nullable TcpAddress apiAddress() {
    return apiAddress;
  }

  /** Removes the sockets of NBD; those of the API go with its server. */
  @Override
  public synchronized void close() throws IOException {
    closed = true;
    if (asked.nbdUnix() == null)
      for (Path socket : nbdAddresses.sockets()) EventLoops.await(PrivateSocket.remove(socket));
  }

  /** Removes the folder of the sockets that were not in the state folder; called last. */
  synchronized void leave() {
    if (elsewhere == null) return;
    try {
      Files.deleteIfExists(elsewhere);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "{0} stays: {1}", elsewhere, FailureWords.of(e));
    }
  }
}
