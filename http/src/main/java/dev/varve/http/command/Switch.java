package dev.varve.http.command;

/** A choice that needs a word for no, because yes may be the default, or the present state. */
enum Switch {
  ON,
  OFF
}
