package dev.varve.http.command;

/** An option with a word for each value, because either may be the default or the present state. */
enum Switch {
  ON,
  OFF
}
