package dev.varve.http.command;

import java.util.List;

/**
 * A part of the page as a user sees it, such as a disk, a list or a machine, and what can be done
 * there by its buttons and menus.
 */
final class Part {

  private static final String FOUND = "document.querySelector(arguments[0])";

  private final Window window;
  private final String selector;

  Part(Window window, String selector) {
    this.window = window;
    this.selector = selector;
  }

  /** Waits until it is there. */
  Part isThere() {
    window.see(selector);
    return this;
  }

  /** Waits until it is not there any more. */
  void isGone() {
    window.seeNo(selector);
  }

  /** Waits until it has a text. */
  Part shows(String text) {
    window.see(selector, text);
    return this;
  }

  /** Waits until a text has gone from it. */
  void showsNoMore(String text) {
    window.await("no '" + text + "' in " + selector, () -> !text().contains(text));
  }

  /** What it says now. */
  String text() {
    return window.text(selector);
  }

  void click() {
    window.click(selector);
  }

  /** Something in it. */
  Part part(String within) {
    return new Part(window, selector + " " + within);
  }

  /** Presses the button of an operation, in a menu if it is there. */
  Dialog press(String operation) {
    String button = selector + " [data-operation=" + operation + "]";
    window.await(button, () -> window.is("return " + FOUND + "!== null", button));
    if (window.is("return " + FOUND + ".closest('.menu') !== null", button))
      window.click(selector + " .more");
    window.click(button);
    return new Dialog(window);
  }

  /** Carries out an operation whose form is filled in with names of fields and their values. */
  void carryOut(String operation, String... fields) {
    Dialog dialog = press(operation);
    for (int i = 0; i < fields.length; i += 2) dialog.enter(fields[i], fields[i + 1]);
    dialog.confirm();
  }

  /** The operations whose buttons say that the token may not. */
  List<String> refused() {
    return operations("[aria-disabled=true][aria-description]");
  }

  /** The operations that can be pressed and change something. */
  List<String> allowed() {
    return operations(":not([aria-disabled=true], :disabled, [data-operation=checkMedium])");
  }

  @SuppressWarnings("unchecked")
  private List<String> operations(String kind) {
    return (List<String>)
        window.script(
            "return [...new Set([...document.querySelectorAll(arguments[0])].flatMap((part) =>"
                + " [part, ...part.querySelectorAll('*')]).filter((each) =>"
                + " each.matches('[data-operation]' + arguments[1])).map((each) =>"
                + " each.dataset.operation))].sort()",
            selector,
            kind);
  }
}
