package dev.varve.bench.compare;

/** A program that makes the requests of a workload. Immutable. */
enum Tool {
  FIO("fio"),
  LEAN("lean client"),
  NBDCOPY("nbdcopy, two connections");

  private final String title;

  Tool(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  Load.Client client() {
    return switch (this) {
      case FIO -> new FioClient();
      case LEAN -> new LeanClient();
      case NBDCOPY -> new CopyClient();
    };
  }
}
