package dev.varve.http.bundle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes secrets, and what tells who and where a user is, out of texts: those that are known, and
 * all that looks like one. The same address or user gets the same name in all texts. For one
 * thread.
 */
public final class Redaction {

  private static final String REMOVED = "(removed)";

  private static final String KEPT_USERS = "root|varve|nobody|daemon|\\?";

  /** A name that says so, then = or :, then a value. */
  private static final Pattern NAMED_SECRET =
      Pattern.compile(
          "((?:password|passwd|passphrase|secret|token|credential|api[-_]?key|private[-_]?key)[\\w.-]*[\"']?\\s*[=:]\\s*)"
              + "(\"(?:[^\"\\\\]|\\\\.)*\"|'[^']*'|[^\\s,;}&\"']+)",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern PRIVATE_KEY =
      Pattern.compile(
          "-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*-----|\\z)", Pattern.DOTALL);

  private static final Pattern TOKEN =
      Pattern.compile(
          "(?<![\\w-])(?:varve_[a-z2-7]{8}_)?[0-9A-Za-z_-]{43}(?![\\w-])|varve_[a-z2-7]{8}_[\\w-]+");

  private static final Pattern HASH =
      Pattern.compile("(?<!\\w)(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})(?!\\w)");

  private static final Pattern AUTHORIZATION =
      Pattern.compile("\\b(bearer|basic|digest)\\s+[\\w.~+/=-]{6,}", Pattern.CASE_INSENSITIVE);

  private static final Pattern USER_IN_ADDRESS =
      Pattern.compile("(\\b[a-z][a-z0-9+.-]*://)[^/\\s\"'<>]*@", Pattern.CASE_INSENSITIVE);

  private static final Pattern MAIL = Pattern.compile("[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+");

  private static final Pattern NETWORK_CARD =
      Pattern.compile("(?<![\\w:])(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}(?![\\w:])");

  private static final Pattern ADDRESS =
      Pattern.compile(
          "(?<![\\w.])(?!127\\.|0\\.0\\.0\\.0)(?:\\d{1,3}\\.){3}\\d{1,3}(?![\\w.]*\\w)"
              + "|(?<![\\w:])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\\w:])"
              + "|(?<![\\w:])(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}(?![\\w:])");

  private static final Pattern HOME = Pattern.compile("(/home/)([^/\\s\"':,;]+)");

  private final List<String> secrets;
  private final List<Pattern> hosts = new ArrayList<>();
  private final Map<String, String> users = new LinkedHashMap<>();
  private final Map<String, String> addresses = new LinkedHashMap<>();

  /**
   * @param secrets that must not be in any text, whatever stands around them
   * @param hosts names of this host and of others
   * @param users names of users and groups
   */
  public Redaction(Collection<String> secrets, Collection<String> hosts, Collection<String> users) {
    this.secrets =
        secrets.stream()
            .filter(secret -> !secret.isBlank())
            .distinct()
            .sorted(Comparator.comparingInt(String::length).reversed())
            .toList();
    for (String host : hosts) if (!host.matches("|localhost")) this.hosts.add(word(host));
    for (String user : users) nameOf(user);
  }

  private static Pattern word(String text) {
    return Pattern.compile(
        "(?<![\\w.-])" + Pattern.quote(text) + "(?![\\w-])", Pattern.CASE_INSENSITIVE);
  }

  /** The text without them. */
  public String of(String text) {
    String clean = text;
    for (String secret : secrets) clean = clean.replace(secret, REMOVED);
    clean = PRIVATE_KEY.matcher(clean).replaceAll("(private key removed)");
    clean = USER_IN_ADDRESS.matcher(clean).replaceAll("$1(removed)@");
    clean = AUTHORIZATION.matcher(clean).replaceAll("$1 (removed)");
    clean = NAMED_SECRET.matcher(clean).replaceAll(Redaction::valueRemoved);
    clean = TOKEN.matcher(clean).replaceAll("(token removed)");
    clean = HASH.matcher(clean).replaceAll("(hash removed)");
    clean = MAIL.matcher(clean).replaceAll("(mail address removed)");
    clean = NETWORK_CARD.matcher(clean).replaceAll("(network card removed)");
    clean =
        replaced(
            ADDRESS,
            clean,
            found ->
                addresses.computeIfAbsent(found.group(), _ -> "ADDRESS-" + (addresses.size() + 1)));
    clean = replaced(HOME, clean, found -> found.group(1) + nameOf(found.group(2)));
    for (Pattern host : hosts) clean = host.matcher(clean).replaceAll("HOST");
    for (Map.Entry<String, String> user : List.copyOf(users.entrySet()))
      clean = word(user.getKey()).matcher(clean).replaceAll(user.getValue());
    return clean;
  }

  /** In JSON the value stays a string. */
  private static String valueRemoved(MatchResult found) {
    boolean quoted = found.group(2).startsWith("\"");
    return Matcher.quoteReplacement(found.group(1) + (quoted ? "\"" + REMOVED + "\"" : REMOVED));
  }

  private String nameOf(String user) {
    if (user.isBlank() || user.matches(KEPT_USERS) || user.startsWith("USER-")) return user;
    return users.computeIfAbsent(user, _ -> "USER-" + (users.size() + 1));
  }

  private static String replaced(
      Pattern pattern, String text, Function<MatchResult, String> replacement) {
    return pattern
        .matcher(text)
        .replaceAll(found -> Matcher.quoteReplacement(replacement.apply(found)));
  }
}
