package dev.varve.http.access;

import java.util.function.BooleanSupplier;

/**
 * The rights that a request comes with, and where they come from. Thread-safe.
 *
 * @param holder for people: {@code token 'grafana'}
 * @param holding whether they still hold: a token may be withdrawn or expire while a request runs
 */
public record Grant(String holder, Rights rights, BooleanSupplier holding) {

  /** Of a request that needs no rights. */
  public static final Grant NONE =
      new Grant("a client without a token", Rights.of(Scope.METRICS), () -> true);

  /** Rights that are never withdrawn. */
  public static Grant lasting(String holder, Rights rights) {
    return new Grant(holder, rights, () -> true);
  }

  public boolean holds() {
    return holding.getAsBoolean();
  }
}
