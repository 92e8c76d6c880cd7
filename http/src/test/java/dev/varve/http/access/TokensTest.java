package dev.varve.http.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TokensTest {

  private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
  private static final Rights READ = Rights.of(Scope.READ);

  @TempDir Path folder;
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final Random random = new Random(1);

  private Tokens tokens() {
    return new Tokens(folder, () -> now, random);
  }

  private Path file() {
    return folder.resolve(TokenFile.NAME);
  }

  @Test
  void aTokenGrantsItsRightsAlsoAfterTheNextStart() throws IOException {
    var rights = Rights.of(Scope.OPERATE, List.of("mail", "web"));
    String secret = tokens().make("anna", rights, null).secret();

    Grant grant = Objects.requireNonNull(tokens().grant(secret));

    assertEquals(rights, grant.rights());
    assertEquals("token 'anna'", grant.holder());
    assertTrue(grant.holds());
  }

  @Test
  void theFileHasNoSecretAndIsTheOwnersOnly() throws IOException {
    String secret = tokens().make("anna", READ, null).secret();

    String text = Files.readString(file());

    assertFalse(text.contains(secret.substring(secret.length() - 43)), text);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
  }

  @Test
  void whatResemblesATokenIsNone() throws IOException {
    Tokens tokens = tokens();
    String secret = tokens.make("anna", READ, null).secret();
    String other = tokens.make("ben", READ, null).secret();
    int last = secret.length() - 43;

    for (String shown :
        List.of(
            "",
            "varve_",
            secret + "A",
            secret.substring(1),
            secret.toUpperCase(java.util.Locale.ROOT),
            secret.substring(0, last) + other.substring(last),
            secret + "\n",
            secret + "\u00e4",
            "\u0000" + secret,
            "A".repeat(100_000))) assertNull(tokens.grant(shown), shown);
    assertNotNull(tokens.grant(secret));
  }

  @Test
  void aTokenExpires() throws IOException {
    Tokens tokens = tokens();
    String secret = tokens.make("anna", READ, Duration.ofDays(1)).secret();
    Grant grant = Objects.requireNonNull(tokens.grant(secret));

    now = now.plus(Duration.ofDays(1)).minusSeconds(1);
    assertTrue(grant.holds());
    now = now.plusSeconds(1);

    assertFalse(grant.holds());
    assertNull(tokens.grant(secret));
    assertNull(tokens().grant(secret));
    assertEquals(1, tokens.all().size());
  }

  @Test
  void aWithdrawalHoldsAtOnceAndAfterTheNextStart() throws IOException {
    Tokens tokens = tokens();
    var made = tokens.make("anna", READ, null);
    Grant grant = Objects.requireNonNull(tokens.grant(made.secret()));
    boolean[] heard = new boolean[1];
    tokens.onWithdrawal(() -> heard[0] = !grant.holds());

    tokens.withdraw(made.token().id());

    assertTrue(heard[0]);
    assertNull(tokens.grant(made.secret()));
    assertNull(tokens().grant(made.secret()));
    assertThrows(ModelException.class, () -> tokens.withdraw(made.token().id()));
  }

  @Test
  void aNameMayResembleAnId() throws IOException {
    Tokens tokens = tokens();
    var first = tokens.make("anna", READ, null);
    tokens.make(" " + first.token().id(), READ, null);

    assertNotNull(tokens().grant(first.secret()));
  }

  @Test
  void aTokenThatIsMadeAgainUnderTheNameIsAnother() throws IOException {
    Tokens tokens = tokens();
    String old = tokens.make("anna", READ, null).secret();
    assertThrows(ModelException.class, () -> tokens.make("anna", READ, null));
    tokens.withdraw("anna");

    String made = tokens.make("anna", READ, null).secret();

    assertNull(tokens.grant(old));
    assertNotNull(tokens.grant(made));
  }

  @Test
  void whereTheFileCannotBeWrittenNoTokenIsMadeAndAWithdrawalHolds() throws IOException {
    Tokens tokens = tokens();
    String secret = tokens.make("anna", READ, null).secret();
    // A folder of this name cannot be replaced by a file, not even by root.
    Path obstacle = Files.createDirectory(folder.resolve("tokens.json.new"));
    Files.createFile(obstacle.resolve("x"));

    assertThrows(IOException.class, () -> tokens.make("ben", READ, null));
    assertEquals(List.of("anna"), tokens.all().stream().map(Token::name).toList());
    var failure = assertThrows(IOException.class, () -> tokens.withdraw("anna"));
    assertTrue(failure.getMessage().contains("until the server ends"), failure.getMessage());
    assertNull(tokens.grant(secret));
    Files.delete(obstacle.resolve("x"));
    tokens.withdraw("anna");

    assertNull(tokens().grant(secret));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{}",
        "{\"version\":2,\"tokens\":[]}",
        "{\"version\":1,\"tokens\":[{}]}",
        "{\"version\":1,\"tokens\":{}}",
        "{\"version\":1,\"tokens\":[1]}"
      })
  void aDamagedFileIsNoTokensAndIsNotReplaced(String text) throws IOException {
    Files.writeString(file(), text);
    Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-------"));
    Tokens tokens = tokens();

    assertThrows(IOException.class, () -> tokens.make("anna", READ, null));
    assertThrows(IOException.class, tokens::all);
    assertThrows(IOException.class, () -> tokens.withdraw("anna"));

    assertEquals(text, Files.readString(file()));
  }

  @Test
  void aScopeThatIsNoneGrantsNothing() throws IOException {
    String secret = tokens().make("anna", READ, null).secret();
    Files.writeString(file(), Files.readString(file()).replace("\"read\"", "\"root\""));

    assertNull(tokens().grant(secret));
  }

  @Test
  void aFileThatOthersCanAccessIsNotUsedUntilThatIsMended() throws IOException {
    String secret = tokens().make("anna", READ, null).secret();
    for (String mode : List.of("rw-r-----", "rw----r--", "rw--w----", "rwx------")) {
      Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString(mode));
      Tokens tokens = tokens();
      assertNull(tokens.grant(secret), mode);
      var refused = assertThrows(IOException.class, tokens::all);
      assertTrue(refused.getMessage().contains("chmod 600"), refused.getMessage());

      Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-------"));
      assertEquals(1, tokens.all().size());
      assertNotNull(tokens.grant(secret), mode);
    }
  }

  @Test
  void namesAreThoseOfPeopleAndOneLineLong() throws IOException {
    Tokens tokens = tokens();
    for (String name : List.of("Zoë's \"laptop\" \\ '", "日本", "../../token", "a".repeat(255)))
      assertNotNull(tokens.grant(tokens.make(name, READ, null).secret()));
    assertEquals(tokens.all(), tokens().all());

    for (String name : List.of("", " ", "a\nb", "a\r\nb", "a\u0085b", "a\u0000"))
      assertThrows(ModelException.class, () -> tokens.make(name, READ, null), name);
  }

  @Test
  void thereAreAtMostAThousand() throws IOException {
    String first = tokens().make("0", READ, null).secret();
    List<Token> all = new ArrayList<>(tokens().all());
    for (int i = 1; i < 1000; i++) {
      String id = "aaaaaa" + LETTERS.charAt(i / 32) + LETTERS.charAt(i % 32);
      all.add(new Token(id, "n" + i, READ, now, null, "0".repeat(64)));
    }
    new TokenFile(folder).write(all);
    Tokens tokens = tokens();

    assertThrows(ModelException.class, () -> tokens.make("1000", READ, null));

    assertEquals(1000, tokens.all().size());
    assertNotNull(tokens.grant(first));
    assertNull(tokens.grant("varve_" + all.getLast().id() + "_" + "A".repeat(43)));
  }

  @Test
  void onlyOperateIsForMachines() {
    assertThrows(IllegalArgumentException.class, () -> Rights.of(Scope.OPERATE));
    assertThrows(IllegalArgumentException.class, () -> Rights.of(Scope.READ, List.of("mail")));
    assertEquals(
        "operate of mail, web", Rights.of(Scope.OPERATE, List.of("mail", "web")).toString());
  }

  @Test
  void theOwnersTokenMayDoEverything() throws IOException {
    Tokens tokens = tokens();
    assertNull(tokens.grant(""));
    AccessToken owner = AccessToken.make(folder, random);
    tokens.setOwner(owner);

    String text = Files.readString(folder.resolve(AccessToken.FILE)).strip();

    assertEquals(Rights.ALL, Objects.requireNonNull(tokens.grant(text)).rights());
  }
}
