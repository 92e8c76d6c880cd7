package dev.varve.http.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketPlacesTest {

  @TempDir Path folder;

  private Path state;
  private Path own;
  private Path shared;
  private int user;

  @BeforeEach
  void makeFolders() throws IOException {
    state = Files.createDirectory(folder.resolve("state"));
    own = Files.createDirectory(folder.resolve("own"));
    shared = Files.createDirectory(folder.resolve("shared"));
    user = (int) Files.getAttribute(folder, "unix:uid");
  }

  private SocketPlaces places(Path stateFolder) {
    return SocketPlaces.of(
        stateFolder, user, Map.of("XDG_RUNTIME_DIR", own.toString()), List.of(shared));
  }

  private Path inShared() {
    return places(state).all().getLast();
  }

  @Test
  void theUsersOwnFolderIsTheFirstChoiceAndIsMadeForHimAlone() throws IOException {
    Path made = places(state).make(_ -> {});

    assertEquals(own, made.getParent());
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(made)));
    assertEquals(List.of(made), places(state).present());
  }

  @Test
  void whereTheFirstIsOfNoUseTheNextOneIsTaken() throws IOException {
    Path made =
        places(state)
            .make(
                place -> {
                  if (!place.startsWith(shared)) throw new IOException("full");
                });

    assertEquals(shared, made.getParent());
    assertTrue(made.getFileName().toString().startsWith("varve-" + user + "-"), made::toString);
  }

  @Test
  void aStateFolderIsTheSameByEveryPathAndAnotherOneIsAnother() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), state);

    assertEquals(places(state).all(), places(link).all());
    assertNotEquals(places(state).all(), places(own).all());
  }

  @Test
  void aFolderThatIsOpenToOthersOrALinkIsNotUsed() throws IOException {
    Files.delete(own);
    Path place = Files.createDirectory(inShared());
    Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxrwx---"));
    assertRefused(place);

    Files.delete(place);
    Path target =
        Files.createDirectory(
            folder.resolve("target"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.createSymbolicLink(place, target);
    assertRefused(place);
  }

  @Test
  void aFolderOfAnotherUserIsNotUsed() throws IOException {
    Files.delete(own);
    Path place = inShared();
    Files.createDirectory(
        place, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));

    var another = SocketPlaces.of(state, user + 1, Map.of(), List.of(shared));

    assertEquals(List.of(), another.present());
    assertEquals(List.of(place), places(state).present());
  }

  private void assertRefused(Path place) {
    assertEquals(List.of(), places(state).present());
    var refused = assertThrows(IOException.class, () -> places(state).make(_ -> {}));
    String why = refused.getSuppressed()[refused.getSuppressed().length - 1].getMessage();
    assertTrue(why.contains("'" + place + "' already exists"), why);
  }

  @Test
  void aPathThatIsTooLongForASocketIsLeftOut() {
    var places =
        SocketPlaces.of(
            state, user, Map.of("XDG_RUNTIME_DIR", "/" + "x".repeat(90)), List.of(shared));

    assertTrue(places.all().stream().noneMatch(p -> p.toString().contains("xx")));
  }
}
