package dev.varve.bench.compare;

/**
 * One run of one server.
 *
 * @param round in which it was, counted from 0
 * @param load what the client saw
 * @param serverCpuSeconds CPU time of the server over the run
 * @param anonymousBytes the server's own memory at the end of the run, mapped files not counted
 */
record Measurement(int round, Load.Result load, double serverCpuSeconds, long anonymousBytes) {

  double perSecond() {
    return load.perSecond();
  }

  /** Seconds of server CPU. */
  double cpuPerOperation() {
    return serverCpuSeconds / load.operations();
  }
}
