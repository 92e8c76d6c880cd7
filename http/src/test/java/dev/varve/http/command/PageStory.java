package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests of the page that tell one story, with a server and a browser of their own: each goes on
 * where the one before has ended. When it is over, the browser has asked no other server and has
 * nothing to complain of.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class PageStory {

  Path folder;
  RunningServer server;
  Page page;
  private Browser browser;

  @BeforeAll
  void open(@TempDir Path folder) throws IOException {
    this.folder = folder;
    server = RunningServer.startWithPage(folder);
    browser = new Browser();
    page = anotherPage();
  }

  /** Another window with the page of this server. */
  Page anotherPage() {
    return Page.open(browser, server);
  }

  /** Ends the server; the page stays open. */
  void stopServer() throws Exception {
    server.stopAfterFailures(); // which a user of the page has caused
  }

  /** Starts the server again where the page looks for it. */
  void startServer() throws IOException {
    server = RunningServer.startWithPage(folder, server.address());
  }

  @AfterAll
  void close() throws Exception {
    try (RunningServer _ = server;
        Browser _ = browser) {
      assertEquals(List.of(), browser.complaints());
      assertEquals(Set.of("http://" + server.address()), browser.asked());
      stopServer();
    }
  }
}
