package dev.varve.http.access;

import dev.varve.core.device.FailureWords;
import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.machine.Names;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a state folder: that of the owner, and those that were given to clients. A token is
 * {@code varve_ID_SECRET}; the file has a hash of it only.
 *
 * <p>While the file of the tokens cannot be used, only the owner's token holds, and each change
 * says why. A withdrawal holds at once, whether the file can be written or not.
 *
 * <p>Thread-safe. {@link #grant} does not block; changes do.
 */
public final class Tokens {

  /** Of the ids of tokens. */
  static final String ID = "[a-z2-7]{8}";

  private static final System.Logger LOG = System.getLogger(Tokens.class.getName());
  private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
  private static final int ID_LETTERS = 8;

  /** A client that makes tokens in a loop must not fill the disk. */
  private static final int MOST = 1000;

  private static final Pattern SHOWN = Pattern.compile("varve_(" + ID + ")_[0-9A-Za-z_-]{43}");

  private final TokenFile file;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile @Nullable AccessToken owner;

  /** Replaced as a whole, so that a request needs no lock. */
  private volatile Map<String, Token> byId = Map.of();

  private boolean loaded;

  /** Whether the file still has a token that was withdrawn. */
  private boolean behind;

  /**
   * The tokens of a folder, which must be locked. If they cannot be read, the log says why.
   *
   * @param random must be one whose output cannot be guessed
   */
  public Tokens(Path folder, InstantSource clock, RandomGenerator random) {
    this.file = new TokenFile(folder);
    this.clock = clock;
    this.random = random;
    try {
      load();
    } catch (IOException e) {
      LOG.log(
          Level.WARNING,
          "no token except the owner''s holds: {0}. Then run ''varve token list''",
          FailureWords.of(e));
    }
  }

  /**
   * Reads the tokens of a folder, whose server may run, and leaves them as they are.
   *
   * @throws IOException if the file cannot be used
   */
  public static void check(Path folder) throws IOException {
    new TokenFile(folder).read();
  }

  private void load() throws IOException {
    if (loaded) return;
    Map<String, Token> read = new LinkedHashMap<>();
    for (Token token : file.read()) read.put(token.id(), token);
    byId = read;
    loaded = true;
  }

  /** Lets the owner's token in too. */
  public void setOwner(AccessToken token) {
    owner = token;
  }

  /** Calls this, on the thread of the change, after tokens have been withdrawn. */
  public void onWithdrawal(Runnable listener) {
    listeners.add(listener);
  }

  /**
   * What a token grants; null if there is no such token, or it has expired.
   *
   * @param shown anything
   */
  public @Nullable Grant grant(String shown) {
    AccessToken own = owner;
    if (own != null && own.is(shown)) return Grant.lasting("the owner's token", Rights.ALL);
    Matcher parts = SHOWN.matcher(shown);
    Token token = parts.matches() ? byId.get(parts.group(1)) : null;
    if (token == null || !token.is(shown) || !holds(token)) return null;
    return new Grant("token '" + token.name() + "'", token.rights(), () -> holds(token));
  }

  private boolean holds(Token token) {
    return byId.get(token.id()) == token && token.holdsAt(clock.instant());
  }

  /**
   * All that were given and not withdrawn, also those that have expired, the oldest first.
   *
   * @throws IOException if the file cannot be used
   */
  public synchronized List<Token> all() throws IOException {
    load();
    return List.copyOf(byId.values());
  }

  /** A token with its secret, which is shown once. */
  public record Made(Token token, String secret) {
    /** Without the secret. */
    @Override
    public String toString() {
      return token.toString();
    }
  }

  /**
   * Makes a token.
   *
   * @param lifetime null for ever
   * @throws ModelException if the name is taken or no name, or there are too many tokens
   * @throws IOException if the file cannot be written; then there is no such token
   */
  public synchronized Made make(String name, Rights rights, @Nullable Duration lifetime)
      throws IOException {
    load();
    checkName(name);
    if (byId.size() >= MOST)
      throw new ModelException(
          ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
          "there are %d tokens, which is the limit; withdraw those that nothing uses"
              .formatted(MOST));
    String id = newId();
    String secret = "varve_" + id + "_" + AccessToken.secret(random);
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    var token =
        new Token(
            id,
            name,
            rights,
            now,
            lifetime == null ? null : now.plus(lifetime),
            Token.hash(secret));
    Map<String, Token> more = new LinkedHashMap<>(byId);
    more.put(id, token);
    write(more);
    byId = more;
    return new Made(token, secret);
  }

  private void checkName(String name) {
    String fault = Names.fault(name);
    if (fault != null)
      throw new ModelException(
          ErrorCode.E_INVALIDARG,
          "a token cannot be named '%s': the name %s".formatted(Names.shown(name), fault));
    if (byId.values().stream().anyMatch(token -> token.name().equals(name)))
      throw new ModelException(
          ErrorCode.VBOX_E_OBJECT_IN_USE,
          "there is a token '%s' already; withdraw it, or choose another name".formatted(name));
  }

  private String newId() {
    String id;
    do {
      id =
          random
              .ints(ID_LETTERS, 0, LETTERS.length())
              .mapToObj(i -> LETTERS.substring(i, i + 1))
              .collect(Collectors.joining());
    } while (byId.containsKey(id));
    return id;
  }

  /**
   * Withdraws a token. It holds no more when this returns, or throws an {@link IOException}.
   *
   * @param idOrName of a token
   * @throws ModelException if there is no such token
   * @throws IOException if the file cannot be written, and the token would hold again after the
   *     next start of the server; withdrawing it again writes the file
   */
  public synchronized void withdraw(String idOrName) throws IOException {
    load();
    Token token = byId.get(idOrName);
    for (Token each : byId.values())
      if (token == null && each.name().equals(idOrName)) token = each;
    if (token == null && !behind)
      throw new ModelException(
          ErrorCode.VBOX_E_OBJECT_NOT_FOUND,
          "there is no token '%s'; 'varve token list' shows all".formatted(idOrName));
    Map<String, Token> less = new LinkedHashMap<>(byId);
    if (token != null) less.remove(token.id());
    byId = less;
    listeners.forEach(Runnable::run);
    try {
      write(less);
    } catch (IOException e) {
      behind = true;
      String told =
          "token '%s' is withdrawn until the server ends, but the next start lets it in again: %s. Solve that, then withdraw it again"
              .formatted(idOrName, FailureWords.of(e));
      throw e instanceof OutOfSpaceException
          ? new OutOfSpaceException(told)
          : new IOException(told, e);
    }
  }

  private void write(Map<String, Token> tokens) throws IOException {
    file.write(tokens.values());
    behind = false;
  }
}
