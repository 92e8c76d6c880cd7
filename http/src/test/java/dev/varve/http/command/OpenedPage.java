package dev.varve.http.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A server with its page, and a browser that has opened it. */
final class OpenedPage implements AutoCloseable {

  private final Path folder;
  private RunningServer server;
  private final Browser browser;

  private OpenedPage(Path folder, RunningServer server, Browser browser) {
    this.folder = folder;
    this.server = server;
    this.browser = browser;
  }

  /** A server of {@code state} in {@code folder}, and the page that asks for a token. */
  static OpenedPage of(Path folder) throws IOException {
    return of(folder, RunningServer.startWithPage(folder));
  }

  private static OpenedPage of(Path folder, RunningServer server) {
    try {
      var page = new OpenedPage(folder, server, new Browser());
      page.browser.open(server.page());
      return page;
    } catch (RuntimeException | Error e) {
      server.close();
      throw e;
    }
  }

  /** The same, where the owner is signed in already. */
  static OpenedPage ofOwner(Path folder) throws IOException {
    OpenedPage page = of(folder);
    page.signIn(page.ownersToken());
    return page;
  }

  /** Another window of the same page, where the owner is signed in too; its user closes it. */
  Browser another() throws IOException {
    var other = new Browser();
    other.open(server.page());
    other.see("#token").sendKeys(ownersToken());
    other.click("button[type=submit]");
    other.see(".connection.live");
    return other;
  }

  /** Ends the server; the page stays open. */
  void stopServer() throws Exception {
    server.stopAfterRefusing();
    server.close();
  }

  /** Starts the server again where the page looks for it. */
  void startServer() throws IOException {
    server = RunningServer.startWithPage(folder, server.page().replaceAll("^http://|/$", ""));
  }

  RunningServer server() {
    return server;
  }

  Browser browser() {
    return browser;
  }

  String ownersToken() throws IOException {
    return Files.readString(folder.resolve("state/token")).strip();
  }

  /** Makes a token of a scope. */
  String token(String scope) {
    return server.run("token", "create", scope, "--scope", scope).getString("token");
  }

  /** Signs in with a token, and out before if that is needed. */
  void signIn(String token) {
    enter(token);
    browser.see(".connection.live");
  }

  /** Signs in with a token that is perhaps not enough. */
  void enter(String token) {
    if (browser.textOf("sign-in").isEmpty() && !browser.textOf(".top-end").isEmpty())
      browser.click(".top-end button");
    browser.see("#token").sendKeys(token);
    browser.click("button[type=submit]");
  }

  /** Ends both; the server must leave everything clean, but for what it told of wrong tokens. */
  @Override
  public void close() throws Exception {
    browser.close();
    stopServer();
  }
}
